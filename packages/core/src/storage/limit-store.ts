/**
 * Charge of a request against one limit. All amounts are integers in the unit of the limit:
 * requests, tokens, nano-dollars, calls under way.
 */
export type Charge = PeriodCharge | SlidingCharge | LeaseCharge

interface AnyCharge {
  /**
   * Which counter: the same on every instance that shares the store. Letters, digits and `:._@/-`
   * only; no secret.
   */
  readonly key: string
  /**
   * No more than `limit`: a request that is larger than a budget by itself is refused before, one
   * that is larger than a limit of a short time takes all of it.
   */
  readonly amount: number
  /** `MOST_COUNTED` where nothing is refused. */
  readonly limit: number
  /**
   * How much of `amount` stays counted when the instance that reserved it ends without a
   * settlement. @default 0
   */
  readonly floor?: number
}

/** A counter that resets with each period: a calendar month, a minute, or never. */
export interface PeriodCharge extends AnyCharge {
  readonly kind: 'period'
  /** Milliseconds since the epoch, by the store's clock; the first one of the period. */
  readonly startsAt: number
  /** The first one after it; infinite for a counter that never resets. */
  readonly endsAt: number
}

/**
 * No more than `limit` within any `windowMs`: counted in tenths of the window, of which the oldest
 * leaves as a whole, so that what is counted covers between one window and eleven tenths of it.
 */
export interface SlidingCharge extends AnyCharge {
  readonly kind: 'sliding'
  readonly windowMs: number
}

/**
 * How much is under way at once: given back by the settlement, or after `leaseMs` when there was
 * none.
 */
export interface LeaseCharge extends AnyCharge {
  readonly kind: 'lease'
  readonly leaseMs: number
}

/** One running gateway: it holds what it has reserved for as long as it renews its lease. */
export interface InstanceLease {
  /** Letters, digits and `-` only; never used again by another one. */
  readonly instance: string
  /** How long an instance that is not heard of is believed to be there. */
  readonly leaseMs: number
}

export interface ReservationRequest {
  /** Of the request; asked again with the same id, the same reservation is meant. */
  readonly id: string
  readonly charges: readonly Charge[]
  /** How long the store remembers it: longer than any request takes. */
  readonly ttlMs: number
  /**
   * The instance that holds it, and whose lease this call renews; without one, the reservation is
   * never given back for it.
   */
  readonly lease?: InstanceLease
}

/** Facts of a reservation that `settle` needs. */
export interface Reservation {
  readonly id: string
  readonly charges: readonly Charge[]
  /**
   * Of each sliding draw, the tenth of the window it was counted in; `undefined` where the answer
   * did not arrive.
   */
  readonly buckets: readonly (number | undefined)[]
  readonly ttlMs: number
  readonly lease?: InstanceLease
}

export type ReserveAnswer =
  | {
      readonly status: 'reserved'
      readonly reservation: Reservation
      /** Of each draw, what is used now, this request included. */
      readonly used: readonly number[]
      /** The store's clock. */
      readonly nowMs: number
      /** The lease of another instance is over: `giveBack` frees what it held. */
      readonly hasEnded?: boolean
      /** Instances whose lease is good, at least 1: those that share the limits at present. */
      readonly instances?: number
    }
  | {
      readonly status: 'refused'
      /** Which of the draws there was no room for; nothing was taken from any of them. */
      readonly at: number
      readonly used: number
      /** When there may be room, by the store's clock: infinite when that is not known. */
      readonly retryAtMs: number
      readonly nowMs: number
      readonly hasEnded?: boolean
    }
  /**
   * A period of the request is not the store's present one: clocks differ, or it has just ended.
   * Nothing was taken.
   */
  | { readonly status: 'other-time'; readonly nowMs: number }

/**
 * `settled`: for the first time. `known`: it had been. `lost`: the store knows nothing of it, and
 * has counted what it cost.
 */
export type SettleAnswer = 'settled' | 'known' | 'lost'

/**
 * Counts what is used. Every call is one atomic step: a reservation takes from all its limits or
 * from none, and no two of them see the same room. An unsettled reservation stays counted until its
 * period ends, or until the lease of its instance ends.
 *
 * Numbers may be anything: what is no number, or is below 0, counts as 0 (of a settlement, as what
 * was reserved), and a counter that is full (`MOST_COUNTED`) stays so instead of failing.
 */
export interface LimitStore {
  // A store whose error has `isOfCounter: true` answers, and cannot use one counter: the others
  // stay in use.
  reserve(request: ReservationRequest): Promise<ReserveAnswer>
  /**
   * Replaces what was reserved by what was used, once; also what was given back meanwhile, because
   * its instance was only late.
   *
   * @param actuals one for each draw; leases are given back whatever it says
   */
  settle(reservation: Reservation, actuals: readonly number[]): Promise<SettleAnswer>
  /** Usage of each counter. Takes nothing; `amount` and `limit` are ignored. */
  read(charges: readonly Charge[]): Promise<readonly number[]>
  /** Forgets what is used. */
  reset(charges: readonly Charge[]): Promise<void>
  /**
   * Keeps what an instance holds, although it reserves nothing at present. @returns whether the
   * lease of another has ended. A limit store without it, and without `giveBack`, is never told of
   * instances: what they leave behind stays counted.
   */
  renew?(lease: InstanceLease): Promise<boolean>
  /**
   * Frees some of what instances held whose leases are over, each reservation once: places of
   * leases, and amounts down to their `floor`. @returns how many reservations; 0 when there are no
   * more
   */
  giveBack?(): Promise<number>
}

/** A counter is full at this: integers beyond it are not exact everywhere. */
export const MOST_COUNTED = Number.MAX_SAFE_INTEGER

/**
 * A number from outside, as a whole number that can be counted. @param otherwise for what is
 * no number
 */
export function countable(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && !Number.isNaN(value)
    ? Math.min(Math.max(Math.ceil(value), 0), MOST_COUNTED)
    : otherwise
}

/**
 * Counters that never reset are forgotten after this time without a request; nothing else lasts
 * longer.
 */
const LONGEST_MS = 400 * 86_400_000

/** A duration that every store can take. */
export function durationOf(ms: number): number {
  return Number.isNaN(ms) ? 1 : Math.min(Math.max(Math.ceil(ms), 1), LONGEST_MS)
}

export const SLIDING_BUCKETS = 10

/** Length of a tenth of the window. */
export function bucketMsOf({ windowMs }: SlidingCharge): number {
  return Math.ceil(durationOf(windowMs) / SLIDING_BUCKETS)
}

/** How long a counter outlives its period: what began in it may end later. */
export const GRACE_MS = 3_600_000
/** How long the store remembers that something is settled, for those who ask again. */
export const SETTLED_MS = 600_000
/**
 * How long it remembers what an instance held, and what was given back for it: one that was only
 * late settles it yet.
 */
export const HELD_MS = 30 * 86_400_000
/** Reservations given back in one step. */
export const MOST_GIVEN_BACK = 100
