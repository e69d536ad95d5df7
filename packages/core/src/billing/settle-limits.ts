import { usedBy } from './cost.ts'
import type { BilledRequest, BillingDeps } from './deps.ts'
import type { Amounts } from '../limits/index.ts'

/** Limits of requests and concurrency do not depend on amounts. */
export const NO_AMOUNTS: Amounts = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  nanoDollars: 0,
})

/** Gives back what is given back at the end of a request, and counts what it has used. */
export function settleLimits(deps: BillingDeps, billed: BilledRequest): void {
  billed.admitted?.settle(usedBy(deps, billed))
  billed.counted?.admitted.settle(NO_AMOUNTS)
}
