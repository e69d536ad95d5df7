import { createHash } from 'node:crypto'
import { beginningOf, type Operation, repeatedToolCalls } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'
import { callerKey, type KnownCaller } from '../identity/index.ts'

const SESSION_HEADER = 'x-postern-session'
const SESSION_ID = /^[\w.:@-]{1,200}$/

/**
 * Which run of an agent a request belongs to: what the host says; what the client says, where its
 * key has to say it; else what all its requests begin with. Nothing a client leaves out takes it
 * out of its session.
 */
export function identifySession(
  caller: KnownCaller | undefined,
  operation: Operation,
  request: GatewayRequest,
): string {
  if (caller?.session !== undefined) return caller.session
  if (caller?.sendsSession === true) {
    const said = request.header(SESSION_HEADER)
    if (said !== undefined && SESSION_ID.test(said)) return said
    throw new GatewayError(
      'invalid_request',
      `This key has to name its session in the header ${SESSION_HEADER}: up to 200 letters, digits, "_", ".", ":", "@" and "-".`,
      { param: SESSION_HEADER },
    )
  }
  const beginning =
    operation.conversation === undefined ? '' : beginningOf(operation.conversation())
  return createHash('sha256')
    .update(`${caller === undefined ? '' : callerKey(caller)}\n${beginning}`)
    .digest('base64url')
    .slice(0, 22)
}

/** Ends the run of an agent that does the same again and again. @param most times in a row */
export function refuseLoop(operation: Operation, most: number): void {
  const count =
    operation.conversation === undefined ? 0 : repeatedToolCalls(operation.conversation())
  if (count < most) return
  throw new GatewayError(
    'loop_detected',
    `The same tools were called with the same arguments ${count} times in a row (option loopLimit).`,
    { headers: { 'x-should-retry': 'false' } },
  )
}
