import type { AttemptUsage } from '../dispatch/index.ts'
import type { Placed } from './in-flight.ts'
import type { Operation } from '../dialects/index.ts'
import type { AttemptSummary, GatewayError } from '../errors.ts'
import type { Trace } from '../http/index.ts'
import type { KnownCaller } from '../identity/index.ts'
import type { Admitted, Unit } from '../limits/index.ts'

/** Reservation of limits that do not depend on the body. */
export interface Counted {
  readonly units: ReadonlySet<Unit>
  readonly admitted: Admitted
}

/** State of one request, filled in step by step. */
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
  /** Usage of each attempt that reached its provider, in the order they ended. */
  readonly usages: AttemptUsage[]
  /** Reservation of the request; absent when no limit concerns it. */
  admitted: Admitted | undefined
  /**
   * Reservation made before its body was parsed, with its units; absent for small bodies.
   */
  counted: Counted | undefined
  dropped: readonly string[]
  /** Fallback decisions made for this request. */
  readonly degraded: Set<string>
  /** Milliseconds from the start to the commit point. */
  committedAfterMs: number | undefined
  settled: boolean
  /** Ends the wait for a provider; there only while one is called. */
  cancel: ((reason: GatewayError) => void) | undefined
  /** Why the request must end; passed to its provider call, now or when it begins. */
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
