import { bucketMsOf, type Draw, GRACE_MS, type Ledger, type Reservation, type ReservationRequest, type ReserveAnswer, SETTLED_MS, type SettleAnswer, SLIDING_BUCKETS, type SlidingDraw } from './ledger.ts'

/** Where a ledger keeps its numbers, when it is the only one that does. Synchronous: a step is never interrupted. */
export interface Tables {
  /** 0 when there is none, or it has expired. */
  counter(key: string, nowMs: number): number
  /** Adds to a counter, which lives until `expiresAtMs` at least. */
  add(key: string, amount: number, expiresAtMs: number): void
  hasCounter(key: string, nowMs: number): boolean
  forget(key: string): void
  /** Buckets of a sliding counter from `from` on, the oldest first. */
  buckets(key: string, from: number): readonly (readonly [bucket: number, amount: number])[]
  addToBucket(key: string, bucket: { readonly number: number; readonly amount: number; readonly oldest: number; readonly expiresAtMs: number }): void
  /** Leases that have not ended. */
  leases(key: string, nowMs: number): number
  lease(key: string, id: string, untilMs: number): void
  release(key: string, id: string): void
  reservation(id: string, nowMs: number): 'open' | 'settled' | undefined
  remember(id: string, state: 'open' | 'settled', expiresAtMs: number): void
  /** All of it or nothing. */
  atomically<T>(step: () => T): T
}

/** A ledger over tables of its own: in memory, or in a file. */
export class TableLedger implements Ledger {
  readonly #tables: Tables
  readonly #now: () => number

  /** @param now milliseconds since the epoch */
  constructor(tables: Tables, now: () => number) {
    this.#tables = tables
    this.#now = now
  }

