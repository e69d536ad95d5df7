import { GatewayError } from '../errors.ts'
import type { Amounts } from './amounts.ts'
import type { Limit } from './limit.ts'

/** A request without a price would be free for a caller with a budget. */
export function refuseUnpriced(limits: readonly Limit[], { unpriced }: Amounts): void {
  if (!limits.some(({ unit, isSoft }) => unit === 'usd' && !isSoft)) return
  const target = unpriced?.target ?? 'this model'
  const why =
    unpriced?.isByToken === false
      ? `what this endpoint of ${target} costs is not known before it answers, so it cannot be reserved. Use a key without a hard budget, or make the budget soft (limits, mode: 'soft').`
      : `the price of ${target} is not known. Set it in the option prices: { '${target}': { input, output } }, in dollars for a million tokens.`
  throw new GatewayError(
    'unpriced_model',
    `A hard budget in usd applies to this request, and ${why}`,
  )
}
