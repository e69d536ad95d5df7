/**
 * Token counts of one answer in one accounting, whatever the provider's own: `inputTokens` *includes* what was read
 * from and written to the prompt cache, `outputTokens` *includes* reasoning. Integers; absent details are `undefined`,
 * zero is a value.
 */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedTokens?: number | undefined
  readonly cacheWriteTokens?: number | undefined
  readonly reasoningTokens?: number | undefined
  /** The provider's own usage object, as it came. */
  readonly native?: unknown
}

/** A count as providers send it: anything that is not a non-negative integer is absent. */
export function tokenCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
