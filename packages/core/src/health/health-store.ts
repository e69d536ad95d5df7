/** What one instance tells the others of a target. */
export interface HealthFact {
  /** `provider/model`, with `#key-2` behind it for one of several keys. */
  readonly target: string
  /** It keeps failing, or has asked to be left alone. */
  readonly state: 'open' | 'cooling'
  /** For how many milliseconds from now, by the store's clock. */
  readonly forMs: number
}

/**
 * Where instances tell each other which targets are not well. Whoever asks does not wait for it,
 * and goes by itself when it fails.
 */
export interface HealthStore {
  /** Writes facts over what was known of the same targets; `forMs` 0 takes one back. */
  post(facts: readonly HealthFact[]): Promise<void>
  /** All that hold at present. */
  read(): Promise<readonly HealthFact[]>
}
