import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'

/** Who waits for an answer: somebody who looks at a screen, or nobody in particular. */
export type TrafficLane = 'interactive' | 'batch'

/** What the end of a call says about how much its target takes. */
export type PaceSignal = 'fine' | 'too much' | 'nothing'

/** Until a target says that it is too much, everything goes through. */
const NO_LIMIT = Number.POSITIVE_INFINITY
const DECREASE = 0.7
/** With fewer calls under way, a refusal speaks of a minute's limit, not of too many at once; and so many always go through. */
const FEWEST = 4
/** Calls that were under way together are refused together: that is one sign, not many. */
const DECREASE_AT_MOST_EVERY_MS = 1_000
/** A limit that was not met for so long is forgotten. */
const FORGET_AFTER_MS = 60_000
/** Share of the limit that batch may hold, so that somebody who comes finds room. */
const BATCH_SHARE = 0.5
/** So many of the others go before one of batch does, when both wait. */
const INTERACTIVE_BEFORE_BATCH = 7
const LONGEST_QUEUE: Readonly<Record<TrafficLane, number>> = { interactive: 200, batch: 1_000 }

interface Waiter {
  readonly enter: () => void
}

/**
 * How many calls of one target are under way at once. The limit is found by the target's own answers: down when it says
 * that it is too much, up by one for each limit's worth of calls that went well (additive increase, multiplicative
 * decrease). Two lanes wait for a place; interactive goes first, batch is never starved.
 */
export class Pacer {
  readonly #clock: Clock
  #limit = NO_LIMIT
  #decreasedAt = Number.NEGATIVE_INFINITY
  readonly #underWay: Record<TrafficLane, number> = { interactive: 0, batch: 0 }
  readonly #waiting: Record<TrafficLane, Waiter[]> = { interactive: [], batch: [] }
  #sinceBatch = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls that may be under way now; infinite where nothing has ever been too much. */
  get limit(): number {
    return this.#limit
  }

  get waiting(): number {
    return this.#waiting.interactive.length + this.#waiting.batch.length
  }

  /**
   * A place now (`undefined`), or a wait for one. Throws `targets_unavailable` when too many wait already. Who stops
   * waiting calls `leaveQueue` of the wait.
   */
  enter(lane: TrafficLane): PlaceInQueue | undefined {
    if (this.#hasRoom(lane) && this.#waiting.interactive.length === 0 && (lane === 'interactive' || this.#waiting.batch.length === 0)) {
      this.#underWay[lane] += 1
      return undefined
    }
    const queue = this.#waiting[lane]
    if (queue.length >= LONGEST_QUEUE[lane]) throw new GatewayError('targets_unavailable', 'Too many calls of this target wait already.', { retryAfterMs: 1_000 })
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter: Waiter = { enter: resolve }
    queue.push(waiter)
    return {
      entered: promise,
      leaveQueue: () => {
        const at = queue.indexOf(waiter)
        if (at === -1) this.leave(lane, 'nothing')
        else queue.splice(at, 1)
      },
    }
  }

  /** A call is over. */
  leave(lane: TrafficLane, signal: PaceSignal): void {
    const before = this.#underWay.interactive + this.#underWay.batch
    this.#underWay[lane] -= 1
    if (signal === 'too much') this.#decrease(before)
    else if (signal === 'fine' && this.#limit !== NO_LIMIT) this.#increase()
    this.#admit()
  }

  #decrease(underWay: number): void {
    const now = this.#clock.monotonic()
    if (underWay < FEWEST || now - this.#decreasedAt < DECREASE_AT_MOST_EVERY_MS) return
    this.#decreasedAt = now
    this.#limit = Math.max(FEWEST, Math.min(this.#limit, underWay) * DECREASE)
  }

  #increase(): void {
    if (this.#clock.monotonic() - this.#decreasedAt > FORGET_AFTER_MS) this.#limit = NO_LIMIT
    else this.#limit += 1 / this.#limit
  }

  #hasRoom(lane: TrafficLane): boolean {
    if (this.#limit === NO_LIMIT) return true
    const room = Math.floor(this.#limit)
    if (this.#underWay.interactive + this.#underWay.batch >= room) return false
    return lane === 'interactive' || this.#underWay.batch < Math.floor(room * BATCH_SHARE)
  }

  #admit(): void {
    for (;;) {
      const lane = this.#next()
      const waiter = lane && this.#waiting[lane].shift()
      if (lane === undefined || waiter === undefined) return
      this.#sinceBatch = lane === 'batch' ? 0 : this.#sinceBatch + 1
      this.#underWay[lane] += 1
      waiter.enter()
    }
  }

  #next(): TrafficLane | undefined {
    const mayBatch = this.#waiting.batch.length > 0 && this.#hasRoom('batch')
    if (mayBatch && (this.#waiting.interactive.length === 0 || this.#sinceBatch >= INTERACTIVE_BEFORE_BATCH)) return 'batch'
    return this.#waiting.interactive.length > 0 && this.#hasRoom('interactive') ? 'interactive' : undefined
  }
}

export interface PlaceInQueue {
  /** Resolves when there is a place, which is taken then. */
  readonly entered: Promise<void>
  /** Gives up the wait, or the place if it has come meanwhile. */
  leaveQueue(): void
}
