import type { JsonObject } from './json-object.ts'
import type { Quirks } from './quirks.ts'

/** Names of two headers, lower case: the remaining quota, and when it resets. */
export type LimitHeaders = readonly [remaining: string, reset: string]

export interface CallContext {
  /** The provider's configured name, for messages. */
  readonly provider: string
  /**
   * Issuer of proofs when several providers speak one dialect: `name`, with `#key` where
   * the key is another account. Absent for the first of them.
   */
  readonly issuer?: string | undefined
  /** The provider's own model id. */
  readonly model: string
  readonly stream: boolean
  /** Deviations of this provider from its dialect; data of the catalogue. */
  readonly quirks: Quirks
  /**
   * The route allows leaving out parts and tools the target cannot take; otherwise they are
   * refused.
   */
  readonly dropUnsupported?: boolean
  /** Unix seconds of the call, for answers that do not say when they were made. */
  readonly created?: number
  /** A new unique id with this prefix; injected so that tests are deterministic. */
  newId(prefix: string): string
}

export interface BuiltRequest {
  /** `POST` unless said otherwise. */
  readonly method?: string
  /** Path below the provider's base URL, with query if any: `/v1/messages`. */
  readonly path: string
  /** An object is sent as JSON; a stream can be sent only once, so it is never retried. */
  readonly body: JsonObject | Uint8Array | AsyncIterable<Uint8Array> | undefined
  /**
   * Headers the dialect needs in addition to credentials, lower case; `content-type` where it is
   * not JSON.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Parts of the client's request that were dropped, as `field` or `field (reason)`. Sent as
   * `x-postern-dropped`.
   */
  readonly dropped: readonly string[]
}

export interface ErrorResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly provider: string
  readonly model: string
}

/**
 * How long to wait for usage after the end of an answer while the connection stays open, in
 * milliseconds.
 */
export const USAGE_GRACE_MS = 1_000
