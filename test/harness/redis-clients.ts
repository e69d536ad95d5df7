import { createClient, createCluster } from '@redis/client'
import type { RedisClient } from '@postern/redis'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient as createClient4, createCluster as createCluster4 } from 'redis-client-of-4'
import { createClient as createClient5, createCluster as createCluster5 } from 'redis-client-of-5'
import type { TestRedis } from './redis.ts'

/** A client of a team's own, as it comes from its package. */
export interface ForeignClient {
  readonly client: RedisClient
  close(): unknown
}

type Connect = (redis: TestRedis) => Promise<ForeignClient>

const ofNodeRedis =
  (create: typeof createClient): Connect =>
  async ({ url }) => {
    const client = create({ url })
    client.on('error', () => undefined)
    await client.connect()
    // The older majors call it otherwise.
    return {
      client,
      close: () =>
        'destroy' in client
          ? client.destroy()
          : (client as unknown as { disconnect(): Promise<void> }).disconnect(),
    }
  }

const ofNodeRedisCluster =
  (create: typeof createCluster): Connect =>
  async ({ url }) => {
    const client = create({ rootNodes: [{ url }] })
    client.on('error', () => undefined)
    await client.connect()
    return {
      client: client as unknown as RedisClient,
      close: () =>
        'destroy' in client
          ? client.destroy()
          : (client as unknown as { disconnect(): Promise<void> }).disconnect(),
    }
  }

const ofIoredis =
  (Client: typeof Redis): Connect =>
  ({ port }) => {
    const client = new Client(port)
    client.on('error', () => undefined)
    return Promise.resolve({ client, close: () => client.disconnect() })
  }

const ofIoredisCluster =
  (Client: typeof Cluster): Connect =>
  ({ port }) => {
    const client = new Client([{ port, host: '127.0.0.1' }])
    client.on('error', () => undefined)
    return Promise.resolve({ client, close: () => client.disconnect() })
  }

/** Every client that a store takes, by package and major. */
export const singleClients: Readonly<Record<string, Connect>> = {
  'node-redis 4': ofNodeRedis(createClient4),
  'node-redis 5': ofNodeRedis(createClient5),
  'node-redis 6': ofNodeRedis(createClient),
  'ioredis 5': ofIoredis(Redis5),
  'ioredis 6': ofIoredis(Redis),
}

export const clusterClients: Readonly<Record<string, Connect>> = {
  'node-redis 4': ofNodeRedisCluster(createCluster4),
  'node-redis 5': ofNodeRedisCluster(createCluster5),
  'node-redis 6': ofNodeRedisCluster(createCluster),
  'ioredis 5': ofIoredisCluster(Cluster5),
  'ioredis 6': ofIoredisCluster(Cluster),
}

type Connecting = (redis: TestRedis) => {
  readonly client: RedisClient | undefined
  close(): unknown
}

const connectingNodeRedis =
  (create: typeof createClient): Connecting =>
  ({ url }) => {
    const client = create({ url })
    client.on('error', () => undefined)
    client.connect().catch(() => undefined)
    return {
      client,
      close: () =>
        'destroy' in client
          ? client.destroy()
          : (client as unknown as { disconnect(): Promise<void> }).disconnect(),
    }
  }

const connectingIoredis =
  (Client: typeof Redis): Connecting =>
  ({ port }) => {
    const client = new Client(port)
    client.on('error', () => undefined)
    return { client, close: () => client.disconnect() }
  }

/**
 * Clients that an application hands over before they are connected; the store's own where there is
 * none.
 */
export const unconnectedClients: Readonly<Record<string, Connecting>> = {
  'the store itself': () => ({ client: undefined, close: () => undefined }),
  'node-redis 4': connectingNodeRedis(createClient4 as unknown as typeof createClient),
  'node-redis 5': connectingNodeRedis(createClient5 as unknown as typeof createClient),
  'node-redis 6': connectingNodeRedis(createClient),
  'ioredis 5': connectingIoredis(Redis5 as unknown as typeof Redis),
  'ioredis 6': connectingIoredis(Redis),
}
