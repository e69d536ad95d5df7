import { type Charge, MOST_COUNTED } from '../storage/index.ts'
import { type Amounts, pickAmount } from './amounts.ts'
import { counterName, type Limit, type Subject } from './limit.ts'
import type { Period } from './period.ts'

/**
 * One counter, and every limit on it that the request must keep: limits of one unit, window and
 * scope share their counter.
 */
export interface SharedCounter {
  readonly charge: Charge
  /** At least one; all of one unit and window. */
  readonly limits: readonly Limit[]
}

export interface CounterContext {
  readonly subject: Subject
  /** `undefined` where no limit needs one. */
  readonly estimate: Amounts | undefined
  /** Amount that stays counted when this instance ends before it settles. */
  readonly least: Amounts | undefined
  /** How long a place of a limit on concurrency lasts, when it is not given back. */
  readonly leaseMs: number
  /** The present period of a limit with a calendar window. */
  periodOf(limit: Limit): Period
}

/** Charges of a request: each counter once, however many limits use it. */
export function groupByCounter(
  limits: readonly Limit[],
  context: CounterContext,
): readonly SharedCounter[] {
  const keys = limits.map((limit) => counterName(limit, context.subject))
  // Mostly each has a counter of its own.
  if (new Set(keys).size === keys.length)
    return limits.map((limit, at) => ({
      charge: drawOf(keys[at] as string, limit, context),
      limits: [limit],
    }))
  const sharing = Map.groupBy(limits.keys(), (at) => keys[at] as string)
  return Array.from(sharing, ([key, places]) => {
    const same = places.map((at) => limits[at] as Limit)
    return { charge: drawOf(key, tightest(same), context), limits: same }
  })
}

/**
 * The limit that has no room left first: the smallest one that refuses requests; where none does,
 * the largest.
 */
export function tightest(limits: readonly Limit[]): Limit {
  return limits.reduce((one, other) => {
    if (one.isSoft !== other.isSoft) return one.isSoft ? other : one
    return one.amount <= other.amount === one.isSoft ? other : one
  })
}

/** The tightest limit: a charge that fits it fits all. */
function drawOf(
  key: string,
  limit: Limit,
  { estimate, least, leaseMs, periodOf }: CounterContext,
): Charge {
  // A request that costs nothing still needs room: a caller at its limit gets nothing more.
  const wanted = estimate === undefined ? 1 : Math.max(1, pickAmount(limit.unit, estimate))
  // A request larger than a short limit takes all of it; larger than a budget it was refused
  // before. Soft limits refuse nothing.
  const amount = Math.min(wanted, limit.amount)
  const common = {
    key,
    amount,
    limit: limit.isSoft ? MOST_COUNTED : limit.amount,
    floor: Math.min(amount, pickAmount(limit.unit, least ?? NOTHING)),
  }
  if (limit.window === undefined) return { ...common, kind: 'lease', leaseMs }
  if (typeof limit.window === 'object')
    return { ...common, kind: 'sliding', windowMs: limit.window.slidingMs }
  return { ...common, kind: 'period', ...periodOf(limit) }
}

const NOTHING: Amounts = Object.freeze({ inputTokens: 0, outputTokens: 0, nanoDollars: 0 })
