/**
 * Report of one call that bypassed the gateway. No prompt, no answer.
 */
export interface UsageReport {
  /** Makes a report count once, however often it is sent. */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** Name of the provider as the gateway knows it. */
  readonly provider: string
  /** The provider's own model id; `''` where the request named none. */
  readonly model: string
  /** HTTP status of the provider. */
  readonly status: number
  /** The provider's usage object, as it came; absent when it told nothing. */
  readonly usage?: Readonly<Record<string, unknown>>
}

const BATCH = 100
const SHORTEST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000

export interface ReportsOptions {
  /** Reports kept; the oldest are dropped beyond, and counted. */
  readonly most: number
  now(): number
  /**
   * Sends a batch. `refused`: the gateway will never take it. `later`: it may take it another time.
   */
  send(reports: readonly UsageReport[]): Promise<'taken' | 'refused' | 'later'>
}

/** Reports that wait for the gateway to be back. */
export class Reports {
  readonly #options: ReportsOptions
  #waiting: UsageReport[] = []
  #notBefore = 0
  #waitMs = SHORTEST_WAIT_MS
  #flushing: Promise<void> | undefined
  /** Reports lost because there were too many, or because the gateway refused them for good. */
  dropped = 0

  constructor(options: ReportsOptions) {
    this.#options = options
  }

  get pending(): number {
    return this.#waiting.length
  }

  add(report: UsageReport): void {
    this.#waiting.push(report)
    if (this.#waiting.length <= this.#options.most) return
    this.#waiting.shift()
    this.dropped += 1
  }

  /** Sends what waits, unless the last try has failed a moment ago. */
  flushIfDue(): void {
    if (this.#waiting.length > 0 && this.#options.now() >= this.#notBefore) void this.flush()
  }

  /** Sends what waits. Resolves when all is sent, or a batch has to wait; never rejects. */
  flush(): Promise<void> {
    this.#flushing ??= this.#sendAll().finally(() => (this.#flushing = undefined))
    return this.#flushing
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH)
      const outcome = await this.#options.send(batch).catch(() => 'later' as const)
      if (outcome === 'later') {
        this.#notBefore = this.#options.now() + this.#waitMs
        this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS)
        return
      }
      this.#waitMs = SHORTEST_WAIT_MS
      if (outcome === 'refused') this.dropped += batch.length
      const sent = new Set(batch.map(({ id }) => id))
      this.#waiting = this.#waiting.filter(({ id }) => !sent.has(id))
    }
  }
}
