import type { Clock, Timer } from '../clock.ts'
import type { InstanceLease, LimitStore } from '../storage/index.ts'

/** An instance that is not heard of for so long has ended, as far as others can tell. */
const LEASE_MS = 10_000
const RENEW_MS = 3_000

/** A limit store that knows of instances. */
type KnowingLedger = LimitStore & Required<Pick<LimitStore, 'renew' | 'giveBack'>>

/** Whether a store knows which instance holds what. */
export function knowsInstances(limitStore: LimitStore): limitStore is KnowingLedger {
  return limitStore.renew !== undefined && limitStore.giveBack !== undefined
}

/**
 * Reservations of this instance in a shared store, kept by a lease of seconds: requests renew
 * it as they reserve, and a timer does while something is held and nothing is reserved. What others
 * have left behind is given back by the first instance that meets it.
 */
export class HeldReservations {
  readonly lease: InstanceLease
  readonly #limitStore: KnowingLedger
  readonly #clock: Clock
  #count = 0
  #timer: Timer | undefined
  #isGivingBack = false
  #failingSince: number | undefined
  /**
   * When the store last came back after it was away so long that leases may have run out meanwhile.
   */
  #backAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  /** @param instance a name no other instance has */
  constructor(
    limitStore: KnowingLedger,
    { clock, instance }: { readonly clock: Clock; readonly instance: string },
  ) {
    this.#limitStore = limitStore
    this.#clock = clock
    this.lease = { instance, leaseMs: LEASE_MS }
  }

  add(): void {
    this.#count += 1
    this.#renewLater()
  }

  remove(): void {
    this.#count -= 1
    if (this.#count > 0) return
    this.#timer?.clear()
    this.#timer = undefined
  }

  /** The store did not answer: others may not be able to renew their leases either. */
  seeFailure(): void {
    this.#failingSince ??= this.#clock.monotonic()
  }

  /**
   * It answered. Where it was away for longer than a lease can do without, others get the time to
   * renew theirs.
   */
  seeAnswer(): void {
    if (this.#failingSince === undefined) return
    const now = this.#clock.monotonic()
    if (now - this.#failingSince >= RENEW_MS) this.#backAt = now
    this.#failingSince = undefined
  }

  /**
   * The lease of another instance is over: its reservations are given back. No request waits for
   * that.
   */
  giveBackLater(): void {
    if (!this.#isGivingBack) void this.#giveBackAll()
  }

  /** Gives back some of it. @returns whether there was any; never rejects */
  async giveBack(): Promise<boolean> {
    if (this.#failingSince !== undefined || this.#clock.monotonic() - this.#backAt < LEASE_MS)
      return false
    try {
      return (await this.#limitStore.giveBack()) > 0
    } catch {
      this.seeFailure()
      return false
    }
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.clear()
  }

  async #giveBackAll(): Promise<void> {
    this.#isGivingBack = true
    while (!this.#isClosed && (await this.giveBack()));
    this.#isGivingBack = false
  }

  #renewLater(): void {
    if (!this.#isClosed) this.#timer ??= this.#clock.setTimer(this.#onTimer, RENEW_MS)
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    if (this.#count <= 0) return
    this.#renewLater()
    void this.#renew()
  }

  async #renew(): Promise<void> {
    try {
      const hasEnded = await this.#limitStore.renew(this.lease)
      this.seeAnswer()
      if (hasEnded) this.giveBackLater()
    } catch {
      this.seeFailure()
    }
  }
}
