/**
 * Token counts of one answer in one accounting, whatever the provider's own: `inputTokens`
 * *includes* what was read from and written to the prompt cache, `outputTokens` *includes*
 * reasoning. Integers; absent details are `undefined`, zero is a value.
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

/**
 * More than any model reads or writes in one answer: a larger count is an error of the provider and
 * is lowered to this.
 */
export const MOST_TOKENS = 1_000_000_000

/**
 * Cached and cache-written tokens are parts of the input. Where a provider counts some
 * tokens as both, or more than there are, they count as what costs more, written, so that what is
 * left of the input is never negative.
 */
export function withinInput(usage: Usage): Usage {
  const { inputTokens, cachedTokens = 0, cacheWriteTokens = 0, longCacheWriteTokens } = usage
  if (cachedTokens + cacheWriteTokens <= inputTokens) return usage
  const written = Math.min(cacheWriteTokens, inputTokens)
  return {
    ...usage,
    cachedTokens:
      usage.cachedTokens === undefined ? undefined : Math.min(cachedTokens, inputTokens - written),
    cacheWriteTokens: usage.cacheWriteTokens === undefined ? undefined : written,
    longCacheWriteTokens:
      longCacheWriteTokens === undefined ? undefined : Math.min(longCacheWriteTokens, written),
  }
}

/**
 * Usage is a total: a later one replaces an earlier one, unless it counts nothing.
 */
export function laterUsage(
  earlier: Usage | undefined,
  later: Usage | undefined,
): Usage | undefined {
  if (
    later === undefined ||
    (earlier !== undefined && later.inputTokens + later.outputTokens === 0)
  )
    return earlier
  return later
}

/**
 * A count as providers send it, at most `MOST_TOKENS`: anything that is not a non-negative integer
 * is absent.
 */
export function tokenCount(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 0)) return undefined
  return value > MOST_TOKENS ? MOST_TOKENS : Number.isInteger(value) ? value : undefined
}
