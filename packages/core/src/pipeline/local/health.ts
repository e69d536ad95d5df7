import type { ErrorCode } from '../../errors.ts'
import type { Runtime } from '../../gateway/runtime.ts'
import type { GatewayResponse } from '../../http/index.ts'
import type { Exchange } from '../exchange.ts'
import { settle } from '../settle.ts'

export async function health(
  runtime: Runtime,
  exchange: Exchange,
  probe: 'live' | 'ready',
): Promise<GatewayResponse> {
  const { status, code, body } =
    probe === 'live'
      ? { status: 200, code: 'ok' as const, body: { status: 'ok' } }
      : await readiness(runtime)
  settle(runtime, exchange, { status, code })
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  }
}

/**
 * 503 while no request can be answered: a load balancer is to ask another instance. The names of
 * targets only the operator learns: `gateway.health()`.
 */
async function readiness(
  runtime: Runtime,
): Promise<{ readonly status: number; readonly code: ErrorCode | 'ok'; readonly body: object }> {
  if (!runtime.isOpen()) return { status: 503, code: 'gateway_closed', body: { status: 'closing' } }
  const missing = await runtime.missing()
  const degraded = degradedParts(runtime)
  const more = degraded.length > 0 && { degraded }
  if (missing.length > 0)
    return {
      status: 503,
      code: missing.includes('targets') ? 'targets_unavailable' : 'store_unavailable',
      body: { status: 'unavailable', missing, ...more },
    }
  return {
    status: 200,
    code: 'ok',
    body: { status: degraded.length > 0 ? 'degraded' : 'ok', ...more },
  }
}

/** Degraded parts of the gateway. */
export function degradedParts(runtime: Runtime): string[] {
  const hasUnavailable = runtime.dispatch.health.unavailable.length > 0
  const isShedding = (runtime.load?.current ?? 'nobody') !== 'nobody'
  return [
    ...(hasUnavailable ? ['targets'] : []),
    ...(isShedding ? ['event-loop'] : []),
    ...runtime.storeDefects(),
  ]
}
