import { usedBy } from './cost.ts'
import type { BilledRequest, BillingDeps } from './deps.ts'

/**
 * Takes what further calls of a provider need beside the reservation, which is for one: what those
 * that have ended may have cost, and as much as the reservation for each that is under way.
 * `undefined` where no hard budget applies.
 */
export function affordsAnother(
  deps: BillingDeps,
  billed: BilledRequest,
): ((underWay: number) => Promise<boolean>) | undefined {
  const { admitted, degraded } = billed
  if (admitted?.estimate === undefined || admitted.coveredOutput() === undefined) return undefined
  const { inputTokens, outputTokens, nanoDollars = 0 } = admitted.estimate
  let covered = { inputTokens: 0, outputTokens: 0, nanoDollars: 0 }
  return async (underWay) => {
    const used = usedBy(deps, billed)
    const needed = {
      inputTokens: Math.max(covered.inputTokens, used.inputTokens + underWay * inputTokens),
      outputTokens: Math.max(covered.outputTokens, used.outputTokens + underWay * outputTokens),
      nanoDollars: Math.max(covered.nanoDollars, (used.nanoDollars ?? 0) + underWay * nanoDollars),
    }
    const more = {
      inputTokens: needed.inputTokens - covered.inputTokens,
      outputTokens: needed.outputTokens - covered.outputTokens,
      nanoDollars: needed.nanoDollars - covered.nanoDollars,
    }
    const isAffordable =
      more.inputTokens + more.outputTokens + more.nanoDollars === 0 || (await admitted.extend(more))
    if (isAffordable) covered = needed
    else degraded.add('budget')
    return isAffordable
  }
}
