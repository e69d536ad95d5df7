import type { Conversation } from './conversation.ts'
import type { JsonObject } from './json-object.ts'

/**
 * A client's request, read as far as routing needs; the conversation is parsed on first use.
 */
export interface ChatRequest {
  /** `model` as the client wrote it: a route, `provider/model`, or a bare model id. */
  readonly model: string
  readonly stream: boolean
  /** Content type of the stream the client wants, where it is not server-sent events. */
  readonly streamType?: string
  /** The client asked for the usage of a stream. */
  readonly includeUsage: boolean
  /** The request as it came. Never mutated. */
  readonly body: JsonObject
  /** The bytes `body` was parsed from; absent when the host's parser ran first. */
  readonly bytes: Uint8Array | undefined
  /**
   * Client headers that a provider of the same dialect gets as they are (`anthropic-beta`),
   * lower-case names.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Reads and validates the whole conversation; throws `GatewayError` with `param`. Computed once.
   */
  conversation(): Conversation
}

/** A client's request, as the endpoint table and the edge pass it on. */
export interface ClientRequest {
  readonly body: JsonObject
  /** The bytes `body` was parsed from; absent when the host's parser ran first. */
  readonly bytes: Uint8Array | undefined
  /** Values of the path's named pieces, percent-decoded: `{ model: 'gemini-3-pro' }`. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** `name` in lower case. */
  header(name: string): string | undefined
}
