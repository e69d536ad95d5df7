import { longCacheWrites } from '../../wire/cache-write-split.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject } from '../../wire/json.ts'
import { tokenCount, type Usage, withinInput } from '../../model/usage.ts'

/**
 * The usage, which is counted as we do: cache and reasoning are included. `undefined` when it
 * counts neither side.
 */
export function mapUsage(native: JsonObject | undefined): Usage | undefined {
  if (native === undefined) return undefined
  const input = tokenCount(native.input_tokens)
  const output = tokenCount(native.output_tokens)
  if (input === undefined && output === undefined) return undefined
  const inputDetails = asObject(native.input_tokens_details)
  const cacheWriteTokens = tokenCount(inputDetails?.cache_write_tokens)
  const reasoning = tokenCount(asObject(native.output_tokens_details)?.reasoning_tokens)
  const outputTokens = output ?? 0
  return withinInput({
    inputTokens: input ?? 0,
    outputTokens,
    cachedTokens: tokenCount(inputDetails?.cached_tokens),
    cacheWriteTokens,
    longCacheWriteTokens: longCacheWrites(native, cacheWriteTokens),
    // More reasoning than output would make a negative remainder in every price.
    reasoningTokens: reasoning === undefined ? undefined : Math.min(reasoning, outputTokens),
    native,
  })
}
