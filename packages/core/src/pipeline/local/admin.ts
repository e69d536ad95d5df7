import type { Runtime } from '../../gateway/runtime.ts'
import type { GatewayRequest, GatewayResponse } from '../../http/index.ts'
import type { Exchange } from '../exchange.ts'
import { answerHeaders } from '../response-headers.ts'
import { settle } from '../settle.ts'

/** Admin requests are recorded like any other, and also reported to the audit (`onAdmin`). */
export async function administer(
  runtime: Runtime,
  exchange: Exchange,
  request: GatewayRequest,
): Promise<GatewayResponse> {
  exchange.endpoint = `${request.method} /admin`
  const { admin } = runtime
  if (admin === undefined) throw new TypeError('Administration is not configured.')
  const answer = await admin.handle(request)
  settle(runtime, exchange, { status: answer.status, code: 'ok' })
  return { ...answer, headers: { ...answerHeaders(exchange), ...answer.headers } }
}
