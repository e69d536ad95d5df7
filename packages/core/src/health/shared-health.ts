import type { CircuitState } from './circuit-breaker.ts'
import type { Clock } from '../clock.ts'
import type { HealthStore, HealthFact } from './health-store.ts'
import type { TargetHealth } from './target-health.ts'

const READ_EVERY_MS = 1_000
/** Shorter cool-downs are over before another instance reads them. */
const SHORTEST_TOLD_MS = 1_000

/**
 * Keeps the health of targets in step with other instances: the others learn what one found within
 * a second in which they have requests. No request waits for it, and without the store every
 * instance decides alone.
 */
export class SharedHealth {
  readonly #healthStore: HealthStore
  readonly #health: TargetHealth
  readonly #clock: Clock
  #nextRead = 0
  #isReading = false
  /** Targets that are open because others said so. */
  readonly #adopted = new Set<string>()

  constructor(healthStore: HealthStore, health: TargetHealth, clock: Clock) {
    this.#healthStore = healthStore
    this.#health = health
    this.#clock = clock
  }

  /** Called for each request: reads what others have found out, once a second at most. */
  touch(): void {
    const now = this.#clock.monotonic()
    if (this.#isReading || now < this.#nextRead) return
    this.#isReading = true
    this.#nextRead = now + READ_EVERY_MS
    void this.#read()
  }

  async #read(): Promise<void> {
    // Without an answer each instance decides alone.
    const facts = await this.#healthStore.read().catch(() => undefined)
    this.#isReading = false
    if (facts !== undefined) this.#adopt(facts)
  }

  /** A circuit of ours has changed. */
  tell(target: string, state: CircuitState, forMs: number): void {
    if (state === 'half-open') return
    this.#adopted.delete(target)
    this.#post({ target, state: 'open', forMs: state === 'open' ? forMs : 0 })
  }

  /** A target has asked us to leave it alone. */
  tellCooling(target: string, forMs: number): void {
    if (forMs >= SHORTEST_TOLD_MS) this.#post({ target, state: 'cooling', forMs })
  }

  #post(fact: HealthFact): void {
    // Other instances find out by themselves when this fails.
    this.#healthStore.post([fact]).catch(() => undefined)
  }

  #adopt(facts: readonly HealthFact[]): void {
    const open = new Set<string>()
    for (const { target, state, forMs } of facts) {
      const condition = this.#health.of(target)
      if (state === 'cooling') condition.adoptCoolDown(forMs)
      else {
        open.add(target)
        if (condition.state === 'closed') this.#adopted.add(target)
        condition.adoptOpen(forMs)
      }
    }
    for (const target of this.#adopted) {
      if (open.has(target)) continue
      this.#adopted.delete(target)
      this.#health.of(target).adoptClosed()
    }
  }
}
