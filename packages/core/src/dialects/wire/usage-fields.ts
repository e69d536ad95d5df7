import { longCacheWrites } from './cache-write-split.ts'
import type { JsonObject } from '../model/json-object.ts'
import { asObject } from './json.ts'
import { tokenCount, type Usage, withinInput } from '../model/usage.ts'

/**
 * The usage object of an answer or of one event of a stream, wherever a dialect puts it: at the
 * top, in the `response` or `message` a stream's event carries, under the name `usageMetadata`.
 */
export function nativeUsageOf(body: JsonObject): JsonObject | undefined {
  return (
    asObject(body.usage) ??
    asObject(asObject(body.response)?.usage) ??
    asObject(asObject(body.message)?.usage) ??
    asObject(body.usageMetadata)
  )
}

/**
 * Reads counts under every known name. `undefined` when there are none, as for an answer billed by
 * the second.
 */
export function readUsage(native: JsonObject): Usage | undefined {
  const first = (...names: string[]): number | undefined =>
    names.map((name) => tokenCount(native[name])).find((count) => count !== undefined)
  const details = (...names: string[]): JsonObject =>
    names.map((name) => asObject(native[name])).find((found) => found !== undefined) ?? {}
  const input = first('prompt_tokens', 'input_tokens', 'promptTokenCount')
  const output = first('completion_tokens', 'output_tokens', 'candidatesTokenCount')
  if (input === undefined && output === undefined && tokenCount(native.total_tokens) === undefined)
    return undefined
  // Services that report these counts separately do not include them in the input.
  const read = first('cache_read_input_tokens')
  const written = first('cache_creation_input_tokens')
  const thoughts = first('thoughtsTokenCount')
  const inputDetails = details('prompt_tokens_details', 'input_tokens_details')
  const cacheWriteTokens = written ?? tokenCount(inputDetails.cache_write_tokens)
  return withinInput({
    inputTokens: (input ?? tokenCount(native.total_tokens) ?? 0) + (read ?? 0) + (written ?? 0),
    outputTokens: (output ?? 0) + (thoughts ?? 0),
    cachedTokens:
      read ?? first('cachedContentTokenCount') ?? tokenCount(inputDetails.cached_tokens),
    cacheWriteTokens,
    longCacheWriteTokens: longCacheWrites(native, cacheWriteTokens),
    reasoningTokens:
      thoughts ??
      tokenCount(details('completion_tokens_details', 'output_tokens_details').reasoning_tokens),
    native,
  })
}

/**
 * The usage of a stream: later counts replace earlier ones, and what a later event leaves out keeps
 * its count.
 */
export class UsageTally {
  usage: Usage | undefined
  #native: JsonObject | undefined

  add(body: JsonObject): void {
    const native = nativeUsageOf(body)
    if (native === undefined) return
    this.#native = { ...this.#native, ...native }
    this.usage = readUsage(this.#native)
  }
}
