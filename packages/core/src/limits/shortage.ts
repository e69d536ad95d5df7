import { GatewayError } from '../errors.ts'
import { type Amounts, pickAmount } from './amounts.ts'
import { describe, isBudget, type Limit, NANO_PER_DOLLAR } from './limit.ts'

/** A budget that a request is too large for. */
export interface Shortage {
  readonly limit: Limit
  /** In the unit of the limit; never negative. */
  readonly left: number
  /**
   * Output tokens the request may ask for, for each of its choices, so that it fits: 0 where its
   * input alone does not.
   */
  readonly output: number
}

/**
 * The budget among these limits that leaves the request the fewest output tokens; `undefined` where
 * all of them have room.
 *
 * @param left of each limit, in its unit; `undefined` where it is not known
 */
export function findShortage(
  limits: readonly Limit[],
  left: readonly (number | undefined)[],
  estimate: Amounts,
): Shortage | undefined {
  let worst: Shortage | undefined
  limits.forEach((limit, at) => {
    const room = Math.max(0, left[at] ?? 0)
    if (left[at] === undefined || !isBudget(limit) || pickAmount(limit.unit, estimate) <= room)
      return
    const output = Math.floor(outputWithin(limit, room, estimate) / (estimate.choices ?? 1))
    if (worst === undefined || output < worst.output) worst = { limit, left: room, output }
  })
  return worst
}

/** Tokens of output, over all choices, with which the request takes no more than `room`. */
function outputWithin({ unit }: Limit, room: number, estimate: Amounts): number {
  const { inputTokens, outputTokens, nanoDollars = 0 } = estimate
  if (unit === 'input-tokens') return 0
  if (unit !== 'usd') return Math.max(0, unit === 'tokens' ? room - inputTokens : room)
  const ofInput = estimate.nanoDollarsOfInput?.() ?? 0
  // Prices are rounded up: one nano-dollar is left out.
  return nanoDollars <= ofInput
    ? 0
    : Math.max(0, Math.floor(outputTokens * ((room - ofInput - 1) / (nanoDollars - ofInput))))
}

/**
 * @param resetsAtMs when there is room again, by the clock of the store; infinite where that never
 * is, or is not known
 */
export function refusalOf(
  { limit, left, output }: Shortage,
  estimate: Amounts,
  { resetsAtMs, nowMs }: { readonly resetsAtMs: number; readonly nowMs: number },
): GatewayError {
  const asked = pickAmount(limit.unit, estimate)
  const isUsedUp = left === 0
  const verdict = isUsedUp
    ? `The limit of ${describe(limit)} is used up`
    : `The request is larger than what is left of the limit of ${describe(limit)}`
  const message = `${verdict}: ${quantity(limit, left)} ${limit.unit === 'usd' || left === 1 ? 'is' : 'are'} left, and the request may take ${quantity(limit, asked)} (${detail(estimate)}).${isUsedUp ? '' : ` ${advice(output, estimate, limit)}`}`
  const details = { ...(output > 0 && { mostOutputTokens: output }) }
  // No wait makes a request fit that is larger than the whole limit.
  if (limit.unit === 'usd' || (asked > limit.amount && !isUsedUp)) {
    const willHaveRoom = left < limit.amount && Number.isFinite(resetsAtMs)
    // No client is to wait in a loop for the end of a month.
    return new GatewayError('budget_exceeded', message, {
      ...details,
      ...(willHaveRoom && { resetsAtMs }),
      headers: { 'x-should-retry': 'false' },
    })
  }
  const retryAfterMs = Number.isFinite(resetsAtMs)
    ? Math.max(1, Math.ceil(resetsAtMs - nowMs))
    : undefined
  return new GatewayError('rate_limit_exceeded', message, {
    ...details,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    headers:
      (retryAfterMs ?? Number.POSITIVE_INFINITY) > LONGEST_WORTHWHILE_MS
        ? { 'x-should-retry': 'false' }
        : {},
  })
}

/** A client that waits longer than this does not do so for an answer. */
export const LONGEST_WORTHWHILE_MS = 60_000

function quantity({ unit }: Limit, amount: number): string {
  return unit === 'usd' ? dollars(amount) : `${amount} ${unit.replace('-', ' ')}`
}

function dollars(nano: number): string {
  return `$${(nano / NANO_PER_DOLLAR).toFixed(9).replace(/(?:\.|(?<!0))0+$/, '')}`
}

function detail({ inputTokens, outputTokens, choices = 1 }: Amounts): string {
  return `about ${inputTokens} input tokens, up to ${outputTokens} output tokens${choices === 1 ? '' : ` over ${choices} choices`}`
}

function advice(output: number, { choices = 1, outputTokens }: Amounts, { unit }: Limit): string {
  if (output > 0)
    return `Ask for at most ${output} output tokens${choices === 1 ? '' : ' for each choice'}.`
  return unit === 'input-tokens' || outputTokens === 0
    ? 'Send less input.'
    : 'Its input alone leaves no room for output: send less.'
}
