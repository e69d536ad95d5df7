import { type Operation, outputExpected, type Usage } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import { largest } from '../foundation/lists.ts'
import { type Amounts, type Demand, describe, isBudget, type Limit } from '../limits/index.ts'
import { priceOfCall } from './cost.ts'
import type { BillingDeps } from './deps.ts'

type Estimate = ReturnType<Demand['estimate']>

interface Reserved {
  readonly operation: Operation
  /** Ids of the targets that may answer: the most expensive counts. */
  readonly targets: readonly string[]
  /** Tokens of output after which the gateway ends the answer, unless more can be reserved. */
  readonly most?: number | undefined
  /** A target without a known price counts as $0, and nothing is refused for it. */
  readonly isUnpricedFree?: boolean
}

/**
 * The amounts that one reservation takes, in every unit of the limits `own`: the only estimate
 * there is, for requests and for calls of one target. Throws `unpriced_parameter` or
 * `invalid_request` when a budget applies to something that cannot be counted.
 */
export function estimateReservation(
  deps: BillingDeps,
  { operation, targets, most, isUnpricedFree = false }: Reserved,
  own: readonly Limit[],
): Estimate {
  if (!isUnpricedFree) refuseUncounted(operation, own)
  const amounts = estimateTokens(operation, most)
  if (operation.isFree === true) return { ...amounts, outputTokens: 0, nanoDollars: 0 }
  const [first = ''] = targets
  // Images, speech and forwarded requests are not paid by the token: their price is unknown here.
  const isByToken = operation.estimateInput !== undefined
  if (!own.some(({ unit }) => unit === 'usd') || (!isByToken && !isUnpricedFree))
    return { ...amounts, nanoDollars: undefined, unpriced: { target: first, isByToken } }
  const isHard = !isUnpricedFree && own.some(isHardBudget)
  const dearest = (outputTokens: number): number | undefined => {
    const usage = withCacheWrites({ inputTokens: amounts.inputTokens, outputTokens }, operation)
    const prices = targets.map((target) => priceOfCall(deps, operation, { target, usage, isHard }))
    return prices.includes(undefined) ? undefined : largest(prices as number[])
  }
  const nanoDollars = dearest(amounts.outputTokens) ?? (isUnpricedFree ? 0 : undefined)
  if (nanoDollars !== undefined)
    return { ...amounts, nanoDollars, nanoDollarsOfInput: () => dearest(0) }
  const unknown = targets.find((target) => deps.priceOf(target, amounts) === undefined)
  return {
    ...amounts,
    nanoDollars,
    unpriced: { target: unknown ?? '', isByToken: unknown?.includes('/') === true },
  }
}

/**
 * Most tokens that the request may take: its input, and the largest output it requests.
 *
 * @param most tokens of output after which the gateway ends the answer, unless more can be reserved
 *   by then
 */
export function estimateTokens(
  operation: Operation,
  most = Number.POSITIVE_INFINITY,
): Pick<Amounts, 'inputTokens' | 'outputTokens' | 'choices'> {
  const inputTokens = operation.estimateInput?.() ?? operation.inputBytesEstimate?.() ?? 0
  const choices = operation.requestedOutput?.().choices
  return {
    inputTokens,
    outputTokens: Math.min(most, outputExpected(operation)),
    ...(choices !== undefined && { choices }),
  }
}

/** Clients that know this code of the provider's send the whole conversation at once. */
const KEPT_INPUT = { param: 'previous_response_id', providerCode: 'previous_response_not_found' }

/**
 * Refuses requests that are answered later, or continue a conversation the provider stores, when a
 * budget applies: their usage is never seen here.
 */
function refuseUncounted({ isDeferred, hasKeptInput }: Operation, own: readonly Limit[]): void {
  const budget = own.find(isBudget)
  if (budget === undefined) return
  const intro = `The limit of ${describe(budget)} applies to this request, and what it uses cannot be counted:`
  // One in dollars knows no price of what is answered later, unless its operator says one.
  if (own.some((limit) => limit.unit !== 'usd' && isBudget(limit)) && isDeferred?.() === true)
    throw new GatewayError(
      'unpriced_parameter',
      `${intro} its answer comes with another request (a batch, a job, background). Send a request that is answered at once.`,
    )
  if (hasKeptInput?.() === true)
    throw new GatewayError(
      'invalid_request',
      `${intro} it goes on with an answer or a conversation that the provider keeps. Send the whole conversation in input, each item as it came; clients do with store: false.`,
      KEPT_INPUT,
    )
}

function isHardBudget({ unit, isSoft }: Limit): boolean {
  return unit === 'usd' && !isSoft
}

/** Worst case: if any input is marked for caching, all of it counts as a cache write. */
function withCacheWrites(usage: Usage, operation: Operation): Usage {
  const lifetime = operation.cacheWrites?.()
  if (lifetime === undefined) return usage
  return {
    ...usage,
    cacheWriteTokens: usage.inputTokens,
    ...(lifetime === '1h' && { longCacheWriteTokens: usage.inputTokens }),
  }
}
