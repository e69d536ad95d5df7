import { type Operation, surchargeName, type Usage } from '../dialects/index.ts'
import { AnswerStream, type AttemptUsage, type UpstreamResponse } from '../dispatch/index.ts'
import { GatewayError } from '../errors.ts'
import type { Exchange, Outcome } from '../pipeline/exchange.ts'
import type { Amounts } from '../limits/index.ts'
import { paidBesideAt, pricedElsewhere, targetOf } from '../pipeline/field-powers.ts'
import type { Runtime } from '../gateway/runtime.ts'

/**
 * What a request has used: the sum of what each of its attempts has used or may have cost, at the
 * prices of its target.
 */
export function usedBy(runtime: Runtime, { usages, admitted, operation }: Exchange): Amounts {
  // Only where a budget applies is the price list read.
  const isPriced = operation !== undefined && admitted?.estimate?.nanoDollars !== undefined
  let [inputTokens, outputTokens, nanoDollars] = [0, 0, 0]
  for (const { target, usage } of usages) {
    inputTokens += usage.inputTokens
    outputTokens += usage.outputTokens
    if (isPriced)
      nanoDollars +=
        (runtime.priceOf(target, usage) ?? 0) +
        surchargeFor(runtime, operation, { target, isHard: false })
  }
  return { inputTokens, outputTokens, nanoDollars }
}

type RecordedUsage = Pick<Outcome, 'usage' | 'usageEstimated'>

/**
 * The usage of an answer as its record tells it: what the provider said, or an estimate and why it
 * is one.
 */
export function usageOfAnswer(
  { body, observation }: UpstreamResponse,
  { usages }: Exchange,
): RecordedUsage {
  const last = usages.findLast(({ isOfAnswer }) => isOfAnswer)
  if (last?.estimated === undefined) return { usage: observation.usage }
  if (!(body instanceof AnswerStream)) return recorded(last)
  // A stream that several targets wrote is one answer to its client.
  return recorded({
    ...last,
    usage: { ...last.usage, outputTokens: Math.max(last.usage.outputTokens, body.outputEstimate) },
  })
}

/** The usage of a request that got no answer: what its attempts may have cost together. */
export function usageOfFailure({ usages }: Exchange): RecordedUsage {
  const last = usages.at(-1)
  if (last === undefined) return {}
  const sum = (field: 'inputTokens' | 'outputTokens'): number =>
    usages.reduce((total, { usage }) => total + usage[field], 0)
  return recorded({
    ...last,
    usage: { inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') },
  })
}

/** Where neither the request nor the answer is counted in tokens there is nothing to tell. */
function recorded({ usage, estimated }: AttemptUsage): RecordedUsage {
  return usage.inputTokens + usage.outputTokens === 0 ? {} : { usage, usageEstimated: estimated }
}

/** What a request costs beside its tokens. Throws where a hard budget applies and nobody knows. */
export function surchargeFor(
  { surchargeOf, routing }: Runtime,
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

export function addedUp(price: number | undefined, surcharge: number): number | undefined {
  return price === undefined ? undefined : price + surcharge
}

export const NOTHING_USED: Usage = Object.freeze({ inputTokens: 0, outputTokens: 0 })
