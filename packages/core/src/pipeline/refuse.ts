import type { Endpoint } from '../api/index.ts'
import { countEarly, usageOfFailure } from '../billing/index.ts'
import { errorFormatFor } from '../dialects/index.ts'
import type { GatewayError } from '../errors.ts'
import { describeThrown, isFinal, toGatewayError } from '../errors.ts'
import type { Runtime } from '../gateway/runtime.ts'
import type { GatewayRequest, GatewayResponse } from '../http/index.ts'
import type { Exchange } from './exchange.ts'
import { BEFORE_READING } from './parse.ts'
import { answerHeaders, RESPONSE_HEADERS } from './response-headers.ts'
import { settle } from './settle.ts'

const LONGEST_RETRY_AFTER_MS = 5 * 60_000

export function refuse(
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
    ...(isFinal(error.status) && { [RESPONSE_HEADERS.shouldRetry]: 'false' }),
    ...error.details.headers,
  }
  // Command lines wait for the whole `retry-after` and show nothing: a wait of hours gets
  // `x-postern-resets-at` instead.
  if (retryAfterMs !== undefined && retryAfterMs > LONGEST_RETRY_AFTER_MS)
    headers[RESPONSE_HEADERS.resetsAt] = new Date(runtime.clock.now() + retryAfterMs).toISOString()
  else if (retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000))
    headers['retry-after-ms'] = String(Math.ceil(retryAfterMs))
  }
  if (error.details.resetsAtMs !== undefined)
    headers[RESPONSE_HEADERS.resetsAt] = new Date(error.details.resetsAtMs).toISOString()
  if (error.details.mostOutputTokens !== undefined)
    headers[RESPONSE_HEADERS.maxOutputTokens] = String(error.details.mostOutputTokens)
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
    runtime.log.error('internal error', {
      id: exchange.id,
      ...exchange.trace,
      cause: describeThrown(error.details.cause),
    })
  else if (error.code === 'provider_credentials')
    runtime.log.error('provider key refused', {
      id: exchange.id,
      ...exchange.trace,
      provider: error.details.provider,
    })
  else if (error.status >= 500 && exchange.attempts.length > 0) logFailure(runtime, exchange, error)
}

/** The client gets a code; the operator's log also gets the cause. */
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

/**
 * Counts a wrong key or token. A key that is revoked while its answer is under way was a right one.
 */
export async function throttled(
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

/** A body that cannot be used counts as a request: 429 where there is no room for one. */
export async function counted(
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

/**
 * Refuses with `error`; with an internal error when `error` cannot be rendered (a host's own
 * error).
 */
export function refuseSafely(
  runtime: Runtime,
  exchange: Exchange,
  refusal: Parameters<typeof refuse>[2],
): GatewayResponse {
  try {
    return refuse(runtime, exchange, refusal)
  } catch (cause) {
    const error = toGatewayError(describeThrown(cause))
    return refuse(runtime, exchange, { endpoint: undefined, error, request: refusal.request })
  }
}
