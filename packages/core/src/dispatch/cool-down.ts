import type { GatewayError } from '../errors.ts'
import type { Lane } from './candidates.ts'

/** Cool-down of a key whose account is used up or refused; a reload of the configuration ends it. */
const PARKED_MS = 60_000
/** Longest cool-down, whatever a provider says: some say a day. */
export const LONGEST_COOL_DOWN_MS = 5 * 60_000

/** Cools a target or key down after a failure: a provider's limit holds for every request. */
export function leaveAlone(
  { condition, keyCondition }: Lane,
  { code, details }: GatewayError,
): void {
  if (code === 'rate_limit_exceeded' && details.retryAfterMs !== undefined)
    condition.coolDown(Math.min(details.retryAfterMs, LONGEST_COOL_DOWN_MS))
  const isPooled = keyCondition !== condition
  if (isPooled && (code === 'insufficient_quota' || code === 'provider_credentials'))
    keyCondition.coolDown(PARKED_MS)
}
