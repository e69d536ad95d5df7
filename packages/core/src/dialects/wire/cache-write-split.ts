import type { JsonObject } from '../model/json-object.ts'
import { asObject, asObjects } from './json.ts'
import { tokenCount } from '../model/usage.ts'

/** Tokens written to a prompt cache, by how long they are kept. */
export interface CacheWriteSplit {
  readonly minutes: number
  readonly hour: number
}

/**
 * How a usage object splits what was written to the prompt cache, in any dialect: an object with a
 * count for each lifetime (Messages, and services that pass its usage on), or a list with one entry
 * for each (Converse). `undefined` where it does not.
 */
export function cacheWriteSplitOf(native: JsonObject): CacheWriteSplit | undefined {
  for (const place of [
    native,
    asObject(native['prompt_tokens_details']),
    asObject(native['input_tokens_details']),
  ]) {
    const counts =
      asObject(place?.['cache_creation']) ?? asObject(place?.['cache_creation_token_details'])
    const [minutes, hour] = [
      tokenCount(counts?.['ephemeral_5m_input_tokens']),
      tokenCount(counts?.['ephemeral_1h_input_tokens']),
    ]
    if (minutes !== undefined || hour !== undefined)
      return { minutes: minutes ?? 0, hour: hour ?? 0 }
  }
  const entries = asObjects(native['cacheDetails'])
  if (entries.length === 0) return undefined
  const sum = (isHour: boolean): number =>
    entries.reduce(
      (total, { ttl, inputTokens }) =>
        total + ((ttl === '1h') === isHour ? (tokenCount(inputTokens) ?? 0) : 0),
      0,
    )
  return { minutes: sum(false), hour: sum(true) }
}

/**
 * Of `written` tokens, those kept for an hour; `undefined` where the usage object does not tell.
 */
export function longCacheWrites(
  native: JsonObject,
  written: number | undefined,
): number | undefined {
  const split = cacheWriteSplitOf(native)
  return split === undefined ? undefined : Math.min(split.hour, written ?? 0)
}
