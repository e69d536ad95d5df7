import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { memoryStore, sqliteStore, type LimitStore, type Store } from '@postern/core'
import { redisStore } from '@postern/redis'
import { limitStoreConformance, type LimitStoreHarness } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { singleClients } from './harness/redis-clients.ts'
import { namedRedis, startRedis, type TestRedis } from './harness/redis.ts'

/** A store that goes by a clock a test moves. */
function withClock(make: (now: () => number) => Store): LimitStoreHarness & { store: Store } {
  let now = 1_700_000_000_000
  const store = make(() => now)
  return {
    store,
    limitStore: store.limitStore,
    now: () => Promise.resolve(now),
    pass(ms) {
      now += ms
      return Promise.resolve()
    },
  }
}

describe('a limit store in memory', () => {
  const harness = withClock(memoryStore)
  for (const { name, run } of limitStoreConformance) it(name, () => run(harness))
})

describe('a limit store in a file', () => {
  let folder: string
  let harness: ReturnType<typeof withClock>
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-sqlite-'))
    harness = withClock((now) => sqliteStore(join(folder, 'postern.db'), now))
  })
  afterAll(async () => {
    await harness.store.close()
    await rm(folder, { recursive: true })
  })
  for (const { name, run } of limitStoreConformance) it(name, () => run(harness))

  it('outlives the process that wrote it', async () => {
    const charge = {
      kind: 'period' as const,
      key: 'kept',
      amount: 7,
      limit: 10,
      startsAt: 0,
      endsAt: Number.POSITIVE_INFINITY,
    }
    const now = () => 1_700_000_000_000
    const path = join(folder, 'other.db')
    const first = sqliteStore(path, now)
    await first.limitStore.reserve({ id: 'a', charges: [charge], ttlMs: 1_000 })
    await first.close()
    const second = sqliteStore(path, now)
    expect(await second.limitStore.read([charge])).toEqual([7])
    await second.close()
  })

  it('cannot be one that is no database, and says so at once', () => {
    expect(() => sqliteStore(folder, Date.now)).toThrow()
  })
})

describe('a limit store on Redis', () => {
  let redis: TestRedis
  const closers: (() => unknown)[] = []
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(async () => {
    for (const close of closers) await close()
    await redis.close()
  })

  const clients: Readonly<Record<string, (prefix: string) => Store | Promise<Store>>> = {
    'a connection of its own': (prefix) => redisStore({ url: redis.url, prefix }),
    ...Object.fromEntries(
      Object.entries(singleClients).map(([name, connect]) => [
        `a client of ${name}`,
        async (prefix: string) => {
          const { client, close } = await connect(redis)
          closers.push(close)
          return redisStore({ client, prefix })
        },
      ]),
    ),
  }

  describe.each(Object.entries(clients))('through %s (L6, L9)', (name, connect) => {
    let store: Store
    let harness: LimitStoreHarness
    beforeAll(async () => {
      store = await connect(name.replaceAll(' ', '-'))
      harness = {
        limitStore: store.limitStore,
        now: () => Promise.resolve(Date.now()),
        pass: (ms) => wait(ms),
      }
      await vi.waitFor(() =>
        store.limitStore.read([{ kind: 'lease', key: 'up', amount: 1, limit: 1, leaseMs: 1 }]),
      )
    })
    afterAll(() => store.close())
    for (const { name: what, run } of limitStoreConformance) it(what, () => run(harness))

    it('does without scripts that are known, and knows them again', async () => {
      redis.cli('SCRIPT', 'FLUSH')
      const charge = {
        kind: 'lease' as const,
        key: `flushed-${name}`,
        amount: 1,
        limit: 5,
        leaseMs: 1_000,
      }
      expect(
        (await store.limitStore.reserve({ id: `flushed-${name}`, charges: [charge], ttlMs: 1_000 }))
          .status,
      ).toBe('reserved')
    })
  })

  it('keeps every key under its prefix, in one slot, with an end', async () => {
    const [store, other] = [
      redisStore({ url: redis.url, prefix: 'one' }),
      redisStore({ url: redis.url, prefix: 'two' }),
    ]
    const now = Date.now()
    const charges = [
      {
        kind: 'period' as const,
        key: 'shared',
        amount: 1,
        limit: 1,
        startsAt: now - 1_000,
        endsAt: now + 60_000,
      },
      {
        kind: 'period' as const,
        key: 'for-ever',
        amount: 1,
        limit: 1,
        startsAt: 0,
        endsAt: Number.POSITIVE_INFINITY,
      },
      { kind: 'sliding' as const, key: 'shared', amount: 1, limit: 1, windowMs: 60_000 },
      { kind: 'lease' as const, key: 'shared', amount: 1, limit: 1, leaseMs: 60_000 },
    ]
    const reserve = (limitStore: LimitStore) =>
      limitStore.reserve({ id: 'same', charges, ttlMs: 60_000 })
    await expect
      .poll(() =>
        Promise.all([reserve(store.limitStore), reserve(other.limitStore)]).then(
          (answers) => answers.map(({ status }) => status),
          () => undefined,
        ),
      )
      .toEqual(['reserved', 'reserved'])
    for (const prefix of ['one', 'two']) {
      const keys = redis.cli('KEYS', `{${prefix}}:*`).split('\n')
      expect(keys).toHaveLength(5)
      for (const key of keys) expect(Number(redis.cli('PTTL', key))).toBeGreaterThan(0)
    }
    await Promise.all([store.close(), other.close()])
  })

  it('does without EVALSHA where an ACL allows no more than EVAL', async () => {
    redis.cli(
      'ACL',
      'SETUSER',
      'plain',
      'on',
      '>secret',
      '~{acl}:*',
      '+@all',
      '-evalsha',
      '-script',
    )
    const store = redisStore({ url: redis.url.replace('//', '//plain:secret@'), prefix: 'acl' })
    const charge = { kind: 'lease' as const, key: 'a', amount: 1, limit: 1, leaseMs: 60_000 }
    await vi.waitFor(() => store.limitStore.read([charge]))
    expect(
      (await store.limitStore.reserve({ id: 'a', charges: [charge], ttlMs: 1_000 })).status,
    ).toBe('reserved')
    expect(
      (await store.limitStore.reserve({ id: 'b', charges: [charge], ttlMs: 1_000 })).status,
    ).toBe('refused')
    await store.close()
  })

  it('refuses what is no client, and prefixes that would break out', () => {
    expect(() => redisStore({ client: {} as never })).toThrow(TypeError)
    for (const prefix of ['', 'a}b', '{a', 'a b', '*'])
      expect(() => redisStore({ prefix })).toThrow(TypeError)
  })
})

const named = namedRedis()
describe.runIf(named !== undefined)('a limit store on the Redis of POSTERN_TEST_REDIS_URL', () => {
  const { url = '', prefix = '' } = named ?? {}
  let store: Store
  beforeAll(async () => {
    store = redisStore({ url, prefix: `${prefix}-ledger` })
    await vi.waitFor(() =>
      store.limitStore.read([{ kind: 'lease', key: 'up', amount: 1, limit: 1, leaseMs: 1 }]),
    )
  })
  afterAll(async () => {
    await store.close()
    await named?.clean()
  })
  for (const { name, run } of limitStoreConformance)
    it(name, () =>
      run({
        limitStore: store.limitStore,
        now: () => Promise.resolve(Date.now()),
        pass: (ms) => wait(ms),
      }),
    )
})
