import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type Gateway, type GatewayOptions, type LimitAlert } from '@postern/core'
import { redisStore } from '@postern/redis'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask, CLIENT_KEY } from './harness/chain.ts'
import { startRedis, type TestRedis } from './harness/redis.ts'

let redis: TestRedis
let folder: string
let provider: FakeProvider
let prefixes = 0
const closers: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  redis = await startRedis()
  folder = await mkdtemp(join(tmpdir(), 'postern-instances-'))
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
afterAll(async () => {
  await Promise.all([redis.close(), provider.close(), rm(folder, { recursive: true })])
})

/** Instances of one application, each with a connection of its own. */
function start(
  count: number,
  kind: 'memory' | 'sqlite' | 'redis',
  options: Partial<GatewayOptions>,
): Gateway[] {
  prefixes += 1
  return Array.from({ length: count }, () => {
    const redisPrefix = `instances-${prefixes}`
    const store =
      kind === 'redis'
        ? redisStore({ url: redis.url, prefix: redisPrefix })
        : kind === 'sqlite'
          ? `sqlite:${join(folder, `${redisPrefix}.db`)}`
          : 'memory'
    const gateway = createGateway(
      {
        providers: {
          first: { baseUrl: provider.url, apiKey: 'test' },
          second: { baseUrl: provider.url, apiKey: 'test' },
        },
        routes: { chain: ['first/m', 'second/m'] },
        keys: { web: CLIENT_KEY },
        store,
        log: 'silent',
        ...options,
      },
      { environment: {}, random: () => 0 },
    )
    closers.push(async () => {
      await gateway.close({ graceMs: 0 })
      if (typeof store !== 'string') await store.close()
    })
    return gateway
  })
}

const request = (
  gateway: Gateway,
  body: Record<string, unknown> = {},
  init: RequestInit = {},
): Promise<Response> =>
  ask((path, given) => gateway.fetch(`http://gateway${path}`, given), body, {
    ...init,
    headers: { authorization: `Bearer ${CLIENT_KEY}` },
  })

/** Until the store answers: a connection takes a moment. */
const untilShared = (gateways: readonly Gateway[]): Promise<unknown> =>
  Promise.all(
    gateways.map((gateway) =>
      vi.waitFor(
        async () =>
          expect(
            (await request(gateway, { model: 'second/warm' })).headers.get('x-postern-degraded'),
          ).toBeNull(),
        { timeout: 10_000 },
      ),
    ),
  )

describe('a hundred requests at once against room for ten', () => {
  it.each([
    ['memory', 1],
    ['sqlite', 1],
    ['sqlite', 3],
    ['redis', 1],
    ['redis', 3],
  ] as const)('on %s with %i instances: ten are admitted', async (kind, count) => {
    provider.reply({ answer: { text: 'hi', usage: { input: 600, output: 400 } } })
    // Each may use all of a tenth, and does.
    const instances = start(count, kind, {
      prices: {
        'first/*': { input: 100_000, output: 100_000 },
        'second/*': { input: 0, output: 0 },
      },
      limits: [
        { unit: 'usd', window: 'month', limit: 1_000, only: { model: 'first/m' } },
        { unit: 'concurrency', limit: 1_000 },
      ],
      limitsWithoutStore: 'closed',
    })
    await untilShared(instances)
    const before = provider.journal.length
    const body = { model: 'first/m', max_tokens: 990, messages: [{ role: 'user', content: 'Hi.' }] }
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => request(instances[at % count] as Gateway, body)),
    )
    const admitted = answers.filter(({ status }) => status === 200).length
    expect(admitted).toBeLessThanOrEqual(10)
    // On a machine that is busy the store may be too late for some: those are refused as well, with
    // 503.
    const late = answers.filter(({ status }) => status === 503).length
    expect(admitted + late).toBeGreaterThanOrEqual(9)
    expect(provider.journal.length - before).toBe(admitted)
    for (const { status } of answers) expect([200, 402, 503]).toContain(status)
  })
})

