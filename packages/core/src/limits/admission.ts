import { GatewayError } from '../errors.ts'
import type {
  AdmissionOptions,
  Admitted,
  Demand,
  FailMode,
  LimitUsage,
} from './admission-options.ts'
import { alertCharge } from './alerts.ts'
import { type Amounts, estimatedUnits, leastUsed, pickAmount } from './amounts.ts'
import { type CounterContext, groupByCounter, type SharedCounter, tightest } from './counters.ts'
import { HeldReservations, knowsInstances } from './held-reservations.ts'
import { limitHeaders } from './limit-headers.ts'
import { appliesTo, describe, endsAnswers, isBudget, type Limit, type Subject } from './limit.ts'
import { LocalRoom, type Want } from './local-room.ts'
import { LocalShare } from './local-share.ts'
import { type Period, periodAt } from './period.ts'
import { type Settlement, Settlements } from './settlements.ts'
import { findShortage, LONGEST_WORTHWHILE_MS, refusalOf } from './shortage.ts'
import { refuseUnpriced } from './unpriced.ts'
import { levelOf, periodOf, resetOf } from './usage-of-limit.ts'
import {
  type Charge,
  type LimitStore,
  memoryStore,
  type Reservation,
  type ReserveAnswer,
  StoreSilent,
} from '../storage/index.ts'

interface Asked {
  readonly limits: readonly Limit[]
  readonly demand: Pick<Demand, 'id' | 'subject'>
  readonly estimate: Amounts | undefined
  /**
   * Amounts that stay counted when this instance ends before it settles. @default the input
   */
  readonly least?: Amounts
}

interface Refused {
  readonly answer: Extract<ReserveAnswer, { status: 'refused' }>
  readonly limit: Limit
  readonly limitStore: LimitStore
}

/** A reservation that was made, and the store that made it. */
interface Reserved {
  readonly answer: Extract<ReserveAnswer, { status: 'reserved' }>
  readonly counters: readonly SharedCounter[]
  readonly limitStore: LimitStore
}

/** Answer of the limit store, and the counters it was called with. */
interface Asking {
  readonly answer: ReserveAnswer
  readonly counters: readonly SharedCounter[]
}

const TRY_AGAIN_MS = 1_000

/** Beyond any clock that is merely wrong: after that the store's time is not believed. */
const MOST_TIME_CORRECTIONS = 3

/**
 * Decides who gets in: takes from every limit that concerns a request, or from none, before
 * anything is done for it.
 */
export class AdmissionControl {
  readonly #options: AdmissionOptions
  readonly #local: LimitStore
  readonly #periods = new Map<string, Period>()
  /** The store's clock less ours. */
  #offsetMs = 0
  readonly #held: HeldReservations | undefined
  /** Only where other instances count as well. */
  readonly #share: LocalShare | undefined
  readonly #settlements: Settlements
  readonly #room = new LocalRoom()

