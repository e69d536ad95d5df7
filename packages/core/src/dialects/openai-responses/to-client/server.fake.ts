import type { Conversation, Signature } from '../../model/conversation.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RenderContext } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import { parseFrames } from '../../wire/sse.ts'
import { parseRequest } from '../from-client/request.ts'
import { ResponsesRenderer } from './stream.ts'

/** A client's request: asks `m` to answer `Hi`, unless `fields` say otherwise. */
export function requestOf(fields: JsonObject = {}): ChatRequest {
  return parseRequest({ body: { model: 'm', input: 'Hi', ...fields }, bytes: undefined })
}

export function conversationIn(fields: JsonObject): Conversation {
  return requestOf(fields).conversation()
}

export function renderContext(fields: JsonObject = {}): RenderContext {
  return {
    request: requestOf(fields),
    requestId: 'req_1',
    model: 'physical',
    created: 1_700_000_000,
    includeUsage: true,
  }
}

export interface WrittenEvent extends JsonObject {
  readonly type: string
  readonly sequence_number: number
  readonly response: WrittenResponse
}

export interface WrittenResponse extends JsonObject {
  readonly status: string
  readonly output: readonly JsonObject[]
}

/** The events in the text of a stream; each one's name is its type. */
export function eventsIn(text: string): WrittenEvent[] {
  return parseFrames(Buffer.from(text)).map(({ event, data }) => {
    const parsed = JSON.parse(data) as WrittenEvent
    if (event !== parsed.type)
      throw new Error(`An event named ${event} has the type ${parsed.type}.`)
    return parsed
  })
}

/** Output for the client from these events, the end included. */
export function written(
  events: readonly StreamEvent[],
  context: RenderContext = renderContext(),
): WrittenEvent[] {
  const renderer = new ResponsesRenderer(context)
  return eventsIn(events.map((event) => renderer.event(event)).join('') + renderer.end())
}

/** The response a stream ends with. */
export function lastResponse(events: readonly WrittenEvent[]): WrittenResponse {
  const last = events.at(-1)
  if (last === undefined) throw new Error('The stream is empty.')
  return last.response
}

export const say = (text: string): StreamEvent => ({ type: 'text', choice: 0, text })
export const think = (text: string): StreamEvent => ({ type: 'reasoning', choice: 0, text })
export const sign = (signature: Signature): StreamEvent => ({
  type: 'reasoning-signature',
  choice: 0,
  signature,
})
export const callTool = (index: number, id: string, signature?: Signature): StreamEvent => ({
  type: 'tool-call',
  choice: 0,
  index,
  id,
  name: `tool_${index}`,
  kind: 'function',
  ...(signature === undefined ? {} : { signature }),
})
export const argue = (index: number, text: string): StreamEvent => ({
  type: 'tool-arguments',
  choice: 0,
  index,
  text,
})
export const finish = (
  reason: 'stop' | 'length' | 'tool_calls' | 'content_filter' = 'stop',
): StreamEvent => ({ type: 'finish', choice: 0, finish: { reason } })
export const spend = (inputTokens: number, outputTokens: number): StreamEvent => ({
  type: 'usage',
  usage: { inputTokens, outputTokens },
})

export const claude = (value: string): Signature => ({ origin: 'anthropic-messages', value })
export const thought = (value: string): Signature => ({ origin: 'gemini', value })
