import type { StreamRelay } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { Attempt } from './attempt-options.ts'
import type { UpstreamCall } from './transport.ts'

/**
 * How long the client of an open stream may go without a byte, heartbeats included, where no other
 * target could take over.
 */
const LONGEST_HOLD_MS = 15_000
/** The same where one could: as long as proxies between the client and the gateway usually wait. */
const LONGEST_HOLD_BEFORE_ALTERNATIVE_MS = 60_000

/**
 * Reads a stream up to its first content and returns what the client gets of it: everything held
 * back so far, in order. A stream that fails before has failed as a whole, and another target can
 * take over unseen. An answer that is whole and empty is delivered as it is.
 *
 * A provider that opens its stream and then thinks for long would keep heartbeats from the client
 * as well: after a while the stream is handed over without content.
 */
export async function untilContent(
  call: UpstreamCall,
  relay: StreamRelay,
  options: Pick<Attempt, 'target' | 'limits' | 'deps' | 'hasAlternative'>,
): Promise<(Uint8Array | string)[]> {
  const { clock } = options.deps
  const held: (Uint8Array | string)[] = []
  // A stream that continues the one of another target has events already.
  const before = relay.events
  let heldBytes = 0
  let isHeldTooLong = false
  let timer: ReturnType<typeof clock.setTimer> | undefined
  try {
    for (;;) {
      const chunk = await call.read()
      const bytes =
        chunk?.length === 0 ? undefined : chunk === undefined ? relay.flush() : relay.push(chunk)
      if (bytes !== undefined) {
        held.push(bytes)
        heldBytes += bytes.length
      }
      if (relay.events > before && relay.hasContent !== false) return held
      if (relay.error !== undefined) throw relay.error
      const isOver = chunk === undefined || relay.endGraceMs !== undefined
      if (isOver && relay.complete) return held
      if (chunk === undefined || relay.endGraceMs === 0)
        throw new GatewayError(
          'upstream_truncated',
          `${options.target.provider.name} ended its stream before the first content.`,
        )
      if (heldBytes > options.limits.eventLimitBytes)
        throw new GatewayError(
          'upstream_invalid',
          `${options.target.provider.name} sent more than ${options.limits.eventLimitBytes} bytes of stream events without content (option eventLimit, POSTERN_EVENT_LIMIT).`,
        )
      if (isHeldTooLong) return held
      timer ??= clock.setTimer(
        () => {
          isHeldTooLong = true
          call.nudge()
        },
        options.hasAlternative ? LONGEST_HOLD_BEFORE_ALTERNATIVE_MS : LONGEST_HOLD_MS,
      )
    }
  } finally {
    timer?.clear()
  }
}
