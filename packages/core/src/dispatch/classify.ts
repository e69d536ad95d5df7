import { type ErrorCode, errorTable, type Failure, GatewayError } from '../errors.ts'
import type { CallOutcome, PaceSignal } from '../health/index.ts'

/**
 * Consequence of a failed attempt: retry (the same target or the next), only the next target, or
 * stop.
 *
 * Faults that another provider cannot mend or would hide are never walked through the chain: 400,
 * 401, 403, 404, 422, content filters and requests that are too long stop at once; an operator who
 * wants otherwise says so per route.
 */
export function classifyFailure(error: GatewayError, fallbackOn?: ReadonlySet<ErrorCode>): Failure {
  const { failure } = errorTable[error.code]
  return failure === 'stop' && fallbackOn?.has(error.code) === true ? 'next' : failure
}

/**
 * Codes that count against the health of a target. Refusals, limits and client errors do not.
 */
const AILMENTS: ReadonlySet<ErrorCode> = new Set([
  'provider_error',
  'provider_overloaded',
  'provider_unreachable',
  'upstream_invalid',
  'upstream_truncated',
  'connect_timeout',
  'attempt_timeout',
  'first_token_timeout',
  'idle_timeout',
])

/** Effect of a call's end on the health of its target. */
export function classifyOutcome(error: GatewayError | undefined): CallOutcome {
  if (error === undefined) return 'succeeded'
  return AILMENTS.has(error.code) ? 'failed' : 'neutral'
}

/** Effect of a call's end on the concurrency of its target. */
export function classifyPace(error: GatewayError | undefined): PaceSignal {
  if (error === undefined) return 'fine'
  return error.code === 'rate_limit_exceeded' || error.code === 'provider_overloaded'
    ? 'too much'
    : 'nothing'
}

/** Statuses by which a provider says that it has done nothing. */
const NOT_BILLED: ReadonlySet<number> = new Set([429, 503, 529])

/**
 * Whether the provider may have charged for a failed attempt: unknown, so assumed, once the request
 * was sent.
 */
export function mayBeBilled({ details: { sent, upstreamStatus: status } }: GatewayError): boolean {
  if (sent !== true) return false
  return status === undefined || status < 300 || (status >= 500 && !NOT_BILLED.has(status))
}

/**
 * Socket-level failures as Node and undici name them; each one means that no answer will come on
 * this connection.
 */
export function transportError(
  cause: unknown,
  state: { readonly answered: boolean },
): GatewayError {
  if (cause instanceof GatewayError) return cause
  const code = codeOf(cause)
  if (state.answered) {
    return new GatewayError(
      'upstream_truncated',
      'The connection to the provider broke before its answer was complete.',
      { cause },
    )
  }
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new GatewayError('connect_timeout', 'No connection to the provider in time.', { cause })
  }
  return new GatewayError(
    'provider_unreachable',
    `The provider could not be reached${code === undefined ? '' : ` (${code})`}.`,
    { cause },
  )
}

const DEEPEST_CAUSE = 3

/**
 * Cause of a failure, for the operator: `SocketError: other side closed (UND_ERR_SOCKET)`,
 * its own cause after it.
 */
export function describeCause(cause: unknown, depth = 0): string {
  if (!(cause instanceof Error)) return String(cause)
  const code =
    'code' in cause && typeof cause.code === 'string' && !cause.message.includes(cause.code)
      ? ` (${cause.code})`
      : ''
  const own = `${cause.name}: ${cause.message}${code}`
  const deeper = cause instanceof AggregateError ? cause.errors[0] : cause.cause
  return deeper === undefined || depth >= DEEPEST_CAUSE
    ? own
    : `${own}; ${describeCause(deeper, depth + 1)}`
}

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  return 'cause' in cause ? codeOf(cause.cause) : undefined
}
