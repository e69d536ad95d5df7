import { longCacheWrites } from '../../wire/cache-write-split.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { tokenCount, type Usage } from '../../model/usage.ts'

/**
 * The usage in our accounting. `inputTokens` of this dialect leaves out what was read from and
 * written to the cache; ours counts it in. `undefined` when the object counts neither input nor
 * output.
 */
export function mapUsage(native: JsonObject | undefined): Usage | undefined {
  if (native === undefined) return undefined
  const input = tokenCount(native.inputTokens)
  const output = tokenCount(native.outputTokens)
  if (input === undefined && output === undefined) return undefined
  const cachedTokens = tokenCount(native.cacheReadInputTokens)
  const cacheWriteTokens = tokenCount(native.cacheWriteInputTokens)
  return {
    inputTokens: (input ?? 0) + (cachedTokens ?? 0) + (cacheWriteTokens ?? 0),
    outputTokens: output ?? 0,
    cachedTokens,
    cacheWriteTokens,
    longCacheWriteTokens: longCacheWrites(native, cacheWriteTokens),
    native,
  }
}
