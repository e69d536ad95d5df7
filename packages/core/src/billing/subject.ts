import type { Operation } from '../dialects/index.ts'
import type { GatewayRequest } from '../http/index.ts'
import { identifySession } from './agent-session.ts'
import type { BilledRequest } from './deps.ts'
import { attributionOf, callerKey } from '../identity/index.ts'
import type { Limit, Subject } from '../limits/index.ts'

/** One request as it was parsed, and as it came. */
export interface ParsedRequest {
  readonly operation: Operation
  readonly request: GatewayRequest
}

/** Attributes that limits tell requests apart by; the session only when a limit needs it. */
export function subjectOf(
  { caller, route }: BilledRequest,
  { operation, request, limits }: ParsedRequest & { readonly limits: readonly Limit[] },
): Subject {
  const isSession = limits.some(
    ({ scope, only }) => scope.includes('session') || only.has('session'),
  )
  return {
    key: caller && callerKey(caller),
    ...attributionOf(caller),
    route,
    model: operation.model,
    ...(isSession && { session: identifySession(caller, operation, request) }),
  }
}