  reserve(request: ReservationRequest): Promise<ReserveAnswer> {
    return attempted(() => this.#tables.atomically(() => this.#reserve(request)))
  }

  settle(reservation: Reservation, actuals: readonly number[]): Promise<SettleAnswer> {
    return attempted(() => this.#tables.atomically(() => this.#settle(reservation, actuals)))
  }

  read(draws: readonly Draw[]): Promise<readonly number[]> {
    return attempted(() => draws.map((draw) => this.#used(draw, this.#now())))
  }

  reset(draws: readonly Draw[]): Promise<void> {
    return attempted(() => this.#tables.atomically(() => draws.forEach((draw) => this.#tables.forget(counterKey(draw)))))
  }

  #reserve({ id, draws, ttlMs }: ReservationRequest): ReserveAnswer {
    const tables = this.#tables
    const nowMs = this.#now()
    if (draws.some((draw) => draw.kind === 'period' && (nowMs < draw.startsAt || nowMs >= draw.endsAt))) return { status: 'other-time', nowMs }
    const buckets = draws.map((draw) => (draw.kind === 'sliding' ? Math.floor(nowMs / bucketMsOf(draw)) : undefined))
    const reservation: Reservation = { id, draws, buckets, ttlMs }
    const isKnown = tables.reservation(id, nowMs) !== undefined
    const used = draws.map((draw) => this.#used(draw, nowMs))
    if (isKnown) return { status: 'reserved', reservation, used, nowMs }
    const at = draws.findIndex(({ amount, limit }, index) => (used[index] ?? 0) + amount > limit)
    const refused = draws[at]
    if (refused !== undefined) return { status: 'refused', at, used: used[at] ?? 0, retryAtMs: this.#retryAt(refused, used[at] ?? 0, nowMs), nowMs }
    draws.forEach((draw, index) => this.#take({ draw, bucket: buckets[index], id, nowMs }))
    tables.remember(id, 'open', nowMs + ttlMs)
    return { status: 'reserved', reservation, used: draws.map(({ amount }, index) => (used[index] ?? 0) + amount), nowMs }
  }

  #settle(reservation: Reservation, actuals: readonly number[]): SettleAnswer {
    const { id, draws, buckets } = reservation
    const tables = this.#tables
    const nowMs = this.#now()
    const state = tables.reservation(id, nowMs)
    if (state === 'settled') return 'known'
    tables.remember(id, 'settled', nowMs + SETTLED_MS)
    draws.forEach((draw, index) => {
      const actual = actuals[index] ?? draw.amount
      if (draw.kind === 'lease') tables.release(counterKey(draw), id)
      else this.#correct({ draw, bucket: buckets[index], amount: state === undefined ? actual : actual - draw.amount, isLost: state === undefined, nowMs })
    })
    return state === undefined ? 'lost' : 'settled'
  }

  #take({ draw, bucket, id, nowMs }: { readonly draw: Draw; readonly bucket: number | undefined; readonly id: string; readonly nowMs: number }): void {
    if (draw.kind === 'period') this.#tables.add(counterKey(draw), draw.amount, draw.endsAt + GRACE_MS)
    else if (draw.kind === 'sliding') this.#addToBucket(draw, bucket ?? 0, draw.amount)
    else this.#tables.lease(counterKey(draw), id, nowMs + draw.leaseMs)
  }

  /** What is over needs no correction, and what has begun anew must not get one. */
  #correct({ draw, bucket, amount, isLost, nowMs }: { readonly draw: Exclude<Draw, { kind: 'lease' }>; readonly bucket: number | undefined; readonly amount: number; readonly isLost: boolean; readonly nowMs: number }): void {
    const key = counterKey(draw)
    if (draw.kind === 'period') {
      if (isLost ? nowMs < draw.endsAt : this.#tables.hasCounter(key, nowMs)) this.#tables.add(key, amount, draw.endsAt + GRACE_MS)
      return
    }
    const number = bucket ?? 0
    const isThere = this.#tables.buckets(key, number).some(([other]) => other === number)
    if (isLost || isThere) this.#addToBucket(draw, isLost ? Math.floor(nowMs / bucketMsOf(draw)) : number, amount)
  }

  #addToBucket(draw: SlidingDraw, number: number, amount: number): void {
    const bucketMs = bucketMsOf(draw)
    const oldest = Math.floor(this.#now() / bucketMs) - SLIDING_BUCKETS
    this.#tables.addToBucket(counterKey(draw), { number, amount, oldest, expiresAtMs: (number + SLIDING_BUCKETS + 2) * bucketMs })
  }

  #used(draw: Draw, nowMs: number): number {
    const key = counterKey(draw)
    if (draw.kind === 'period') return this.#tables.counter(key, nowMs)
    if (draw.kind === 'lease') return this.#tables.leases(key, nowMs)
    const oldest = Math.floor(nowMs / bucketMsOf(draw)) - SLIDING_BUCKETS
    return this.#tables.buckets(key, oldest).reduce((sum, [, amount]) => sum + amount, 0)
  }

  #retryAt(draw: Draw, used: number, nowMs: number): number {
    if (draw.kind === 'period') return draw.endsAt
    if (draw.kind === 'lease') return Number.POSITIVE_INFINITY
    const bucketMs = bucketMsOf(draw)
    let left = used
    for (const [bucket, amount] of this.#tables.buckets(counterKey(draw), Math.floor(nowMs / bucketMs) - SLIDING_BUCKETS)) {
      left -= amount
      if (left + draw.amount <= draw.limit) return (bucket + SLIDING_BUCKETS + 1) * bucketMs
    }
    return nowMs + draw.windowMs
  }
}

/** Each period has a counter of its own: what is settled late goes where it was reserved. */
function counterKey(draw: Draw): string {
  return draw.kind === 'period' ? `${draw.key}:${draw.startsAt}` : draw.key
}

/** What the tables throw is a rejection, as of any other store. */
function attempted<T>(step: () => T): Promise<T> {
  return new Promise((resolve) => resolve(step()))
}
