import type { Clock } from '../clock.ts'

const BUCKETS = 10

interface Bucket {
  began: number
  all: number
  some: number
}

/**
 * Counts over a sliding window: all events, and events of one kind. Exact to a tenth of the
 * window.
 */
export class SlidingCounts {
  readonly #clock: Clock
  readonly #windowMs: number
  readonly #buckets: Bucket[] = []

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock
    this.#windowMs = windowMs
  }

  add(counts: { readonly all?: number; readonly some?: number }): void {
    const bucket = this.#current()
    bucket.all += counts.all ?? 0
    bucket.some += counts.some ?? 0
  }

  get sums(): { readonly all: number; readonly some: number } {
    const since = this.#clock.monotonic() - this.#windowMs
    let all = 0
    let some = 0
    for (const bucket of this.#buckets) {
      if (bucket.began <= since) continue
      all += bucket.all
      some += bucket.some
    }
    return { all, some }
  }

  clear(): void {
    this.#buckets.length = 0
  }

  #current(): Bucket {
    const width = this.#windowMs / BUCKETS
    const began = Math.floor(this.#clock.monotonic() / width) * width
    const last = this.#buckets.at(-1)
    if (last?.began === began) return last
    const bucket = { began, all: 0, some: 0 }
    this.#buckets.push(bucket)
    if (this.#buckets.length > BUCKETS + 1) this.#buckets.shift()
    return bucket
  }
}
