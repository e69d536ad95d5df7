/**
 * The rest of one counter when the store last answered, and the further amount a stream needs.
 */
export interface Want {
  readonly key: string
  readonly left: number
  readonly amount: number
}

/**
 * Rest that streams under way may use while the limit store is down: no more than was left when it
 * last answered, all streams of this process together.
 */
export class LocalRoom {
  readonly #counters = new Map<string, { left: number; streams: number }>()

  /**
   * Takes from every counter or from none. False where one of them has not so much left. @param
   * known keys this stream has taken from; extended
   */
  take(wants: readonly Want[], known: Set<string>): boolean {
    for (const { key, left, amount } of wants)
      if (Math.min(left, this.#counters.get(key)?.left ?? left) < amount) return false
    for (const { key, left, amount } of wants) {
      const counter = this.#counters.get(key) ?? { left, streams: 0 }
      counter.left = Math.min(left, counter.left) - amount
      if (!known.has(key)) counter.streams += 1
      known.add(key)
      this.#counters.set(key, counter)
    }
    return true
  }

  /** A stream has ended, or the store counts for it again. */
  release(known: Set<string>): void {
    for (const key of known) {
      const counter = this.#counters.get(key)
      if (counter === undefined) continue
      counter.streams -= 1
      if (counter.streams <= 0) this.#counters.delete(key)
    }
    known.clear()
  }
}
