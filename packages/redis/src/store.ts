import type { Store } from '@postern/core'
import { createClient } from '@redis/client'
import { type RedisClient, type Send, sendThrough } from './commands.ts'
import { RedisHealthStore } from './redis-health-store.ts'
import { RedisAdminStore } from './redis-admin-store.ts'
import { RedisLimitStore } from './redis-limit-store.ts'
import { redisWindow } from './redis-window.ts'

export interface RedisStoreOptions {
  /**
   * A connected client of yours: node-redis 4 to 6 or ioredis 5 and 6, cluster or not. It is used
   * as it is, never configured and never closed. Without one, a connection of the store's own is
   * made to `url`.
   */
  readonly client?: RedisClient
  /**
   * `redis://` or `rediss://`, with user, password and database if need be. @default
   * `redis://127.0.0.1:6379`
   */
  readonly url?: string
  /**
   * Prefix of every key, in braces: `{postern}:`. Two applications on one Redis need two of
   * them. @default 'postern'
   */
  readonly prefix?: string
}

/** Keys are made of it: nothing in it may end its braces or confuse a pattern of an ACL. */
const PREFIX = /^[\w.:-]{1,64}$/

/**
 * A store that every instance of your application shares.
 *
 * ```ts
 * app.use('/llm', gateway({ store: redisStore({ client }) }))
 * ```
 *
 * Throws `TypeError` for a client it does not know and a prefix it cannot use. A Redis that is not
 * there is no error: the gateway starts, says so once, and does what its fail modes say until it is
 * back.
 */
export function redisStore(options: RedisStoreOptions = {}): Store {
  const prefix = options.prefix ?? 'postern'
  if (!PREFIX.test(prefix))
    throw new TypeError(
      `The prefix ${JSON.stringify(prefix)} may hold letters, digits, "_", ".", ":" and "-" only, 64 at most.`,
    )
  if (options.client !== undefined)
    return {
      name: 'redis',
      isShared: true,
      ...on(sendThrough(options.client), { prefix, opening: openingOf(options.client) }),
      close: () => Promise.resolve(),
    }
  const client = createClient({
    url: options.url ?? 'redis://127.0.0.1:6379',
    // Commands that cannot be sent fail at once, instead of at the gateway's deadline.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, LONGEST_RECONNECT_MS),
    },
  })
  // Without a listener, an error of the connection would end the host's process. Failures are
  // reported by each call.
  client.on('error', () => undefined)
  const opening = openingOf(client)
  client.connect().catch(() => undefined)
  return {
    name: 'redis',
    isShared: true,
    ...on(sendThrough(client), { prefix, opening }),
    close() {
      client.destroy()
      return Promise.resolve()
    },
  }
}

function on(
  raw: Send,
  { prefix, opening }: { readonly prefix: string; readonly opening: Promise<void> | undefined },
): Pick<
  Store,
  'limitStore' | 'healthStore' | 'adminStore' | 'openWindow' | 'opening' | 'evictionPolicy'
> {
  let isOpen = opening === undefined
  void opening?.then(() => (isOpen = true))
  const send: Send = async (key, command, ...args) => {
    if (!isOpen) await opening
    return raw(key, command, ...args)
  }
  return {
    opening,
    limitStore: new RedisLimitStore(send, prefix),
    healthStore: new RedisHealthStore(send, prefix),
    adminStore: new RedisAdminStore(send, prefix),
    openWindow: redisWindow(send, prefix),
    evictionPolicy: async () =>
      evictionPolicyOf(String(await send(`{${prefix}}:`, 'INFO', 'memory'))),
  }
}

/**
 * `undefined` where nothing is evicted: no bound on memory, or a server that refuses writes at the
 * bound.
 */
function evictionPolicyOf(info: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  const limit = /^maxmemory:(\d+)/m.exec(info)?.[1]
  return policy === undefined || policy === 'noeviction' || limit === '0' ? undefined : policy
}

/** The two clients that tell when they are connected: node-redis and ioredis. */
interface TellingClient {
  readonly isReady?: unknown
  readonly status?: unknown
  once?(event: string, listener: () => void): unknown
}

/**
 * Settles when a client that is connecting is ready, or has failed for the first time; `undefined`
 * where there is nothing to wait for.
 */
function openingOf(client: object): Promise<void> | undefined {
  const { isReady, status } = client as TellingClient
  const isConnecting =
    isReady === false ||
    status === 'connecting' ||
    status === 'connect' ||
    status === 'reconnecting'
  if (!isConnecting || typeof (client as TellingClient).once !== 'function') return undefined
  return new Promise((resolve) => {
    setTimeout(resolve, LONGEST_OPENING_MS).unref()
    for (const event of ['ready', 'error', 'end', 'close'])
      (client as Required<TellingClient>).once(event, () => resolve())
  })
}

const CONNECT_TIMEOUT_MS = 1_000
const LONGEST_RECONNECT_MS = 500
/** A client that is never connected is not waited for. */
const LONGEST_OPENING_MS = 2_000
