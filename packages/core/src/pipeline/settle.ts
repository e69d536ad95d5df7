import { settleLimits } from '../billing/index.ts'
import type { Runtime } from '../gateway/runtime.ts'
import type { Exchange } from './exchange.ts'
import { type Outcome, recordOf, type RequestRecord } from '../records/index.ts'

/** Exactly once for every request, however it ended. */
export function settle(runtime: Runtime, exchange: Exchange, outcome: Outcome): void {
  if (exchange.settled) return
  exchange.settled = true
  settleLimits(runtime, exchange)
  runtime.active.delete(exchange)
  runtime.onSettled()
  if (exchange.endpoint === '' || (runtime.onRecord === undefined && !runtime.log.wantsInfo)) return
  keep(
    runtime,
    recordOf(exchange, outcome, Math.round(runtime.clock.monotonic() - exchange.started)),
  )
}

export function keep(runtime: Runtime, record: RequestRecord): void {
  runtime.onRecord?.(record)
  runtime.log.info('request', { record })
}
