import type { Clock } from '../clock.ts'
import type { Alerts } from './alerts.ts'
import type { Amounts } from './amounts.ts'
import type { Limit, Subject, Unit } from './limit.ts'
import type { LimitStore } from '../storage/index.ts'

/**
 * What a store that cannot be asked means for a limit: nobody gets in, everybody does, or this
 * process counts for itself.
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
  /** What it may take; asked only where a limit needs it. @param limits those that concern it */
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
  /** What was reserved. */
  readonly estimate: Amounts | undefined
  /** Tokens of output that are reserved; `undefined` where no limit ends an answer. */
  coveredOutput(): number | undefined
  /**
   * Takes more, of the limits that end answers. False where there is not so much; of what was left
   * at last while the store cannot be asked. Never rejects.
   */
  extend(more: Amounts): Promise<boolean>
  /** Once, when it has ended: never rejects, and nobody waits for it. */
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
  /** ISO 8601, where it begins anew. */
  readonly resetsAt?: string
}
