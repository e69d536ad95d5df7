import type { FinishReason, ScriptedUsage } from '@postern/testing'
import { type Cohere, CohereClientV2 } from 'cohere-ai'
import {
  type ProviderReading,
  parsedArguments,
  type ReadToolCall,
  type ReaderOptions,
} from './meaning.ts'

interface Pieces {
  text: string
  reasoning: string
  finish: string | undefined
  usage: ScriptedUsage | undefined
  readonly calls: { id: string; name: string; text: string }[]
}

type CohereUsage =
  | { tokens?: { inputTokens?: number; outputTokens?: number }; cachedTokens?: number }
  | undefined

/**
 * A chat answer as the official SDK delivers it; it leaves putting the pieces of a stream together
 * to its user.
 */
export async function readCohere({
  url,
  isStream,
  apiKey = 'sk-any',
  model = 'recorded',
}: ReaderOptions): Promise<ProviderReading> {
  const client = new CohereClientV2({ token: apiKey, environment: url, maxRetries: 0 })
  const request = { model, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const pieces: Pieces = { text: '', reasoning: '', finish: undefined, usage: undefined, calls: [] }
  if (isStream) {
    for await (const event of await client.chatStream(request)) takeEvent(pieces, event)
    return reading(pieces)
  }
  const { message, finishReason, usage } = await client.chat(request)
  for (const part of message.content ?? []) {
    if (part.type === 'text') pieces.text += part.text
    else if (part.type === 'thinking') pieces.reasoning += part.thinking
  }
  // Text before tool calls; in any other dialect it is ordinary text.
  pieces.text += message.toolPlan ?? ''
  for (const call of message.toolCalls ?? [])
    pieces.calls.push({
      id: call.id,
      name: call.function?.name ?? '',
      text: call.function?.arguments ?? '',
    })
  pieces.finish = finishReason
  pieces.usage = readUsage(usage as CohereUsage)
  return reading(pieces)
}

function takeEvent(pieces: Pieces, event: Cohere.V2ChatStreamResponse): void {
  if (event.type === 'content-delta') {
    const content = event.delta?.message?.content
    pieces.text += content?.text ?? ''
    pieces.reasoning += content?.thinking ?? ''
  } else if (event.type === 'tool-plan-delta') pieces.text += event.delta?.message?.toolPlan ?? ''
  else if (event.type === 'tool-call-start') {
    const call = event.delta?.message?.toolCalls
    pieces.calls.push({
      id: call?.id ?? '',
      name: call?.function?.name ?? '',
      text: call?.function?.arguments ?? '',
    })
  } else if (event.type === 'tool-call-delta') {
    const open = pieces.calls.at(-1)
    if (open !== undefined) open.text += event.delta?.message?.toolCalls?.function?.arguments ?? ''
  } else if (event.type === 'message-end') {
    pieces.finish = event.delta?.finishReason
    pieces.usage = readUsage(event.delta?.usage as CohereUsage)
  }
}

function reading(pieces: Pieces): ProviderReading {
  const toolCalls: ReadToolCall[] = pieces.calls.map(({ id, name, text }) => ({
    id,
    name,
    arguments: parsedArguments(text === '' ? '{}' : text),
  }))
  return {
    text: pieces.text,
    reasoning: pieces.reasoning,
    signatures: [],
    toolCalls,
    finish: pieces.finish === undefined ? undefined : (words[pieces.finish] ?? 'stop'),
    usage: pieces.usage,
    outcome: pieces.finish === undefined ? 'truncated' : 'complete',
    totalTokens: pieces.usage && pieces.usage.input + pieces.usage.output,
  }
}

const words: Readonly<Record<string, FinishReason>> = {
  TOOL_CALL: 'tool_calls',
  MAX_TOKENS: 'length',
}

function readUsage(usage: CohereUsage): ScriptedUsage | undefined {
  if (usage?.tokens === undefined) return undefined
  return {
    input: usage.tokens.inputTokens ?? 0,
    output: usage.tokens.outputTokens ?? 0,
    cached: usage.cachedTokens ?? 0,
  }
}
