import type { CallContext } from '../../model/call.ts'
import type { ClientRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import type { RenderContext } from '../../model/stream.ts'
import { MessagesRequest, parseRequest } from './request.ts'

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
}

/**
 * A request as the edge hands it over. Text stands for the bytes a client sent; an object for what
 * a host has parsed.
 */
export function clientRequest(
  body: JsonObject | string,
  { headers = {}, query = '' }: Sent = {},
): ClientRequest {
  return {
    body: typeof body === 'string' ? (JSON.parse(body) as JsonObject) : body,
    bytes: typeof body === 'string' ? Buffer.from(body) : undefined,
    params: {},
    query: new URLSearchParams(query),
    header: (name) => headers[name],
  }
}

export const hello = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] }

/** A client's request in addition to its model and limit. */
export function conversationOf(body: JsonObject) {
  return parseRequest(clientRequest({ ...hello, ...body })).conversation()
}

export function callContext(
  more: {
    readonly model?: string
    readonly stream?: boolean
    readonly quirks?: Quirks
    readonly dropUnsupported?: boolean
  } = {},
): CallContext {
  return {
    provider: 'acme',
    model: 'claude-sonnet-4-5',
    stream: false,
    quirks: {},
    newId: (prefix) => `${prefix}new`,
    ...more,
  }
}

export function renderContext(): RenderContext {
  const request = new MessagesRequest(clientRequest(hello), 'm')
  return { request, requestId: 'req_1', model: 'physical', created: 1, includeUsage: true }
}
