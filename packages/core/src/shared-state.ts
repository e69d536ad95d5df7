import type { Clock } from './clock.ts'
import type { Settings } from './config/index.ts'
import { AdmissionControl, type Limit } from './limits/index.ts'
import type { LeveledLogger } from './log.ts'
import type { Runtime } from './runtime.ts'
import { GuardedLedger, type HealthBoard, openStore, type Store } from './storage/index.ts'

type Outside = { readonly log: LeveledLogger; readonly clock: Clock }

/** What a gateway shares with other instances, and where: opened when something needs it, and kept over reloads. */
export class SharedState {
  readonly #settings: Settings
  readonly #outside: Outside
  #store: Store | undefined
  #guarded: GuardedLedger | undefined
  #admission: AdmissionControl | undefined

  constructor(settings: Settings, outside: Outside) {
    this.#settings = settings
    this.#outside = outside
  }

  /** Whether the store answers, as far as is known. */
  get isDegraded(): boolean {
    return (this.#guarded?.state ?? 'closed') !== 'closed'
  }

  admitFor(limits: readonly Limit[]): Runtime['admit'] {
    if (limits.length === 0) return undefined
    const admission = (this.#admission ??= this.#open())
    return (demand) => admission.admit(limits, demand)
  }

  async close(): Promise<void> {
    await this.#admission?.close()
    // What was made by code is closed by code.
    if (typeof this.#settings.store === 'string') await this.#store?.close()
  }

  /** Where instances tell each other about targets; nowhere, in memory and in a file. */
  get board(): HealthBoard | undefined {
    const { store } = this.#settings
    return store === 'memory' || (typeof store === 'string' && store.startsWith('sqlite:')) ? undefined : this.#openStore().board
  }

  #openStore(): Store {
    if (this.#store !== undefined) return this.#store
    const { clock, log } = this.#outside
    const { store: place, isStoreImplied } = this.#settings
    const { store, warning } = openStore(place, () => clock.now(), { isImplied: isStoreImplied })
    if (warning !== undefined) log.warn(warning)
    this.#store = store
    return store
  }

  #open(): AdmissionControl {
    const { log, clock } = this.#outside
    const { limitFailMode, budgetFailMode, timeoutMs, routes } = this.#settings
    const store = this.#openStore()
    // What is in this process cannot be late or away.
    if (store.name !== 'memory') this.#guarded = new GuardedLedger(store.ledger, { clock, onChange: (state, cause) => this.#tell(store.name, state, cause) })
    return new AdmissionControl({
      clock,
      ledger: this.#guarded ?? store.ledger,
      limitFailMode,
      budgetFailMode,
      longestMs: Math.max(timeoutMs, ...[...routes.values()].map((route) => route.timeoutMs)),
      onLost: (count) => log.error('requests could not be settled: they stay counted as they were reserved', { count }),
    })
  }

  /** One line for each change. */
  #tell(store: string, state: GuardedLedger['state'], cause: unknown): void {
    const { log } = this.#outside
    if (state === 'open') log.error('the store that counts limits does not answer: fail modes are in force', { store, cause: String(cause) })
    else if (state === 'closed') log.warn('the store that counts limits answers again', { store })
  }
}
