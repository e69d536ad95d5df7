import { Admin } from '../admin/index.ts'
import { type Endpoint, matchEndpoint } from '../api/index.ts'
import { admit, refuseLoop } from '../billing/index.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Runtime } from '../gateway/runtime.ts'
import { type GatewayRequest, type GatewayResponse, isPlainPath } from '../http/index.ts'
import { mayCall } from '../identity/index.ts'
import { refuseAmbiguous, refuseElsewhere } from '../routing/index.ts'
import { bounded } from './bound-output.ts'
import { callTargets } from './call-targets.ts'
import type { Exchange } from './exchange.ts'
import { administer } from './local/admin.ts'
import { health } from './local/health.ts'
import { listModels, retrieveModel } from './local/models.ts'
import { probe } from './local/probe.ts'
import { takeReports } from './local/usage-reports.ts'
import { open } from './open-exchange.ts'
import { planOf } from './plan.ts'
import { readOperation } from './parse.ts'
import { counted, refuseSafely, throttled } from './refuse.ts'
import { respond } from './respond.ts'
import { MAY_BE_BYPASSED } from './response-headers.ts'
import { shed } from './shed-load.ts'

/**
 * The life of one request, in order. The order is the security policy: no byte of a body is read
 * for an unknown caller, nothing is sent before it is planned, and every way out settles exactly
 * once. Never rejects.
 */
export async function handle(runtime: Runtime, request: GatewayRequest): Promise<GatewayResponse> {
  const exchange = open(runtime, request)
  let endpoint: Endpoint | undefined
  let isReading = false
  try {
    refuseAmbiguousPath(request)
    if (runtime.admin !== undefined && Admin.concerns(request))
      return await administer(runtime, exchange, request)
    // 1 match
    const match = matchEndpoint(request)
    endpoint = match.endpoint
    if (endpoint.kind === 'health') return await health(runtime, exchange, endpoint.probe)
    if (endpoint.kind === 'hello') return probe(runtime, exchange)
    exchange.endpoint = `${endpoint.method} ${endpoint.path}`
    // 2 shed load
    refuseWhenClosed(runtime)
    shed(runtime, exchange, request)
    runtime.onRequest(request)
    // 3 identify
    exchange.caller = await runtime.identify(request)
    if (!mayCall(exchange.caller, match.path))
      throw new GatewayError('permission_denied', `This key may not call ${match.path}.`)
    if (endpoint.kind === 'model')
      return await retrieveModel(runtime, exchange, { request, id: match.params['model'] ?? '' })
    if (endpoint.kind === 'models') return await listModels(runtime, exchange, request)
    if (endpoint.kind === 'usage-reports') return await takeReports(runtime, exchange, request)
    // 4 read and 5 parse
    isReading = true
    const parsed = await readOperation(runtime, exchange, { request, match, endpoint })
    isReading = false
    if (isHeld(runtime, exchange)) refuseAmbiguous(parsed)
    const operation = (exchange.operation = bounded(exchange, parsed))
    // 6 plan
    const plan = planOf(runtime, exchange, request)
    exchange.route = plan.route
    refuseElsewhere(exchange.caller, operation, plan)
    if (runtime.loopLimit !== Number.POSITIVE_INFINITY) refuseLoop(operation, runtime.loopLimit)
    // 7 admit
    const affordable = await admit(runtime, exchange, { operation, plan, request })
    exchange.operation = affordable.operation
    // 8 dispatch
    const committed = await callTargets(runtime, { exchange, ...affordable, request })
    // 9 respond; 10 settle happens there, and in `refuse`
    return respond(runtime, exchange, { endpoint, committed, hasLeft: request.signal.aborted })
  } catch (thrown) {
    const refused = isReading
      ? await counted(runtime, exchange, toGatewayError(thrown))
      : toGatewayError(thrown)
    const error = await throttled(runtime, exchange, { request, endpoint, error: refused })
    return refuseSafely(runtime, exchange, { endpoint, error, request })
  }
}

/** Whether limits or permissions depend on how the request is read. */
function isHeld({ limitsFor }: Runtime, { caller }: Exchange): boolean {
  return (
    caller?.maxOutputTokens !== undefined ||
    caller?.models !== undefined ||
    caller?.routes !== undefined ||
    limitsFor(caller).length > 0
  )
}

function refuseAmbiguousPath({ path }: GatewayRequest): void {
  if (isPlainPath(path)) return
  const shown = JSON.stringify(path.slice(0, 200))
  throw new GatewayError(
    'unknown_path',
    `The path ${shown} can be read in more than one way: it has an empty piece, a backslash, a piece of dots, or an escape for a character that needs none.`,
  )
}

function refuseWhenClosed(runtime: Runtime): void {
  if (runtime.isOpen()) return
  throw new GatewayError('gateway_closed', 'The gateway is shutting down.', {
    retryAfterMs: 1000,
    headers: MAY_BE_BYPASSED,
  })
}
