import type { FinishReason } from '@postern/testing'
import OpenAI from 'openai'
import {
  type Json,
  openaiUsage,
  parsedArguments,
  type ProviderReading,
  type ReaderOptions,
} from './meaning.ts'

interface OpenCall {
  readonly index: unknown
  readonly id: string | undefined
  name: string
  text: string
}

/**
 * A chat completion as the official SDK delivers it, read by hand: the SDK types what OpenAI sends,
 * the services that call themselves compatible also send content as a list of parts, reasoning
 * under two names, and calls without index.
 */
export async function readOpenaiChat({
  url,
  isStream,
  apiKey = 'sk-any',
  model = 'recorded',
}: ReaderOptions): Promise<ProviderReading> {
  const client = new OpenAI({ apiKey, baseURL: url, maxRetries: 0 })
  const request = { model, messages: [{ role: 'user' as const, content: 'Hi' }] }
  if (!isStream)
    return readPieces(
      [(await client.chat.completions.create(request)) as unknown as Json],
      'message',
    )
  const chunks: Json[] = []
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true }))
    chunks.push(chunk as unknown as Json)
  return readPieces(chunks, 'delta')
}

/**
 * Some services put both a delta and a message into every piece; one of them is empty or repeats.
 */
function readPieces(pieces: readonly Json[], field: 'message' | 'delta'): ProviderReading {
  let text = ''
  let reasoning = ''
  let finish: string | undefined
  let usage: Json | undefined
  const calls: OpenCall[] = []
  for (const piece of pieces) {
    usage = (piece['usage'] as Json | null | undefined) ?? usage
    const choice = (piece['choices'] as Json[] | undefined)?.[0]
    if (choice === undefined) continue
    const message = (choice[field] ?? {}) as Json
    const content = readContent(message['content'])
    text += content.text
    reasoning +=
      content.thinking + ((message['reasoning_content'] ?? message['reasoning'] ?? '') as string)
    for (const call of (message['tool_calls'] ?? []) as Json[]) takeCall(calls, call)
    finish ??= (choice['finish_reason'] ?? undefined) as string | undefined
  }
  const counted = openaiUsage(usage)
  return {
    text,
    reasoning,
    signatures: [],
    toolCalls: calls.map(({ id, name, text: args }) => ({
      id,
      name,
      arguments: parsedArguments(args || '{}'),
    })),
    finish: finish === undefined ? undefined : finishReason(finish, calls.length > 0),
    usage: counted,
    outcome: finish === undefined ? 'truncated' : 'complete',
    totalTokens: usage?.['total_tokens'] as number | undefined,
  }
}

function readContent(content: unknown): { text: string; thinking: string } {
  if (!Array.isArray(content)) return { text: (content ?? '') as string, thinking: '' }
  const parts = content as { type: string; text?: string; thinking?: { text: string }[] }[]
  return {
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    thinking: parts.flatMap((part) => part.thinking?.map((piece) => piece.text) ?? []).join(''),
  }
}

/**
 * An id never seen opens a call, also where the index is used again or missing; so does an index
 * never seen.
 */
function takeCall(calls: OpenCall[], delta: Json): void {
  const { name, arguments: fragment } = delta['function'] as {
    name?: string
    arguments?: string | Json
  }
  const id = (delta['id'] as string | null | undefined) || undefined
  const index = delta['index']
  const known =
    id === undefined
      ? calls.findLast((call) => index === undefined || call.index === index)
      : calls.find((call) => call.id === id)
  const call = known ?? { index, id, name: '', text: '' }
  if (known === undefined) calls.push(call)
  call.name ||= name ?? ''
  call.text += typeof fragment === 'object' ? JSON.stringify(fragment) : (fragment ?? '')
}

const words: Readonly<Record<string, FinishReason>> = {
  length: 'length',
  model_length: 'length',
  content_filter: 'content_filter',
  tool_calls: 'tool_calls',
}

/** A turn that calls tools ends in `tool_calls`, whatever a compatible service calls it. */
function finishReason(word: string, hasCalls: boolean): FinishReason {
  const reason = words[word] ?? 'stop'
  return reason === 'stop' && hasCalls ? 'tool_calls' : reason
}
