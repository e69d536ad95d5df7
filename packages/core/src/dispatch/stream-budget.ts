/** Output that a stream may still give, declared here and implemented by `billing/`. */
export interface StreamBudget {
  /** Estimated input tokens of the request, for usage the provider did not report. */
  readonly inputTokens: number
  /**
   * Whether a stream that has given `outputTokens` may continue; a promise while more is being
   * reserved: ask again after it.
   */
  allows(outputTokens: number): boolean | Promise<void>
}
