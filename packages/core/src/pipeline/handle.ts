import { Admin } from '../admin/index.ts'
import {
  admit,
  admitTargetFor,
  affordsAnother,
  chargeReport,
  countEarly,
  buildLimitHeaders,
  outputAllowance,
  settleLimits,
} from '../billing/accounting.ts'
import { refuseLoop } from '../billing/agent-session.ts'
import { bodyOf, type Endpoint, matchEndpoint, type OperationEndpoint } from '../api/index.ts'
import { durationHint, parseDuration } from '../config/index.ts'
import { errorFormatFor, type Operation, renderModel, renderModels } from '../dialects/index.ts'
import { AnswerStream, type UpstreamResponse, dispatch, type Priority } from '../dispatch/index.ts'
import { describeThrown, type ErrorCode, GatewayError, isFinal, toGatewayError } from '../errors.ts'
import type { Exchange, Outcome } from './exchange.ts'
import {
  type GatewayRequest,
  type GatewayResponse,
  headersOfTrace,
  isPlainPath,
  readJsonBody,
  readTrace,
} from '../http/index.ts'
import { callerKey, type KnownCaller, mayCall } from '../identity/index.ts'
import type { Unit } from '../limits/index.ts'
import { readReports, recordOf, recordOfReport, type RequestRecord } from '../records/index.ts'
import {
  type Allowance,
  mayUseModel,
  type Plan,
  planFor,
  planForProvider,
  planForTenant,
} from '../routing/index.ts'
import { refuseAmbiguous, refuseElsewhere } from './field-powers.ts'
import { SMALL_JSON_BYTES } from '../json/scan.ts'
import type { Runtime } from '../gateway/runtime.ts'
import { usageOfAnswer, usageOfFailure } from '../billing/settlement.ts'

/**
 * The life of one request, in order. The order is the security policy: nobody unknown gets a byte
 * of body read, nothing is sent before it is planned, and every way out passes `settle` exactly
 * once. Never rejects.
 */
export async function handle(runtime: Runtime, request: GatewayRequest): Promise<GatewayResponse> {
  const exchange = open(runtime, request)
  let endpoint: Endpoint | undefined
  let isReading = false
  try {
    if (!isPlainPath(request.path))
      throw new GatewayError(
        'unknown_path',
        `The path ${JSON.stringify(request.path.slice(0, 200))} can be read in more than one way: it has an empty piece, a backslash, a piece of dots, or an escape for a character that needs none.`,
      )
    if (runtime.admin !== undefined && Admin.concerns(request))
      return await administer(runtime, exchange, request)
    const match = matchEndpoint(request)
    endpoint = match.endpoint
    if (endpoint.kind === 'health') return await health(runtime, exchange, endpoint.probe)
    if (endpoint.kind === 'hello') return hello(runtime, exchange)
    exchange.endpoint = `${endpoint.method} ${endpoint.path}`
    if (!runtime.isOpen())
      throw new GatewayError('gateway_closed', 'The gateway is shutting down.', {
        retryAfterMs: 1000,
        headers: MAY_BE_BYPASSED,
      })
    shed(runtime, exchange, request)
    runtime.onRequest(request)
    exchange.caller = await runtime.identify(request)
    if (!mayCall(exchange.caller, match.path))
      throw new GatewayError('permission_denied', `This key may not call ${match.path}.`)
    if (endpoint.kind === 'model')
      return await retrieveModel(runtime, exchange, { request, id: match.params['model'] ?? '' })
    if (endpoint.kind === 'models') return await listModels(runtime, exchange, request)
    if (endpoint.kind === 'usage-reports') return await takeReports(runtime, exchange, request)
    let operation: Operation
    isReading = true
    if (endpoint.body === 'json') {
      const body = await readJsonBody(request, runtime.bodyLimitBytes, {
        turns: runtime.dispatch.turns,
        beforeLarge: () => countEarly(runtime, exchange, BEFORE_PARSING),
      })
      if (body.bytes === undefined) runtime.onHostParsedBody()
      operation = endpoint.read({
        ...bodyOf(match, body),
        params: match.params,
        query: new URLSearchParams(request.search),
        header: (name) => request.header(name),
      })
    } else {
      if (isLarge(request)) await countEarly(runtime, exchange, BEFORE_READING)
      operation = await endpoint.read({
        request,
        params: match.params,
        bodyLimitBytes: runtime.bodyLimitBytes,
      })
    }
    refuseLongModel(operation)
    isReading = false
    if (isHeld(runtime, exchange)) refuseAmbiguous(operation)
    operation = exchange.operation = bounded(exchange, operation)
    const plan = planOf(runtime, exchange, request)
    exchange.route = plan.route
    refuseElsewhere(exchange.caller, operation, plan)
    if (runtime.loopLimit !== Number.POSITIVE_INFINITY) refuseLoop(operation, runtime.loopLimit)
    const affordable = await admit(runtime, exchange, { operation, plan, request })
    exchange.operation = affordable.operation
    const committed = await callTargets(runtime, { exchange, ...affordable, request })
    return respond(runtime, exchange, { endpoint, committed, hasLeft: request.signal.aborted })
  } catch (thrown) {
    const refused = isReading
      ? await counted(runtime, exchange, toGatewayError(thrown))
      : toGatewayError(thrown)
    const error = await throttled(runtime, exchange, { request, endpoint, error: refused })
    try {
      return refuse(runtime, exchange, { endpoint, error, request })
    } catch (cause) {
      // An error that cannot be rendered, such as one of the host's own making: the client gets an
      // answer all the same.
      return refuse(runtime, exchange, {
        endpoint: undefined,
        error: toGatewayError(describeThrown(cause)),
        request,
      })
    }
  }
}

