import type { Draw, ReserveAnswer } from '../storage/index.ts'
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
 * What this instance may use while the store does not answer: of each limit, its share of what was
 * left when the store was last heard. Counting from zero in every process would multiply a limit by
 * the number of instances.
 */
export class LocalShare {
  readonly #lastUse = new Map<string, LastUse>()
  #instances = 1

  /** Remembers what the store says of its counters. */
  see(
    draws: readonly Draw[],
    { used, instances, nowMs }: Extract<ReserveAnswer, { status: 'reserved' }>,
  ): void {
    if (instances !== undefined) this.#instances = instances
    draws.forEach((draw, at) => {
      this.#lastUse.delete(draw.key)
      this.#lastUse.set(draw.key, {
        used: used[at] ?? 0,
        mark:
          draw.kind === 'period'
            ? draw.startsAt
            : draw.kind === 'sliding'
              ? nowMs + draw.windowMs
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
      const { draw } = counter
      const room = this.partOf(draw.limit - this.#usedOf(draw, nowMs))
      // What is larger than a share takes all of it, as what is larger than a limit does; a budget
      // is never exceeded.
      return {
        ...counter,
        draw: {
          ...draw,
          limit: room,
          amount: isBudget(limit) ? draw.amount : Math.max(1, Math.min(draw.amount, room)),
        },
      }
    })
  }

  #usedOf(draw: Draw, nowMs: number): number {
    const last = this.#lastUse.get(draw.key)
    if (last === undefined) return 0
    if (draw.kind === 'period') return last.mark === draw.startsAt ? last.used : 0
    return draw.kind === 'sliding' && nowMs >= last.mark ? 0 : last.used
  }
}
