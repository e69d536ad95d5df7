import { errorTable, type Failure, GatewayError } from '../errors.ts'

/**
 * What a failed attempt allows: try again (the same target or the next), only the next target, or nothing.
 *
 * Faults that another provider cannot mend or would hide are never walked through the chain: 400, 401, 403, 404, 422,
 * content filters and requests that are too long stop at once; an operator who wants otherwise says so per route.
 */
export function classifyFailure(error: GatewayError): Failure {
  return errorTable[error.code].failure
}

/** Socket-level failures as Node and undici name them; each one means that no answer will come on this connection. */
export function transportError(cause: unknown, state: { readonly answered: boolean }): GatewayError {
  if (cause instanceof GatewayError) return cause
  const code = codeOf(cause)
  if (state.answered) {
    return new GatewayError('upstream_truncated', 'The connection to the provider broke before its answer was complete.', { cause })
  }
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new GatewayError('connect_timeout', 'No connection to the provider in time.', { cause })
  }
  return new GatewayError('provider_unreachable', `The provider could not be reached${code === undefined ? '' : ` (${code})`}.`, { cause })
}

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  return 'cause' in cause ? codeOf(cause.cause) : undefined
}
