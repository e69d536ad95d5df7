const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Timers of the runtime go no further. */
export const LONGEST_DURATION_MS = 2 ** 31 - 1

export const durationHint =
  'Write a number with a unit, such as 250ms, 60s, 10m or 1h, at least 1ms and at most 24 days.'

/**
 * Milliseconds of a duration: a number is milliseconds already, a string needs a unit (`250ms`,
 * `1.5s`, `10m`, `1h`). `undefined` for everything else; nothing is clamped.
 */
export function parseDuration(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? fromText(value) : value
  return typeof ms === 'number' && Number.isInteger(ms) && ms >= 1 && ms <= LONGEST_DURATION_MS
    ? ms
    : undefined
}

function fromText(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/i.exec(text.trim())
  if (match === null) return undefined
  const ms = Number(match[1]) * (UNITS_MS[(match[2] as string).toLowerCase()] as number)
  // 1.1 * 60000 is not quite an integer in binary.
  return Math.abs(ms - Math.round(ms)) < 1e-6 ? Math.round(ms) : undefined
}
