import {
  bucketMsOf,
  countable,
  type Draw,
  durationOf,
  GRACE_MS,
  HELD_MS,
  type InstanceLease,
  type Ledger,
  MOST_COUNTED,
  MOST_GIVEN_BACK,
  type Reservation,
  type ReservationRequest,
  type ReserveAnswer,
  SETTLED_MS,
  type SettleAnswer,
  SLIDING_BUCKETS,
  type SlidingDraw,
} from './limit-store.ts'

/**
 * `given-back`: its instance has ended, or was late; what is counted of it is the floor of each
 * draw.
 */
export type ReservationState = 'open' | 'given-back' | 'settled'

/** What an instance has reserved and not settled. */
export interface Held {
  readonly draws: readonly Draw[]
  readonly buckets: readonly (number | undefined)[]
}

/**
 * Where a ledger keeps its numbers, when it is the only one that does. Synchronous: a step is never
 * interrupted.
 */
export interface Tables {
  /** 0 when there is none, or it has expired. */
  counter(key: string, nowMs: number): number
  /**
   * Adds to a counter, which lives until `expiresAtMs` at least and stays between 0 and
   * `MOST_COUNTED`.
   */
  add(key: string, amount: number, expiresAtMs: number): void
  hasCounter(key: string, nowMs: number): boolean
  forget(key: string): void
  /** Buckets of a sliding counter from `from` on, the oldest first. */
  buckets(key: string, from: number): readonly (readonly [bucket: number, amount: number])[]
  /** Adds to a bucket, which stays between 0 and `MOST_COUNTED`. */
  addToBucket(
    key: string,
    bucket: {
      readonly number: number
      readonly amount: number
      readonly oldest: number
      readonly expiresAtMs: number
    },
  ): void
  /** Leases that have not ended. */
  leases(key: string, nowMs: number): number
  lease(key: string, id: string, untilMs: number): void
  release(key: string, id: string): void
  reservation(id: string, nowMs: number): ReservationState | undefined
  remember(id: string, state: ReservationState, expiresAtMs: number): void
  /** From now on, an instance is believed to be there until then. */
  renewInstance(instance: string, untilMs: number): void
  /** An instance whose lease is over, and that holds something. */
  endedInstance(nowMs: number): string | undefined
  /** Instances whose lease is good. */
  instances(nowMs: number): number
  hold(instance: string, id: string, held: Held): void
  held(instance: string, id: string): Held | undefined
  letGo(instance: string, id: string): void
  /** Some of what an instance holds. */
  heldBy(instance: string, most: number): readonly (readonly [id: string, held: Held])[]
  /** All of it or nothing. */
  atomically<T>(step: () => T): T
}

