import type { Clock } from '../clock.ts'
import { SlidingCounts } from './outcome-window.ts'

const WINDOW_MS = 60_000
const SHARE = 0.2
const AT_LEAST = 3

/**
 * Retries are a share of requests, so that a failing provider gets hardly more calls than a healthy
 * one: 20 % of the requests of the last minute, and always three. Going on to the next target is no
 * retry.
 */
export class RetryBudget {
  /** Requests, and retries. */
  readonly #counts: SlidingCounts

  constructor(clock: Clock) {
    this.#counts = new SlidingCounts(clock, WINDOW_MS)
  }

  /** One more request has come. */
  deposit(): void {
    this.#counts.add({ all: 1 })
  }

  /** One retry, if there is one left. */
  withdraw(): boolean {
    const { all: requests, some: retries } = this.#counts.sums
    if (retries >= Math.max(AT_LEAST, requests * SHARE)) return false
    this.#counts.add({ some: 1 })
    return true
  }
}
