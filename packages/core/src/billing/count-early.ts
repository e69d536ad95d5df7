import type { BilledRequest, BillingDeps } from './deps.ts'
import { NO_AMOUNTS } from './settle-limits.ts'
import { attributionOf, callerKey } from '../identity/index.ts'
import { type Limit, needsBody, type Unit } from '../limits/index.ts'

/**
 * Counts a request against the limits of requests, and of concurrency where `units` have it, that
 * can be checked before its body is read: the body costs CPU, and a caller gets no more of it than
 * its rate allows. Limits that tell routes, models, sessions or providers apart wait for `admit`,
 * which does not count these again. Does nothing the second time. Rejects with 429 or 503, and has
 * taken nothing then.
 */
export async function countEarly(
  deps: BillingDeps,
  billed: BilledRequest,
  units: ReadonlySet<Unit>,
): Promise<void> {
  const { caller, id, degraded } = billed
  if (billed.counted !== undefined || billed.admitted !== undefined) return
  const limits = deps.limitsFor(caller).filter((limit) => isCountedEarly(limit, units))
  if (limits.length === 0) return
  const subject = { key: caller && callerKey(caller), ...attributionOf(caller) }
  const admitted = await deps.admit(limits, {
    id: `${id}-body`,
    degraded,
    subject,
    estimate: () => NO_AMOUNTS,
  })
  if (admitted !== undefined) billed.counted = { units, admitted }
}

/** Told by what the limit is: those of a caller may be read again meanwhile. */
export function isCountedEarly(limit: Limit, units: ReadonlySet<Unit>): boolean {
  return units.has(limit.unit) && !needsBody(limit)
}