/** A ledger over tables of its own: in memory, or in a file. */
export class TableLedger implements Ledger {
  readonly #tables: Tables
  readonly #now: () => number
  /** Until when the leases last that were renewed here: nobody else renews them. */
  readonly #renewed = new Map<string, number>()

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
    return attempted(() =>
      this.#tables.atomically(() => draws.forEach((draw) => this.#tables.forget(counterKey(draw)))),
    )
  }

  renew(lease: InstanceLease): Promise<boolean> {
    return attempted(() => this.#tables.atomically(() => this.#renew(lease, this.#now(), 1)))
  }

  giveBack(): Promise<number> {
    return attempted(() => this.#tables.atomically(() => this.#giveBack()))
  }

  #reserve({ id, draws, ttlMs, lease }: ReservationRequest): ReserveAnswer {
    const tables = this.#tables
    const nowMs = this.#now()
    if (
      draws.some(
        (draw) => draw.kind === 'period' && (nowMs < draw.startsAt || nowMs >= draw.endsAt),
      )
    )
      return { status: 'other-time', nowMs }
    // Where there are many requests, few of them write it.
    const hasEnded = lease !== undefined && this.#renew(lease, nowMs, 0.9)
    const buckets = draws.map((draw) =>
      draw.kind === 'sliding' ? Math.floor(nowMs / bucketMsOf(draw)) : undefined,
    )
    const reservation: Reservation = { id, draws, buckets, ttlMs, ...(lease && { lease }) }
    const isKnown = tables.reservation(id, nowMs) !== undefined
    const used = draws.map((draw) => this.#used(draw, nowMs))
    if (isKnown) return { status: 'reserved', reservation, used, nowMs, hasEnded }
    const at = draws.findIndex((draw, index) => isBeyond(draw, used[index] ?? 0))
    const refused = draws[at]
    if (refused !== undefined)
      return {
        status: 'refused',
        at,
        used: used[at] ?? 0,
        retryAtMs: this.#retryAt(refused, used[at] ?? 0, nowMs),
        nowMs,
        hasEnded,
      }
    draws.forEach((draw, index) => this.#take({ draw, bucket: buckets[index], id, nowMs }))
    if (lease !== undefined) tables.hold(lease.instance, id, { draws, buckets })
    tables.remember(id, 'open', nowMs + (lease === undefined ? durationOf(ttlMs) : HELD_MS))
    return {
      status: 'reserved',
      reservation,
      used: draws.map((draw, index) => Math.min(MOST_COUNTED, (used[index] ?? 0) + amountOf(draw))),
      nowMs,
      hasEnded,
      ...(lease && { instances: Math.max(1, tables.instances(nowMs)) }),
    }
  }

  #settle({ id, draws, buckets, lease }: Reservation, actuals: readonly number[]): SettleAnswer {
    const tables = this.#tables
    const nowMs = this.#now()
    const state = tables.reservation(id, nowMs)
    if (state === 'settled') return 'known'
    const isUnknown =
      state !== undefined &&
      draws.some(({ kind }, index) => kind === 'sliding' && buckets[index] === undefined)
    const held = isUnknown && lease ? tables.held(lease.instance, id) : undefined
    tables.remember(id, 'settled', nowMs + SETTLED_MS)
    if (lease !== undefined) tables.letGo(lease.instance, id)
    draws.forEach((draw, index) => {
      const actual = countable(actuals[index], amountOf(draw))
      this.#replace({
        draw,
        bucket: buckets[index] ?? held?.buckets[index],
        id,
        nowMs,
        counted: state && (state === 'open' ? amountOf(draw) : floorOf(draw)),
        actual,
      })
    })
    return state === undefined ? 'lost' : 'settled'
  }

  /**
   * @param share renewed where less than this is left of the lease
   * @returns whether the lease of another instance is over
   */
  #renew({ instance, leaseMs }: InstanceLease, nowMs: number, share: number): boolean {
    const tables = this.#tables
    const untilMs = nowMs + durationOf(leaseMs)
    if ((this.#renewed.get(instance) ?? 0) - nowMs < durationOf(leaseMs) * share) {
      tables.renewInstance(instance, untilMs)
      this.#renewed.set(instance, untilMs)
    }
    return tables.endedInstance(nowMs) !== undefined
  }

  #giveBack(): number {
    const tables = this.#tables
    const nowMs = this.#now()
    const instance = tables.endedInstance(nowMs)
    const some = instance === undefined ? [] : tables.heldBy(instance, MOST_GIVEN_BACK)
    for (const [id, { draws, buckets }] of some) {
      tables.letGo(instance ?? '', id)
      if (tables.reservation(id, nowMs) !== 'open') continue
      tables.remember(id, 'given-back', nowMs + HELD_MS)
      draws.forEach((draw, index) =>
        this.#replace({
          draw,
          bucket: buckets[index],
          id,
          nowMs,
          counted: amountOf(draw),
          actual: floorOf(draw),
        }),
      )
    }
    return some.length
  }

  #take({
    draw,
    bucket,
    id,
    nowMs,
  }: {
    readonly draw: Draw
    readonly bucket: number | undefined
    readonly id: string
    readonly nowMs: number
  }): void {
    if (draw.kind === 'period')
      this.#tables.add(counterKey(draw), amountOf(draw), draw.endsAt + GRACE_MS)
    else if (draw.kind === 'sliding') this.#addToBucket(draw, bucket ?? 0, amountOf(draw))
    else this.#tables.lease(counterKey(draw), id, nowMs + durationOf(draw.leaseMs))
  }

  /**
   * What is over needs no correction, and what has begun anew must not get one. @param counted
   * `undefined` where nothing is known to be
   */
  #replace({
    draw,
    bucket,
    id,
    nowMs,
    counted,
    actual,
  }: {
    readonly draw: Draw
    readonly bucket: number | undefined
    readonly id: string
    readonly nowMs: number
    readonly counted: number | undefined
    readonly actual: number
  }): void {
    const key = counterKey(draw)
    const amount = actual - (counted ?? 0)
    if (draw.kind === 'lease') this.#tables.release(key, id)
    else if (draw.kind === 'period') {
      if (counted === undefined ? nowMs < draw.endsAt : this.#tables.hasCounter(key, nowMs))
        this.#tables.add(key, amount, draw.endsAt + GRACE_MS)
    } else if (counted === undefined)
      this.#addToBucket(draw, Math.floor(nowMs / bucketMsOf(draw)), amount)
    else if (
      bucket !== undefined &&
      this.#tables.buckets(key, bucket).some(([other]) => other === bucket)
    )
      this.#addToBucket(draw, bucket, amount)
  }

  #addToBucket(draw: SlidingDraw, number: number, amount: number): void {
    const bucketMs = bucketMsOf(draw)
    const oldest = Math.floor(this.#now() / bucketMs) - SLIDING_BUCKETS
    this.#tables.addToBucket(counterKey(draw), {
      number,
      amount,
      oldest,
      expiresAtMs: (number + SLIDING_BUCKETS + 2) * bucketMs,
    })
  }

  #used(draw: Draw, nowMs: number): number {
    const key = counterKey(draw)
    if (draw.kind === 'period') return this.#tables.counter(key, nowMs)
    if (draw.kind === 'lease') return this.#tables.leases(key, nowMs)
    const oldest = Math.floor(nowMs / bucketMsOf(draw)) - SLIDING_BUCKETS
    return Math.min(
      MOST_COUNTED,
      this.#tables.buckets(key, oldest).reduce((sum, [, amount]) => sum + amount, 0),
    )
  }

  #retryAt(draw: Draw, used: number, nowMs: number): number {
    if (draw.kind === 'period') return draw.endsAt
    if (draw.kind === 'lease') return Number.POSITIVE_INFINITY
    const bucketMs = bucketMsOf(draw)
    let left = used
    for (const [bucket, amount] of this.#tables.buckets(
      counterKey(draw),
      Math.floor(nowMs / bucketMs) - SLIDING_BUCKETS,
    )) {
      left -= amount
      if (left + amountOf(draw) <= draw.limit) return (bucket + SLIDING_BUCKETS + 1) * bucketMs
    }
    return nowMs + bucketMs * SLIDING_BUCKETS
  }
}

/** Of what is no number, all there may be. */
function amountOf({ amount }: Draw): number {
  return countable(amount, MOST_COUNTED)
}

function floorOf(draw: Draw): number {
  return Math.min(countable(draw.floor), amountOf(draw))
}

/** A limit that is no number lets nobody in. */
function isBeyond(draw: Draw, used: number): boolean {
  const limit = countable(draw.limit)
  return limit < MOST_COUNTED && used + amountOf(draw) > limit
}

/** Each period has a counter of its own: what is settled late goes where it was reserved. */
function counterKey(draw: Draw): string {
  return draw.kind === 'period' ? `${draw.key}:${draw.startsAt}` : draw.key
}

/** What the tables throw is a rejection, as of any other store. */
function attempted<T>(step: () => T): Promise<T> {
  return new Promise((resolve) => resolve(step()))
}
