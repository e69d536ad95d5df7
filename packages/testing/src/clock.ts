/** Where a fake provider takes its time from: everything it does slowly goes through here. */
export interface Clock {
  /** Milliseconds since the Unix epoch; never goes back. */
  now(): number
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** The real time. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      timer.unref()
      signal.addEventListener('abort', done, { once: true })
    }),
}

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/**
 * A clock that stands still until a test moves it.
 *
 * ```ts
 * const clock = new ManualClock()
 * const provider = await startFakeProvider({ dialect: 'openai-chat', clock })
 * provider.reply({ answer: { text: 'slow' }, slowDrip: { bytes: 16, everyMs: 1000 } })
 * // after the first 16 bytes:
 * await clock.sleeping()
 * clock.advance(1000)
 * ```
 */
export class ManualClock implements Clock {
  #now: number
  #sleepers: Sleeper[] = []
  #watchers: (() => void)[] = []

  /** @param startMs milliseconds since the Unix epoch @default 1_700_000_000_000 */
  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        resolve()
      }
      const sleeper: Sleeper = { until: this.#now + ms, wake }
      this.#sleepers.push(sleeper)
      signal.addEventListener('abort', wake, { once: true })
      for (const watcher of this.#watchers.splice(0)) watcher()
    })
  }

  /** Resolves once a caller sleeps on this clock; at once when one does already. */
  sleeping(): Promise<void> {
    if (this.#sleepers.length > 0) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push(resolve))
  }

  /** Moves the time on and wakes everybody whose time has come, the earliest first. */
  advance(ms: number): void {
    this.#now += ms
    const due = this.#sleepers.filter((sleeper) => sleeper.until <= this.#now)
    for (const sleeper of due.sort((a, b) => a.until - b.until)) sleeper.wake()
  }
}
