import { append } from '../../../foundation/lists.ts'
import type { Conversation, Part } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { asList, asObject, asObjects } from '../../wire/json.ts'
import { SseFrameSplitter } from '../../wire/sse.ts'
import { cohere } from '../index.ts'

/** A model that thinks, and takes its thoughts back. */
export const THINKER = 'command-a-reasoning-08-2025'

export function callTo(more: Partial<CallContext> = {}): CallContext {
  return {
    provider: 'acme',
    model: THINKER,
    stream: false,
    quirks: {},
    newId: (prefix) => `${prefix}new`,
    ...more,
  }
}

export function says(role: 'user' | 'assistant' | 'system', text: string) {
  return { role, parts: [{ type: 'text', text }] } as const
}

/** The request for a conversation that says `hi` unless it says something else. */
export function build(conversation: Partial<Conversation>, call: Partial<CallContext> = {}) {
  const built = cohere.providerSide.buildRequest(
    {
      origin: 'openai-chat',
      messages: [says('user', 'hi')],
      tools: [],
      sampling: {},
      extensions: {},
      ...conversation,
    },
    callTo(call),
  )
  return { ...built, body: built.body as JsonObject & { messages: JsonObject[] } }
}

/** Events as the service frames them. */
export function sse(...events: readonly JsonObject[]): string {
  return events
    .map((event) => `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('')
}

export const DONE = 'data: [DONE]\n\n'

/** An event about a piece of the message. */
export function piece(type: string, message: JsonObject, index = 0): JsonObject {
  return { type, index, delta: { message } }
}

export function end(finish_reason: string, more: JsonObject = {}): JsonObject {
  return { type: 'message-end', delta: { finish_reason, ...more } }
}

/** A call whose arguments come in these pieces. */
export function callEvents(
  index: number,
  started: JsonObject,
  pieces: readonly unknown[] = [],
): JsonObject[] {
  return [
    piece('tool-call-start', { tool_calls: { type: 'function', ...started } }, index),
    ...pieces.map((text) =>
      piece('tool-call-delta', { tool_calls: { function: { arguments: text } } }, index),
    ),
    { type: 'tool-call-end', index },
  ]
}

/** A whole answer as the service would have streamed it. */
export function streamOf({ id, message, finish_reason, usage }: JsonObject): string {
  const { content, tool_plan: plan, tool_calls: calls } = asObject(message) ?? {}
  const blocks = asObjects(content).flatMap(({ type, ...block }, index) => {
    const field = String(type)
    const text = String(block[field])
    return [
      piece('content-start', { content: { type, [field]: '' } }, index),
      ...cut(text).map((part) => piece('content-delta', { content: { [field]: part } }, index)),
      { type: 'content-end', index },
    ]
  })
  const planned =
    typeof plan === 'string'
      ? cut(plan).map((part) => ({
          type: 'tool-plan-delta',
          delta: { message: { tool_plan: part } },
        }))
      : []
  const called = asObjects(calls).flatMap((call, index) => {
    const { name, arguments: text } = asObject(call.function) ?? {}
    return callEvents(index, { ...call, function: { name, arguments: '' } }, cut(String(text)))
  })
  const start = {
    id,
    ...piece('message-start', {
      role: 'assistant',
      content: [],
      tool_plan: '',
      tool_calls: [],
      citations: [],
    }),
  }
  return (
    sse(start, ...blocks, ...planned, ...called, {
      type: 'message-end',
      delta: { finish_reason, usage },
    }) + DONE
  )
}

/** Characters stay whole. */
function cut(text: string): string[] {
  return [...text].reduce<string[]>((pieces, character, at) => {
    if (at % 3 === 0) pieces.push(character)
    else pieces.push(`${pieces.pop() ?? ''}${character}`)
    return pieces
  }, [])
}

/** Answer read from a stream whose bytes come in writes of these sizes, repeated. */
export function replay(bytes: Uint8Array | string, sizes: readonly number[] = []) {
  const whole = Buffer.from(bytes)
  const splitter = new SseFrameSplitter(1_000_000)
  const reader = cohere.providerSide.openReader(callTo({ stream: true }))
  const events: StreamEvent[] = []
  for (let at = 0, turn = 0; at < whole.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? whole.length)
    for (const frame of splitter.push(whole.subarray(at, at + size)))
      append(events, reader.read(frame))
    at += size
  }
  for (const frame of splitter.rest()) append(events, reader.read(frame))
  return { events, complete: reader.complete }
}

/** The parts of an answer that came as events. */
export function partsOf(events: readonly StreamEvent[]): Part[] {
  const parts: Part[] = []
  for (const event of events) {
    const last = parts.at(-1)
    if (event.type === 'text' || event.type === 'reasoning') {
      if (last?.type === event.type)
        parts.splice(-1, 1, { type: event.type, text: last.text + event.text })
      else parts.push({ type: event.type, text: event.text })
    } else if (event.type === 'tool-call')
      parts.push({
        type: 'tool-call',
        id: event.id,
        name: event.name,
        arguments: '',
        kind: event.kind,
      })
    else if (event.type === 'tool-arguments' && last?.type === 'tool-call')
      parts.splice(-1, 1, { ...last, arguments: last.arguments + event.text })
  }
  return parts
}

/** `content` as a list, however it is written. */
export function contentOf(message: JsonObject | undefined): readonly unknown[] {
  const content = message?.content
  return typeof content === 'string' ? [{ type: 'text', text: content }] : asList(content)
}
