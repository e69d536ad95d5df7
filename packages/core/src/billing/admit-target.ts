import type { Operation, Usage } from '../dialects/index.ts'
import type { AdmittedCall, TargetAdmission } from '../dispatch/index.ts'
import { toGatewayError } from '../errors.ts'
import { isOfTarget, type Limit, type Subject } from '../limits/index.ts'
import type { Target } from '../routing/index.ts'
import { NOTHING_USED, priceOfCall } from './cost.ts'
import type { BilledRequest, BillingDeps } from './deps.ts'
import { estimateReservation } from './estimate.ts'
import { type ParsedRequest, subjectOf } from './subject.ts'

/**
 * Reserves the caller's limits on one target and the provider's own limits, for each call of a
 * target. `undefined` when there are no such limits.
 */
export function admitTargetFor(
  deps: BillingDeps,
  billed: BilledRequest,
  { operation, request }: ParsedRequest,
): TargetAdmission | undefined {
  const { providerLimits, limitsFor } = deps
  const { id, caller } = billed
  const ofCaller = limitsFor(caller).filter(isOfTarget)
  if (providerLimits.size === 0 && ofCaller.length === 0) return undefined
  let calls = 0
  return async (target, keyName) => {
    const { provider, model } = target
    calls += 1
    const own = await admitCall(deps, billed, {
      operation,
      target,
      id: `${id}-${calls}-own`,
      limits: ofCaller,
      subject: {
        ...subjectOf(billed, { operation, request, limits: ofCaller }),
        provider: provider.name,
      },
    })?.catch((error: unknown) => ({ refused: toGatewayError(error) }))
    if (own !== undefined && 'refused' in own) return own
    const account = keyName === undefined ? provider.name : `${provider.name}#${keyName}`
    const ofProvider = await admitCall(deps, billed, {
      operation,
      // A request without a known price counts as $0 against the provider's own limits.
      isUnpricedFree: true,
      target,
      id: `${id}-${calls}`,
      limits: providerLimits.get(provider.name) ?? [],
      subject: { provider: account, model },
    })?.catch((error: unknown) => {
      own?.settle(undefined)
      throw error
    })
    if (own === undefined || ofProvider === undefined) return own ?? ofProvider
    return {
      settle(used) {
        own.settle(used)
        ofProvider.settle(used)
      },
    }
  }
}

interface Call {
  readonly operation: Operation
  /** A call without a known price counts as $0 and is not refused. */
  readonly isUnpricedFree?: boolean
  readonly target: Target
  readonly id: string
  readonly limits: readonly Limit[]
  readonly subject: Subject
}

/** `undefined` when none of the limits concerns the call. */
function admitCall(
  deps: BillingDeps,
  { degraded }: BilledRequest,
  { operation, isUnpricedFree = false, target, id, limits, subject }: Call,
): Promise<AdmittedCall> | undefined {
  const isPriced = operation.isFree !== true && limits.some(({ unit }) => unit === 'usd')
  const targets = [target.id]
  const priced = (used: Usage): number =>
    isPriced
      ? (priceOfCall(deps, operation, { target: target.id, usage: used, isHard: false }) ?? 0)
      : 0
  return deps
    .admit(limits, {
      id,
      degraded,
      subject,
      estimate: (own) => estimateReservation(deps, { operation, targets, isUnpricedFree }, own),
      // Limits of a provider pace calls: a refused call saves nothing there.
      takesAll: isUnpricedFree,
    })
    ?.then(({ settle }) => ({
      settle(used = NOTHING_USED) {
        settle({
          inputTokens: used.inputTokens,
          outputTokens: used.outputTokens,
          nanoDollars: used === NOTHING_USED ? 0 : priced(used),
        })
      },
    }))
}
