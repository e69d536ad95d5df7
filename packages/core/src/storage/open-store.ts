import { createRequire } from 'node:module'
import { join } from 'node:path'
import { hostStore } from './host-store.ts'
import { memoryStore, sqliteStore, type Store } from './store.ts'

/** The used part of `@postern/redis`. */
interface RedisPackage {
  redisStore(options: { readonly url: string }): Store
}

export interface OpenedStore {
  readonly store: Store
  /** Something the operator should know. */
  readonly warning?: string
}

/**
 * Opens what the configuration names: a store that is one already, `memory`, `sqlite:path` or the
 * URL of a Redis. Throws for a file that cannot be opened, and for a Redis where `@postern/redis`
 * is not installed.
 *
 * @param options `isImplied`: the URL is that of `REDIS_URL`, which may be meant for another
 *   program
 */
export function openStore(
  place: Store | string,
  now: () => number,
  options: { readonly isImplied: boolean },
): OpenedStore {
  if (typeof place !== 'string') return { store: hostStore(place) }
  if (place === 'memory') return { store: memoryStore(now) }
  if (place.startsWith('sqlite:')) return { store: sqliteStore(place.slice('sqlite:'.length), now) }
  const redis = findRedisPackage()
  if (redis !== undefined) return { store: redis.redisStore({ url: place }) }
  const missing =
    'limits are to be counted on Redis, and @postern/redis is not installed: run `npm install @postern/redis`'
  if (!options.isImplied) throw new Error(`${missing}, or set POSTERN_STORE=memory.`)
  return {
    store: memoryStore(now),
    warning: `${missing}. Until then every process counts for itself (REDIS_URL is set, POSTERN_STORE is not)`,
  }
}

/** From where the application is, or from where this package is. */
function findRedisPackage(): RedisPackage | undefined {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return createRequire(from)('@postern/redis') as RedisPackage
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}
