import {
  type FunctionCall,
  type GenerateContentResponse,
  type GenerateContentResponseUsageMetadata,
  GoogleGenAI,
} from '@google/genai'
import type { FinishReason, ScriptedUsage } from '@postern/testing'
import type { Json, ProviderReading, ReaderOptions } from './meaning.ts'

interface OpenCall {
  readonly id: string | undefined
  readonly name: string
  readonly arguments: Json
  readonly signature: string | undefined
}

/**
 * A generated answer as the official SDK delivers it; it leaves putting the pieces of a stream
 * together to its user.
 */
export async function readGemini({
  url,
  isStream,
  apiKey = 'sk-any',
  model = 'recorded',
}: ReaderOptions): Promise<ProviderReading> {
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } })
  const request = { model, contents: 'Hi' }
  if (!isStream) return readResponses([await client.models.generateContent(request)])
  const responses: GenerateContentResponse[] = []
  for await (const response of await client.models.generateContentStream(request))
    responses.push(response)
  return readResponses(responses)
}

function readResponses(responses: readonly GenerateContentResponse[]): ProviderReading {
  let text = ''
  let reasoning = ''
  let finish: string | undefined
  let usage: ScriptedUsage | undefined
  const signatures: string[] = []
  const calls: OpenCall[] = []
  for (const { candidates, promptFeedback, usageMetadata } of responses) {
    usage = readUsage(usageMetadata) ?? usage
    finish ??= candidates?.[0]?.finishReason ?? promptFeedback?.blockReason
    for (const part of candidates?.[0]?.content?.parts ?? []) {
      if (part.thought === true) reasoning += part.text ?? ''
      else text += part.text ?? ''
      if (part.thoughtSignature !== undefined) signatures.push(part.thoughtSignature)
      if (part.functionCall !== undefined) takeCall(calls, part.functionCall, part.thoughtSignature)
    }
  }
  return {
    text,
    reasoning,
    signatures,
    toolCalls: calls,
    finish: finish === undefined ? undefined : finishReason(finish, calls.length > 0),
    usage,
    outcome: finish === undefined ? 'truncated' : 'complete',
    totalTokens: usage && usage.input + usage.output,
  }
}

/** A name opens a call; the arguments come with it, or piece by piece after it. */
function takeCall(
  calls: OpenCall[],
  { id, name, args, partialArgs }: FunctionCall,
  signature: string | undefined,
): void {
  if (name !== undefined) calls.push({ id, name, arguments: { ...args }, signature })
  for (const { jsonPath = '', ...value } of partialArgs ?? []) {
    const target = calls.at(-1)?.arguments ?? {}
    const field = jsonPath.replace('$.', '')
    const before = (target[field] ?? '') as string
    target[field] =
      value.stringValue === undefined
        ? (value.numberValue ?? value.boolValue ?? null)
        : before + value.stringValue
  }
}

function finishReason(word: string, hasCalls: boolean): FinishReason {
  if (word === 'STOP') return hasCalls ? 'tool_calls' : 'stop'
  if (word === 'MAX_TOKENS') return 'length'
  return /SAFETY|RECITATION|LANGUAGE|BLOCKLIST|PROHIBITED|SPII/.test(word)
    ? 'content_filter'
    : 'stop'
}

/** Thoughts are counted beside the candidates, what tools read beside the prompt. */
function readUsage(
  usage: GenerateContentResponseUsageMetadata | undefined,
): ScriptedUsage | undefined {
  if (usage?.promptTokenCount === undefined) return undefined
  return {
    input: usage.promptTokenCount + (usage.toolUsePromptTokenCount ?? 0),
    output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
    cached: usage.cachedContentTokenCount ?? 0,
    reasoning: usage.thoughtsTokenCount ?? 0,
  }
}
