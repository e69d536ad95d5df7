/** How long to wait before the same target is tried again. */
export interface BackoffOptions {
  /** 0 for the wait after the first failure. */
  readonly attempt: number
  /** `Retry-After` of the provider, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** Uniform in [0, 1); injected. */
  readonly random: () => number
}

const BASE_MS = 250
const CAP_MS = 8_000

/**
 * Exponential backoff with full jitter: uniform in [0, base * 2^attempt), so that clients that
 * failed together do not return together. A provider's own `Retry-After` is a lower bound and is
 * never shortened.
 */
export function backoffMs(options: BackoffOptions): number {
  const jittered = options.random() * Math.min(CAP_MS, BASE_MS * 2 ** options.attempt)
  return Math.max(jittered, options.retryAfterMs ?? 0)
}

/** A provider that asks for a longer wait is treated as gone for this request. */
export const LONGEST_RETRY_AFTER_MS = 30_000

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * The wait a provider asks for, in milliseconds from `now`: `retry-after-ms` (milliseconds),
 * `retry-after` as seconds or HTTP date (RFC 9110, section 10.2.3). Unreadable or negative values
 * count as not given.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const exact = numberOf(headers['retry-after-ms'])
  if (exact !== undefined) return exact
  const value = firstOf(headers['retry-after'])
  if (value === undefined) return undefined
  const seconds = numberOf(value)
  if (seconds !== undefined) return seconds * 1000
  // `Date.parse` makes a date of nearly anything with a digit in it, `-5` included; every HTTP date
  // has a time of day.
  const date = /\d:\d\d/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

function numberOf(value: string | string[] | undefined): number | undefined {
  const text = firstOf(value)?.trim()
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}
