import type { GatewayError } from '../errors.ts'
import type { TargetPermit } from './candidates.ts'

/** Cool-down of a key whose account is used up or refused; a reload of the configuration ends it. */
const PARKED_MS = 60_000
/** Longest cool-down, whatever a provider says: some say a day. */
export const LONGEST_COOL_DOWN_MS = 5 * 60_000

/** Cools a target or key down after a failure: a provider's limit holds for every request. */
export function leaveAlone(
  { condition, keyCondition }: TargetPermit,
  { code, details }: GatewayError,
): void {
  if (code === 'rate_limit_exceeded' && details.retryAfterMs !== undefined)
    condition.coolDown(Math.min(details.retryAfterMs, LONGEST_COOL_DOWN_MS))
  const isPooled = keyCondition !== condition
  if (isPooled && (code === 'insufficient_quota' || code === 'provider_credentials'))
    keyCondition.coolDown(PARKED_MS)
}

/** Failures that another key of the same provider may not have. */
export const KEY_FAILURES: ReadonlySet<string> = new Set([
  'rate_limit_exceeded',
  'insufficient_quota',
  'provider_credentials',
])
