import { HELD_MS, MOST_COUNTED } from './limit-store.ts'
import type { Held, ReservationState, Tables } from './table-limit-store.ts'

/** Steps between two sweeps of expired entries. */
const STEPS_BETWEEN_SWEEPS = 4_096

interface Counter {
  value: number
  expiresAtMs: number
}

interface Sliding {
  readonly buckets: Map<number, number>
  expiresAtMs: number
}

/** Tables in the memory of this process: lost with it, and not shared. */
export class MemoryTables implements Tables {
  readonly #counters = new Map<string, Counter>()
  readonly #sliding = new Map<string, Sliding>()
  readonly #leases = new Map<string, Map<string, number>>()
  readonly #reservations = new Map<
    string,
    { readonly state: ReservationState; readonly expiresAtMs: number }
  >()
  readonly #instances = new Map<string, { readonly held: Map<string, Held>; untilMs: number }>()
  readonly #now: () => number
  #steps = 0

  constructor(now: () => number) {
    this.#now = now
  }

  counter(key: string, nowMs: number): number {
    const counter = this.#counters.get(key)
    return counter === undefined || counter.expiresAtMs <= nowMs ? 0 : counter.value
  }

  hasCounter(key: string, nowMs: number): boolean {
    const counter = this.#counters.get(key)
    return counter !== undefined && counter.expiresAtMs > nowMs
  }

  add(key: string, amount: number, expiresAtMs: number): void {
    const counter = this.#counters.get(key)
    if (counter === undefined) this.#counters.set(key, { value: within(amount), expiresAtMs })
    else {
      counter.value = within(counter.value + amount)
      counter.expiresAtMs = Math.max(counter.expiresAtMs, expiresAtMs)
    }
  }

  forget(key: string): void {
    this.#counters.delete(key)
    this.#sliding.delete(key)
    this.#leases.delete(key)
  }

  buckets(key: string, from: number): readonly (readonly [number, number])[] {
    const sliding = this.#sliding.get(key)
    if (sliding === undefined) return []
    // Entries are made in the order of time: a map keeps it.
    return [...sliding.buckets].filter(([bucket]) => bucket >= from)
  }

  addToBucket(
    key: string,
    {
      number,
      amount,
      oldest,
      expiresAtMs,
    }: {
      readonly number: number
      readonly amount: number
      readonly oldest: number
      readonly expiresAtMs: number
    },
  ): void {
    const sliding = this.#sliding.get(key) ?? { buckets: new Map<number, number>(), expiresAtMs }
    this.#sliding.set(key, sliding)
    sliding.expiresAtMs = Math.max(sliding.expiresAtMs, expiresAtMs)
    sliding.buckets.set(number, within((sliding.buckets.get(number) ?? 0) + amount))
    for (const bucket of sliding.buckets.keys()) {
      if (bucket >= oldest) break
      sliding.buckets.delete(bucket)
    }
  }

  leases(key: string, nowMs: number): number {
    const leases = this.#leases.get(key)
    if (leases === undefined) return 0
    for (const [id, untilMs] of leases) if (untilMs <= nowMs) leases.delete(id)
    return leases.size
  }

  lease(key: string, id: string, untilMs: number): void {
    const leases = this.#leases.get(key) ?? new Map<string, number>()
    this.#leases.set(key, leases.set(id, untilMs))
  }

  release(key: string, id: string): void {
    const leases = this.#leases.get(key)
    leases?.delete(id)
    if (leases?.size === 0) this.#leases.delete(key)
  }

  reservation(id: string, nowMs: number): ReservationState | undefined {
    const reservation = this.#reservations.get(id)
    return reservation === undefined || reservation.expiresAtMs <= nowMs
      ? undefined
      : reservation.state
  }

  remember(id: string, state: ReservationState, expiresAtMs: number): void {
    this.#reservations.set(id, { state, expiresAtMs })
  }

  renewInstance(instance: string, untilMs: number): void {
    this.#instanceOf(instance).untilMs = untilMs
  }

  endedInstance(nowMs: number): string | undefined {
    for (const [instance, { held, untilMs }] of this.#instances)
      if (untilMs <= nowMs && held.size > 0) return instance
    return undefined
  }

  instances(nowMs: number): number {
    let count = 0
    for (const { untilMs } of this.#instances.values()) if (untilMs > nowMs) count += 1
    return count
  }

  hold(instance: string, id: string, held: Held): void {
    this.#instanceOf(instance).held.set(id, held)
  }

  held(instance: string, id: string): Held | undefined {
    return this.#instances.get(instance)?.held.get(id)
  }

  letGo(instance: string, id: string): void {
    this.#instances.get(instance)?.held.delete(id)
  }

  heldBy(instance: string, most: number): readonly (readonly [string, Held])[] {
    return Array.from(this.#instances.get(instance)?.held ?? []).slice(0, most)
  }

  /** Steps cannot fail half-way, and no other code runs in between. */
  atomically<T>(step: () => T): T {
    this.#steps += 1
    if (this.#steps % STEPS_BETWEEN_SWEEPS === 0) this.#sweep(this.#now())
    return step()
  }

  #instanceOf(instance: string): { readonly held: Map<string, Held>; untilMs: number } {
    const known = this.#instances.get(instance) ?? { held: new Map<string, Held>(), untilMs: 0 }
    this.#instances.set(instance, known)
    return known
  }

  #sweep(nowMs: number): void {
    for (const [instance, { untilMs }] of this.#instances)
      if (untilMs + HELD_MS <= nowMs) this.#instances.delete(instance)
    for (const table of [this.#counters, this.#sliding, this.#reservations]) {
      for (const [key, { expiresAtMs }] of table) if (expiresAtMs <= nowMs) table.delete(key)
    }
    for (const key of this.#leases.keys())
      if (this.leases(key, nowMs) === 0) this.#leases.delete(key)
  }
}

/**
 * Full is full: nothing is refused, and nothing fails, because there is more of it than can be
 * counted.
 */
function within(value: number): number {
  return Math.min(Math.max(value, 0), MOST_COUNTED)
}
