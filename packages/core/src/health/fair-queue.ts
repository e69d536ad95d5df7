/**
 * Round-robin queue: owners take turns, FIFO within one owner, so one owner's backlog cannot starve
 * the rest.
 */
export class FairQueue<Item> {
  /** In the order of their turns. */
  readonly #ofOwners = new Map<string, Item[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(owner: string, item: Item): void {
    const own = this.#ofOwners.get(owner)
    if (own === undefined) this.#ofOwners.set(owner, [item])
    else own.push(item)
    this.#size += 1
  }

  /** Next item; the turn after it belongs to another owner, if there is one. */
  shift(): Item | undefined {
    for (const [owner, own] of this.#ofOwners) {
      const item = own.shift()
      this.#ofOwners.delete(owner)
      if (own.length > 0) this.#ofOwners.set(owner, own)
      this.#size -= 1
      return item
    }
    return undefined
  }

  /** False when it does not wait any more. */
  remove(owner: string, item: Item): boolean {
    const own = this.#ofOwners.get(owner)
    const at = own?.indexOf(item) ?? -1
    if (own === undefined || at === -1) return false
    own.splice(at, 1)
    if (own.length === 0) this.#ofOwners.delete(owner)
    this.#size -= 1
    return true
  }

  /**
   * Removes the last item of the owner with the most items, if that is more than `owner` would have
   * with one more.
   */
  makeRoomFor(owner: string): Item | undefined {
    let [largest, most] = [owner, (this.#ofOwners.get(owner)?.length ?? 0) + 1]
    for (const [other, own] of this.#ofOwners)
      if (own.length > most) [largest, most] = [other, own.length]
    if (largest === owner) return undefined
    this.#size -= 1
    return this.#ofOwners.get(largest)?.pop()
  }
}
