import { Admin, keyActs } from './admin/index.ts'
import type { Clock } from './clock.ts'
import { limitsOfCaller, readGrace, readKeyWish, type Settings } from './config/index.ts'
import { readJsonBody } from './http/index.ts'
import { type Caller, KeyRing } from './identity/index.ts'
import { AdmissionControl, Alerts, type Limit, type LimitAlert, type Subject } from './limits/index.ts'
import type { LeveledLogger } from './log.ts'
import type { Runtime } from './runtime.ts'
import { GuardedLedger, type HealthBoard, openStore, type Store, type StoredKey } from './storage/index.ts'

interface Outside {
  readonly log: LeveledLogger
  readonly clock: Clock
  /** Sends JSON to an address, once; rejects when it did not arrive. */
  readonly post: (url: string, body: object) => Promise<void>
}

const NO_LIMITS: readonly Limit[] = Object.freeze([])

/** What a gateway shares with other instances, and where: opened when something needs it, and kept over reloads. */
export class SharedState {
  readonly #settings: Settings
  readonly #outside: Outside
  /** Of callers that bring limits along, those are read once for each. */
  readonly #ofCallers = new WeakMap<Caller, readonly Limit[]>()
  #store: Store | undefined
  #guarded: GuardedLedger | undefined
  #admission: AdmissionControl | undefined
  #ring: KeyRing | undefined

  constructor(settings: Settings, outside: Outside) {
    this.#settings = settings
    this.#outside = outside
  }

  /** Whether the store answers, as far as is known. */
  get isDegraded(): boolean {
    return (this.#guarded?.state ?? 'closed') !== 'closed'
  }

  /** Where instances tell each other about targets; nowhere, in memory and in a file. */
  get board(): HealthBoard | undefined {
    const { store } = this.#settings
    return store === 'memory' || (typeof store === 'string' && store.startsWith('sqlite:')) ? undefined : this.#openStore().board
  }

  /** Keys that are made while the gateway runs; none where nobody may administer it. */
  get ring(): KeyRing | undefined {
    const { adminToken, adminGuard } = this.#settings
    if (this.#ring !== undefined || (adminToken === undefined && adminGuard === undefined)) return this.#ring
    const { directory } = this.#openStore()
    if (directory !== undefined) this.#ring = new KeyRing({ directory, clock: this.#outside.clock, callerOf })
    return this.#ring
  }

  /** How requests are let in by the limits of the configuration, and of whoever calls. */
  admission(limits: readonly Limit[]): Pick<Runtime, 'limitsFor' | 'admit' | 'charge'> {
    return {
      limitsFor: (caller) => (caller?.limits === undefined ? limits : [...limits, ...this.#limitsOf(caller)]),
      admit: (wanted, demand) => this.#openAdmission().admit(wanted, demand),
      charge: (wanted, demand, actual) => this.#openAdmission().charge(wanted, demand, actual),
    }
  }

  /** `/admin`, where somebody may administer the gateway. */
  admin(settings: Settings): Admin | undefined {
    const { ring } = this
    if (ring === undefined) return undefined
    const { clock, log } = this.#outside
    const { adminToken, adminGuard, onAdmin, keys, bodyLimitBytes, limits } = settings
    const whose = (stored: StoredKey): readonly [readonly Limit[], Subject] => {
      const caller = callerOf(stored)
      const { id, tenant, team, user, feature } = caller
      return [[...limits, ...limitsOfCaller(caller)], { key: id, tenant, team, user, feature }]
    }
    const acts = keyActs({
      ring,
      clock,
      takenNames: () => new Set(keys.map(({ name }) => name)),
      read: readKeyWish,
      readGrace,
      levels: (stored) => this.#openAdmission().levels(...whose(stored)),
      reset: (stored) => this.#openAdmission().reset(...whose(stored)),
    })
    return new Admin({
      acts,
      clock,
      token: adminToken,
      guard: adminGuard as ((host: unknown) => string | undefined) | undefined,
      readBody: async (request) => (request.header('content-length') === '0' || request.header('content-type') === undefined ? {} : (await readJsonBody(request, bodyLimitBytes)).value),
      onAct: (act) => {
        log.info('admin', { act })
        onAdmin?.(act)
      },
    })
  }

  async close(): Promise<void> {
    await this.#admission?.close()
    // What was made by code is closed by code.
    if (typeof this.#settings.store === 'string') await this.#store?.close()
  }

  #limitsOf(caller: Caller): readonly Limit[] {
    const known = this.#ofCallers.get(caller)
    if (known !== undefined) return known
    const limits = limitsOfCaller(caller)
    this.#ofCallers.set(caller, limits)
    return limits.length === 0 ? NO_LIMITS : limits
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

  #openAdmission(): AdmissionControl {
    if (this.#admission !== undefined) return this.#admission
    const { log, clock } = this.#outside
    const { limitFailMode, budgetFailMode, timeoutMs, routes } = this.#settings
    const store = this.#openStore()
    // What is in this process cannot be late or away.
    if (store.name !== 'memory') this.#guarded = new GuardedLedger(store.ledger, { clock, onChange: (state, cause) => this.#tell(store.name, state, cause) })
    this.#admission = new AdmissionControl({
      clock,
      ledger: this.#guarded ?? store.ledger,
      limitFailMode,
      budgetFailMode,
      alerts: new Alerts((alert) => this.#tellAlert(alert)),
      longestMs: Math.max(timeoutMs, ...[...routes.values()].map((route) => route.timeoutMs)),
      onLost: (count) => log.error('requests could not be settled: they stay counted as they were reserved', { count }),
    })
    return this.#admission
  }

  #tellAlert(alert: LimitAlert): void {
    const { log, post } = this.#outside
    const { onAlert, alertWebhook } = this.#settings
    log.warn('a limit is used so far that somebody wanted to know', { alert })
    try {
      onAlert?.(alert)
    } catch (cause) {
      log.error('onAlert threw', { cause: String(cause) })
    }
    if (alertWebhook !== undefined) post(alertWebhook, alert).catch((cause: unknown) => log.error('an alert did not reach alertWebhook', { cause: String(cause) }))
  }

  /** One line for each change. */
  #tell(store: string, state: GuardedLedger['state'], cause: unknown): void {
    const { log } = this.#outside
    if (state === 'open') log.error('the store that counts limits does not answer: fail modes are in force', { store, cause: String(cause) })
    else if (state === 'closed') log.warn('the store that counts limits answers again', { store })
  }
}

/** What a key was given was checked when it was made. */
function callerOf({ name, grants }: StoredKey): Caller {
  return { ...(grants as Partial<Caller>), id: name }
}
