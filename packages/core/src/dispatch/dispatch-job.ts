import type { Operation } from '../dialects/index.ts'
import type { AttemptSummary, GatewayError } from '../errors.ts'
import type { Priority } from '../health/index.ts'
import type { Plan } from '../routing/index.ts'
import type { AttemptUsage } from './attempt-usage.ts'
import type { StreamBudget } from './stream-budget.ts'
import type { TargetAdmission } from './target-admission.ts'

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
  readonly targetAdmission?: TargetAdmission | undefined
  /**
   * Reserves what a call besides those before it may cost. False where a budget has not so much
   * left; absent where none applies.
   *
   * @param underWay calls that have not ended
   */
  readonly affordsAnother?: ((underWay: number) => Promise<boolean>) | undefined
  /** How much of a stream is paid for; all of it when absent. */
  readonly streamBudget?: StreamBudget | undefined
  /**
   * Whose request it is: where calls of a target have to wait, those of different ones take turns.
   */
  readonly owner?: string | undefined
  /** Who waits for the answer. @default 'interactive' */
  readonly lane?: Priority
  /** Told how to end the call from outside. */
  onStart(cancel: (reason: GatewayError) => void): void
}
