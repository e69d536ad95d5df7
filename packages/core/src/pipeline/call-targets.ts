import { admitTargetFor, affordsAnother, openStreamBudget } from '../billing/index.ts'
import type { Operation } from '../dialects/index.ts'
import { dispatch, type UpstreamResponse } from '../dispatch/index.ts'
import { type Priority } from '../health/index.ts'
import { GatewayError } from '../errors.ts'
import type { Runtime } from '../gateway/runtime.ts'
import { type GatewayRequest, headersOfTrace } from '../http/index.ts'
import { callerKey, type KnownCaller } from '../identity/index.ts'
import type { Exchange } from './exchange.ts'
import type { Plan } from '../routing/index.ts'

const LANE_HEADER = 'x-postern-lane'

/** Priority from the header `x-postern-lane`. */
export function laneAsked(request: GatewayRequest): Priority {
  const asked = request.header(LANE_HEADER) ?? 'interactive'
  if (asked === 'interactive' || asked === 'batch') return asked
  throw new GatewayError(
    'invalid_request',
    `The header ${LANE_HEADER} is neither "interactive" nor "batch": ${JSON.stringify(asked.slice(0, 40))}.`,
    { param: LANE_HEADER },
  )
}

/** Owners take turns where calls wait. */
function ownerOf(caller: KnownCaller | undefined): string | undefined {
  if (caller === undefined) return undefined
  return caller.tenant === undefined ? callerKey(caller) : `tenant ${caller.tenant}`
}

interface Call {
  readonly exchange: Exchange
  readonly operation: Operation
  readonly plan: Plan
  readonly request: GatewayRequest
}

export async function callTargets(runtime: Runtime, call: Call): Promise<UpstreamResponse> {
  const { exchange, operation, plan, request } = call
  const targetAdmission = admitTargetFor(runtime, exchange, { operation, request })
  const committed = await dispatch(
    {
      operation,
      requestId: exchange.id,
      traceHeaders: headersOfTrace(exchange.trace, runtime.forwardTrace, exchange.id),
      plan,
      signal: request.signal,
      attempts: exchange.attempts,
      usages: exchange.usages,
      degraded: exchange.degraded,
      priority: laneAsked(request),
      owner: ownerOf(exchange.caller),
      targetAdmission,
      isMetered:
        exchange.admitted !== undefined ||
        exchange.counted !== undefined ||
        targetAdmission !== undefined,
      reservedOutput: exchange.admitted?.estimate?.outputTokens,
      affordsAnother: affordsAnother(runtime, exchange),
      streamBudget: openStreamBudget(runtime, exchange, operation),
      onStart(cancel) {
        exchange.cancel = cancel
        if (exchange.endedBy !== undefined) cancel(exchange.endedBy)
      },
    },
    runtime.dispatch,
  )
  exchange.target = committed.target.id
  exchange.dropped = committed.dropped
  exchange.committedAfterMs = Math.round(runtime.clock.monotonic() - exchange.started)
  return committed
}
