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
  /** Of `cacheWriteTokens`, those kept for an hour instead of minutes, at a higher price. */
  readonly longCacheWriteTokens?: number | undefined
  readonly reasoningTokens?: number | undefined
  /** The provider's own usage object, as it came. */
  readonly native?: unknown
}

/** More than any model reads or writes in one answer: what is beyond is an error of the provider, and is counted as this. */
export const MOST_TOKENS = 1_000_000_000

/** A count as providers send it, at most `MOST_TOKENS`: anything that is not a non-negative integer is absent. */
export function tokenCount(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 0)) return undefined
  return value > MOST_TOKENS ? MOST_TOKENS : Number.isInteger(value) ? value : undefined
}
