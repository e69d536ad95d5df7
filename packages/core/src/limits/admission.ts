import type { Clock, Timer } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { type Draw, type Ledger, memoryStore, type Reservation, type ReserveAnswer } from '../storage/index.ts'
import { alertDraw, type Alerts } from './alerts.ts'
import { type Amounts, amountOf, estimatedUnits } from './amounts.ts'
import { countersOf, type SharedCounter, tightest } from './counters.ts'
import { appliesTo, describe, endsAnswers, isBudget, type Limit, NANO_PER_DOLLAR, type Subject, type Unit, windowName } from './limit.ts'
import { limitHeaders } from './limit-headers.ts'
import { type Period, periodAt } from './period.ts'
import { LONGEST_WORTHWHILE_MS, refusalOf, shortageOf } from './shortage.ts'

/** What a store that cannot be asked means for a limit: nobody gets in, everybody does, or this process counts for itself. */
export type FailMode = 'closed' | 'open' | 'local'

export interface AdmissionOptions {
  readonly clock: Clock
  readonly ledger: Ledger
  /** For limits of requests, tokens and calls at once. */
  readonly limitFailMode: FailMode
  /** For limits in money. */
  readonly budgetFailMode: FailMode
  /** No request takes longer. */
  readonly longestMs: number
  readonly alerts?: Alerts | undefined
  /** Told when settlements are given up: more of them wait than are kept. */
  readonly onLost: (count: number) => void
}

/** One request that asks to be let in. */
export interface Demand {
  readonly id: string
  readonly subject: Subject
  /** What it may take; asked only where a limit needs it. @param limits those that concern it */
  estimate(limits: readonly Limit[]): Amounts
  /** Where to say that something was decided otherwise than usual. */
  readonly degraded: Set<string>
  /** A request that is larger than a budget takes all of it, instead of being refused: pacing, where nothing is to be saved. */
  readonly takesAll?: boolean
}

/** A request that was let in. */
export interface Admitted {
  /** `x-ratelimit-*`, as OpenAI's. */
  readonly headers: Readonly<Record<string, string>>
  /** What was reserved. */
  readonly estimate: Amounts | undefined
  /** Tokens of output that are reserved; `undefined` where no limit ends an answer. */
  coveredOutput(): number | undefined
  /** Takes more, of the limits that end answers. False where there is not so much; rejects where that cannot be known. */
  extend(more: Amounts): Promise<boolean>
  /** Once, when it has ended: never rejects, and nobody waits for it. */
  settle(actual: Amounts): void
}

/** How much of a limit is used. */
export interface Level {
  /** In words. */
  readonly limit: string
  readonly unit: Unit
  readonly window: string
  /** In the unit; dollars for `usd`. */
  readonly used: number
  readonly amount: number
  /** ISO 8601, where it begins anew. */
  readonly resetsAt?: string
}

interface Asked {
  readonly limits: readonly Limit[]
  readonly demand: Pick<Demand, 'id' | 'subject'>
  readonly estimate: Amounts | undefined
}

interface Refused {
  readonly answer: Extract<ReserveAnswer, { status: 'refused' }>
  readonly limit: Limit
  readonly ledger: Ledger
}

interface Pending {
  readonly reservation: Reservation
  readonly actuals: readonly number[]
}

const MOST_PENDING = 10_000
const TRY_AGAIN_MS = 1_000
/** Beyond any clock that is merely wrong: after that the store's time is not believed. */
const MOST_TIME_CORRECTIONS = 3

