import { createGateway, type Gateway } from '@postern/core'
import { redisStore } from '@postern/redis'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask } from './harness/chain.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { seeLog, type SeenLog } from './harness/log.ts'
import { startRedis, type TestRedis } from './harness/redis.ts'

const TOKEN = 'admin-canary-0123456789abcdef'
const PARTS = ['directory', 'directory:version', 'directory:versions'] as const
/** Every set of the keys of a admin store that can be evicted, but the empty one. */
const LOSSES = Array.from({ length: 2 ** PARTS.length - 1 }, (_, at) =>
  PARTS.filter((_part, bit) => ((at + 1) >> bit) % 2 === 1),
)

let redis: TestRedis
let provider: FakeProvider
let log: SeenLog
let prefix = ''
let prefixes = 0
const closers: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  redis = await startRedis()
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
afterAll(async () => {
  await Promise.all([redis.close(), provider.close()])
})

function start(clock?: FakeClock): Gateway {
  const store = redisStore({ url: redis.url, prefix })
  log = seeLog()
  const gateway = createGateway(
    {
      providers: { first: { baseUrl: provider.url, apiKey: 'test' } },
      adminToken: TOKEN,
      store,
      log,
      limits: [{ unit: 'requests', window: 'hour', limit: 1_000 }],
    },
    { environment: {}, ...(clock && { clock }) },
  )
  closers.push(
    () => store.close(),
    () => gateway.close({ graceMs: 0 }),
  )
  return gateway
}

async function admin(
  gateway: Gateway,
  act: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const [method = '', path = ''] = act.split(' ')
  const response = await gateway.fetch(`http://gateway${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  expect(response.status).toBeLessThan(300)
  return (await response.json()) as Record<string, unknown>
}

const use = async (gateway: Gateway, key: unknown): Promise<number> =>
  (
    await ask(
      (path, init) => gateway.fetch(`http://gateway${path}`, init),
      { model: 'first/m' },
      { headers: { authorization: `Bearer ${String(key)}` } },
    )
  ).status
const lose = (parts: readonly string[]): void =>
  void redis.cli('DEL', ...parts.map((part) => `{${prefix}}:${part}`))

describe('a admin store of which a Redis has evicted a part', () => {
  it.each(LOSSES)('is written back by an instance that knows it: %s %s %s', async (...parts) => {
    prefix = `evicting-${++prefixes}`
    const gateway = start()
    const kept = await admin(gateway, 'POST /admin/keys', { name: 'kept' })
    const revoked = await admin(gateway, 'POST /admin/keys', { name: 'revoked' })
    await admin(gateway, `POST /admin/keys/${String(revoked['id'])}/revoke`)
    await admin(gateway, 'POST /admin/limits', { unit: 'requests', window: 'hour', limit: 500 })
    const lost = parts.filter((part) => part !== undefined)
    lose(lost)
    const isEmptied = lost.length === PARTS.length
    // A store that was emptied on purpose is another directory: its keys are gone with it.
    await vi.waitFor(
      async () => expect(await use(gateway, kept['key'])).toBe(isEmptied ? 401 : 200),
      { timeout: 5_000, interval: 50 },
    )
    if (isEmptied) return
    await admin(gateway, 'GET /admin/keys')
    expect(await use(gateway, kept['key'])).toBe(200)
    expect(PARTS.map((part) => redis.cli('EXISTS', `{${prefix}}:${part}`))).toEqual(['1', '1', '1'])
    const fresh = start()
    await vi.waitFor(async () => expect(await use(fresh, kept['key'])).toBe(200), {
      timeout: 5_000,
      interval: 50,
    })
    expect(await use(fresh, revoked['key'])).toBe(401)
    expect(((await admin(fresh, 'GET /admin/limits'))['limits'] as object[]).length).toBe(2)
  })

  it('keeps its keys for an instance that starts before it is written back', async () => {
    prefix = `evicting-${++prefixes}`
    const knowing = start()
    const { key } = await admin(knowing, 'POST /admin/keys', { name: 'kept' })
    lose(['directory'])
    const fresh = start()
    // It neither lets the key in nor makes a secret of its own, which would end every key for good.
    expect(await use(fresh, key)).toBe(503)
    await admin(knowing, 'GET /admin/keys')
    await vi.waitFor(
      async () => expect([await use(knowing, key), await use(fresh, key)]).toEqual([200, 200]),
      { timeout: 5_000, interval: 50 },
    )
  })

  it('does not let a key back in that was revoked after an instance had last read', async () => {
    prefix = `evicting-${++prefixes}`
    const clock = new FakeClock()
    const behind = start(clock)
    const ahead = start()
    const { key, id } = await admin(ahead, 'POST /admin/keys', { name: 'web' })
    clock.advance(1_000)
    await vi.waitFor(async () => expect(await use(behind, key)).toBe(200))
    await admin(ahead, `POST /admin/keys/${String(id)}/revoke`)
    await closers.pop()?.()
    lose(['directory'])
    clock.advance(1_000)
    // Its copy of the key is older than the last write.
    await use(behind, key)
    clock.advance(1_000)
    expect(await use(behind, key)).toBe(401)
    expect(redis.cli('HGET', `{${prefix}}:directory`, String(id))).toContain('removed')
    expect(await use(start(), key)).toBe(401)
  })
})

describe('a Redis that evicts', () => {
  it.each([
    ['allkeys-lru', '64mb', true],
    ['volatile-lru', '64mb', true],
    ['noeviction', '64mb', false],
    ['allkeys-lru', '0', false],
  ])('%s with maxmemory %s: reported %s', async (policy, maxmemory, isReported) => {
    prefix = `evicting-${++prefixes}`
    redis.cli('CONFIG', 'SET', 'maxmemory-policy', policy)
    redis.cli('CONFIG', 'SET', 'maxmemory', maxmemory)
    try {
      const gateway = start()
      const { key } = await admin(gateway, 'POST /admin/keys', { name: 'web' })
      expect(await use(gateway, key)).toBe(200)
      const ready = async () => (await gateway.fetch('http://gateway/health/ready')).json()
      if (isReported) {
        expect(await log.next('limit store evicts keys')).toContain(`"maxmemoryPolicy":"${policy}"`)
        expect(await ready()).toEqual({ status: 'degraded', degraded: ['store-eviction'] })
      } else expect(await ready()).toEqual({ status: 'ok' })
      expect(log.lines.filter((line) => line.includes('evicts keys'))).toHaveLength(
        isReported ? 1 : 0,
      )
    } finally {
      redis.cli('CONFIG', 'SET', 'maxmemory', '0')
      redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    }
  })
})
