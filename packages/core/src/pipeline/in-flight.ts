/** An entry that remembers where it stands in its `InFlight`. */
export interface Placed {
  /** -1 while it stands nowhere. */
  place: number
}

/**
 * Requests in flight, in no order. Not a `Set`: a long-lived one is rebuilt over and
 * over while members come and go, and each table left behind keeps, once it is old, the members of
 * all later ones reachable until the next full collection.
 */
export class InFlight<Member extends Placed> {
  readonly #members: Member[] = []

  get size(): number {
    return this.#members.length
  }

  add(member: Member): void {
    member.place = this.#members.length
    this.#members.push(member)
  }

  /** Does nothing for what is not in flight. */
  delete(member: Member): void {
    const { place } = member
    if (this.#members[place] !== member) return
    member.place = -1
    const last = this.#members.pop()
    if (last === undefined || last === member) return
    this.#members[place] = last
    last.place = place
  }

  /** Members may end while they are walked: the walk is over those of its beginning. */
  [Symbol.iterator](): Iterator<Member> {
    return [...this.#members][Symbol.iterator]()
  }
}
