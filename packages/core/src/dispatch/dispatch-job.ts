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
  /** Additional headers for every provider: the host's ids of the request. */
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
   * Fallback decisions made for this request: `circuit-open`, `retry-budget`, ...
   */
  readonly degraded: Set<string>
  /**
   * Takes from what the provider allows us, and the caller of it; rejects with
   * `rate_limit_exceeded` where the provider has no room. Absent where there are no such limits.
   */
  readonly targetAdmission?: TargetAdmission | undefined
  /**
   * Reserves the cost of one more call. False when a budget has too little left; absent when no
   * budget applies.
   *
   * @param underWay calls that have not ended
   */
  readonly affordsAnother?: ((underWay: number) => Promise<boolean>) | undefined
  /** How much of a stream is paid for; all of it when absent. */
  readonly streamBudget?: StreamBudget | undefined
  /**
   * Owner of the request: owners take turns when calls of a target wait.
   */
  readonly owner?: string | undefined
  /** Priority of the request. @default 'interactive' */
  readonly priority?: Priority
  /** Told how to end the call from outside. */
  onStart(cancel: (reason: GatewayError) => void): void
}
