import type { CacheHint } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'

const LIFETIMES = new Set(['5m', '1h'])

/**
 * The wire form of a cache hint; a lifetime the provider does not sell falls back to its default
 * and is reported.
 */
export function cacheControl(
  hint: CacheHint | undefined,
  path: string,
  context: RequestContext,
): JsonObject | undefined {
  if (hint === undefined) return undefined
  if (hint.ttl === undefined) return { type: 'ephemeral' }
  if (LIFETIMES.has(hint.ttl)) return { type: 'ephemeral', ttl: hint.ttl }
  context.dropped.push(`${path}.cache_control.ttl`)
  return { type: 'ephemeral' }
}
