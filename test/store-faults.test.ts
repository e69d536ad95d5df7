import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type RequestRecord,
  type Store,
} from '@postern/core'
import { redisStore } from '@postern/redis'
import {
  createGate,
  type FakeProvider,
  type FaultProxy,
  refusedUrl,
  startFakeProvider,
  startFaultProxy,
} from '@postern/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ask, CLIENT_KEY } from './harness/chain.ts'
import { seeError } from './harness/client-stream.ts'
import { seeLog, type SeenLog } from './harness/log.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { clusterClients, unconnectedClients } from './harness/redis-clients.ts'
import { startRedis, type TestRedis } from './harness/redis.ts'

let redis: TestRedis
let proxy: FaultProxy
let provider: FakeProvider
let gateway: Gateway | undefined
let store: Store | undefined
let log: SeenLog
let records: RequestRecord[]
let prefixes = 0

beforeAll(async () => {
  redis = await startRedis()
  proxy = await startFaultProxy({ target: { port: redis.port } })
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
beforeEach(() => {
  provider.reply({ answer: { text: 'hi' } })
  log = seeLog()
  records = []
})
afterEach(async () => {
  await gateway?.close({ graceMs: 0 })
  await store?.close()
  gateway = undefined
  store = undefined
  proxy.set({})
})
afterAll(async () => {
  await Promise.all([proxy.close(), redis.close(), provider.close()])
})

const LIMITS: GatewayOptions['limits'] = [{ unit: 'requests', window: 'hour', limit: 1_000 }]
const BUDGET: GatewayOptions['limits'] = [{ unit: 'usd', window: 'month', limit: 100 }]

function start(
  limits: GatewayOptions['limits'],
  options: Partial<GatewayOptions> = {},
  url = proxy.url.replace('http', 'redis'),
): void {
  prefixes += 1
  store = redisStore({ url, prefix: `faults-${prefixes}` })
  gateway = createGateway(
    {
      providers: { first: { baseUrl: provider.url, apiKey: 'test' } },
      keys: { web: CLIENT_KEY },
      prices: { 'first/*': { input: 1, output: 1 } },
      store,
      ...(limits && { limits }),
      log,
      onRecord: (record) => records.push(record),
      ...options,
    },
    { environment: {} },
  )
}

const request = (): Promise<Response> =>
  ask(
    (path, init) => (gateway as Gateway).fetch(`http://gateway${path}`, init),
    { model: 'first/m' },
    { headers: { authorization: `Bearer ${CLIENT_KEY}` } },
  )
const degraded = (response: Response): string | null => response.headers.get('x-postern-degraded')

/** Until the store counts: then no answer is degraded. */
const untilCounted = (): Promise<void> =>
  vi.waitFor(async () => expect(degraded(await request())).toBeNull(), {
    timeout: 10_000,
    interval: 50,
  })
const untilGivenUp = (): Promise<void> =>
  vi.waitFor(
    async () => {
      await request()
      expect(gateway?.health().degraded).toEqual(['store'])
    },
    { timeout: 10_000, interval: 5 },
  )

describe('a Redis that is not there', () => {
  it('at start: it starts, every process counts for itself, budgets are closed, and all of that is said once', async () => {
    start(LIMITS, {}, (await refusedUrl()).replace('http', 'redis'))
    const first = await request()
    expect([first.status, degraded(first)]).toEqual([200, 'store'])
    await untilGivenUp()
    expect(records[0]?.degraded).toEqual(['store'])
    expect(await (await gateway?.fetch('http://gateway/health/ready'))?.json()).toMatchObject({
      status: 'degraded',
      degraded: ['store'],
    })
    for (let at = 0; at < 50; at++) expect((await request()).status).toBe(200)
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
  })

  it('closes hard budgets with 503, never 429, and lets soft ones pass', async () => {
    const url = (await refusedUrl()).replace('http', 'redis')
    start(BUDGET, {}, url)
    const refused = await request()
    expect([refused.status, degraded(refused), refused.headers.get('retry-after')]).toEqual([
      503,
      'store',
      '1',
    ])
    expect(await seeError(refused)).toMatchObject({ code: 'store_unavailable' })
    await gateway?.close()
    await store?.close()
    start([{ unit: 'usd', window: 'month', limit: 100, mode: 'soft' }], {}, url)
    expect((await request()).status).toBe(200)
  })

  it.each([
    ['limitsWithoutStore', 'closed', LIMITS, 503],
    ['limitsWithoutStore', 'open', LIMITS, 200],
    ['budgetsWithoutStore', 'open', BUDGET, 200],
    ['budgetsWithoutStore', 'local', BUDGET, 200],
  ] as const)('with %s: %s', async (option, mode, limits, status) => {
    start(limits, { [option]: mode }, (await refusedUrl()).replace('http', 'redis'))
    expect((await request()).status).toBe(status)
  })

  it('each process still holds the limit by itself', async () => {
    start(
      [{ unit: 'requests', window: 'hour', limit: 3 }],
      {},
      (await refusedUrl()).replace('http', 'redis'),
    )
    const seen: number[] = []
    for (let at = 0; at < 5; at++) seen.push((await request()).status)
    expect(seen).toEqual([200, 200, 200, 429, 429])
  })
})

describe('a start', () => {
  it('reports a Redis that cannot be reached without waiting for a request, and is not ready where limits need it', async () => {
    const url = (await refusedUrl()).replace('http', 'redis')
    start(BUDGET, {}, url)
    expect(await log.next('limit store unavailable, using fail modes')).toContain('"store":"redis"')
    const ready = await gateway?.fetch('http://gateway/health/ready')
    expect([ready?.status, await ready?.json()]).toEqual([
      503,
      { status: 'unavailable', missing: ['store'], degraded: ['store'] },
    ])
  })

  it('stays ready without a store that limits can do without', async () => {
    start(LIMITS, {}, (await refusedUrl()).replace('http', 'redis'))
    await log.next('limit store unavailable')
    expect((await gateway?.fetch('http://gateway/health/ready'))?.status).toBe(200)
  })

  it('repeats once a minute that the store is away, and says once that it is back', async () => {
    const clock = new FakeClock()
    proxy.set({ resetOnAccept: true })
    prefixes += 1
    store = redisStore({ url: proxy.url.replace('http', 'redis'), prefix: `faults-${prefixes}` })
    gateway = createGateway(
      {
        providers: { first: { baseUrl: provider.url, apiKey: 'test' } },
        keys: { web: CLIENT_KEY },
        store,
        limits: LIMITS,
        log,
      },
      { environment: {}, clock },
    )
    await log.next('limit store unavailable, using fail modes')
    for (let minute = 1; minute <= 3; minute++) {
      clock.advance(60_000)
      expect(await log.next('limit store still unavailable')).toContain(
        `"forMs":${minute * 60_000}`,
      )
    }
    proxy.set({})
    await vi.waitFor(
      async () => {
        clock.advance(1_000)
        expect((await gateway?.fetch('http://gateway/health/ready'))?.status).toBe(200)
        await request()
        expect(gateway?.health().degraded).toEqual([])
      },
      { timeout: 5_000, interval: 50 },
    )
    expect(log.lines.filter((line) => line.includes('limit store available again'))).toHaveLength(1)
    const before = log.lines.length
    // Settlements under way finish before the next step: the test's clock does not move Redis.
    for (let step = 0; step < 240; step++) {
      clock.advance(500)
      await store.limitStore.read([{ kind: 'lease', key: 'step', amount: 1, limit: 1, leaseMs: 1 }])
    }
    expect(log.lines.slice(before)).toEqual([])
  })

  it.each(Object.entries(unconnectedClients))(
    'lets the first request in while %s is still connecting, keys and budgets too',
    async (_, connect) => {
      for (let round = 0; round < 5; round++) {
        prefixes += 1
        const { client, close } = connect(redis)
        store = redisStore(
          client === undefined
            ? { url: redis.url, prefix: `faults-${prefixes}` }
            : { client, prefix: `faults-${prefixes}` },
        )
        gateway = createGateway(
          {
            providers: { first: { baseUrl: provider.url, apiKey: 'test' } },
            keys: { web: CLIENT_KEY },
            adminToken: 'admin-canary-0123456789abcdef',
            prices: { 'first/*': { input: 1, output: 1 } },
            store,
            limits: BUDGET,
            log,
          },
          { environment: {} },
        )
        const made = gateway.fetch('http://gateway/admin/keys', {
          method: 'POST',
          headers: {
            authorization: 'Bearer admin-canary-0123456789abcdef',
            'content-type': 'application/json',
          },
          body: '{"name":"made"}',
        })
        const first = await request()
        expect([first.status, degraded(first), (await made).status]).toEqual([200, null, 201])
        await gateway.close({ graceMs: 0 })
        await store.close()
        await close()
      }
    },
  )

  it('counts on a healthy Redis although its own event loop is late in every turn', async () => {
    start([{ unit: 'requests', window: 'hour', limit: 100_000 }], {}, redis.url)
    await untilCounted()
    let isHolding = true
    const hold = (): void => {
      for (const until = performance.now() + 30; performance.now() < until;);
      if (isHolding) setImmediate(hold)
    }
    setImmediate(hold)
    const answers = await Promise.all(Array.from({ length: 40 }, () => request()))
    isHolding = false
    expect(answers.map(degraded).filter((part) => part !== null)).toEqual([])
  })
})

describe('a Redis that fails while it is used', () => {
  it.each<[string, () => void, () => void]>([
    [
      'is cut off',
      () => (proxy.set({ resetOnAccept: true }), proxy.resetAll()),
      () => proxy.set({}),
    ],
    ['hangs', () => redis.pause(), () => redis.resume()],
    ['swallows everything', () => proxy.set({ blackhole: true }), () => proxy.set({})],
    ['takes 200 ms for each answer', () => proxy.set({ delayMs: 200 }), () => proxy.set({})],
    [
      'asks for a password',
      () => void redis.cli('CONFIG', 'SET', 'requirepass', 'secret'),
      () => void redis.cli('-a', 'secret', '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', ''),
    ],
    [
      'is read-only after a failover',
      () => void redis.cli('REPLICAOF', '127.0.0.1', '1'),
      () => void redis.cli('REPLICAOF', 'NO', 'ONE'),
    ],
    [
      'has no memory left',
      () => void redis.cli('CONFIG', 'SET', 'maxmemory', '1'),
      () => void redis.cli('CONFIG', 'SET', 'maxmemory', '0'),
    ],
  ])(
    'and %s: no request fails for it, and it counts again when it is back',
    async (what, breakIt, mendIt) => {
      start(LIMITS)
      await untilCounted()
      const failed: number[] = []
      breakIt()
      // New connections are what a password is asked of.
      if (what.includes('password')) proxy.resetAll()
      try {
        await untilGivenUp()
        for (let at = 0; at < 20; at++) {
          const response = await request()
          if (response.status !== 200) failed.push(response.status)
        }
      } finally {
        mendIt()
      }
      expect(failed).toEqual([])
      await untilCounted()
      expect(gateway?.health().degraded).toEqual([])
      expect(
        log.lines.filter((line) => line.includes('limit store unavailable')).length,
      ).toBeLessThanOrEqual(3)
      expect(
        log.lines.filter((line) => line.includes('limit store available again')).length,
      ).toBeGreaterThanOrEqual(1)
    },
    30_000,
  )

  it('and is killed: what it had written down is still counted when it is back', async () => {
    start([{ unit: 'requests', window: 'hour', limit: 1_000_000 }])
    await untilCounted()
    const before = Number((await request()).headers.get('x-ratelimit-remaining-requests'))
    await redis.kill()
    await untilGivenUp()
    await redis.start()
    await untilCounted()
    const after = Number((await request()).headers.get('x-ratelimit-remaining-requests'))
    expect(after).toBeLessThan(before)
    expect(before - after).toBeLessThan(200)
  }, 30_000)

  it('and is emptied: everything resets, and nothing gets a credit', async () => {
    start([{ unit: 'tokens', window: 'hour', limit: 1_000_000 }])
    await untilCounted()
    provider.reply({ hangBeforeHeaders: true })
    const seen = provider.journal.length
    const running = request()
    await vi.waitFor(() => expect(provider.journal.length).toBe(seen + 1))
    redis.cli('FLUSHALL')
    await gateway?.close({ graceMs: 0 })
    await running
    provider.reply({ answer: { text: 'hi', usage: { input: 5, output: 5 } } })
    for (const key of redis.cli('KEYS', `{faults-${prefixes}}:p:*`).split('\n').filter(Boolean))
      expect(Number(redis.cli('GET', key))).toBeGreaterThanOrEqual(0)
  })

  it('and holds something else under our keys: it is logged, and fail modes hold', async () => {
    start([{ unit: 'requests', window: 'total', limit: 1_000 }])
    await untilCounted()
    const key = redis.cli('KEYS', `{faults-${prefixes}}:p:*`)
    redis.cli('DEL', key)
    redis.cli('LPUSH', key, 'garbage')
    const response = await request()
    expect([response.status, degraded(response)]).toEqual([200, 'store'])
    expect(await log.next('limit counter unusable')).toContain('WRONGTYPE')
    for (let at = 0; at < 20; at++) await request()
    // The others are counted as before.
    expect(gateway?.health().degraded).toEqual([])
    expect(log.lines.filter((line) => line.includes('limit counter unusable'))).toHaveLength(1)
  })

  it('and flaps: at most two lines for each time', async () => {
    start(LIMITS)
    await untilCounted()
    for (let flip = 0; flip < 3; flip++) {
      proxy.set({ resetOnAccept: true })
      proxy.resetAll()
      await untilGivenUp()
      proxy.set({})
      await untilCounted()
    }
    const lines = log.lines.filter((line) => line.includes('limit store'))
    // Each probe that fails is no news: only what changes is.
    expect(lines.filter((line) => line.includes('limit store available again'))).toHaveLength(3)
    expect(lines.length).toBeLessThanOrEqual(9)
  }, 30_000)

  it('settles later what it could not settle then, once', async () => {
    start([{ unit: 'tokens', window: 'total', limit: 1_000_000 }])
    await untilCounted()
    const gate = createGate()
    provider.reply({ answer: { text: 'hi', usage: { input: 1, output: 1 } }, gate })
    const seen = provider.journal.length
    const running = ask(
      (path, init) => (gateway as Gateway).fetch(`http://gateway${path}`, init),
      { model: 'first/m', max_tokens: 5_000 },
      { headers: { authorization: `Bearer ${CLIENT_KEY}` } },
    )
    await vi.waitFor(() => expect(provider.journal.length).toBe(seen + 1))
    const used = (): number =>
      Number(redis.cli('GET', redis.cli('KEYS', `{faults-${prefixes}}:p:*`)))
    const before = used()
    expect(before).toBeGreaterThan(5_000)
    proxy.set({ resetOnAccept: true })
    proxy.resetAll()
    gate.releaseAll()
    await (await running).text()
    expect(used()).toBe(before)
    proxy.set({})
    await vi.waitFor(() => expect(used()).toBeLessThan(before - 4_900), { timeout: 10_000 })
  }, 20_000)
})

describe('a cluster', () => {
  let node: TestRedis
  beforeAll(async () => {
    node = await startRedis([
      '--cluster-enabled',
      'yes',
      '--cluster-require-full-coverage',
      'yes',
      '--cluster-announce-ip',
      '127.0.0.1',
    ])
    node.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await vi.waitFor(() => expect(node.cli('CLUSTER', 'INFO')).toContain('cluster_state:ok'), {
      timeout: 10_000,
    })
  }, 20_000)
  afterAll(() => node.close())

  it.each(Object.entries(clusterClients))(
    'counts through a cluster client of %s, and a cluster that is down is a store that is',
    async (kind, connect) => {
      const { client, close } = await connect(node)
      store = redisStore({ client, prefix: `cluster-${kind.replace(' ', '-')}` })
      gateway = createGateway(
        {
          providers: { first: { baseUrl: provider.url, apiKey: 'test' } },
          keys: { web: CLIENT_KEY },
          store,
          limits: [
            { unit: 'requests', window: 'hour', limit: 1_000 },
            { unit: 'concurrency', limit: 10 },
            { unit: 'requests', sliding: '1m', limit: 1_000, scope: 'all' },
          ],
          log,
        },
        { environment: {} },
      )
      provider.reply({ answer: { text: 'hi' } })
      await untilCounted()
      expect(Number(node.cli('DBSIZE'))).toBeGreaterThan(0)
      node.cli('CLUSTER', 'DELSLOTSRANGE', '0', '16383')
      try {
        await untilGivenUp()
      } finally {
        node.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      }
      await untilCounted()
      await close()
    },
    30_000,
  )
})
