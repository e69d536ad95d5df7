import { GatewayError } from '../errors.ts'
import type { Runtime } from '../gateway/runtime.ts'
import type { GatewayRequest } from '../http/index.ts'
import { laneAsked } from './call-targets.ts'
import type { Exchange } from './exchange.ts'

const SHED_FOR_MS = 1_000

/**
 * The host's own work goes first: what it has no time for is refused before anything is done for
 * it.
 */
export function shed({ load }: Runtime, exchange: Exchange, request: GatewayRequest): void {
  const shedding = load?.shedding(exchange.started) ?? 'nobody'
  if (shedding === 'nobody' || (shedding === 'batch' && laneAsked(request) !== 'batch')) return
  exchange.degraded.add('event-loop')
  throw new GatewayError(
    'host_overloaded',
    'Server overloaded: event loop lag above the limit. Retry later.',
    {
      retryAfterMs: SHED_FOR_MS,
    },
  )
}
