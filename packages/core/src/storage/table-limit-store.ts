import {
  bucketMsOf,
  countable,
  type Charge,
  durationOf,
  GRACE_MS,
  HELD_MS,
  type InstanceLease,
  type LimitStore,
  MOST_COUNTED,
  MOST_GIVEN_BACK,
  type Reservation,
  type ReservationRequest,
  type ReserveAnswer,
  SETTLED_MS,
  type SettleAnswer,
  SLIDING_BUCKETS,
  type SlidingCharge,
} from './limit-store.ts'

/**
 * `given-back`: its instance has ended, or was late; what is counted of it is the floor of each
 * draw.
 */
export type ReservationState = 'open' | 'given-back' | 'settled'

/** Unsettled reservations of an instance. */
export interface Held {
  readonly charges: readonly Charge[]
  readonly buckets: readonly (number | undefined)[]
}

/**
 * Where a limit store keeps its numbers, when it is the only one that does. Synchronous: a step is
 * never interrupted.
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

/** A limit store over tables of its own: in memory, or in a file. */
export class TableLimitStore implements LimitStore {
  readonly #tables: Tables
  readonly #now: () => number
  /** End of the leases renewed here: no other instance renews them. */
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

  read(charges: readonly Charge[]): Promise<readonly number[]> {
    return attempted(() => charges.map((charge) => this.#used(charge, this.#now())))
  }

  reset(charges: readonly Charge[]): Promise<void> {
    return attempted(() =>
      this.#tables.atomically(() =>
        charges.forEach((charge) => this.#tables.forget(counterKey(charge))),
      ),
    )
  }

  renew(lease: InstanceLease): Promise<boolean> {
    return attempted(() => this.#tables.atomically(() => this.#renew(lease, this.#now(), 1)))
  }

  giveBack(): Promise<number> {
    return attempted(() => this.#tables.atomically(() => this.#giveBack()))
  }

  #reserve({ id, charges, ttlMs, lease }: ReservationRequest): ReserveAnswer {
    const tables = this.#tables
    const nowMs = this.#now()
    if (
      charges.some(
        (charge) => charge.kind === 'period' && (nowMs < charge.startsAt || nowMs >= charge.endsAt),
      )
    )
      return { status: 'other-time', nowMs }
    // Where there are many requests, few of them write it.
    const hasEnded = lease !== undefined && this.#renew(lease, nowMs, 0.9)
    const buckets = charges.map((charge) =>
      charge.kind === 'sliding' ? Math.floor(nowMs / bucketMsOf(charge)) : undefined,
    )
    const reservation: Reservation = { id, charges, buckets, ttlMs, ...(lease && { lease }) }
    const isKnown = tables.reservation(id, nowMs) !== undefined
    const used = charges.map((charge) => this.#used(charge, nowMs))
    if (isKnown) return { status: 'reserved', reservation, used, nowMs, hasEnded }
    const at = charges.findIndex((charge, index) => isBeyond(charge, used[index] ?? 0))
    const refused = charges[at]
    if (refused !== undefined)
      return {
        status: 'refused',
        at,
        used: used[at] ?? 0,
        retryAtMs: this.#retryAt(refused, used[at] ?? 0, nowMs),
        nowMs,
        hasEnded,
      }
    charges.forEach((charge, index) => this.#take({ charge, bucket: buckets[index], id, nowMs }))
    if (lease !== undefined) tables.hold(lease.instance, id, { charges, buckets })
    tables.remember(id, 'open', nowMs + (lease === undefined ? durationOf(ttlMs) : HELD_MS))
    return {
      status: 'reserved',
      reservation,
      used: charges.map((charge, index) =>
        Math.min(MOST_COUNTED, (used[index] ?? 0) + amountOf(charge)),
      ),
      nowMs,
      hasEnded,
      ...(lease && { instances: Math.max(1, tables.instances(nowMs)) }),
    }
  }

  #settle({ id, charges, buckets, lease }: Reservation, actuals: readonly number[]): SettleAnswer {
    const tables = this.#tables
    const nowMs = this.#now()
    const state = tables.reservation(id, nowMs)
    if (state === 'settled') return 'known'
    const isUnknown =
      state !== undefined &&
      charges.some(({ kind }, index) => kind === 'sliding' && buckets[index] === undefined)
    const held = isUnknown && lease ? tables.held(lease.instance, id) : undefined
    tables.remember(id, 'settled', nowMs + SETTLED_MS)
    if (lease !== undefined) tables.letGo(lease.instance, id)
    charges.forEach((charge, index) => {
      const actual = countable(actuals[index], amountOf(charge))
      this.#replace({
        charge,
        bucket: buckets[index] ?? held?.buckets[index],
        id,
        nowMs,
        counted: state && (state === 'open' ? amountOf(charge) : floorOf(charge)),
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
    for (const [id, { charges, buckets }] of some) {
      tables.letGo(instance ?? '', id)
      if (tables.reservation(id, nowMs) !== 'open') continue
      tables.remember(id, 'given-back', nowMs + HELD_MS)
      charges.forEach((charge, index) =>
        this.#replace({
          charge,
          bucket: buckets[index],
          id,
          nowMs,
          counted: amountOf(charge),
          actual: floorOf(charge),
        }),
      )
    }
    return some.length
  }

  #take({
    charge,
    bucket,
    id,
    nowMs,
  }: {
    readonly charge: Charge
    readonly bucket: number | undefined
    readonly id: string
    readonly nowMs: number
  }): void {
    if (charge.kind === 'period')
      this.#tables.add(counterKey(charge), amountOf(charge), charge.endsAt + GRACE_MS)
    else if (charge.kind === 'sliding') this.#addToBucket(charge, bucket ?? 0, amountOf(charge))
    else this.#tables.lease(counterKey(charge), id, nowMs + durationOf(charge.leaseMs))
  }

  /**
   * An ended period needs no correction, and a reset counter must not get one. @param counted
   * `undefined` where nothing is known to be
   */
  #replace({
    charge,
    bucket,
    id,
    nowMs,
    counted,
    actual,
  }: {
    readonly charge: Charge
    readonly bucket: number | undefined
    readonly id: string
    readonly nowMs: number
    readonly counted: number | undefined
    readonly actual: number
  }): void {
    const key = counterKey(charge)
    const amount = actual - (counted ?? 0)
    if (charge.kind === 'lease') this.#tables.release(key, id)
    else if (charge.kind === 'period') {
      if (counted === undefined ? nowMs < charge.endsAt : this.#tables.hasCounter(key, nowMs))
        this.#tables.add(key, amount, charge.endsAt + GRACE_MS)
    } else if (counted === undefined)
      this.#addToBucket(charge, Math.floor(nowMs / bucketMsOf(charge)), amount)
    else if (
      bucket !== undefined &&
      this.#tables.buckets(key, bucket).some(([other]) => other === bucket)
    )
      this.#addToBucket(charge, bucket, amount)
  }

  #addToBucket(charge: SlidingCharge, number: number, amount: number): void {
    const bucketMs = bucketMsOf(charge)
    const oldest = Math.floor(this.#now() / bucketMs) - SLIDING_BUCKETS
    this.#tables.addToBucket(counterKey(charge), {
      number,
      amount,
      oldest,
      expiresAtMs: (number + SLIDING_BUCKETS + 2) * bucketMs,
    })
  }

  #used(charge: Charge, nowMs: number): number {
    const key = counterKey(charge)
    if (charge.kind === 'period') return this.#tables.counter(key, nowMs)
    if (charge.kind === 'lease') return this.#tables.leases(key, nowMs)
    const oldest = Math.floor(nowMs / bucketMsOf(charge)) - SLIDING_BUCKETS
    return Math.min(
      MOST_COUNTED,
      this.#tables.buckets(key, oldest).reduce((sum, [, amount]) => sum + amount, 0),
    )
  }

  #retryAt(charge: Charge, used: number, nowMs: number): number {
    if (charge.kind === 'period') return charge.endsAt
    if (charge.kind === 'lease') return Number.POSITIVE_INFINITY
    const bucketMs = bucketMsOf(charge)
    let left = used
    for (const [bucket, amount] of this.#tables.buckets(
      counterKey(charge),
      Math.floor(nowMs / bucketMs) - SLIDING_BUCKETS,
    )) {
      left -= amount
      if (left + amountOf(charge) <= charge.limit) return (bucket + SLIDING_BUCKETS + 1) * bucketMs
    }
    return nowMs + bucketMs * SLIDING_BUCKETS
  }
}

/** Of what is no number, all there may be. */
function amountOf({ amount }: Charge): number {
  return countable(amount, MOST_COUNTED)
}

function floorOf(charge: Charge): number {
  return Math.min(countable(charge.floor), amountOf(charge))
}

/** A limit that is no number lets no request in. */
function isBeyond(charge: Charge, used: number): boolean {
  const limit = countable(charge.limit)
  return limit < MOST_COUNTED && used + amountOf(charge) > limit
}

/** Each period has a counter of its own: what is settled late goes where it was reserved. */
function counterKey(charge: Charge): string {
  return charge.kind === 'period' ? `${charge.key}:${charge.startsAt}` : charge.key
}

/** Turns errors of the tables into rejections, as of any other store. */
function attempted<T>(step: () => T): Promise<T> {
  return new Promise((resolve) => resolve(step()))
}
