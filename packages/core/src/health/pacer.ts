import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { FairQueue } from './fair-queue.ts'

/** Priority of a request: a person waits for it, or a batch job does. */
export type Priority = 'interactive' | 'batch'

/** Effect of a call's end on the concurrency limit of its target. */
export type PaceSignal = 'fine' | 'too much' | 'nothing'

/** Until a target says that it is too much, everything goes through. */
const NO_LIMIT = Number.POSITIVE_INFINITY
const DECREASE = 0.7
/**
 * With fewer calls under way, a refusal speaks of a minute's limit, not of too many at once; and so
 * many always go through.
 */
const FEWEST = 4
/** A limit that was not met for so long is forgotten. */
const FORGET_AFTER_MS = 60_000
/** Share of the limit that batch may hold, so that interactive calls find room. */
const BATCH_SHARE = 0.5
/** Interactive calls served for each batch call, when both wait. */
const INTERACTIVE_BEFORE_BATCH = 7
const LONGEST_QUEUE: Readonly<Record<Priority, number>> = { interactive: 200, batch: 1_000 }

interface Waiter {
  readonly enter: () => void
  readonly refuse: (error: GatewayError) => void
}

/**
 * How many calls of one target are under way at once. The limit is found by the target's own
 * answers: down when it says that it is too much, up by one for each limit's worth of calls that
 * went well (additive increase, multiplicative decrease). Two lanes wait for a place; interactive
 * goes first, batch is never starved, and in each of them callers take turns.
 */
export class Pacer {
  readonly #clock: Clock
  #limit = NO_LIMIT
  #decreasedAt = Number.NEGATIVE_INFINITY
  readonly #underWay: Record<Priority, number> = { interactive: 0, batch: 0 }
  readonly #waiting: Record<Priority, FairQueue<Waiter>> = {
    interactive: new FairQueue(),
    batch: new FairQueue(),
  }
  #sinceBatch = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls that may be under way now; infinite where nothing has ever been too much. */
  get limit(): number {
    return this.#limit
  }

  get waiting(): number {
    return this.#waiting.interactive.size + this.#waiting.batch.size
  }

  /**
   * A place now (`undefined`), or a wait for one. Throws `targets_unavailable` when too many wait
   * already, or takes the place of the last call of an owner with more waiting calls. A call that
   * stops waiting calls `leaveQueue`.
   *
   * @param owner whose call it is: those of different ones take turns
   */
  enter(lane: Priority, owner = ''): PlaceInQueue | undefined {
    if (
      this.#hasRoom(lane) &&
      this.#waiting.interactive.size === 0 &&
      (lane === 'interactive' || this.#waiting.batch.size === 0)
    ) {
      this.#underWay[lane] += 1
      return undefined
    }
    const queue = this.#waiting[lane]
    if (queue.size >= LONGEST_QUEUE[lane]) {
      const error = new GatewayError(
        'targets_unavailable',
        'Too many calls of this target wait already.',
        { retryAfterMs: 1_000 },
      )
      const other = queue.makeRoomFor(owner)
      if (other === undefined) throw error
      other.refuse(error)
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let isRefused = false
    const waiter: Waiter = {
      enter: resolve,
      refuse(error) {
        isRefused = true
        reject(error)
      },
    }
    queue.push(owner, waiter)
    return {
      entered: promise,
      leaveQueue: () => {
        if (!isRefused && !queue.remove(owner, waiter)) this.leave(lane, 'nothing')
      },
    }
  }

  /**
   * A call is over. @param startedAt when it had its place, on the monotonic clock; asked where it
   * was too much
   */
  leave(lane: Priority, signal: PaceSignal, startedAt = Number.NEGATIVE_INFINITY): void {
    const before = this.#underWay.interactive + this.#underWay.batch
    this.#underWay[lane] -= 1
    if (signal === 'too much') this.#decrease(before, startedAt)
    else if (signal === 'fine' && this.#limit !== NO_LIMIT) this.#increase()
    this.#admit()
  }

  #decrease(underWay: number, startedAt: number): void {
    // Calls that were under way together are refused together: what was started before the limit
    // fell says nothing of the new one.
    if (underWay < FEWEST || startedAt <= this.#decreasedAt) return
    this.#decreasedAt = this.#clock.monotonic()
    this.#limit = Math.max(FEWEST, Math.min(this.#limit, underWay) * DECREASE)
  }

  #increase(): void {
    if (this.#clock.monotonic() - this.#decreasedAt > FORGET_AFTER_MS) this.#limit = NO_LIMIT
    else this.#limit += 1 / this.#limit
  }

  #hasRoom(lane: Priority): boolean {
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

  #next(): Priority | undefined {
    const mayBatch = this.#waiting.batch.size > 0 && this.#hasRoom('batch')
    if (
      mayBatch &&
      (this.#waiting.interactive.size === 0 || this.#sinceBatch >= INTERACTIVE_BEFORE_BATCH)
    )
      return 'batch'
    return this.#waiting.interactive.size > 0 && this.#hasRoom('interactive')
      ? 'interactive'
      : undefined
  }
}

export interface PlaceInQueue {
  /**
   * Resolves with a place taken; rejects with `targets_unavailable` when another call got the wait.
   */
  readonly entered: Promise<void>
  /** Gives up the wait, or the place if it has come meanwhile. */
  leaveQueue(): void
}
