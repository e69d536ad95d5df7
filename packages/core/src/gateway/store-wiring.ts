import { randomUUID } from 'node:crypto'
import type { Admin } from '../admin/index.ts'
import type { Clock } from '../clock.ts'
import { limitsOfCaller, type Settings } from '../config/index.ts'
import { messageOf } from '../errors.ts'
import { LastingCondition } from '../foundation/condition-log.ts'
import type { HostCalls } from '../foundation/host-calls.ts'
import type { CircuitState } from '../health/index.ts'
import { callerKey, type Identify, type KnownCaller, Throttle } from '../identity/index.ts'
import {
  AdmissionControl,
  alertCharge,
  Alerts,
  type ClaimAlert,
  type Limit,
  type LimitAlert,
} from '../limits/index.ts'
import type { LeveledLogger } from '../log.ts'
import {
  GuardedLimitStore,
  type HealthStore,
  type LimitStore,
  memoryWindow,
  openStore,
  type OpenWindow,
  type RequestWindow,
  type Store,
} from '../storage/index.ts'
import { administer, type AdminState, createAdmin } from './admin-wiring.ts'
import type { Runtime } from './runtime.ts'
import type { StoreDefect } from './store-defect.ts'

interface Outside {
  readonly log: LeveledLogger
  readonly clock: Clock
  readonly hostCalls: HostCalls
  /** Sends JSON to an address, once; rejects when it did not arrive. */
  readonly post: (url: string, body: object) => Promise<void>
  /** Ends what is under way for a caller. */
  readonly endRequestsOf: (callerKey: string) => void
}

const NO_LIMITS: readonly Limit[] = Object.freeze([])

/**
 * State that instances share, and the store that holds it: opened on first need, and kept over
 * reloads.
 */
export class SharedState {
  readonly #settings: Settings
  readonly #deps: Outside
  /** Of callers that bring limits along, those are read once for each. */
  readonly #ofCallers = new WeakMap<
    object,
    { readonly key: string; readonly limits: readonly Limit[] }
  >()
  #store: Store | undefined
  #guarded: GuardedLimitStore | undefined
  #admission: AdmissionControl | undefined
  #administered: AdminState | undefined
  readonly #outages: LastingCondition[] = []
  /** Of wrong credentials. */
  readonly throttles: { readonly keys: Throttle; readonly admin: Throttle }
  #evictionPolicy: string | undefined
  #counterReportedAt = Number.NEGATIVE_INFINITY

  constructor(settings: Settings, deps: Outside) {
    this.#settings = settings
    this.#deps = deps
    const { wrongKeysPerAddress: perAddress, wrongKeys: inAll } = settings
    const open: OpenWindow = (name, limit) => this.#openWindow(name, limit)
    this.throttles = {
      keys: new Throttle({ name: 'keys', perAddress, inAll, open }),
      admin: new Throttle({ name: 'admin', perAddress, inAll, open }),
    }
  }