/**
 * Counts a wrong key or token. A key that is revoked while its answer is under way was a right one.
 */
async function throttled(
  { throttle }: Runtime,
  { caller }: Exchange,
  refusal: {
    readonly request: GatewayRequest
    readonly endpoint: Endpoint | undefined
    readonly error: GatewayError
  },
): Promise<GatewayError> {
  const { request, endpoint, error } = refusal
  return error.code === 'invalid_api_key' && caller === undefined && endpoint !== undefined
    ? throttle.refusal(error, request)
    : error
}

/** A body that arrives slowly takes no place of those who are answered; one that is parsed does. */
const BEFORE_READING: ReadonlySet<Unit> = new Set(['requests'])
const BEFORE_PARSING: ReadonlySet<Unit> = new Set(['requests', 'concurrency'])

/** Whether the body may be large, as far as its headers tell. */
function isLarge(request: GatewayRequest): boolean {
  return (
    Number(request.header('content-length') ?? 0) > SMALL_JSON_BYTES ||
    request.header('transfer-encoding') !== undefined
  )
}

/** A body that cannot be used counts as a request: 429 where there is no room for one. */
async function counted(
  runtime: Runtime,
  exchange: Exchange,
  error: GatewayError,
): Promise<GatewayError> {
  if (
    error.status < 400 ||
    error.status >= 500 ||
    error.code === 'rate_limit_exceeded' ||
    error.code === 'client_closed'
  )
    return error
  return countEarly(runtime, exchange, BEFORE_READING).then(() => error, toGatewayError)
}

/** Longest name of a model or route: names go into counters, headers and records. */
const LONGEST_MODEL = 256

function refuseLongModel({ model }: Operation): void {
  if (model === undefined || model.length <= LONGEST_MODEL) return
  throw new GatewayError(
    'invalid_request',
    `The model name has ${model.length} characters, the limit is ${LONGEST_MODEL}.`,
    { param: 'model' },
  )
}

const SHED_FOR_MS = 1_000

/**
 * The host's own work goes first: what it has no time for is refused before anything is done for
 * it.
 */
function shed({ load }: Runtime, exchange: Exchange, request: GatewayRequest): void {
  const shedding = load?.shedding(exchange.started) ?? 'nobody'
  if (shedding === 'nobody' || (shedding === 'batch' && laneAsked(request) !== 'batch')) return
  exchange.degraded.add('event-loop')
  throw new GatewayError('host_overloaded', 'The server has too much to do at the moment.', {
    retryAfterMs: SHED_FOR_MS,
  })
}

