import type { LimitUsage } from './admission-options.ts'
import { describe, type Limit, NANO_PER_DOLLAR, windowName } from './limit.ts'
import type { Period } from './period.ts'
import type { Charge } from '../storage/index.ts'

export function levelOf(limit: Limit, charge: Charge, used: number): LimitUsage {
  const scale = limit.unit === 'usd' ? NANO_PER_DOLLAR : 1
  return {
    limit: describe(limit),
    unit: limit.unit,
    window: windowName(limit),
    used: used / scale,
    amount: limit.amount / scale,
    ...(charge.kind === 'period' &&
      Number.isFinite(charge.endsAt) && { resetsAt: new Date(charge.endsAt).toISOString() }),
  }
}

/**
 * Period of a counter, so that an alert is sent once in it: a sliding window's own length, and an
 * hour for concurrency.
 */
export function periodOf(charge: Charge, nowMs: number): Period {
  if (charge.kind === 'period') return charge
  const length = charge.kind === 'sliding' ? charge.windowMs : HOUR_MS
  const startsAt = nowMs - (nowMs % length)
  return { startsAt, endsAt: startsAt + length }
}

const HOUR_MS = 3_600_000

export function resetOf(charge: Charge, nowMs: number): number {
  if (charge.kind === 'period') return charge.endsAt
  return charge.kind === 'sliding' ? nowMs + charge.windowMs : nowMs
}