/** Decides who gets in: takes from every limit that concerns a request, or from none, before anything is done for it. */
export class AdmissionControl {
  readonly #options: AdmissionOptions
  readonly #local: Ledger
  readonly #periods = new Map<string, Period>()
  /** The store's clock less ours. */
  #offsetMs = 0
  readonly #underWay = new Set<Promise<unknown>>()
  #pending: Pending[] = []
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#local = memoryStore(() => options.clock.now()).ledger
  }

  /** `undefined` where no limit concerns it. Rejects with 429, 402 or 503, and has taken nothing then. */
  admit(limits: readonly Limit[], demand: Demand): Promise<Admitted> | undefined {
    const own = limits.filter((limit) => appliesTo(limit, demand.subject))
    return own.length === 0 ? undefined : this.#admit(own, demand)
  }

  async #admit(limits: readonly Limit[], demand: Demand): Promise<Admitted> {
    const estimate = limits.some(({ unit }) => estimatedUnits.has(unit)) ? demand.estimate(limits) : undefined
    if (estimate !== undefined && estimate.nanoDollars === undefined) refuseUnpriced(limits)
    if (estimate !== undefined && demand.takesAll !== true && limits.some((limit) => isBudget(limit) && amountOf(limit.unit, estimate) > limit.amount)) throw await this.#tooLarge(limits, demand, estimate)
    const { ledger } = this.#options
    let chosen = ledger
    let asked = limits
    const { answer, counters } = await this.#reserve(ledger, { limits, demand, estimate }).catch((error: unknown) => {
      chosen = this.#local
      asked = this.#without(limits, demand, error)
      return this.#reserve(this.#local, { limits: asked, demand, estimate })
    })
    if (answer.status === 'refused') throw await this.#refusal({ limits: asked, demand, estimate }, { answer, limit: tightest((counters[answer.at] as SharedCounter).limits), ledger: chosen })
    if (answer.status === 'other-time') throw new GatewayError('store_unavailable', 'The clock of the store that counts limits cannot be followed.')
    const { reservation, used: usedOfEach, nowMs } = answer
    const levels = counters.flatMap(({ draw, limits: same }, at) => same.map((limit) => ({ limit, draw, used: usedOfEach[at] ?? 0, resetsAtMs: resetOf(draw, nowMs) })))
    for (const { limit, draw, used } of levels) {
      if (limit.isSoft && used > limit.amount) demand.degraded.add('soft-limit')
      if (limit.alertAt.length > 0) this.#options.alerts?.see(limit, { subject: demand.subject, used, nowMs, period: periodOf(draw, nowMs) })
    }
    const headers = limitHeaders(levels, nowMs)
    const extensions: Reservation[] = []
    return {
      headers,
      estimate,
      coveredOutput: () => (asked.some(endsAnswers) ? estimate?.outputTokens : undefined),
      extend: async (more) => {
        const extension = await this.#extend(chosen, { limits: asked, demand: { ...demand, id: `${demand.id}+${extensions.length + 1}` }, estimate: more })
        if (extension !== undefined) extensions.push(extension)
        return extension !== undefined
      },
      settle: (actual) => {
        this.#settle(chosen, { reservation, actuals: actualsOf(counters, actual) })
        // What was taken later is part of what was used, which is counted above.
        for (const extension of extensions) this.#settle(chosen, { reservation: extension, actuals: extension.draws.map(() => 0) })
      },
    }
  }

  async #extend(ledger: Ledger, asked: Asked & { readonly estimate: Amounts }): Promise<Reservation | undefined> {
    const limits = asked.limits.filter(endsAnswers)
    if (limits.some(({ unit, amount }) => amountOf(unit, asked.estimate) > amount)) return undefined
    const { answer } = await this.#reserve(ledger, { ...asked, limits })
    return answer.status === 'reserved' ? answer.reservation : undefined
  }

  /** The limits that hold although the store cannot be asked. Throws where one of them lets nobody in then. */
  #without(limits: readonly Limit[], { degraded }: Demand, error: unknown): readonly Limit[] {
    degraded.add('store')
    const modeOf = ({ unit, isSoft }: Limit): FailMode => (isSoft ? 'open' : unit === 'usd' ? this.#options.budgetFailMode : this.#options.limitFailMode)
    if (limits.some((limit) => modeOf(limit) === 'closed')) throw error
    return limits.filter((limit) => modeOf(limit) === 'local')
  }

  async #reserve(ledger: Ledger, { limits, demand, estimate }: Asked): Promise<{ readonly answer: ReserveAnswer; readonly counters: readonly SharedCounter[] }> {
    const ttlMs = this.#options.longestMs * 2
    for (let correction = 0; ; correction++) {
      const counters = this.#countersOf(limits, demand.subject, estimate)
      const answer = await ledger.reserve({ id: demand.id, draws: counters.map(({ draw }) => draw), ttlMs })
      if (answer.status !== 'other-time' || correction === MOST_TIME_CORRECTIONS) return { answer, counters }
      // Its clock decides, or instances whose clocks differ would count in different periods.
      this.#offsetMs = answer.nowMs - this.#options.clock.now()
    }
  }

  #countersOf(limits: readonly Limit[], subject: Subject, estimate?: Amounts): readonly SharedCounter[] {
    return countersOf(limits, { subject, estimate, leaseMs: this.#options.longestMs, periodOf: (limit) => this.#periodOf(limit) })
  }

  #periodOf(limit: Limit): Period {
    const nowMs = this.#options.clock.now() + this.#offsetMs
    const name = `${String(limit.window)}@${limit.timeZone}`
    const known = this.#periods.get(name)
    if (known !== undefined && nowMs >= known.startsAt && nowMs < known.endsAt) return known
    const period = periodAt(limit.window as Exclude<Limit['window'], object | undefined>, nowMs, limit.timeZone)
    this.#periods.set(name, period)
    return period
  }

  /** Why a request is refused that is larger than a budget by itself, whatever is left of it. */
  async #tooLarge(limits: readonly Limit[], demand: Demand, estimate: Amounts): Promise<GatewayError> {
    const whole = limits.map(({ amount }) => amount)
    const left = await this.#left(this.#options.ledger, limits, demand).catch(() => whole)
    const shortage = shortageOf(limits, left, estimate) ?? shortageOf(limits, whole, estimate)
    if (shortage === undefined) throw new TypeError('A request that is too large is so for one of its limits.')
    const resetsAtMs = typeof shortage.limit.window === 'string' ? this.#periodOf(shortage.limit).endsAt : Number.POSITIVE_INFINITY
    return refusalOf(shortage, estimate, { resetsAtMs, nowMs: this.#options.clock.now() + this.#offsetMs })
  }

  /** What is left of each limit; of counters that are none of a budget nothing is asked. */
  async #left(ledger: Ledger, limits: readonly Limit[], { subject }: Pick<Demand, 'subject'>): Promise<(number | undefined)[]> {
    const counters = this.#countersOf(limits.filter(isBudget), subject)
    const used = await ledger.read(counters.map(({ draw }) => draw))
    const left = new Map(counters.flatMap(({ limits: same }, at) => same.map((limit) => [limit, limit.amount - (used[at] ?? 0)])))
    return limits.map((limit) => left.get(limit))
  }

  /** @param refused the answer of this ledger, and the limit there is no room in */
  async #refusal({ limits, demand, estimate }: Asked, { answer, limit, ledger }: Refused): Promise<GatewayError> {
    const { retryAtMs, nowMs } = answer
    if (estimate !== undefined && isBudget(limit)) {
      const known = limits.map((other) => (other === limit ? limit.amount - answer.used : undefined))
      const own = shortageOf(limits, known, estimate)
      // Only where the request can be made to fit, other budgets are asked how much of it fits them.
      const left = own === undefined || own.output === 0 ? known : await this.#left(ledger, limits, demand).catch(() => known)
      const shortage = shortageOf(limits, left, estimate) ?? own ?? { limit, left: Math.max(0, limit.amount - answer.used), output: 0 }
      return refusalOf(shortage, estimate, { resetsAtMs: retryAtMs, nowMs })
    }
    const retryAfterMs = limit.unit === 'concurrency' ? TRY_AGAIN_MS : Number.isFinite(retryAtMs) ? Math.max(1, Math.ceil(retryAtMs - nowMs)) : undefined
    return new GatewayError('rate_limit_exceeded', `The limit of ${describe(limit)} is used up.`, {
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      headers: (retryAfterMs ?? Number.POSITIVE_INFINITY) > LONGEST_WORTHWHILE_MS ? { 'x-should-retry': 'false' } : {},
    })
  }

  #settle(ledger: Ledger, pending: Pending): void {
    this.#track(
      ledger.settle(pending.reservation, pending.actuals).catch(() => {
        this.#pending.push(pending)
        if (this.#pending.length > MOST_PENDING) this.#options.onLost(this.#pending.splice(0, this.#pending.length - MOST_PENDING).length)
        this.#tryLater()
      }),
    )
  }

  #tryLater(): void {
    if (!this.#isClosed) this.#timer ??= this.#options.clock.setTimer(this.#onTimer, TRY_AGAIN_MS)
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.#track(this.#settlePending())
  }

  /** What could not be settled is settled when the store is back: it counts each once, however often it is told. */
  async #settlePending(): Promise<void> {
    const waiting = this.#pending
    this.#pending = []
    for (const [at, pending] of waiting.entries()) {
      try {
        await this.#options.ledger.settle(pending.reservation, pending.actuals)
      } catch {
        this.#pending = [...waiting.slice(at), ...this.#pending]
        this.#tryLater()
        return
      }
    }
  }

  #track(work: Promise<unknown>): void {
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }

  /**
   * Counts what was used without asking, because it has happened already: once for each id, and later where the store does not
   * answer now. Nobody waits for it.
   */
  charge(limits: readonly Limit[], { id, subject }: Pick<Demand, 'id' | 'subject'>, actual: Amounts): void {
    const own = limits.filter((limit) => appliesTo(limit, subject))
    if (own.length === 0) return
    // To the ledger it is a settlement of something that was never reserved, which it counts as what it cost.
    const counters = this.#countersOf(own, subject)
    const draws = counters.map(({ draw }) => draw)
    this.#settle(this.#options.ledger, { reservation: { id, draws, buckets: draws.map(() => undefined), ttlMs: this.#options.longestMs }, actuals: actualsOf(counters, actual) })
  }

  /** What is used of each of these limits by a subject, without taking anything. */
  async levels(limits: readonly Limit[], subject: Subject): Promise<readonly Level[]> {
    const counters = this.#countersOf(limits.filter((limit) => appliesTo(limit, subject)), subject)
    const used = await this.#options.ledger.read(counters.map(({ draw }) => draw))
    return counters.flatMap(({ draw, limits: same }, at) => same.map((limit) => levelOf(limit, draw, used[at] ?? 0)))
  }

  /** Forgets what a subject has used of these limits. */
  async reset(limits: readonly Limit[], subject: Subject): Promise<void> {
    const counters = this.#countersOf(limits.filter((limit) => appliesTo(limit, subject)), subject)
    const nowMs = this.#options.clock.now() + this.#offsetMs
    const told = counters.flatMap(({ draw, limits: same }) => same.flatMap((limit) => (this.#options.alerts?.forget(limit, subject) ?? []).map((name) => alertDraw(name, periodOf(draw, nowMs)))))
    await this.#options.ledger.reset([...counters.map(({ draw }) => draw), ...told])
  }

  /** Waits for settlements under way, and tries once more those that could not be made. What is left then is counted as it was reserved. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.clear()
    await Promise.allSettled(this.#underWay)
    if (this.#pending.length > 0) await this.#settlePending()
    if (this.#pending.length > 0) this.#options.onLost(this.#pending.length)
  }
}

function actualsOf(counters: readonly SharedCounter[], actual: Amounts): readonly number[] {
  return counters.map(({ limits: [limit] }) => amountOf((limit as Limit).unit, actual))
}

function levelOf(limit: Limit, draw: Draw, used: number): Level {
  const scale = limit.unit === 'usd' ? NANO_PER_DOLLAR : 1
  return {
    limit: describe(limit),
    unit: limit.unit,
    window: windowName(limit),
    used: used / scale,
    amount: limit.amount / scale,
    ...(draw.kind === 'period' && Number.isFinite(draw.endsAt) && { resetsAt: new Date(draw.endsAt).toISOString() }),
  }
}

/** What has no price would be free for whoever has a budget. */
function refuseUnpriced(limits: readonly Limit[]): void {
  if (!limits.some(({ unit, isSoft }) => unit === 'usd' && !isSoft)) return
  throw new GatewayError('unpriced_model', 'A budget applies to this request, and the price of the model is not known to the gateway (option prices).')
}

/** The time of a counter, for telling of it once: a sliding one is told of again when all of its window is new, and what is under way once an hour. */
function periodOf(draw: Draw, nowMs: number): Period {
  if (draw.kind === 'period') return draw
  const length = draw.kind === 'sliding' ? draw.windowMs : HOUR_MS
  const startsAt = nowMs - (nowMs % length)
  return { startsAt, endsAt: startsAt + length }
}

const HOUR_MS = 3_600_000

function resetOf(draw: Draw, nowMs: number): number {
  if (draw.kind === 'period') return draw.endsAt
  return draw.kind === 'sliding' ? nowMs + draw.windowMs : nowMs
}
