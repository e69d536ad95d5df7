/** A fact about a target that one instance shares with the others. */
export interface HealthFact {
  /** `provider/model`, with `#key-2` behind it for one of several keys. */
  readonly target: string
  /** It keeps failing, or has asked to be left alone. */
  readonly state: 'open' | 'cooling'
  /** For how many milliseconds from now, by the store's clock. */
  readonly forMs: number
}

/**
 * Shares unhealthy targets between instances. Callers do not wait for it, and each instance decides
 * alone when it fails.
 */
export interface HealthStore {
  /** Writes facts over what was known of the same targets; `forMs` 0 takes one back. */
  post(facts: readonly HealthFact[]): Promise<void>
  /** All that hold at present. */
  read(): Promise<readonly HealthFact[]>
}
