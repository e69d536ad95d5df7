import type { Dialect } from '../dialects/index.ts'
import { type ErrorCode, GatewayError } from '../errors.ts'
import type { Provider } from '../providers/index.ts'

/** One model of one provider. */
export interface Target {
  /** `provider/model` */
  readonly id: string
  readonly provider: Provider
  /** The provider's own model id. */
  readonly model: string
  /** Dialects of the provider for this model, the best first. */
  readonly dialects: readonly Dialect[]
}

/** Bounds of the calls of a plan. Durations in milliseconds, sizes in bytes. */
export interface PlanLimits {
  readonly connectTimeoutMs: number
  /**
   * One attempt at a whole answer; derived from the target's usual times and the deadline, or only
   * bounded by the deadline when absent.
   */
  readonly attemptTimeoutMs?: number | 'derived' | undefined
  /** Until the first content of a stream. */
  readonly ttftTimeoutMs: number
  /** Between two events of a stream. */
  readonly idleTimeoutMs: number
  /** Over all attempts, waits included. */
  readonly timeoutMs: number
  /** Attempts after the first. */
  readonly retries: number
  readonly answerLimitBytes: number
  readonly eventLimitBytes: number
  /** Parts and tools a target cannot take are left out and reported instead of refused. */
  readonly dropUnsupported: boolean
  /** Failures that end a request, unless a route says that they go on to its next target. */
  readonly fallbackOn?: ReadonlySet<ErrorCode> | undefined
  /**
   * A request that is larger than what a budget has left: refused, or bounded to that. @default
   * 'refuse'
   */
  readonly overBudget?: 'refuse' | 'bound' | undefined
  /**
   * A stream that breaks goes on with a target that can continue the turn of an assistant. Off when
   * absent.
   */
  readonly continueStreams?: boolean | undefined
  /**
   * Effect of a client that leaves: the call ends, or the answer is read to its end so that its
   * usage is known. @default 'cancel'
   */
  readonly onClientLeave?: 'cancel' | 'finish' | undefined
  /**
   * Asks the next target as well when one has not begun to answer after this time, or after its own
   * p95. Off when absent.
   */
  readonly hedgeAfterMs?: number | 'p95' | undefined
}

/** The targets of one request, in the order they are tried. */
export interface Plan {
  /** Name of the route, when the client asked for one. */
  readonly route: string | undefined
  readonly targets: readonly Target[]
  readonly limits: PlanLimits
}

/**
 * The plan with the keys that the caller's tenant brings along. Throws where none of its targets
 * serves this tenant.
 */
export function planForTenant(plan: Plan, tenant: string | undefined): Plan {
  if (!plan.targets.some(({ provider }) => provider.tenants !== undefined)) return plan
  const targets = plan.targets.flatMap((target): Target[] => {
    const { tenants, isForTenantsOnly } = target.provider
    const own = tenant === undefined ? undefined : tenants?.get(tenant)
    if (own !== undefined) return [{ ...target, provider: own }]
    return isForTenantsOnly === true ? [] : [target]
  })
  if (targets.length > 0) return { ...plan, targets }
  throw new GatewayError(
    'permission_denied',
    `${plan.targets.map(({ id }) => id).join(', ')}: there is no key of your tenant for this.`,
  )
}
