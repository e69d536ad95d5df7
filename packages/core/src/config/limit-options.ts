import type { Duration } from './quantities.ts'
import type { Attribution } from '../identity/index.ts'

/** How much of something may be used within a time. */
export interface KeyLimitOptions {
  /**
   * `tokens` are those of input and output together, `usd` what they cost, `concurrency` the
   * requests under way.
   */
  readonly unit: 'requests' | 'input-tokens' | 'output-tokens' | 'tokens' | 'usd' | 'concurrency'
  /** A whole number, or dollars. */
  readonly limit: number
  /**
   * Resets with each of these, by the calendar. One of `window` and `sliding` is needed,
   * except for `concurrency`.
   */
  readonly window?: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'
  /** At any moment, what was used within this time before it: 1 s to 24 days. */
  readonly sliding?: Duration
  /**
   * IANA name of the zone whose midnight days, weeks and months begin at.
   * @default 'UTC'
   */
  readonly timeZone?: string
  /** Usage shares that notify `onAlert` and `alertWebhook`, once per period: `[0.5, 0.8, 1]`. */
  readonly alertAt?: readonly number[]
  /**
   * Soft limits refuse no request: the record of a request beyond one says `soft-limit`.
   * @default 'hard'
   */
  readonly mode?: 'hard' | 'soft'
}

export interface ProviderLimitOptions extends Omit<KeyLimitOptions, 'unit'> {
  readonly unit: Exclude<KeyLimitOptions['unit'], 'concurrency'>
  /**
   * For each model of the provider by itself.
   * @default false
   */
  readonly perModel?: boolean
}

type LimitScope = 'key' | keyof Attribution | 'route' | 'model' | 'provider' | 'session'

export interface LimitOptions extends KeyLimitOptions {
  /**
   * Each of these, or each combination, has a counter of its own; `all` is one for everybody.
   * @default 'key'
   */
  readonly scope?: LimitScope | readonly LimitScope[] | 'all'
  /** Only for requests of these: `{ team: 'support' }`. */
  readonly only?: Partial<Record<LimitScope, string | readonly string[]>>
}
