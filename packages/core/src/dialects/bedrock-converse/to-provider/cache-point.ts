import type { CacheHint } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'

/**
 * The block behind what a cache hint stands on; nothing where the model has none, which is
 * reported.
 */
export function cachePoint(
  hint: CacheHint | undefined,
  path: string,
  context: RequestContext,
): JsonObject[] {
  return pointWhen(context.rules.cachePoints !== 'nowhere', hint, { path, context })
}

/** The same behind a tool. */
export function toolCachePoint(
  hint: CacheHint | undefined,
  path: string,
  context: RequestContext,
): JsonObject[] {
  return pointWhen(context.rules.cachePoints === 'anywhere', hint, { path, context })
}

interface Place {
  readonly path: string
  readonly context: RequestContext
}

function pointWhen(
  isPossible: boolean,
  hint: CacheHint | undefined,
  { path, context }: Place,
): JsonObject[] {
  if (hint === undefined) return []
  if (!isPossible) {
    context.dropped.push(`${path}.cache_control (the model has none there)`)
    return []
  }
  const [byDefault, ...others] = context.rules.cacheLifetimes
  if (hint.ttl === undefined || hint.ttl === byDefault) return [{ cachePoint: { type: 'default' } }]
  if (others.includes(hint.ttl)) return [{ cachePoint: { type: 'default', ttl: hint.ttl } }]
  context.dropped.push(`${path}.cache_control.ttl`)
  return [{ cachePoint: { type: 'default' } }]
}
