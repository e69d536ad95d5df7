import type { Charge, ReserveAnswer } from '../storage/index.ts'
import { isBudget } from './limit.ts'
import type { SharedCounter } from './counters.ts'

/**
 * Counters whose use is remembered; the oldest are forgotten, and start from zero without a store.
 */
const MOST_REMEMBERED = 10_000

interface LastUse {
  readonly used: number
  /**
   * Of a period: its start. Of a sliding window: until when any of it still counts. 0 otherwise.
   */
  readonly mark: number
}

/**
 * Local allowance while the store does not answer: of each limit, its share of what was
 * left when the store was last heard. Counting from zero in every process would multiply a limit by
 * the number of instances.
 */
export class LocalShare {
  readonly #lastUse = new Map<string, LastUse>()
  #instances = 1

  /** Remembers what the store says of its counters. */
  see(
    charges: readonly Charge[],
    { used, instances, nowMs }: Extract<ReserveAnswer, { status: 'reserved' }>,
  ): void {
    if (instances !== undefined) this.#instances = instances
    charges.forEach((charge, at) => {
      this.#lastUse.delete(charge.key)
      this.#lastUse.set(charge.key, {
        used: used[at] ?? 0,
        mark:
          charge.kind === 'period'
            ? charge.startsAt
            : charge.kind === 'sliding'
              ? nowMs + charge.windowMs
              : 0,
      })
    })
    for (const oldest of this.#lastUse.keys()) {
      if (this.#lastUse.size <= MOST_REMEMBERED) break
      this.#lastUse.delete(oldest)
    }
  }

  /** The part of what was left that is this instance's. */
  partOf(left: number): number {
    return Math.max(0, Math.ceil(left / this.#instances))
  }

  /** The counters with the room that this instance has in them. */
  of(counters: readonly SharedCounter[], nowMs: number): readonly SharedCounter[] {
    return counters.map((counter) => {
      const [limit] = counter.limits
      if (limit === undefined || limit.isSoft) return counter
      const { charge } = counter
      const room = this.partOf(charge.limit - this.#usedOf(charge, nowMs))
      // A request larger than the share takes all of it, as one larger than a limit does; a budget
      // is never exceeded.
      return {
        ...counter,
        charge: {
          ...charge,
          limit: room,
          amount: isBudget(limit) ? charge.amount : Math.max(1, Math.min(charge.amount, room)),
        },
      }
    })
  }

  #usedOf(charge: Charge, nowMs: number): number {
    const last = this.#lastUse.get(charge.key)
    if (last === undefined) return 0
    if (charge.kind === 'period') return last.mark === charge.startsAt ? last.used : 0
    return charge.kind === 'sliding' && nowMs >= last.mark ? 0 : last.used
  }
}
