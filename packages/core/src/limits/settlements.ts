import type { Clock, Timer } from '../clock.ts'
import type { LimitStore, Reservation } from '../storage/index.ts'

export interface Settlement {
  readonly reservation: Reservation
  /** Used amounts, one for each charge. */
  readonly actuals: readonly number[]
}

export interface SettlementOptions {
  readonly clock: Clock
  readonly limitStore: LimitStore
  /** Told of each that is over: settled, or given up. */
  readonly onOver: (reservation: Reservation) => void
  /** Told when settlements are given up: more of them wait than are kept. */
  readonly onLost: (count: number) => void
}

const MOST_PENDING = 10_000
const TRY_AGAIN_MS = 1_000
const MOST_TRIES_AT_CLOSE = 3
/**
 * A store that is away refuses all of them; one that refuses a few holds something strange under
 * their keys.
 */
const MOST_FAILURES_IN_A_ROW = 3

/**
 * Background settlements: each is made once, and retried when the store does not answer.
 */
export class Settlements {
  readonly #options: SettlementOptions
  readonly #underWay = new Set<Promise<unknown>>()
  #pending: Settlement[] = []
  #timer: Timer | undefined
  #isClosed = false
  /** The store has settled before. */
  #hasSettled = false

  constructor(options: SettlementOptions) {
    this.#options = options
  }

  settle(settlement: Settlement): void {
    const { limitStore } = this.#options
    const { reservation, actuals } = settlement
    const made = limitStore.settle(reservation, actuals).then(() => this.#onSettled(reservation))
    this.#track(made.catch(() => this.settleLater(settlement)))
  }

  #onSettled(reservation: Reservation): void {
    this.#hasSettled = true
    this.#options.onOver(reservation)
  }

  settleLater(settlement: Settlement): void {
    this.#pending.push(settlement)
    if (this.#pending.length > MOST_PENDING) this.#giveUp(this.#pending.length - MOST_PENDING)
    if (!this.#isClosed) this.#timer ??= this.#options.clock.setTimer(this.#onTimer, TRY_AGAIN_MS)
  }

  /**
   * Waits for settlements under way and retries failed ones. A store that has settled before gets
   * two more seconds, in which its circuit can close.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.clear()
    await Promise.allSettled(this.#underWay)
    for (let tries = 1; this.#pending.length > 0; tries++) {
      await this.#settlePending()
      if (this.#pending.length === 0) return
      const isLast = tries === MOST_TRIES_AT_CLOSE || !this.#hasSettled
      if (isLast) return this.#giveUp(this.#pending.length)
      await new Promise<void>((resolve) => this.#options.clock.setTimer(resolve, TRY_AGAIN_MS))
    }
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.#track(this.#settlePending())
  }

  /**
   * Failed settlements go to the end of the queue, so that one that can never be made blocks no
   * other.
   */
  async #settlePending(): Promise<void> {
    const waiting = this.#pending
    this.#pending = []
    let failures = 0
    for (const settlement of waiting) {
      if (failures === MOST_FAILURES_IN_A_ROW) {
        this.settleLater(settlement)
        continue
      }
      try {
        await this.#options.limitStore.settle(settlement.reservation, settlement.actuals)
        this.#options.onOver(settlement.reservation)
        failures = 0
      } catch {
        failures += 1
        this.settleLater(settlement)
      }
    }
  }

  #giveUp(count: number): void {
    for (const { reservation } of this.#pending.splice(0, count)) this.#options.onOver(reservation)
    this.#options.onLost(count)
  }

  #track(work: Promise<unknown>): void {
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }
}
