import type { BilledRequest, BillingDeps } from './deps.ts'
import { type Operation, surchargeName, type Usage } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { Amounts } from '../limits/index.ts'
import { paidBesideAt, pricedElsewhere, targetOf } from '../routing/index.ts'

/**
 * Usage of a request: the sum over its attempts, each at the prices of its target.
 */
export function usedBy(deps: BillingDeps, { usages, admitted, operation }: BilledRequest): Amounts {
  // Only where a budget applies is the price list read.
  const isPriced = operation !== undefined && admitted?.estimate?.nanoDollars !== undefined
  let [inputTokens, outputTokens, nanoDollars] = [0, 0, 0]
  for (const { target, usage } of usages) {
    inputTokens += usage.inputTokens
    outputTokens += usage.outputTokens
    if (isPriced)
      nanoDollars +=
        (deps.priceOf(target, usage) ?? 0) +
        surchargeFor(deps, operation, { target, isHard: false })
  }
  return { inputTokens, outputTokens, nanoDollars }
}

/** Surcharge of a request in nano-dollars. Throws when a hard budget applies and it is unknown. */
export function surchargeFor(
  { surchargeOf, routing }: BillingDeps,
  operation: Operation,
  { target, isHard }: { readonly target: string; readonly isHard: boolean },
): number {
  const elsewhere = isHard ? pricedElsewhere(routing, target, operation) : undefined
  if (elsewhere !== undefined)
    throw new GatewayError(
      'unpriced_parameter',
      `A budget applies to this request, and ${elsewhere} lets ${target} answer with another model, host or account, whose price is not known to the gateway. Leave it out.`,
      { param: elsewhere },
    )
  const [param] = [
    ...(operation.surcharges?.(targetOf(routing, target)) ?? []),
    ...paidBesideAt(routing, target, operation),
  ]
  if (param === undefined) return 0
  const known = surchargeOf(target)
  if (known !== undefined || !isHard) return known ?? 0
  throw new GatewayError(
    'unpriced_parameter',
    `A budget applies to this request, and what ${target} charges for ${surchargeName(operation.json?.()?.body, param)} beside tokens is not known to the gateway. Leave it out, or have its price set (option prices, field surcharge).`,
    { param },
  )
}

/** Price of a call in nano-dollars, surcharge included; `undefined` when its price is unknown. */
export function priceOfCall(
  deps: BillingDeps,
  operation: Operation,
  call: { readonly target: string; readonly usage: Usage; readonly isHard: boolean },
): number | undefined {
  const price = deps.priceOf(call.target, call.usage)
  const surcharge = surchargeFor(deps, operation, call)
  return price === undefined ? undefined : price + surcharge
}

/** Usage of a call that its provider does not charge for. */
export const NOTHING_USED: Usage = Object.freeze({ inputTokens: 0, outputTokens: 0 })
