import { chargeReport } from '../../billing/index.ts'
import { GatewayError } from '../../errors.ts'
import type { Runtime } from '../../gateway/runtime.ts'
import { type GatewayRequest, type GatewayResponse, readJsonBody } from '../../http/index.ts'
import { callerKey } from '../../identity/index.ts'
import type { Exchange } from '../exchange.ts'
import { answerHeaders } from '../response-headers.ts'
import { keep, settle } from '../settle.ts'
import { readReports, recordOfReport } from '../../records/index.ts'

/** Each report becomes one record, however often it is sent. */
export async function takeReports(
  runtime: Runtime,
  exchange: Exchange,
  request: GatewayRequest,
): Promise<GatewayResponse> {
  const { caller } = exchange
  if (caller?.mayReport !== true)
    throw new GatewayError(
      'permission_denied',
      'This key may not report usage: it needs the right mayReport, which its operator gives it.',
    )
  const { value } = await readJsonBody(request, runtime.bodyLimitBytes)
  const reports = readReports(value)
  const fresh = runtime.reports.take(callerKey(caller), reports)
  for (const report of fresh) {
    const record = recordOfReport(report, caller)
    chargeReport(runtime, caller, record)
    keep(runtime, record)
  }
  settle(runtime, exchange, { status: 200, code: 'ok' })
  return {
    status: 200,
    headers: { ...answerHeaders(exchange), 'content-type': 'application/json' },
    body: JSON.stringify({ accepted: fresh.length, known: reports.length - fresh.length }),
  }
}
