import type { Operation } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { Exchange } from './exchange.ts'

/**
 * The request as its caller may make it: a bound above `maxOutputTokens` of the key becomes that,
 * and where there is none it is set.
 */
export function bounded({ caller, degraded }: Exchange, operation: Operation): Operation {
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
