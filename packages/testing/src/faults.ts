import type { Gate } from './gate.ts'
import type { JsonObject } from './json.ts'

/**
 * Faults of an answer. Faults combine: an error answer can be cut, a cut stream can come
 * in one-byte writes. "Event" means a server-sent event as the dialect sends it, structural ones
 * and pings included; of a JSON answer the whole body counts as one. Bytes are bytes of the body,
 * before chunked framing.
 */
export interface Faults {
  // Instead of the answer
  /**
   * From 400 on the dialect's own error is sent instead of the answer. With `errorEventAfter` the
   * HTTP status stays 200 and this is the status the error inside stands for. Below 400 it is the
   * status of the answer.
   */
  readonly status?: number
  readonly retryAfter?: RetryAfter
  /** Message of the error. @default what the provider says with this status */
  readonly errorMessage?: string
  /** The provider's own code for the error, where its dialect has one. */
  readonly errorCode?: string
  /** Body of the error, instead of the dialect's own. */
  readonly errorBody?: string | JsonObject
  /** Headers added to the answer, or replacing its own. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * An HTML page as a proxy in front of the provider would send it, with `status`. @default status
   * 502
   */
  readonly htmlErrorPage?: boolean
  /** Headers as usual, and no body at all. */
  readonly emptyBody?: boolean

  // Before the answer
  /** Nothing is sent until the client leaves or the provider is closed. */
  readonly hangBeforeHeaders?: boolean
  /** The connection is closed without a byte. */
  readonly cutBeforeHeaders?: Cut
  /** Time before the headers, in milliseconds of the provider's clock. */
  readonly delayHeadersMs?: number

  // Inside the answer
  /** After n bytes the connection stays open and silent. `0`: headers only. */
  readonly hangAfterBytes?: number
  /** After n events the connection stays open and silent. */
  readonly hangAfterEvents?: number
  /** After n bytes the connection is closed, with no sign that the body is whole. */
  readonly cutAfterBytes?: number
  /** After n events the connection is closed, with no sign that the body is whole. */
  readonly cutAfterEvents?: number
  /** How a connection is closed by `cutAfterBytes` or `cutAfterEvents`. @default fin */
  readonly cutBy?: Cut
  /**
   * After n events an error event, then a regular end, all with status 200. A JSON answer becomes
   * an error with status 200.
   */
  readonly errorEventAfter?: number
  /**
   * The first fragment's event, or the JSON body, is cut off in the middle of its JSON; the framing
   * stays right.
   */
  readonly malformedJson?: boolean
  /** The stream lacks its end marker (`[DONE]`, `message_stop`). Gemini has none: a `TypeError`. */
  readonly withoutDone?: boolean
  /** The stream says nothing of why it ended. */
  readonly withoutFinish?: boolean
  /** Sends the finish reason twice. */
  readonly duplicateFinish?: boolean
  /**
   * A comment before the first event and before every other one; `true` stands for `keep-alive`.
   */
  readonly comments?: boolean | string
  /** Content type sent, whatever the body is. */
  readonly contentTypeLie?: string

  // How it is written
  /** Bytes per write, each flushed on its own: a fixed number or a reproducible sequence. */
  readonly writeSizes?: WriteSizes
  /** Every multi-byte character of UTF-8 is divided between two writes. */
  readonly splitUtf8?: boolean
  /**
   * Bytes per write, and milliseconds of the provider's clock between two writes.
   */
  readonly slowDrip?: { readonly bytes: number; readonly everyMs: number }
  /** Time between two events, in milliseconds of the provider's clock. */
  readonly pauseBetweenEventsMs?: number
  /** Each step of the answer waits here until the test releases it. */
  readonly gate?: Gate
}

/**
 * How a connection ends early: FIN as of a process that has gone, RST as of one that has crashed.
 */
export type Cut = 'fin' | 'rst'

/**
 * When to try again: as `retry-after` in seconds, as `retry-after-ms`, as an HTTP date, or word by
 * word.
 */
export type RetryAfter =
  | { readonly seconds: number }
  | { readonly milliseconds: number }
  | { readonly date: Date }
  | { readonly header: string }

/**
 * A fixed number of bytes, or a pseudo-random sequence between two bounds. @default min 1, max 97
 */
export type WriteSizes =
  | number
  | { readonly seed: number; readonly min?: number; readonly max?: number }

/** The headers that say when to try again. */
export function retryAfterHeaders(retryAfter: RetryAfter | undefined): Record<string, string> {
  if (retryAfter === undefined) return {}
  if ('seconds' in retryAfter) return { 'retry-after': String(retryAfter.seconds) }
  if ('milliseconds' in retryAfter) return { 'retry-after-ms': String(retryAfter.milliseconds) }
  return { 'retry-after': 'date' in retryAfter ? retryAfter.date.toUTCString() : retryAfter.header }
}

/** The wait it stands for in milliseconds, where it is a number. */
export function retryAfterMs(retryAfter: RetryAfter | undefined): number | undefined {
  if (retryAfter === undefined) return undefined
  if ('seconds' in retryAfter) return retryAfter.seconds * 1000
  return 'milliseconds' in retryAfter ? retryAfter.milliseconds : undefined
}
