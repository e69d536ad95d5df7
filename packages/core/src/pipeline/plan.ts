import { durationHint, parseDuration } from '../config/index.ts'
import { GatewayError } from '../errors.ts'
import type { Runtime } from '../gateway/runtime.ts'
import type { GatewayRequest } from '../http/index.ts'
import type { Exchange } from './exchange.ts'
import {
  type Allowance,
  type Plan,
  planFor,
  planForProvider,
  planForTenant,
} from '../routing/index.ts'

export function planOf(runtime: Runtime, exchange: Exchange, request: GatewayRequest): Plan {
  const plan = enabled(
    runtime,
    exchange,
    planForTenant(wholePlan(runtime, exchange), exchange.caller?.tenant),
  )
  const timeoutMs = timeoutAsked(request)
  return timeoutMs === undefined || timeoutMs >= plan.limits.timeoutMs
    ? plan
    : { ...plan, limits: { ...plan.limits, timeoutMs } }
}

function wholePlan({ routing }: Runtime, exchange: Exchange): Plan {
  const { operation } = exchange
  const caller: Allowance = exchange.caller ?? {}
  const { provider, model } = operation ?? {}
  if (provider !== undefined) return planForProvider(routing, { ...provider, model }, caller)
  if (model === undefined) throw new TypeError('An operation names a model or wants a provider.')
  return planFor(routing, model, caller)
}

/** The plan without the targets that are switched off. */
function enabled({ isDisabled }: Runtime, exchange: Exchange, plan: Plan): Plan {
  if (isDisabled === undefined) return plan
  const targets = plan.targets.filter(
    ({ provider, model }) => !isDisabled({ provider: provider.name, model, route: plan.route }),
  )
  if (targets.length === plan.targets.length) return plan
  exchange.degraded.add('target-disabled')
  if (targets.length > 0) return { ...plan, targets }
  throw new GatewayError(
    'targets_unavailable',
    `${plan.targets.map(({ id }) => id).join(', ')}: switched off by the operator.`,
    { headers: { 'x-should-retry': 'false' } },
  )
}

const TIMEOUT_HEADER = 'x-postern-timeout'

/** How long the caller wants to wait, which can only be less than what is configured. */
function timeoutAsked(request: GatewayRequest): number | undefined {
  const asked = request.header(TIMEOUT_HEADER)
  if (asked === undefined) return undefined
  const ms = parseDuration(/^\d+$/.test(asked) ? Number(asked) : asked)
  if (ms === undefined)
    throw new GatewayError(
      'invalid_request',
      `The header ${TIMEOUT_HEADER} is no duration: ${JSON.stringify(asked.slice(0, 40))}. ${durationHint}`,
      { param: TIMEOUT_HEADER },
    )
  return ms
}