describe('instances that share a Redis', () => {
  it('pass over what one of them has found to fail, within a second of requests', async () => {
    const [one, other] = start(2, 'redis', { limits: [{ unit: 'concurrency', limit: 100 }] }) as [
      Gateway,
      Gateway,
    ]
    await untilShared([one, other])
    provider.reply(({ entry }) =>
      (entry.body as { model: string }).model === 'bad'
        ? { status: 500 }
        : { answer: { text: 'hi' } },
    )
    for (let call = 0; call < 5; call++) await request(one, { model: 'first/bad' })
    expect(one.health().unavailable).toEqual(['first/bad'])
    await vi.waitFor(
      async () => {
        await request(other)
        expect(other.health().unavailable).toEqual(['first/bad'])
      },
      { timeout: 5_000, interval: 100 },
    )
    const before = provider.journal.length
    const refused = await request(other, { model: 'first/bad' })
    expect([refused.status, provider.journal.length - before]).toEqual([503, 0])
  })

  it('count together what each of them serves', async () => {
    provider.reply({ answer: { text: 'hi' } })
    const instances = start(3, 'redis', {
      limits: [
        { unit: 'requests', window: 'day', limit: 30, only: { model: 'chain' } },
        { unit: 'concurrency', limit: 100 },
      ],
      limitsWithoutStore: 'closed',
    })
    await untilShared(instances)
    const seen: number[] = []
    for (let at = 0; seen.length < 33 && at < 100; at++) {
      const { status } = await request(instances[at % 3] as Gateway)
      // The store was too late for it, on a machine that is busy.
      if (status !== 503) seen.push(status)
    }
    // One that was reserved too late is given back, but may have been in the way of another.
    expect(seen.filter((status) => status === 200).length).toBeLessThanOrEqual(30)
    expect(seen.slice(-3)).toEqual([429, 429, 429])
  })

  it('share what was left of a limit while the store does not answer, and do not begin from zero', async () => {
    provider.reply({ answer: { text: 'hi' } })
    const instances = start(3, 'redis', {
      limits: [
        { unit: 'requests', window: 'day', limit: 30, scope: 'all', only: { model: 'chain' } },
        { unit: 'requests', window: 'day', limit: 10_000 },
      ],
    })
    await untilShared(instances)
    // Twice around: each has heard of the others, and of what they used.
    for (let at = 0; at < 15; at++)
      expect((await request(instances[at % 3] as Gateway)).status).toBe(200)
    redis.pause()
    try {
      const admitted = [0, 0, 0]
      for (let at = 0; at < 45; at++) {
        const { status } = await request(instances[at % 3] as Gateway)
        if (status === 200) admitted[at % 3] = (admitted[at % 3] ?? 0) + 1
        else expect(status).toBe(429)
      }
      // Each knows of at most two requests fewer than there were: 30 less 13, in three parts.
      for (const one of admitted) {
        expect(one).toBeGreaterThanOrEqual(5)
        expect(one).toBeLessThanOrEqual(6)
      }
    } finally {
      redis.resume()
    }
  }, 30_000)

  it('give back what they hold when they are closed with streams under way', async () => {
    const [one, other] = start(2, 'redis', {
      limits: [
        { unit: 'concurrency', limit: 201, scope: 'all' },
        { unit: 'tokens', window: 'day', limit: 10_000_000, scope: 'all' },
      ],
    }) as [Gateway, Gateway]
    await untilShared([one, other])
    provider.reply({ answer: { text: ['one', 'two'] }, hangAfterEvents: 2 })
    const streams = await Promise.all(
      Array.from({ length: 200 }, () => request(one, { stream: true, max_tokens: 20_000 })),
    )
    const texts = streams.map((stream) => stream.text())
    await one.close({ graceMs: 0 })
    for (const text of await Promise.all(texts)) expect(text).toContain('gateway_closed')
    const prefix = `{instances-${prefixes}}`
    expect(
      redis.cli(
        '--raw',
        'EVAL',
        "local n = 0 for _, key in ipairs(redis.call('KEYS', ARGV[1])) do n = n + redis.call('ZCARD', key) end return n",
        '0',
        `${prefix}:c:*`,
      ),
    ).toBe('0')
    // Streamed output stays counted, reserved output does not.
    const used = Number(redis.cli('GET', redis.cli('KEYS', `${prefix}:p:*`)))
    expect(used).toBeGreaterThan(200)
    expect(used).toBeLessThan(200 * 10_000)
  }, 30_000)
})

describe('alerts of three instances', () => {
  it.each(['sqlite', 'redis'] as const)(
    'are sent once by one of them, and again when the counter resets (%s)',
    async (kind) => {
      provider.reply({ answer: { text: 'hi', usage: { input: 6, output: 4 } } })
      const alerts: LimitAlert[] = []
      const gateways = start(3, kind, {
        keys: { web: { key: CLIENT_KEY, team: 'a' } },
        adminToken: 'admin-0123456789abcdef',
        limits: [
          {
            unit: 'requests',
            window: 'total',
            limit: 30,
            scope: 'team',
            only: { model: 'chain' },
            alertAt: [0.5, 1],
          },
        ],
        onAlert: (alert) => void alerts.push(alert),
      })
      await untilShared(gateways)
      const use = async (times: number): Promise<void> => {
        for (let at = 0; at < times; at++)
          await Promise.all(gateways.map((gateway) => request(gateway)))
      }
      await use(12)
      await expect
        .poll(() => alerts.map(({ threshold }) => threshold), { timeout: 5_000 })
        .toEqual([0.5, 1])
      await gateways[0]?.fetch('http://gateway/admin/usage/reset', {
        method: 'POST',
        headers: {
          authorization: 'Bearer admin-0123456789abcdef',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ team: 'a', model: 'chain' }),
      })
      const [first] = gateways
      if (first !== undefined) for (let at = 0; at < 16; at++) await request(first)
      await expect
        .poll(() => alerts.map(({ threshold }) => threshold), { timeout: 5_000 })
        .toEqual([0.5, 1, 0.5])
    },
  )
})
