import { cacheWriteSplitOf, longCacheWrites } from '../../wire/cache-write-split.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { tokenCount, type Usage } from '../../model/usage.ts'
import { asObject } from '../../wire/json.ts'

/**
 * The usage in our accounting. `input_tokens` of this dialect leaves out what was read from and
 * written to the cache; ours counts it in. `undefined` when the object counts neither input nor
 * output.
 */
export function mapUsage(native: JsonObject | undefined): Usage | undefined {
  if (native === undefined) return undefined
  const input = tokenCount(native.input_tokens)
  const output = tokenCount(native.output_tokens)
  if (input === undefined && output === undefined) return undefined
  const cachedTokens = tokenCount(native.cache_read_input_tokens)
  const split = cacheWriteSplitOf(native)
  const cacheWriteTokens =
    tokenCount(native.cache_creation_input_tokens) ?? (split && split.minutes + split.hour)
  const thinking = tokenCount(asObject(native.output_tokens_details)?.thinking_tokens)
  const outputTokens = output ?? 0
  return {
    inputTokens: (input ?? 0) + (cachedTokens ?? 0) + (cacheWriteTokens ?? 0),
    outputTokens,
    cachedTokens,
    cacheWriteTokens,
    longCacheWriteTokens: longCacheWrites(native, cacheWriteTokens),
    // More thinking than output would make a negative remainder in every price.
    reasoningTokens: thinking === undefined ? undefined : Math.min(thinking, outputTokens),
    native,
  }
}

/**
 * A stream states its usage at the start and again, cumulative, at the end; what the end says
 * replaces the start, field by field, and nothing is added. `null` says nothing.
 */
export function mergeUsage(earlier: JsonObject | undefined, later: JsonObject): JsonObject {
  const merged: JsonObject = { ...earlier }
  for (const [field, value] of Object.entries(later)) {
    if (value !== null) merged[field] = value
  }
  return merged
}
