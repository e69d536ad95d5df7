import type { Runtime } from '../gateway/runtime.ts'
import { type GatewayRequest, readTrace } from '../http/index.ts'
import type { Exchange } from './exchange.ts'

export function open(runtime: Runtime, request: GatewayRequest): Exchange {
  const exchange: Exchange = {
    id: runtime.dispatch.newId('req_'),
    startedAt: runtime.clock.now(),
    started: runtime.clock.monotonic(),
    trace: readTrace(request),
    endpoint: '',
    caller: undefined,
    operation: undefined,
    route: undefined,
    target: undefined,
    attempts: [],
    usages: [],
    admitted: undefined,
    counted: undefined,
    dropped: [],
    degraded: new Set(),
    committedAfterMs: undefined,
    settled: false,
    cancel: undefined,
    endedBy: undefined,
    place: -1,
  }
  runtime.active.add(exchange)
  return exchange
}
