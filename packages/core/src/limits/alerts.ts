import { counterOf, describe, type Limit, NANO_PER_DOLLAR, type Scope, type Subject, type Unit, windowName } from './limit.ts'

/** So much of a limit is used that somebody wants to know. */
export interface LimitAlert {
  /** ISO 8601, UTC. */
  readonly at: string
  /** In words: `$50 per month of this team`. */
  readonly limit: string
  readonly unit: Unit
  readonly window: string
  /** Whose it is. */
  readonly scope: Readonly<Partial<Record<Scope, string>>>
  /** In the unit; dollars for `usd`. What is reserved at the moment counts as used. */
  readonly used: number
  readonly amount: number
  /** The share that was reached: one of `alertAt`. */
  readonly threshold: number
}

/** Counters whose alerts are remembered; the oldest are forgotten. */
const MOST_REMEMBERED = 10_000

/** Tells of each threshold once in each period, by each instance. */
export class Alerts {
  readonly #onAlert: (alert: LimitAlert) => void
  /** The highest threshold that was told, by counter and period. */
  readonly #told = new Map<string, number>()

  constructor(onAlert: (alert: LimitAlert) => void) {
    this.#onAlert = onAlert
  }

  /** @param period tells one time of the counter from the next */
  see(limit: Limit, { subject, used, nowMs, period }: { readonly subject: Subject; readonly used: number; readonly nowMs: number; readonly period: number }): void {
    const threshold = limit.alertAt.findLast((share) => used >= share * limit.amount)
    if (threshold === undefined) return
    const counter = `${counterOf(limit, subject)}:${period}`
    if ((this.#told.get(counter) ?? 0) >= threshold) return
    this.#told.delete(counter)
    this.#told.set(counter, threshold)
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MOST_REMEMBERED) break
      this.#told.delete(oldest)
    }
    const scale = limit.unit === 'usd' ? NANO_PER_DOLLAR : 1
    this.#onAlert({
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
}
