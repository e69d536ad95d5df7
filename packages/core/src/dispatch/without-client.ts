import type { Clock } from '../clock.ts'
import type { GatewayError } from '../errors.ts'
import type { PlanLimits } from '../routing/index.ts'
import type { Provider } from '../providers/index.ts'
import type { Cancellation } from './cancellation.ts'
import type { UpstreamCall } from './transport.ts'

/** How long an answer is read whose client has left, so that its usage is known. */
const LONGEST_MS = 60_000
/** Turns of the event loop in which nothing arrives, after which everything has. */
const QUIET_TURNS = 2
const MOST_TURNS = 50

export interface WithoutClient {
  readonly call: UpstreamCall
  readonly cancellation: Cancellation
  readonly clock: Pick<Clock, 'setTimer'>
}

/** Whether an answer is read to its end although its client has left. */
export function finishesWithoutClient(
  { quirks }: Pick<Provider, 'quirks'>,
  { onClientLeave }: Pick<PlanLimits, 'onClientLeave'>,
): boolean {
  return quirks.billsAfterDisconnect === true || onClientLeave === 'finish'
}

/**
 * Ends the call after a minute, or with whatever ends its request meanwhile: its deadline, the host
 * that shuts down. @returns what forgets about it
 */
export function boundWithoutClient(
  { call, cancellation, clock }: WithoutClient,
  reason: GatewayError,
): () => void {
  const timer = clock.setTimer(() => call.abort(reason), LONGEST_MS)
  cancellation.linger((later) => call.abort(later))
  return () => timer.clear()
}

/**
 * Calls back once everything that had arrived has been read: the provider has written it, so it is
 * paid for. That is so when nothing came for some turns of the event loop; a provider that writes
 * without a pause is not waited for longer.
 *
 * @param bytesRead how much has been read so far
 */
export function afterArrived(bytesRead: () => number, callback: () => void): void {
  let [turns, quiet, seen] = [0, 0, bytesRead()]
  const turn = (): void => {
    turns += 1
    const now = bytesRead()
    quiet = now === seen ? quiet + 1 : 0
    seen = now
    if (quiet === QUIET_TURNS || turns === MOST_TURNS) callback()
    else setImmediate(turn)
  }
  setImmediate(turn)
}