  /** Known defects of the store. */
  get degraded(): readonly StoreDefect[] {
    return [
      ...((this.#guarded?.state ?? 'closed') === 'closed' ? [] : (['store'] as const)),
      ...(this.#evictionPolicy === undefined ? [] : (['store-eviction'] as const)),
    ]
  }

  /**
   * Whether requests are refused while the store does not answer, and it does not: asked again now,
   * for instances without requests.
   */
  async isMissed(limits: readonly Limit[]): Promise<boolean> {
    const { limitFailMode, budgetFailMode } = this.#settings
    const all = [...limits, ...(this.#administered?.rules.limits ?? NO_LIMITS)]
    // A limit for some callers refuses those alone.
    const isNeeded = all.some(
      ({ unit, isSoft, only }) =>
        !isSoft &&
        only.size === 0 &&
        (unit === 'usd' ? budgetFailMode : limitFailMode) === 'closed',
    )
    if (!isNeeded || this.degraded.length === 0) return false
    const isThere = await this.#guarded?.probe().then(
      () => true,
      () => false,
    )
    return isThere === false
  }

  /** Where instances tell each other about targets; nowhere, in memory and in a file. */
  get healthStore(): HealthStore | undefined {
    const { store } = this.#settings
    return store === 'memory' || (typeof store === 'string' && store.startsWith('sqlite:'))
      ? undefined
      : this.#openStore().healthStore
  }

  /** Administration at run time; absent when no administrator is configured. */
  get administered(): AdminState | undefined {
    const { adminToken, adminGuard } = this.#settings
    if (this.#administered !== undefined || (adminToken === undefined && adminGuard === undefined))
      return this.#administered
    const { adminStore } = this.#openStore()
    if (adminStore !== undefined) this.#administered = administer(adminStore, this.#deps)
    return this.#administered
  }

  /** Admission of requests by the limits of the configuration and of the caller. */
  admission(limits: readonly Limit[]): Pick<Runtime, 'limitsFor' | 'admit' | 'charge'> {
    // A store that cannot be reached is to be known at the start, not by the first request.
    if (limits.length > 0) this.#openAdmission()
    return {
      limitsFor: (caller) => {
        const made = this.#administered?.rules.limits ?? NO_LIMITS
        const everybodys = made.length === 0 ? limits : [...limits, ...made]
        return caller?.limits === undefined
          ? everybodys
          : [...everybodys, ...this.#limitsOf(caller, caller.limits)]
      },
      admit: (wanted, demand) => this.#openAdmission().admit(wanted, demand),
      charge: (wanted, demand, actual) => this.#openAdmission().charge(wanted, demand, actual),
    }
  }

  /** `/admin`; absent when no administrator is configured. */
  admin(settings: Settings): Admin | undefined {
    const { administered } = this
    if (administered === undefined) return undefined
    const { adminToken } = settings
    const { clock, log, hostCalls } = this.#deps
    const {
      throttles: { admin: throttle },
    } = this
    const requests = this.#openWindow('admin-requests', settings.adminRequests)
    return createAdmin({
      ...administered,
      throttle,
      requests,
      settings,
      clock,
      log,
      hostCalls,
      token: adminToken,
      admission: this.#openAdmission(),
    })
  }

  /** Knows who calls by what administrators have last written. */
  identify(identify: Identify, active: { readonly size: number }): Identify {
    const { administered } = this
    if (administered === undefined) return identify
    const { register } = administered
    // Many keys take a moment to load: do it before the first request.
    void register.refresh()
    return (request) => {
      const refreshing = register.refresh()
      // Requests of a killed key end even when no other request comes.
      register.watch(() => active.size > 0)
      return refreshing === undefined ? identify(request) : refreshing.then(() => identify(request))
    }
  }

  async close(): Promise<void> {
    this.#administered?.register.close()
    this.#administered?.damage.close()
    for (const outage of this.#outages) outage.close()
    await this.#admission?.close()
    // A store made by the host's code is closed by the host.
    if (typeof this.#settings.store === 'string') await this.#store?.close()
  }

  #limitsOf(caller: KnownCaller, written: NonNullable<KnownCaller['limits']>): readonly Limit[] {
    const key = callerKey(caller)
    const known = this.#ofCallers.get(written)
    if (known?.key === key) return known.limits
    try {
      const limits = limitsOfCaller(caller)
      this.#ofCallers.set(written, { key, limits })
      return limits
    } catch (cause) {
      // Grants of keys were checked when the keys were made; only the host's login returns others.
      throw this.#deps.hostCalls.refusal('identify', cause)
    }
  }

  #openWindow(name: string, limit: number): RequestWindow {
    return (this.#openStore().openWindow ?? memoryWindow)(name, limit)
  }

  #openStore(): Store {
    if (this.#store !== undefined) return this.#store
    const { clock, log } = this.#deps
    const { store: place, isStoreImplied } = this.#settings
    const { store, warning } = openStore(place, () => clock.now(), { isImplied: isStoreImplied })
    if (warning !== undefined) log.warn(warning)
    this.#store = store
    return store
  }

  #openAdmission(): AdmissionControl {
    if (this.#admission !== undefined) return this.#admission
    const { log, clock } = this.#deps
    const { limitFailMode, budgetFailMode, timeoutMs, routes } = this.#settings
    const store = this.#openStore()
    // A store in this process cannot be slow or down.
    if (store.name !== 'memory')
      this.#guarded = new GuardedLimitStore(store.limitStore, {
        clock,
        opening: store.opening,
        onChange: this.#outageOf(store.name),
        onCounterFailure: (cause) => this.#reportCounter(store.name, cause),
      })
    this.#guarded?.probe().catch(() => undefined)
    void this.#warnOfEviction(store)
    this.#admission = new AdmissionControl({
      clock,
      limitStore: this.#guarded ?? store.limitStore,
      limitFailMode,
      budgetFailMode,
      alerts: new Alerts(
        (alert) => this.#tellAlert(alert),
        store.isShared ? claimsOf(this.#guarded ?? store.limitStore) : undefined,
      ),
      instance: store.isShared ? randomUUID() : undefined,
      longestMs: Math.max(timeoutMs, ...[...routes.values()].map((route) => route.timeoutMs)),
      onLost: (count) => log.error('settlements lost', { count }),
    })
    return this.#admission
  }

  #reportCounter(store: string, cause: unknown): void {
    const { log, clock } = this.#deps
    const now = clock.monotonic()
    if (now - this.#counterReportedAt < REPEAT_MS) return
    this.#counterReportedAt = now
    log.error('limit counter unusable, using fail modes', { store, cause: messageOf(cause) })
  }

  /** Read once: what a store throws away when it is full is decided when it is set up. */
  async #warnOfEviction({ name, evictionPolicy }: Store): Promise<void> {
    try {
      this.#evictionPolicy = await evictionPolicy?.()
    } catch {
      // A managed server may not tell, and one that cannot be reached is reported as that.
      return undefined
    }
    if (this.#evictionPolicy === undefined) return undefined
    this.#deps.log.warn('limit store evicts keys when its memory is full', {
      store: name,
      maxmemoryPolicy: this.#evictionPolicy,
      effect: 'limits and budgets can start again from zero, and keys made over /admin can be lost',
      fix: 'set maxmemory-policy noeviction, or give the gateway a Redis of its own',
    })
  }

  #tellAlert(alert: LimitAlert): void {
    const { log, post, hostCalls } = this.#deps
    const { onAlert, alertWebhook } = this.#settings
    log.warn('limit alert threshold reached', { alert })
    if (onAlert !== undefined) hostCalls.notify('onAlert', onAlert, alert)
    if (alertWebhook !== undefined)
      post(alertWebhook, alert).catch((cause: unknown) =>
        log.error('alert webhook failed', { cause: messageOf(cause) }),
      )
  }

  /** An outage lasts until the store is used again: probes that fail meanwhile are no news. */
  #outageOf(store: string): (state: CircuitState, cause: unknown) => void {
    const { log, clock } = this.#deps
    const { limitFailMode, budgetFailMode } = this.#settings
    let lastCause: unknown
    const fields = (): Record<string, unknown> => ({
      store,
      limitsWithoutStore: limitFailMode,
      budgetsWithoutStore: budgetFailMode,
      cause: messageOf(lastCause),
    })
    const outage = new LastingCondition(clock, {
      began: () => log.error('limit store unavailable, using fail modes', fields()),
      lasts: (forMs) => {
        log.error('limit store still unavailable, using fail modes', { ...fields(), forMs })
        // Without requests, nothing else would find out that it is back.
        this.#guarded?.probe().catch(() => undefined)
      },
      over: (afterMs) => log.warn('limit store available again', { store, afterMs }),
    })
    this.#outages.push(outage)
    return (state, cause) => {
      lastCause = cause
      if (state === 'closed') outage.end()
      else outage.begin()
    }
  }
}

/** Claims an alert: the first instance in a period sends it. */
function claimsOf(limitStore: LimitStore): ClaimAlert {
  return async (name, period) => {
    const answer = await limitStore.reserve({
      id: `alert-${randomUUID()}`,
      charges: [alertCharge(name, period)],
      ttlMs: CLAIM_MS,
    })
    return answer.status !== 'refused'
  }
}

const CLAIM_MS = 60_000

const REPEAT_MS = 60_000
