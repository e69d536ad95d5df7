/** So much before the end of it, more is asked for: nobody is to wait for the answer. */
const ASKED_AHEAD_TOKENS = 256

/**
 * How much output a stream may give: what was reserved for it, and more as long as there is some.
 */
export class OutputAllowance {
  /** What the request has as input, for a client whose provider did not come to say it. */
  readonly inputTokens: number
  #tokens: number
  readonly #askForMore: () => Promise<number>
  #asking: Promise<void> | undefined
  #isSpent = false

  /**
   * @param askForMore gives the tokens that it may have besides, 0 when there are no more; never
   * rejects
   */
  constructor(options: {
    readonly tokens: number
    readonly inputTokens: number
    askForMore(): Promise<number>
  }) {
    this.inputTokens = options.inputTokens
    this.#tokens = options.tokens
    this.#askForMore = options.askForMore
  }

  /**
   * Whether a stream that has given so many tokens may go on; a promise where that has to be waited
   * for, and asked again.
   */
  allows(given: number): boolean | Promise<void> {
    if (!this.#isSpent && this.#asking === undefined && given + ASKED_AHEAD_TOKENS >= this.#tokens)
      this.#asking = this.#ask()
    if (given < this.#tokens) return true
    return this.#asking ?? false
  }

  async #ask(): Promise<void> {
    const more = await this.#askForMore()
    this.#asking = undefined
    this.#tokens += more
    if (more === 0) this.#isSpent = true
  }
}
