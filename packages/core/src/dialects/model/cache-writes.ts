import type { JsonObject } from './json-object.ts'
import { asList, asObject } from '../wire/json.ts'

/** How long a provider keeps what is written to its prompt cache. */
export type CacheLifetime = '5m' | '1h'

const MARKS = ['cache_control', 'cachePoint'] as const

/**
 * Whether the request writes a prefix of itself to the provider's prompt cache, which costs more
 * than input that is only read, and for how long: the longest lifetime of its marks.
 */
export function cacheWrites(body: JsonObject): CacheLifetime | undefined {
  const marked = [
    body,
    ...asList(body['system']),
    ...asList(body['messages']),
    ...asList(body['tools']),
  ]
  let longest: CacheLifetime | undefined
  for (const item of marked) {
    const lifetime = lifetimeIn(item, item !== body)
    if (lifetime === '1h') return '1h'
    longest ??= lifetime
  }
  return longest
}

function lifetimeIn(value: unknown, looksInside: boolean): CacheLifetime | undefined {
  const item = asObject(value)
  if (item === undefined) return undefined
  let longest: CacheLifetime | undefined
  for (const mark of MARKS) {
    if (item[mark] === undefined || item[mark] === null) continue
    if (asObject(item[mark])?.['ttl'] === '1h') return '1h'
    longest = '5m'
  }
  if (!looksInside) return longest
  for (const inner of asList(item['content'])) {
    const lifetime = lifetimeIn(inner, true)
    if (lifetime === '1h') return '1h'
    longest ??= lifetime
  }
  return longest
}
