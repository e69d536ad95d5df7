import type { Clock, Timer } from '../clock.ts'

/** How often a condition that lasts is logged. */
const REPEAT_MS = 60_000

/** Reports of a condition; `lastedMs` counts from its beginning. */
export interface ConditionReports {
  began(): void
  /** Once a minute, until it is over. */
  lasts(lastedMs: number): void
  over(lastedMs: number): void
}

/**
 * An outage or another condition that an operator has to know of: reported once when it begins,
 * once a minute while it lasts, however often its cause is met meanwhile, and once when it is over.
 */
export class LastingCondition {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #reports: ConditionReports
  #since: number | undefined
  #timer: Timer | undefined

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, reports: ConditionReports) {
    this.#clock = clock
    this.#reports = reports
  }

  get holds(): boolean {
    return this.#since !== undefined
  }

  /** The condition holds from now on; nothing happens where it does already. */
  begin(): void {
    if (this.#since !== undefined) return
    this.#since = this.#clock.monotonic()
    this.#reports.began()
    this.#repeat()
  }

  /** The condition is over; nothing happens where it does not hold. */
  end(): void {
    const since = this.#since
    this.close()
    if (since !== undefined) this.#reports.over(Math.round(this.#clock.monotonic() - since))
  }

  /** Reports nothing more. */
  close(): void {
    this.#since = undefined
    this.#timer?.clear()
    this.#timer = undefined
  }

  #repeat(): void {
    this.#timer = this.#clock.setTimer(() => {
      if (this.#since === undefined) return
      this.#reports.lasts(Math.round(this.#clock.monotonic() - this.#since))
      this.#repeat()
    }, REPEAT_MS)
  }
}
