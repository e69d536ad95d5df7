import type { Clock, Timer } from '../clock.ts'

const STEP_MS = 5

/**
 * Deadlines that do not count the time in which the event loop of this process was held: an answer
 * that lies in the socket unread is not late. One timer for all that are waited for: it counts at
 * most a step each time it fires, so that a deadline of 50 ms passes ten turns of the loop, and
 * each turn reads what has come.
 */
export class LoopDeadlines {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #waiting = new Set<{ readonly dueAt: number; readonly onPassed: () => void }>()
  /** Milliseconds counted so far. */
  #counted = 0
  #countedAt = 0
  #timer: Timer | undefined

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>) {
    this.#clock = clock
  }

  /** Calls back when `ms` have been counted. @returns what takes the deadline back */
  after(ms: number, onPassed: () => void): () => void {
    this.#count()
    const entry = { dueAt: this.#counted + ms, onPassed }
    this.#waiting.add(entry)
    if (this.#timer === undefined) this.#timer = this.#clock.setTimer(this.#onTick, STEP_MS)
    return () => void this.#waiting.delete(entry)
  }

  #count(): void {
    const now = this.#clock.monotonic()
    this.#counted += Math.min(STEP_MS, now - this.#countedAt)
    this.#countedAt = now
  }

  readonly #onTick = (): void => {
    this.#timer = undefined
    this.#count()
    for (const entry of this.#waiting) {
      if (entry.dueAt > this.#counted) continue
      this.#waiting.delete(entry)
      entry.onPassed()
    }
    if (this.#waiting.size > 0) this.#timer = this.#clock.setTimer(this.#onTick, STEP_MS)
  }
}
