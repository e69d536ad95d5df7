import type { TargetCondition } from '../health/index.ts'
import type { PlanLimits } from '../routing/index.ts'

const TIMES_USUAL = 4
/**
 * Answers of very different length come from one target: a clock any closer would cut the long ones
 * off.
 */
const SHORTEST_MS = 60_000
/** While too little is known of a target. */
const UNKNOWN_MS = 120_000
/** Share of the remaining deadline that leaves the next target time to answer. */
const SHARE_OF_DEADLINE = 0.5

type TimedTarget = Pick<TargetCondition, 'roughP95Ms' | 'slowestMs'>

/**
 * How long a whole answer of this target takes at most when the target is well, in milliseconds:
 * four times its p95. An attempt that took longer counts against its health, whether or not it was
 * ended for that.
 */
export function longestUsualMs(condition: TimedTarget): number {
  const p95 = condition.roughP95Ms('whole')
  if (p95 !== undefined) return Math.max(SHORTEST_MS, TIMES_USUAL * p95)
  return Math.max(UNKNOWN_MS, TIMES_USUAL * (condition.slowestMs('whole') ?? 0))
}

/** Inputs of the clock of one attempt at a whole answer. */
export interface AttemptClock {
  /** A number holds for every attempt. */
  readonly limit: PlanLimits['attemptTimeoutMs']
  readonly condition: TimedTarget
  readonly remainingMs: number
  /** Another target could answer instead. */
  readonly hasAlternative: boolean
}

/**
 * Milliseconds after which an attempt at a whole answer has failed; `undefined` where it may use
 * all that is left of the deadline.
 */
export function attemptTimeoutMs({
  limit,
  condition,
  remainingMs,
  hasAlternative,
}: AttemptClock): number | undefined {
  if (limit !== 'derived') return limit
  return hasAlternative
    ? Math.round(Math.min(longestUsualMs(condition), remainingMs * SHARE_OF_DEADLINE))
    : undefined
}
