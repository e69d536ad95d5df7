import type { Clock, Timer } from '@postern/core'

interface PendingTimer {
  readonly due: number
  readonly ms: number
  readonly fire: () => void
}

interface Watcher {
  readonly ms: number
  readonly resolve: () => void
}

/**
 * A gateway's clock that stands still until the test moves it: nothing times out by itself, and
 * no caller sleeps.
 */
export class FakeClock implements Clock {
  #elapsed = 0
  #timers: PendingTimer[] = []
  #watchers: Watcher[] = []
  readonly #epoch: number

  /**
   * @param epoch milliseconds since the epoch; a whole second, because HTTP dates know nothing
   * smaller
   */
  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch
  }

  now(): number {
    return this.#epoch + this.#elapsed
  }

  monotonic(): number {
    return this.#elapsed
  }

  setTimer(callback: () => void, ms: number): Timer {
    const timer: PendingTimer = { due: this.#elapsed + Math.max(ms, 0), ms, fire: callback }
    this.#timers.push(timer)
    // A timer that is due at once fires without a test moving the time.
    if (ms <= 0) queueMicrotask(() => this.advance(0))
    for (const watcher of this.#watchers) if (watcher.ms === ms) watcher.resolve()
    this.#watchers = this.#watchers.filter((watcher) => watcher.ms !== ms)
    return { clear: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  /** How many timers are armed: none may be left when nothing runs. */
  get pending(): number {
    return this.#timers.length
  }

  /** Resolves once a timer of exactly `ms` is armed; at once when there is one. */
  armed(ms: number): Promise<void> {
    if (this.#timers.some((timer) => timer.ms === ms)) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push({ ms, resolve }))
  }

  /**
   * Moves the time on, step by step through every timer that is due on the way, those armed
   * meanwhile included.
   */
  advance(ms: number): void {
    const until = this.#elapsed + ms
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.due <= until)
        .sort((a, b) => a.due - b.due)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#elapsed = Math.max(this.#elapsed, next.due)
      next.fire()
    }
    this.#elapsed = until
  }
}
