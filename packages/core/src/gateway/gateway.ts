import type { Clock } from '../clock.ts'
import type { Transport } from '../dispatch/index.ts'
import type { GatewayRequest, GatewayResponse } from '../http/index.ts'
import type { EventLoopDelay, Shedding } from '../limits/index.ts'

/** A running gateway. Two of them in one process share nothing. */
export interface Gateway {
  /**
   * Path the gateway was configured to live under; adapters cut it off. `''` when the framework
   * does that.
   */
  readonly prefix: string
  /** The whole pipeline for one request of any framework. Never rejects. */
  handle(request: GatewayRequest): Promise<GatewayResponse>
  /**
   * The same pipeline without a socket, as a drop-in for `fetch`, which rejects when its signal
   * aborts: `new OpenAI({ baseURL: 'http://llm/v1', apiKey, fetch: gateway.fetch })`.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Health of the gateway, for health checks. */
  health(): GatewayHealth
  /**
   * Takes no new requests (503), waits up to `graceMs` (default 10,000) for those under way, then
   * ends the rest with an error and frees every timer and connection. A second call waits for the
   * first.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>
}

export interface GatewayHealth {
  /**
   * `degraded`: it serves, but passes targets over that keep failing, or refuses some requests for
   * the sake of the host.
   */
  readonly status: 'ok' | 'degraded' | 'closing'
  /** Degraded parts: `targets`, `event-loop`, `store`. */
  readonly degraded: readonly string[]
  readonly providers: readonly string[]
  readonly routes: readonly string[]
  /** Requests and streams under way. */
  readonly active: number
  /**
   * Targets with an open circuit: `provider/model`, with `#key-2` behind it for
   * one of several keys.
   */
  readonly unavailable: readonly string[]
  /** Priorities refused because of event loop lag: `batch` first. */
  readonly shedding: Shedding
}

/** Dependencies that tests replace. */
export interface Injected {
  readonly clock?: Clock
  /** Uniform in [0, 1). */
  readonly random?: () => number
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly transport?: Transport
  readonly eventLoopDelay?: EventLoopDelay
}
