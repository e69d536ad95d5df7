import type { CallContext } from '../../model/call.ts'
import type { ClientRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RenderContext } from '../../model/stream.ts'
import { type GenerateRequest, parseRequest } from './request.ts'

interface RequestOptions {
  readonly model?: string
  readonly action?: string
  readonly version?: string
  readonly query?: string
  /** The host's parser ran first, so there are no bytes. */
  readonly parsedByHost?: boolean
}

/** A client's request, as the endpoint table passes it on. */
export function clientRequest(body: JsonObject, options: RequestOptions = {}): ClientRequest {
  const {
    model = 'gemini-2.5-flash',
    action = 'generateContent',
    version = 'v1beta',
    query = '',
    parsedByHost = false,
  } = options
  return {
    body,
    bytes: parsedByHost ? undefined : Buffer.from(JSON.stringify(body)),
    params: { model, action, version },
    query: new URLSearchParams(query),
    header: () => undefined,
  }
}

export const hello: JsonObject = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }

export function parsed(body: JsonObject = hello, options: RequestOptions = {}): GenerateRequest {
  return parseRequest(clientRequest(body, options))
}

/** A request for a stream of events, or of the elements of an array. */
export function streamRequest(
  form: 'events' | 'array' = 'events',
  body: JsonObject = hello,
): GenerateRequest {
  return parsed(body, {
    action: 'streamGenerateContent',
    query: form === 'events' ? 'alt=sse' : '',
  })
}

export function renderContext(request: GenerateRequest = streamRequest()): RenderContext {
  return { request, requestId: 'req_1', model: 'physical', created: 1, includeUsage: true }
}

/** Ids count from one in every context. */
export function callContext(changes: Partial<CallContext> = {}): CallContext {
  let ids = 0
  return {
    provider: 'acme',
    model: 'gemini-2.5-flash',
    stream: true,
    quirks: {},
    newId: (prefix) => `${prefix}${++ids}`,
    ...changes,
  }
}
