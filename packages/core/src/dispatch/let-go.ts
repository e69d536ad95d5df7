import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { UpstreamCall } from './transport.ts'

const LONGEST_MS = 300
const MOST_BYTES = 64 * 1024
const OPEN_AFTER_END = new GatewayError(
  'upstream_truncated',
  'The provider kept its connection open after the end of its answer.',
)

/**
 * Lets a call end whose answer is whole. Most providers end the response a moment after its last
 * event, and the connection then serves other calls; one that does not soon, or goes on sending, is
 * hung up on.
 */
export function letGo(call: UpstreamCall, clock: Pick<Clock, 'setTimer'>): void {
  const timer = clock.setTimer(() => call.abort(OPEN_AFTER_END), LONGEST_MS)
  const end = (): void => timer.clear()
  discard(call).then(end, end)
}

async function discard(call: UpstreamCall): Promise<void> {
  let bytes = 0
  for (let chunk = await call.read(); chunk !== undefined; chunk = await call.read()) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) return call.abort(OPEN_AFTER_END)
  }
}
