import { NOTHING_USED } from './cost.ts'
import type { BillingDeps } from './deps.ts'
import type { Usage } from '../dialects/index.ts'
import { attributionOf, callerKey, type KnownCaller, spellingsOf } from '../identity/index.ts'
import type { Limit } from '../limits/index.ts'
import type { RequestRecord } from '../records/index.ts'

/**
 * Counts a call that went around the gateway, which may have gone beyond a limit. Only counters of
 * the caller alone are charged: a report is the word of a client, and what others share is not
 * spent by it.
 */
export function chargeReport(
  { limitsFor, charge, priceOf }: BillingDeps,
  caller: KnownCaller,
  { id, target = '', usage }: RequestRecord,
): void {
  const limits = limitsFor(caller).filter((limit) => isOfCallerAlone(limit, caller))
  if (limits.length === 0) return
  const used: Usage =
    usage === undefined
      ? NOTHING_USED
      : {
          inputTokens: usage.input,
          outputTokens: usage.output,
          cachedTokens: usage.cached,
          cacheWriteTokens: usage.cacheWrite,
        }
  const isPriced = limits.some(({ unit }) => unit === 'usd')
  const key = callerKey(caller)
  const subject = {
    key,
    ...attributionOf(caller),
    model: target,
    provider: target.split('/', 1).join(),
  }
  charge(
    limits,
    { id: `bypass-${key}-${id}`, subject },
    {
      inputTokens: used.inputTokens,
      outputTokens: used.outputTokens,
      nanoDollars: isPriced ? priceOf(target, used) : 0,
    },
  )
}

/** Whether no other caller has a part in the counter of the limit. */
function isOfCallerAlone({ scope, only }: Limit, caller: KnownCaller): boolean {
  if (scope.includes('key')) return true
  const { credential, id } = caller
  const own = credential === 'key' || credential === 'made' ? spellingsOf(id) : [callerKey(caller)]
  const named = only.get('key')
  return named !== undefined && [...named].every((name) => own.includes(name))
}
