import type { Clock, Timer } from './clock.ts'

interface PendingTimer {
  readonly due: number
  readonly callback: () => void
}

/** A clock for tests: time stands still until `advance` moves it. */
export class FakeClock implements Clock {
  readonly #epoch: number
  #elapsed = 0
  readonly #timers = new Set<PendingTimer>()

  /** @param epoch what `now` says at the start, in milliseconds */
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
    const timer = { due: this.#elapsed + Math.max(0, ms), callback }
    this.#timers.add(timer)
    return { clear: () => void this.#timers.delete(timer) }
  }

  /** Timers neither fired nor cleared. */
  get pending(): number {
    return this.#timers.size
  }

  /** Milliseconds until the earliest timer; `undefined` without one. */
  get nextInMs(): number | undefined {
    const next = this.#next()
    return next === undefined ? undefined : next.due - this.#elapsed
  }

  /**
   * Moves time by `ms`, firing what falls due in order and letting every promise that follows from
   * it settle.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms
    await settle()
    for (let next = this.#next(); next !== undefined && next.due <= until; next = this.#next()) {
      this.#elapsed = Math.max(this.#elapsed, next.due)
      this.#fire(next)
      await settle()
    }
    this.#elapsed = until
  }

  /** Moves time at once, for code that only looks at the clock. */
  skip(ms: number): void {
    if (this.#timers.size > 0) throw new Error('A timer is pending: use advance.')
    this.#elapsed += ms
  }

  /** Fires the earliest timer without moving time, as a real one that rounds down does. */
  fireEarly(): void {
    const next = this.#next()
    if (next === undefined) throw new Error('There is no timer to fire.')
    this.#fire(next)
  }

  #next(): PendingTimer | undefined {
    let earliest: PendingTimer | undefined
    for (const timer of this.#timers)
      if (earliest === undefined || timer.due < earliest.due) earliest = timer
    return earliest
  }

  #fire(timer: PendingTimer): void {
    this.#timers.delete(timer)
    timer.callback()
  }
}

/** Lets everything run that is waiting for a promise and for nothing else. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
