import type { Observation } from '../dialects/index.ts'
import type { AttemptSummary, GatewayError } from '../errors.ts'
import type { PlaceInQueue } from '../health/index.ts'
import type { AttemptProgress, AttemptUsage } from './attempt-usage.ts'
import { backoffMs } from './backoff.ts'
import type { Cancellation } from './cancellation.ts'
import type { Candidate, TargetPermit } from './candidates.ts'
import { mayBeBilled } from './classify.ts'
import type { DispatchDeps } from './deps.ts'
import type { AdmittedCall } from './target-admission.ts'

/** One call of a target, alone or in a race. */
export interface HedgedCall {
  readonly targetPermit: TargetPermit
  /** That of the request, or in a race one of its own. */
  readonly cancellation: Cancellation
  /** On the monotonic clock. */
  readonly started: number
  /** Another one was faster: what comes of this one is of no account. */
  hasLost: boolean
  hasEnded?: boolean
  /** Reservation of its provider's limits. */
  admitted?: AdmittedCall | undefined
  /** Observed usage and finish of the answer; live while a stream runs. */
  observation?: Observation | undefined
  /**
   * Usage or most likely cost, once it has ended; absent when its provider charges nothing.
   */
  usage?: AttemptUsage | undefined
  isSettled?: boolean
  readonly progress: AttemptProgress
  /** It counts among the calls of its target that are under way. */
  placedAt?: number | undefined
}

/**
 * False when the wait would outlast the deadline: then the failure at hand is the better answer,
 * now. A request that ends meanwhile ends the wait, and says so in `cancellation.reason`.
 */
export async function waitBefore(
  candidate: Candidate,
  deps: DispatchDeps,
  cancellation: Cancellation,
): Promise<boolean> {
  const ms = backoffMs({
    attempt: candidate.failures - 1,
    retryAfterMs: candidate.notBefore - deps.clock.monotonic(),
    random: deps.random,
  })
  if (ms >= cancellation.remainingMs) return false
  await cancellation.sleep(ms).catch(() => undefined)
  return true
}

export function elapsed(deps: DispatchDeps, started: number): number {
  return Math.round(deps.clock.monotonic() - started)
}

/** Of an attempt that failed and has ended. */
export function summary(
  { targetPermit: { target, keyName }, usage }: HedgedCall,
  error: GatewayError,
  ms: number,
): AttemptSummary {
  const status = error.details.upstreamStatus
  return {
    target: target.id,
    ...(keyName !== undefined && { key: keyName }),
    code: error.code,
    ...(status === undefined ? {} : { status }),
    ms,
    billed: mayBeBilled(error) ? 'unknown' : 'no',
    ...(usage !== undefined && { usage: summarised(usage) }),
  }
}

/** The counts of a failed attempt, and why they are an estimate. */
export function summarised({
  usage: { inputTokens, outputTokens },
  estimated,
}: AttemptUsage): NonNullable<AttemptSummary['usage']> {
  return {
    input: inputTokens,
    output: outputTokens,
    ...(estimated !== undefined && { because: estimated }),
  }
}

/** Waits for a place among the calls of a target, no longer than anything else. */
export function placeIn(place: PlaceInQueue, cancellation: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    cancellation.wait((error) => {
      place.leaveQueue()
      reject(error)
    })
    place.entered.then(resolve, reject)
  })
}
