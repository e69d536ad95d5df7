import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

/** How late the host's event loop is; Node's own histogram fits. */
export interface EventLoopDelay {
  /** Nanoseconds, over all samples since the last reset; `NaN` without any. */
  readonly mean: number
  reset(): void
  enable(): unknown
  disable(): unknown
}

/** Priorities that are refused while the host is overloaded. */
export type Shedding = 'nobody' | 'batch' | 'everybody'

export interface HostLoadOptions {
  readonly clock: Clock
  /** Mean lag over a second from which batch is refused; from twice as much on, everybody is. */
  readonly limitMs: number
  /** Told when it changes. */
  readonly onChange: (shedding: Shedding, lagMs: number) => void
  /** @default the process's own */
  readonly delay?: EventLoopDelay | undefined
}

const RESOLUTION_MS = 20
/**
 * One long turn of the loop is no overload: it takes many in a row to lift the mean of so much
 * time.
 */
const WINDOW_MS = 1_000
/** Age after which a measurement without requests is stale. */
const STALE_MS = 5_000

/**
 * Sheds requests by how late the host's event loop is: a gateway inside a host's process takes no
 * work that would delay the rest of the host. Looked at when a request comes, at most once a
 * second.
 */
export class HostLoad {
  readonly #options: HostLoadOptions
  readonly #delay: EventLoopDelay
  #windowStart: number
  #shedding: Shedding = 'nobody'

  constructor(options: HostLoadOptions) {
    this.#options = options
    this.#delay = options.delay ?? monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#delay.enable()
    this.#windowStart = options.clock.monotonic()
  }

  /** @param now on the monotonic clock */
  shedding(now: number): Shedding {
    const sinceMs = now - this.#windowStart
    if (sinceMs < WINDOW_MS) return this.#shedding
    this.#windowStart = now
    const lagMs = sinceMs > STALE_MS ? 0 : lagOf(this.#delay.mean)
    this.#delay.reset()
    this.#become(this.#levelOf(lagMs), lagMs)
    return this.#shedding
  }

  /** The last decision. */
  get current(): Shedding {
    return this.#shedding
  }

  close(): void {
    this.#delay.disable()
  }

  #levelOf(lagMs: number): Shedding {
    const { limitMs } = this.#options
    if (lagMs < limitMs) return 'nobody'
    return lagMs < 2 * limitMs ? 'batch' : 'everybody'
  }

  #become(shedding: Shedding, lagMs: number): void {
    if (shedding === this.#shedding) return
    this.#shedding = shedding
    this.#options.onChange(shedding, Math.round(lagMs))
  }
}

/** The histogram holds the time between two samples, not what is too much of it. */
function lagOf(meanNanoseconds: number): number {
  return Number.isNaN(meanNanoseconds) ? 0 : Math.max(0, meanNanoseconds / 1e6 - RESOLUTION_MS)
}
