import type { Store } from '@postern/core'
import { createClient } from '@redis/client'
import { type RedisClient, type Send, sendThrough } from './commands.ts'
import { RedisBoard } from './redis-board.ts'
import { RedisDirectory } from './redis-directory.ts'
import { RedisLedger } from './redis-ledger.ts'

export interface RedisStoreOptions {
  /**
   * A connected client of yours: node-redis 4 to 6 or ioredis 5 and 6, cluster or not. It is used as it is, never
   * configured and never closed. Without one, a connection of the store's own is made to `url`.
   */
  readonly client?: RedisClient
  /** `redis://` or `rediss://`, with user, password and database if need be. @default `redis://127.0.0.1:6379` */
  readonly url?: string
  /** What every key begins with, in braces: `{postern}:`. Two applications on one Redis need two of them. @default 'postern' */
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
 * Throws `TypeError` for a client it does not know and a prefix it cannot use. A Redis that is not there is no error: the
 * gateway starts, says so once, and does what its fail modes say until it is back.
 */
export function redisStore(options: RedisStoreOptions = {}): Store {
  const prefix = options.prefix ?? 'postern'
  if (!PREFIX.test(prefix)) throw new TypeError(`The prefix ${JSON.stringify(prefix)} may hold letters, digits, "_", ".", ":" and "-" only, 64 at most.`)
  if (options.client !== undefined) return { name: 'redis', isShared: true, ...on(sendThrough(options.client), prefix), close: () => Promise.resolve() }
  const client = createClient({
    url: options.url ?? 'redis://127.0.0.1:6379',
    // What cannot be sent now is refused now: the gateway's own deadline would otherwise have to find that out each time.
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, LONGEST_RECONNECT_MS) },
  })
  // Without a listener, an error of the connection would end the host's process. What fails is told by each call.
  client.on('error', () => undefined)
  client.connect().catch(() => undefined)
  return {
    name: 'redis',
    isShared: true,
    ...on(sendThrough(client), prefix),
    close() {
      client.destroy()
      return Promise.resolve()
    },
  }
}

function on(send: Send, prefix: string): Pick<Store, 'ledger' | 'board' | 'directory'> {
  return { ledger: new RedisLedger(send, prefix), board: new RedisBoard(send, prefix), directory: new RedisDirectory(send, prefix) }
}

const CONNECT_TIMEOUT_MS = 1_000
const LONGEST_RECONNECT_MS = 500
