import type { Operation, Usage } from '../dialects/index.ts'
import type { AttemptSummary, GatewayError } from '../errors.ts'
import type { Plan, Target } from '../routing/index.ts'
import { AnswerStream } from './answer-stream.ts'
import type { UpstreamResponse } from './attempt.ts'
import type { AttemptUsage } from './attempt-usage.ts'
import { Cancellation } from './cancellation.ts'
import type { DispatchDeps } from './deps.ts'
import type { OutputAllowance } from './output-allowance.ts'
import type { Priority } from '../health/pacer.ts'
import { Failover } from './failover.ts'

/** What was taken from a provider's limits for one call of it. */
export interface AdmittedTarget {
  /**
   * @param usage what the call has used or may have cost; `undefined` where its provider charges
   * nothing
   */
  settle(usage: Usage | undefined): void
}

/** The caller has used up a limit of its own for this target: others may call it all the same. */
export interface RefusedTarget {
  readonly refused: GatewayError
}

export type AdmitTarget = (
  target: Target,
  keyName: string | undefined,
) => Promise<AdmittedTarget | RefusedTarget | undefined> | undefined

export interface DispatchJob {
  readonly operation: Operation
  readonly requestId: string
  /** Sent to every provider besides: the host's ids of the request. */
  readonly traceHeaders?: Readonly<Record<string, string>> | undefined
  readonly plan: Plan
  readonly signal: AbortSignal
  /** Filled as attempts end, the successful one included. */
  readonly attempts: AttemptSummary[]
  /** Filled as attempts end that their providers may charge for. */
  readonly usages: AttemptUsage[]
  /** Output is counted against limits. */
  readonly isMetered?: boolean
  /** Tokens of output reserved for the request, where limits reserve them. */
  readonly reservedOutput?: number | undefined
  /**
   * What was decided otherwise than usual, because something is not as it should be:
   * `circuit-open`, `retry-budget`, ...
   */
  readonly degraded: Set<string>
  /**
   * Takes from what the provider allows us, and the caller of it; rejects with
   * `rate_limit_exceeded` where the provider has no room. Absent where there are no such limits.
   */
  readonly admitTarget?: AdmitTarget | undefined
  /**
   * Reserves what a call besides those before it may cost. False where a budget has not so much
   * left; absent where none applies.
   *
   * @param underWay calls that have not ended
   */
  readonly affordsAnother?: ((underWay: number) => Promise<boolean>) | undefined
  /** How much of a stream is paid for; all of it when absent. */
  readonly allowance?: OutputAllowance | undefined
  /**
   * Whose request it is: where calls of a target have to wait, those of different ones take turns.
   */
  readonly owner?: string | undefined
  /** Who waits for the answer. @default 'interactive' */
  readonly lane?: Priority
  /** Told how to end the call from outside. */
  onStart(cancel: (reason: GatewayError) => void): void
}

/**
 * Tries the plan's targets until one commits. A failed target gives way to the next one at once;
 * only when every target has failed in a way that may pass is one of them tried again, after a wait
 * and within the budget of retries. Targets that are known to fail are passed over. The client's
 * leaving and the one deadline bound it all, waits included.
 */
export async function dispatch(job: DispatchJob, deps: DispatchDeps): Promise<UpstreamResponse> {
  deps.shared?.touch()
  const cancellation = new Cancellation(deps.clock, job.signal, job.plan.limits.timeoutMs)
  job.onStart((reason) => cancellation.cancel(reason))
  try {
    const committed = await new Failover(job, deps, cancellation).tryTargets()
    if (!(committed.body instanceof AnswerStream)) cancellation.close()
    return committed
  } catch (error) {
    cancellation.close()
    throw error
  }
}
