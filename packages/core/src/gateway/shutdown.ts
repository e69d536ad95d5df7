import { GatewayError } from '../errors.ts'
import type { Core } from './parts.ts'
import { callerKey } from '../identity/index.ts'
import { endExchange, type Exchange } from '../pipeline/exchange.ts'
import type { InFlight } from '../pipeline/in-flight.ts'

/** Cancelled requests settle at once, unless a client has gone away silently. */
const SETTLING_MS = 1_000

/**
 * Lets what is under way end, then ends it; when all of it is settled, what was shared is given
 * back.
 */
export async function shutDown(core: Core, graceMs: number): Promise<void> {
  await idle(core, graceMs)
  const reason = new GatewayError(
    'gateway_closed',
    'The gateway was shut down before the answer was complete.',
  )
  for (const exchange of core.active) endExchange(exchange, reason)
  await core.dispatch.transport.close()
  await idle(core, SETTLING_MS)
  await core.shared.close()
}

/** An administrator has killed the key of a caller. */
export function endRequests(active: InFlight<Exchange>, key: string): void {
  const reason = new GatewayError(
    'invalid_api_key',
    'The API key was revoked while the answer was under way.',
  )
  for (const exchange of active)
    if (exchange.caller !== undefined && callerKey(exchange.caller) === key)
      endExchange(exchange, reason)
}

/** Resolves when nothing is under way any more, or after `withinMs`. */
function idle({ active, state, dispatch: { clock } }: Core, withinMs: number): Promise<void> {
  if (active.size === 0) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = clock.setTimer(resolve, withinMs)
    state.onIdle = () => {
      timer.clear()
      resolve()
    }
  })
}
