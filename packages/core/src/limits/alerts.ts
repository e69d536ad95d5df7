import type { Charge } from '../storage/index.ts'
import {
  counterName,
  describe,
  type Limit,
  NANO_PER_DOLLAR,
  type Scope,
  type Subject,
  type Unit,
  windowName,
} from './limit.ts'
import type { Period } from './period.ts'

/** Usage of a limit crossed one of its `alertAt` thresholds. */
export interface LimitAlert {
  /** ISO 8601, UTC. */
  readonly at: string
  /** In words: `$50 per month of this team`. */
  readonly limit: string
  readonly unit: Unit
  readonly window: string
  /** Scope values of the counter. */
  readonly scope: Readonly<Partial<Record<Scope, string>>>
  /** In the unit; dollars for `usd`. What is reserved at the moment counts as used. */
  readonly used: number
  readonly amount: number
  /** The share that was reached: one of `alertAt`. */
  readonly threshold: number
}

/** Counters whose alerts are remembered; the oldest are forgotten. */
const MOST_REMEMBERED = 10_000
const ASKED_AGAIN_MS = 60_000

/** Claims an alert: true when no other instance has sent it in this period. */
export type ClaimAlert = (name: string, period: Period) => Promise<boolean>

/** The counter in which instances claim an alert. */
export function alertCharge(name: string, { startsAt, endsAt }: Period): Charge {
  return { kind: 'period', key: `alert/${name}`, amount: 1, limit: 1, startsAt, endsAt }
}

/** Tells of each threshold once in each period, whichever instance reaches it. */
export class Alerts {
  readonly #onAlert: (alert: LimitAlert) => void
  readonly #claim: ClaimAlert | undefined
  /** The highest threshold that was sent, by counter and period, and when. */
  readonly #told = new Map<string, { readonly threshold: number; readonly atMs: number }>()

  /**
   * @param claim called when other instances may send the same alert; when it rejects, the alert is
   * sent
   */
  constructor(onAlert: (alert: LimitAlert) => void, claim?: ClaimAlert) {
    this.#onAlert = onAlert
    this.#claim = claim
  }

  /** @param period the time of the counter, by its store's clock */
  see(
    limit: Limit,
    {
      subject,
      used,
      nowMs,
      period,
    }: {
      readonly subject: Subject
      readonly used: number
      readonly nowMs: number
      readonly period: Period
    },
  ): void {
    const threshold = limit.alertAt.findLast((share) => used >= share * limit.amount)
    if (threshold === undefined) return
    const counter = `${nameOf(limit, subject)}:${period.startsAt}`
    const told = this.#told.get(counter)
    // Claims of other instances, and resets, are checked again after a while.
    if (
      told !== undefined &&
      told.threshold >= threshold &&
      (this.#claim === undefined || nowMs - told.atMs < ASKED_AGAIN_MS)
    )
      return
    this.#told.delete(counter)
    this.#told.set(counter, { threshold, atMs: nowMs })
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST_REMEMBERED) break
      this.#told.delete(oldest)
    }
    const scale = limit.unit === 'usd' ? NANO_PER_DOLLAR : 1
    void this.#tell(`${nameOf(limit, subject)}@${threshold}`, period, {
      at: new Date(nowMs).toISOString(),
      limit: describe(limit),
      unit: limit.unit,
      window: windowName(limit),
      scope: Object.fromEntries(limit.scope.map((scope) => [scope, subject[scope] ?? ''])),
      used: used / scale,
      amount: limit.amount / scale,
      threshold,
    })
  }

  /**
   * Resets the counter's alerts. @returns the claims that other instances may hold
   */
  forget(limit: Limit, subject: Subject): string[] {
    const counter = nameOf(limit, subject)
    for (const told of this.#told.keys())
      if (told.startsWith(`${counter}:`)) this.#told.delete(told)
    return limit.alertAt.map((share) => `${counter}@${share}`)
  }

  async #tell(name: string, period: Period, alert: LimitAlert): Promise<void> {
    // Twice is better than never.
    const isFirst = this.#claim === undefined || (await this.#claim(name, period).catch(() => true))
    if (isFirst) this.#onAlert(alert)
  }
}

/** Limits that share a counter have alerts of their own. */
function nameOf(limit: Limit, subject: Subject): string {
  return `${counterName(limit, subject)}=${limit.amount}`
}
