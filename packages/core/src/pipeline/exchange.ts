import type { AttemptUsage } from '../dispatch/index.ts'
import type { Placed } from './in-flight.ts'
import type { Operation } from '../dialects/index.ts'
import type { AttemptSummary, GatewayError } from '../errors.ts'
import type { Trace } from '../http/index.ts'
import type { KnownCaller } from '../identity/index.ts'
import type { Admitted, Unit } from '../limits/index.ts'

/** What a request has taken of limits that do not depend on its body. */
export interface Counted {
  readonly units: ReadonlySet<Unit>
  readonly admitted: Admitted
}

/** What is known about one request, filled in as it goes its way. */
export interface Exchange extends Placed {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** The host's own ids of it. */
  readonly trace: Trace
  /** The same moment on the monotonic clock. */
  readonly started: number
  /** `POST /v1/chat/completions`; empty until matched. */
  endpoint: string
  caller: KnownCaller | undefined
  operation: Operation | undefined
  route: string | undefined
  /** `provider/model` that answered. */
  target: string | undefined
  readonly attempts: AttemptSummary[]
  /** What each attempt that reached its provider has used, in the order they ended. */
  readonly usages: AttemptUsage[]
  /** What was taken from limits for it; absent where none concerns it. */
  admitted: Admitted | undefined
  /**
   * What was taken before its body was parsed, and of which units; absent where its body is small.
   */
  counted: Counted | undefined
  dropped: readonly string[]
  /** What was decided otherwise than usual, because something is not as it should be. */
  readonly degraded: Set<string>
  /** Milliseconds from the start to the commit point. */
  committedAfterMs: number | undefined
  settled: boolean
  /** Ends the wait for a provider; there only while one is called. */
  cancel: ((reason: GatewayError) => void) | undefined
  /** Why it is to end; told to whoever calls a provider for it, then or later. */
  endedBy: GatewayError | undefined
}

/**
 * Ends a request from outside, wherever it is: one that has no provider yet ends when it is about
 * to call one.
 */
export function endExchange(exchange: Exchange, reason: GatewayError): void {
  exchange.endedBy ??= reason
  exchange.cancel?.(reason)
}