/** Whether it matters to anything but the provider how the request is read. */
function isHeld({ limitsFor }: Runtime, { caller }: Exchange): boolean {
  return (
    caller?.maxOutputTokens !== undefined ||
    caller?.models !== undefined ||
    caller?.routes !== undefined ||
    limitsFor(caller).length > 0
  )
}

/**
 * The request as its caller may make it: a bound above `maxOutputTokens` of the key becomes that,
 * and where there is none it is set.
 */
function bounded({ caller, degraded }: Exchange, operation: Operation): Operation {
  if (caller?.maxOutputTokens === undefined) return operation
  if (operation.isBoundless?.() === true)
    throw new GatewayError(
      'permission_denied',
      `This key gets at most ${caller.maxOutputTokens} output tokens for a request (maxOutputTokens), and how this request bounds its output is not known to the gateway. Use an endpoint below /v1 that takes one request at a time.`,
    )
  if (operation.bounded === undefined) return operation
  const allowed = operation.bounded(caller.maxOutputTokens)
  if (allowed !== operation) degraded.add('output-bounded')
  return allowed
}

/** Nothing was decided about the request: `@postern/client` may ask the provider itself. */
const MAY_BE_BYPASSED = { 'x-postern-bypass': 'allowed' }

function open(runtime: Runtime, request: GatewayRequest): Exchange {
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

function planOf(runtime: Runtime, exchange: Exchange, request: GatewayRequest): Plan {
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

const LANE_HEADER = 'x-postern-lane'

/** Whether somebody waits for the answer. */
function laneAsked(request: GatewayRequest): Priority {
  const asked = request.header(LANE_HEADER) ?? 'interactive'
  if (asked === 'interactive' || asked === 'batch') return asked
  throw new GatewayError(
    'invalid_request',
    `The header ${LANE_HEADER} is neither "interactive" nor "batch": ${JSON.stringify(asked.slice(0, 40))}.`,
    { param: LANE_HEADER },
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

async function callTargets(runtime: Runtime, call: Call): Promise<UpstreamResponse> {
  const { exchange, operation, plan, request } = call
  const admitTarget = admitTargetFor(runtime, exchange, { operation, request })
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
      lane: laneAsked(request),
      owner: ownerOf(exchange.caller),
      admitTarget,
      isMetered:
        exchange.admitted !== undefined ||
        exchange.counted !== undefined ||
        admitTarget !== undefined,
      reservedOutput: exchange.admitted?.estimate?.outputTokens,
      affordsAnother: affordsAnother(runtime, exchange),
      allowance: outputAllowance(runtime, exchange, operation),
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

function respond(
  runtime: Runtime,
  exchange: Exchange,
  answer: { endpoint: OperationEndpoint; committed: UpstreamResponse; hasLeft: boolean },
): GatewayResponse {
  const { body, observation, status, refusal } = answer.committed
  const outcome = (error?: GatewayError): Outcome => ({
    status: error?.code === 'client_closed' ? 499 : status,
    code: error?.code ?? 'ok',
    ...usageOfAnswer(answer.committed, exchange),
    finishes: observation.finishes,
  })
  const headers = {
    ...answerHeaders(exchange),
    ...answer.endpoint.errorFormat.answerHeaders?.(exchange.id),
    ...answer.committed.headers,
  }
  if (!(body instanceof AnswerStream)) {
    settle(
      runtime,
      exchange,
      answer.hasLeft
        ? { ...outcome(), status: 499, code: 'client_closed' }
        : { ...outcome(), code: refusal?.code ?? 'ok' },
    )
    return { status, headers, body }
  }
  body.onEnd(({ error }) => {
    if (body.isCut) exchange.degraded.add('output-cut')
    settle(runtime, exchange, outcome(error))
  })
  return { status, headers: { ...headers, ...STREAM_HEADERS }, body }
}

/**
 * `no-transform` keeps compressing middlewares of the host from buffering the stream to its end.
 */
const STREAM_HEADERS = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }

function answerHeaders(exchange: Exchange): Record<string, string> {
  const headers: Record<string, string> = {
    'x-postern-request-id': exchange.id,
    'x-request-id': exchange.trace.hostRequestId ?? exchange.id,
    ...buildLimitHeaders(exchange),
  }
  if (exchange.route !== undefined) headers['x-postern-route'] = headerValue(exchange.route)
  if (exchange.target !== undefined) headers['x-postern-target'] = headerValue(exchange.target)
  if (exchange.attempts.length > 0) headers['x-postern-attempts'] = String(exchange.attempts.length)
  if (exchange.degraded.size > 0) headers['x-postern-degraded'] = [...exchange.degraded].join(', ')
  if (exchange.dropped.length > 0)
    headers['x-postern-dropped'] = headerValue(exchange.dropped.join(', '))
  return headers
}

const MAX_HEADER_LENGTH = 2000
const PRINTABLE = /^[\x20-\x7e]*$/

/** Names come from clients and files: whatever a header cannot hold is percent-encoded. */
function headerValue(text: string): string {
  if (text.length <= MAX_HEADER_LENGTH && PRINTABLE.test(text)) return text
  return text
    .slice(0, MAX_HEADER_LENGTH)
    .toWellFormed()
    .replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character))
}

const LONGEST_RETRY_AFTER_MS = 5 * 60_000

function refuse(
  runtime: Runtime,
  exchange: Exchange,
  refusal: { endpoint: Endpoint | undefined; error: GatewayError; request: GatewayRequest },
): GatewayResponse {
  const { endpoint, error, request } = refusal
  logRefusal(runtime, exchange, error)
  settle(runtime, exchange, { status: error.status, code: error.code, ...usageOfFailure(exchange) })
  const { retryAfterMs } = error.details
  const headers: Record<string, string> = {
    ...answerHeaders(exchange),
    'content-type': 'application/json',
    ...(isFinal(error.status) && { 'x-should-retry': 'false' }),
    ...error.details.headers,
  }
  // Command lines wait as long as they are told, and show nothing meanwhile: a wait for hours is
  // told by its end instead.
  if (retryAfterMs !== undefined && retryAfterMs > LONGEST_RETRY_AFTER_MS)
    headers['x-postern-resets-at'] = new Date(runtime.clock.now() + retryAfterMs).toISOString()
  else if (retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000))
    headers['retry-after-ms'] = String(Math.ceil(retryAfterMs))
  }
  if (error.details.resetsAtMs !== undefined)
    headers['x-postern-resets-at'] = new Date(error.details.resetsAtMs).toISOString()
  if (error.details.mostOutputTokens !== undefined)
    headers['x-postern-max-output-tokens'] = String(error.details.mostOutputTokens)
  const errorFormat =
    endpoint?.kind === 'operation' ? endpoint.errorFormat : errorFormatFor(request)
  Object.assign(headers, errorFormat.answerHeaders?.(exchange.id))
  const body = JSON.stringify(errorFormat.renderError(error, exchange.id))
  return {
    status: error.status,
    headers,
    body,
    ...(error.code === 'unknown_path' ? { unmatched: true } : {}),
  }
}

