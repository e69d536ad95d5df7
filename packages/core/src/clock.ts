/** Time as the gateway sees it: injected, so that tests decide what happens when. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number
  /** Calls back once; the timer never keeps the process alive. */
  setTimer(callback: () => void, ms: number): Timer
}

export interface Timer {
  clear(): void
}

/** Node refuses longer delays and would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, ms) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_DELAY_MS))
    timer.unref()
    return { clear: () => clearTimeout(timer) }
  },
}
