import type { LimitHeaders } from '../dialects/index.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** As most say it with every answer. */
const COMMON: readonly LimitHeaders[] = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
]

/**
 * Cool-down of a target without remaining quota, in milliseconds from `now`; 0 when quota is left
 * or unknown.
 */
export function restAskedMs(
  headers: Headers,
  now: number,
  names: readonly LimitHeaders[] = COMMON,
): number {
  let longest = 0
  for (const [remaining, reset] of names) {
    if (headers[remaining] !== '0') continue
    const value = headers[reset]
    longest = Math.max(longest, typeof value === 'string' ? resetMs(value, now) : 0)
  }
  return longest
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `6m0s`, `20ms`, `1.5s`, bare seconds, or a time in ISO 8601. */
function resetMs(text: string, now: number): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1_000
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) {
    return [...text.matchAll(/(?<!\d)(\d+(?:\.\d+)?)(ms|[smhd])/g)].reduce(
      (sum, [, amount, unit]) => sum + Number(amount) * (UNITS_MS[unit ?? ''] ?? 0),
      0,
    )
  }
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? 0 : Math.max(0, time - now)
}