function logRefusal(runtime: Runtime, exchange: Exchange, error: GatewayError): void {
  if (error.code === 'internal_error')
    runtime.log.error('a request failed inside the gateway', {
      id: exchange.id,
      ...exchange.trace,
      cause: describeThrown(error.details.cause),
    })
  else if (error.code === 'provider_credentials')
    runtime.log.error('a provider refused the configured key', {
      id: exchange.id,
      ...exchange.trace,
      provider: error.details.provider,
    })
  else if (error.status >= 500 && exchange.attempts.length > 0) logFailure(runtime, exchange, error)
}

/** The client is told codes; the operator is told the cause as well. */
function logFailure(
  { log }: Runtime,
  { id, trace, route, attempts }: Exchange,
  { status, code, message, details: { provider, cause } }: GatewayError,
): void {
  const tried = attempts.map(({ target, code: outcome, status: seen, ms }) => ({
    target,
    code: outcome,
    ...(seen !== undefined && { status: seen }),
    ms,
  }))
  log.warn('request failed', {
    id,
    ...trace,
    ...(route !== undefined && { route }),
    status,
    code,
    provider,
    message,
    ...(cause !== undefined && { cause: describeThrown(cause) }),
    attempts: tried,
  })
}

/** Exactly once for every request, however it ended. */
function settle(runtime: Runtime, exchange: Exchange, outcome: Outcome): void {
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

function keep(runtime: Runtime, record: RequestRecord): void {
  runtime.onRecord?.(record)
  runtime.log.info('request', { record })
}

/** What administrators do is recorded as any other request, and told to the audit besides. */
async function administer(
  runtime: Runtime,
  exchange: Exchange,
  request: GatewayRequest,
): Promise<GatewayResponse> {
  exchange.endpoint = `${request.method} /admin`
  const { admin } = runtime
  if (admin === undefined) throw new TypeError('Nobody may administer this gateway.')
  const answer = await admin.handle(request)
  settle(runtime, exchange, { status: answer.status, code: 'ok' })
  return { ...answer, headers: { ...answerHeaders(exchange), ...answer.headers } }
}

async function health(
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

/** What is not as it should be. */
export function degradedParts(runtime: Runtime): string[] {
  const hasUnavailable = runtime.dispatch.health.unavailable.length > 0
  const isShedding = (runtime.load?.current ?? 'nobody') !== 'nobody'
  return [
    ...(hasUnavailable ? ['targets'] : []),
    ...(isShedding ? ['event-loop'] : []),
    ...runtime.storeDefects(),
  ]
}

function hello(runtime: Runtime, exchange: Exchange): GatewayResponse {
  settle(runtime, exchange, { status: 200, code: 'ok' })
  return { status: 200, headers: {}, body: '' }
}

/** Each report becomes one record, however often it is sent. */
async function takeReports(
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

/**
 * The entry that the list has for `id`; a model of a provider that lists none is there where a
 * request would reach it.
 */
async function retrieveModel(
  runtime: Runtime,
  exchange: Exchange,
  { request, id }: { readonly request: GatewayRequest; readonly id: string },
): Promise<GatewayResponse> {
  const [target] = planToList(runtime, exchange, id).targets
  if (target !== undefined && !runtime.routing.routes.has(id)) {
    const listed = (await runtime.listModels()).filter((model) =>
      model.startsWith(`${target.provider.name}/`),
    )
    if (listed.length > 0 && !listed.includes(target.id))
      throw new GatewayError(
        'model_not_found',
        `${target.provider.name} lists no model ${JSON.stringify(target.model.slice(0, 200))}.`,
        { param: 'model' },
      )
  }
  settle(runtime, exchange, { status: 200, code: 'ok' })
  return {
    status: 200,
    headers: { ...answerHeaders(exchange), 'content-type': 'application/json' },
    body: JSON.stringify(renderModel(id, Math.floor(exchange.startedAt / 1000), request)),
  }
}

/** What a caller may not use is not there, as in the list. */
function planToList({ routing }: Runtime, { caller }: Exchange, id: string): Plan {
  try {
    return planFor(routing, id, caller ?? {})
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'permission_denied') throw error
    throw new GatewayError(
      'model_not_found',
      `There is no route or model ${JSON.stringify(id.slice(0, 200))}.`,
      { param: 'model' },
    )
  }
}

/** Routes first, then models: what this caller may use. */
async function listModels(
  runtime: Runtime,
  exchange: Exchange,
  request: GatewayRequest,
): Promise<GatewayResponse> {
  const allowance: Allowance = exchange.caller ?? {}
  const created = Math.floor(exchange.startedAt / 1000)
  const routes = [...runtime.routing.routes.keys()].filter(
    (name) => allowance.routes?.includes(name) ?? true,
  )
  const models = (await runtime.listModels()).filter((id) => mayUseModel(allowance, id))
  settle(runtime, exchange, { status: 200, code: 'ok' })
  return {
    status: 200,
    headers: { ...answerHeaders(exchange), 'content-type': 'application/json' },
    body: JSON.stringify(renderModels({ routes, models, created }, request)),
  }
}
