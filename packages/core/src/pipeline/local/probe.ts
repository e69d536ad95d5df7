import type { Runtime } from '../../gateway/runtime.ts'
import type { GatewayResponse } from '../../http/index.ts'
import type { Exchange } from '../exchange.ts'
import { settle } from '../settle.ts'

export function probe(runtime: Runtime, exchange: Exchange): GatewayResponse {
  settle(runtime, exchange, { status: 200, code: 'ok' })
  return { status: 200, headers: {}, body: '' }
}