  constructor(options: AdmissionOptions) {
    const { clock, limitStore, instance, onLost } = options
    this.#options = options
    this.#local = memoryStore(() => clock.now()).limitStore
    this.#held =
      instance !== undefined && knowsInstances(limitStore)
        ? new HeldReservations(limitStore, { clock, instance })
        : undefined
    this.#share = this.#held && new LocalShare()
    this.#settlements = new Settlements({
      clock,
      limitStore,
      onLost,
      onOver: ({ lease }) => lease && this.#held?.remove(),
    })
  }

  /**
   * `undefined` where no limit concerns it. Rejects with 429, 402 or 503, and has taken nothing
   * then.
   */
  admit(limits: readonly Limit[], demand: Demand): Promise<Admitted> | undefined {
    const own = limits.filter((limit) => appliesTo(limit, demand.subject))
    return own.length === 0 ? undefined : this.#admit(own, demand)
  }

  async #admit(limits: readonly Limit[], demand: Demand): Promise<Admitted> {
    const estimate = limits.some(({ unit }) => estimatedUnits.has(unit))
      ? demand.estimate(limits)
      : undefined
    if (estimate !== undefined && estimate.nanoDollars === undefined)
      refuseUnpriced(limits, estimate)
    if (
      estimate !== undefined &&
      demand.takesAll !== true &&
      limits.some((limit) => isBudget(limit) && pickAmount(limit.unit, estimate) > limit.amount)
    )
      throw await this.#tooLarge(limits, demand, estimate)
    const { limitStore } = this.#options
    let chosen = limitStore
    let asked = limits
    const { answer, counters } = await this.#reserve(limitStore, {
      limits,
      demand,
      estimate,
    }).catch((error: unknown) => {
      chosen = this.#local
      asked = this.#without(limits, demand, error)
      return this.#reserve(this.#local, { limits: asked, demand, estimate })
    })
    if (answer.status === 'refused')
      throw await this.#refusal(
        { limits: asked, demand, estimate },
        {
          answer,
          limit: tightest((counters[answer.at] as SharedCounter).limits),
          limitStore: chosen,
        },
      )
    if (answer.status === 'other-time')
      throw new GatewayError(
        'store_unavailable',
        'The clock of the store that counts limits cannot be followed.',
      )
    return this.#admitted(
      { limits: asked, demand, estimate },
      { answer, counters, limitStore: chosen },
    )
  }

  /** The reservation as its request sees it: headers, extensions and the settlement. */
  #admitted(
    { limits, demand, estimate }: Asked & { readonly demand: Demand },
    { answer, counters, limitStore }: Reserved,
  ): Admitted {
    const { reservation, used: usedOfEach, nowMs } = answer
    const levels = counters.flatMap(({ charge, limits: same }, at) =>
      same.map((limit) => ({
        limit,
        charge,
        used: usedOfEach[at] ?? 0,
        resetsAtMs: resetOf(charge, nowMs),
      })),
    )
    this.#noteUsage(levels, demand, nowMs)
    const headers = limitHeaders(levels, nowMs)
    const extensions: Reservation[] = []
    const known = new Set<string>()
    let asks = 0
    let isSettled = false
    const giveBack = (extension: Reservation): void =>
      this.#settle(limitStore, { reservation: extension, actuals: extension.charges.map(() => 0) })
    return {
      headers,
      estimate,
      coveredOutput: () => (limits.some(endsAnswers) ? estimate?.outputTokens : undefined),
      extend: async (more) => {
        asks += 1
        // Before it asks for more, it has used as much of what it had.
        const asking = this.#extend(limitStore, {
          limits,
          demand: { ...demand, id: `${demand.id}+${asks}` },
          estimate: more,
          least: more,
        })
        const extension = await asking.catch(() => 'unanswered' as const)
        if (extension === 'unanswered') {
          demand.degraded.add('store')
          return this.#room.take(this.#wantsOf(levels, more), known)
        }
        // The request may have ended while the store was asked.
        if (extension !== undefined && isSettled) giveBack(extension)
        else if (extension !== undefined) extensions.push(extension)
        return extension !== undefined
      },
      settle: (actual) => {
        isSettled = true
        this.#room.release(known)
        this.#settle(limitStore, { reservation, actuals: actualsOf(counters, actual) })
        // Extensions are part of the usage counted above.
        for (const extension of extensions) giveBack(extension)
      },
    }
  }

  /** Notes exceeded soft limits and thresholds of alerts. */
  #noteUsage(
    levels: readonly { readonly limit: Limit; readonly charge: Charge; readonly used: number }[],
    { degraded, subject }: Demand,
    nowMs: number,
  ): void {
    for (const { limit, charge, used } of levels) {
      if (limit.isSoft && used > limit.amount) degraded.add('soft-limit')
      if (limit.alertAt.length > 0)
        this.#options.alerts?.see(limit, { subject, used, nowMs, period: periodOf(charge, nowMs) })
    }
  }

  /** Further amounts of a stream, for limits that are enforced without the store. */
  #wantsOf(
    levels: readonly { readonly limit: Limit; readonly charge: Charge; readonly used: number }[],
    more: Amounts,
  ): Want[] {
    const holding = levels.filter(
      ({ limit }) => endsAnswers(limit) && this.#modeOf(limit) !== 'open',
    )
    return holding.map(({ limit, charge, used }) => ({
      key: charge.key,
      left: this.#share?.partOf(limit.amount - used) ?? limit.amount - used,
      amount: pickAmount(limit.unit, more),
    }))
  }

  #modeOf({ unit, isSoft }: Limit): FailMode {
    return isSoft
      ? 'open'
      : unit === 'usd'
        ? this.#options.budgetFailMode
        : this.#options.limitFailMode
  }

  async #extend(
    limitStore: LimitStore,
    asked: Asked & { readonly estimate: Amounts },
  ): Promise<Reservation | undefined> {
    const limits = asked.limits.filter(endsAnswers)
    if (limits.some(({ unit, amount }) => pickAmount(unit, asked.estimate) > amount))
      return undefined
    const { answer } = await this.#reserve(limitStore, { ...asked, limits })
    return answer.status === 'reserved' ? answer.reservation : undefined
  }

  /**
   * The limits that are enforced while the store is down. Throws when one of them is closed then.
   */
  #without(limits: readonly Limit[], { degraded }: Demand, error: unknown): readonly Limit[] {
    degraded.add('store')
    if (limits.some((limit) => this.#modeOf(limit) === 'closed')) throw error
    return limits.filter((limit) => this.#modeOf(limit) === 'local')
  }

  async #reserve(limitStore: LimitStore, asked: Asked): Promise<Asking> {
    // Counts of this process alone end with it.
    const held = limitStore === this.#options.limitStore ? this.#held : undefined
    for (let correction = 0, isFreed = false; ; correction++) {
      const asking = await this.#ask(limitStore, asked, held)
      const { answer } = asking
      if (answer.status === 'other-time' && correction < MOST_TIME_CORRECTIONS) {
        // Its clock decides, or instances whose clocks differ would count in different periods.
        this.#offsetMs = answer.nowMs - this.#options.clock.now()
        continue
      }
      if (answer.status === 'other-time' || held === undefined || answer.hasEnded !== true)
        return asking
      if (answer.status === 'reserved') held.giveBackLater()
      // There may be room after all: what is in its way may be held by an instance that is no
      // longer there.
      else if (!isFreed && (isFreed = await held.giveBack())) continue
      return asking
    }
  }

  async #ask(
    limitStore: LimitStore,
    { limits, demand, estimate, least }: Asked,
    held: HeldReservations | undefined,
  ): Promise<Asking> {
    const whole = groupByCounter(limits, {
      ...this.#contextOf(demand.subject),
      estimate,
      least: held && (least ?? (estimate && leastUsed(estimate))),
    })
    const counters =
      limitStore === this.#local && this.#share !== undefined
        ? this.#share.of(whole, this.#options.clock.now() + this.#offsetMs)
        : whole
    const request = {
      id: demand.id,
      charges: counters.map(({ charge }) => charge),
      ttlMs: this.#options.longestMs * 2,
      ...(held && { lease: held.lease }),
    }
    try {
      const answer = await limitStore.reserve(request)
      held?.seeAnswer()
      if (answer.status === 'reserved') {
        held?.add()
        if (held !== undefined) this.#share?.see(request.charges, answer)
      }
      return { answer, counters }
    } catch (error) {
      if (error instanceof StoreSilent) {
        held?.seeFailure()
        // It may still have been reserved, and no other instance knows.
        held?.add()
        this.#settlements.settleLater({
          reservation: { ...request, buckets: request.charges.map(() => undefined) },
          actuals: request.charges.map(() => 0),
        })
      }
      throw error
    }
  }

  #contextOf(subject: Subject): Pick<CounterContext, 'subject' | 'leaseMs' | 'periodOf'> {
    return { subject, leaseMs: this.#options.longestMs, periodOf: (limit) => this.#periodOf(limit) }
  }

  #groupByCounter(limits: readonly Limit[], subject: Subject): readonly SharedCounter[] {
    return groupByCounter(
      limits.filter((limit) => appliesTo(limit, subject)),
      { ...this.#contextOf(subject), estimate: undefined, least: undefined },
    )
  }

  #periodOf(limit: Limit): Period {
    const nowMs = this.#options.clock.now() + this.#offsetMs
    const name = `${String(limit.window)}@${limit.timeZone}`
    const known = this.#periods.get(name)
    if (known !== undefined && nowMs >= known.startsAt && nowMs < known.endsAt) return known
    const period = periodAt(
      limit.window as Exclude<Limit['window'], object | undefined>,
      nowMs,
      limit.timeZone,
    )
    this.#periods.set(name, period)
    return period
  }

  /** Why a request is refused that is larger than a budget by itself, whatever is left of it. */
  async #tooLarge(
    limits: readonly Limit[],
    demand: Demand,
    estimate: Amounts,
  ): Promise<GatewayError> {
    const whole = limits.map(({ amount }) => amount)
    const left = await this.#left(this.#options.limitStore, limits, demand).catch(() => whole)
    const shortage = findShortage(limits, left, estimate) ?? findShortage(limits, whole, estimate)
    if (shortage === undefined)
      throw new TypeError('A request that is too large is so for one of its limits.')
    const resetsAtMs =
      typeof shortage.limit.window === 'string'
        ? this.#periodOf(shortage.limit).endsAt
        : Number.POSITIVE_INFINITY
    return refusalOf(shortage, estimate, {
      resetsAtMs,
      nowMs: this.#options.clock.now() + this.#offsetMs,
    })
  }

  /** Rest of each budget; other counters are not read. */
  async #left(
    limitStore: LimitStore,
    limits: readonly Limit[],
    { subject }: Pick<Demand, 'subject'>,
  ): Promise<(number | undefined)[]> {
    const counters = this.#groupByCounter(limits.filter(isBudget), subject)
    const used = await limitStore.read(counters.map(({ charge }) => charge))
    const left = new Map(
      counters.flatMap(({ limits: same }, at) =>
        same.map((limit) => [limit, limit.amount - (used[at] ?? 0)]),
      ),
    )
    return limits.map((limit) => left.get(limit))
  }

  /** @param refused the answer of this limit store, and the limit there is no room in */
  async #refusal(
    { limits, demand, estimate }: Asked,
    { answer, limit, limitStore }: Refused,
  ): Promise<GatewayError> {
    const { retryAtMs, nowMs } = answer
    if (estimate !== undefined && isBudget(limit)) {
      const known = limits.map((other) =>
        other === limit ? limit.amount - answer.used : undefined,
      )
      const own = findShortage(limits, known, estimate)
      // Only where the request can be made to fit, other budgets are asked how much of it fits
      // them.
      const left =
        own === undefined || own.output === 0
          ? known
          : await this.#left(limitStore, limits, demand).catch(() => known)
      const shortage = findShortage(limits, left, estimate) ??
        own ?? { limit, left: Math.max(0, limit.amount - answer.used), output: 0 }
      return refusalOf(shortage, estimate, { resetsAtMs: retryAtMs, nowMs })
    }
    const retryAfterMs =
      limit.unit === 'concurrency'
        ? TRY_AGAIN_MS
        : Number.isFinite(retryAtMs)
          ? Math.max(1, Math.ceil(retryAtMs - nowMs))
          : undefined
    return new GatewayError('rate_limit_exceeded', `The limit of ${describe(limit)} is used up.`, {
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      headers:
        (retryAfterMs ?? Number.POSITIVE_INFINITY) > LONGEST_WORTHWHILE_MS
          ? { 'x-should-retry': 'false' }
          : {},
    })
  }

  #settle(limitStore: LimitStore, settlement: Settlement): void {
    if (limitStore === this.#options.limitStore) this.#settlements.settle(settlement)
    else void limitStore.settle(settlement.reservation, settlement.actuals)
  }

  /**
   * Counts what was used without asking, because it has happened already: once for each id, and
   * later when the store does not answer now. No request waits for it.
   */
  charge(
    limits: readonly Limit[],
    { id, subject }: Pick<Demand, 'id' | 'subject'>,
    actual: Amounts,
  ): void {
    const counters = this.#groupByCounter(limits, subject)
    if (counters.length === 0) return
    // To the limit store it is a settlement of something that was never reserved, which it counts
    // as what it cost.
    const charges = counters.map(({ charge }) => charge)
    this.#settle(this.#options.limitStore, {
      reservation: {
        id,
        charges,
        buckets: charges.map(() => undefined),
        ttlMs: this.#options.longestMs,
      },
      actuals: actualsOf(counters, actual),
    })
  }

  /** Usage of each of these limits by a subject. Takes nothing. */
  async levels(limits: readonly Limit[], subject: Subject): Promise<readonly LimitUsage[]> {
    const counters = this.#groupByCounter(limits, subject)
    await this.#held?.giveBack()
    const used = await this.#options.limitStore.read(counters.map(({ charge }) => charge))
    return counters.flatMap(({ charge, limits: same }, at) =>
      same.map((limit) => levelOf(limit, charge, used[at] ?? 0)),
    )
  }

  /** Forgets what a subject has used of these limits. */
  async reset(limits: readonly Limit[], subject: Subject): Promise<void> {
    const counters = this.#groupByCounter(limits, subject)
    const nowMs = this.#options.clock.now() + this.#offsetMs
    const told = counters.flatMap(({ charge, limits: same }) =>
      same.flatMap((limit) =>
        (this.#options.alerts?.forget(limit, subject) ?? []).map((name) =>
          alertCharge(name, periodOf(charge, nowMs)),
        ),
      ),
    )
    await this.#options.limitStore.reset([...counters.map(({ charge }) => charge), ...told])
  }

  /**
   * Waits for settlements under way, and tries once more those that could not be made. What is left
   * then is given back as of an instance that has ended.
   */
  async close(): Promise<void> {
    await this.#settlements.close()
    this.#held?.close()
  }
}

function actualsOf(counters: readonly SharedCounter[], actual: Amounts): readonly number[] {
  return counters.map(({ limits: [limit] }) => pickAmount((limit as Limit).unit, actual))
}
