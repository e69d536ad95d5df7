import type { Limit } from './limit.ts'

interface LimitUsage {
  readonly limit: Limit
  readonly used: number
  readonly resetsAtMs: number
}

/** Units of OpenAI's rate limit headers: requests and tokens. */
const KINDS = {
  requests: ['requests'],
  tokens: ['tokens', 'input-tokens', 'output-tokens'],
} as const

/**
 * `x-ratelimit-limit-requests`, `-remaining-requests`, `-reset-requests` and the same for tokens:
 * of several limits, the one of which the smallest share is left.
 */
export function limitHeaders(levels: readonly LimitUsage[], nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [kind, units] of Object.entries(KINDS)) {
    const shown = levels
      .filter(
        ({ limit: { unit, window } }) =>
          window !== undefined && (units as readonly string[]).includes(unit),
      )
      .toSorted((one, other) => shareLeft(one) - shareLeft(other))[0]
    if (shown === undefined) continue
    headers[`x-ratelimit-limit-${kind}`] = String(shown.limit.amount)
    headers[`x-ratelimit-remaining-${kind}`] = String(Math.max(0, shown.limit.amount - shown.used))
    if (Number.isFinite(shown.resetsAtMs))
      headers[`x-ratelimit-reset-${kind}`] = spelled(Math.max(0, shown.resetsAtMs - nowMs))
  }
  return headers
}

function shareLeft({ limit, used }: LimitUsage): number {
  return (limit.amount - used) / limit.amount
}

/** As OpenAI spells durations: `120ms`, `1s`, `6m0s`. */
function spelled(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}
