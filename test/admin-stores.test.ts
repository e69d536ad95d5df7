import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AdminStore, memoryStore, sqliteStore, type Store } from '@postern/core'
import { redisStore } from '@postern/redis'
import { adminStoreConformance } from '@postern/testing'
import { afterAll, afterEach, beforeAll, describe, it, vi } from 'vitest'
import { namedRedis, startRedis, type TestRedis } from './harness/redis.ts'

const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

function directoryOf(store: Store): AdminStore {
  stores.push(store)
  if (store.adminStore === undefined)
    throw new Error(`${store.name} keeps nothing that is written.`)
  return store.adminStore
}

describe('a admin store in memory', () => {
  for (const { name, run } of adminStoreConformance)
    it(name, () => run(directoryOf(memoryStore(Date.now))))
})

describe('a admin store in a file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-directory-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  for (const [at, { name, run }] of adminStoreConformance.entries())
    it(name, () => run(directoryOf(sqliteStore(join(folder, `${at}.db`), Date.now))))
})

describe('a admin store on Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())
  for (const [at, { name, run }] of adminStoreConformance.entries()) {
    it(name, async () => {
      const store = redisStore({ url: redis.url, prefix: `directory-${at}` })
      const adminStore = directoryOf(store)
      await vi.waitFor(() => adminStore.changesSince(0), { timeout: 5_000 })
      await run(adminStore)
    })
  }
})

const named = namedRedis()
describe.runIf(named !== undefined)('a admin store on the Redis of POSTERN_TEST_REDIS_URL', () => {
  const { url = '', prefix = '' } = named ?? {}
  afterAll(() => named?.clean())
  for (const [at, { name, run }] of adminStoreConformance.entries()) {
    it(name, async () => {
      const adminStore = directoryOf(redisStore({ url, prefix: `${prefix}-directory-${at}` }))
      await vi.waitFor(() => adminStore.changesSince(0), { timeout: 5_000 })
      await run(adminStore)
    })
  }
})
