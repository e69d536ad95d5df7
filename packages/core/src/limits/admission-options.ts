import type { Clock } from '../clock.ts'
import type { Alerts } from './alerts.ts'
import type { Amounts } from './amounts.ts'
import type { Limit, Subject, Unit } from './limit.ts'
import type { LimitStore } from '../storage/index.ts'

/**
 * Fail mode of a limit while the store is down: refuse all, admit all, or count in this process
 * alone.
 */
export type FailMode = 'closed' | 'open' | 'local'

export interface AdmissionOptions {
  readonly clock: Clock
  readonly limitStore: LimitStore
  /** For limits of requests, tokens and calls at once. */
  readonly limitFailMode: FailMode
  /** For limits in money. */
  readonly budgetFailMode: FailMode
  /** No request takes longer. */
  readonly longestMs: number
  readonly alerts?: Alerts | undefined
  /**
   * A name no other gateway has, where others count in the same store: what this one holds is given
   * back when it ends.
   */
  readonly instance?: string | undefined
  /** Told when settlements are given up: more of them wait than are kept. */
  readonly onLost: (count: number) => void
}

/** One request that asks to be let in. */
export interface Demand {
  readonly id: string
  readonly subject: Subject
  /** Estimates its amounts; called only when a limit needs them. @param limits limits in scope */
  estimate(limits: readonly Limit[]): Amounts
  /** Where to say that something was decided otherwise than usual. */
  readonly degraded: Set<string>
  /**
   * A request that is larger than a budget takes all of it, instead of being refused: pacing, where
   * nothing is to be saved.
   */
  readonly takesAll?: boolean
}

/** A request that was let in. */
export interface Admitted {
  /** `x-ratelimit-*`, as OpenAI's. */
  readonly headers: Readonly<Record<string, string>>
  /** Reserved amounts. */
  readonly estimate: Amounts | undefined
  /** Tokens of output that are reserved; `undefined` where no limit ends an answer. */
  coveredOutput(): number | undefined
  /**
   * Takes more, of the limits that end answers. False where there is not so much; of what was left
   * at last while the store cannot be asked. Never rejects.
   */
  extend(more: Amounts): Promise<boolean>
  /** Settles once, at the end: never rejects, and no request waits for it. */
  settle(actual: Amounts): void
}

/** How much of a limit is used. */
export interface LimitUsage {
  /** In words. */
  readonly limit: string
  readonly unit: Unit
  readonly window: string
  /** In the unit; dollars for `usd`. */
  readonly used: number
  readonly amount: number
  /** ISO 8601; absent for limits that never reset. */
  readonly resetsAt?: string
}
