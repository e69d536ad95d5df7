import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, memoryStore, sqliteStore, type Store } from '@postern/core'
import { redisStore } from '@postern/redis'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../packages/core/src/clock.ts'
import {
  AdmissionControl,
  calendarWindows,
  type Limit,
  units,
} from '../packages/core/src/limits/index.ts'
import { ask, CLIENT_KEY } from './harness/chain.ts'
import { startRedis, type TestRedis } from './harness/redis.ts'

const ODD: readonly unknown[] = [
  Number.MAX_SAFE_INTEGER,
  1e308,
  Number.POSITIVE_INFINITY,
  -1,
  -1e308,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  0.5,
  '7',
  '9'.repeat(400),
  null,
  undefined,
  true,
  [],
  {},
]
const OTHER_KEY = 'pk_other_0123456789abcdef'

let redis: TestRedis
let folder: string
let provider: FakeProvider
const stores: Record<string, Store> = {}

beforeAll(async () => {
  redis = await startRedis()
  folder = await mkdtemp(join(tmpdir(), 'postern-numbers-'))
  provider = await startFakeProvider({ dialect: 'openai-chat' })
  Object.assign(stores, {
    memory: memoryStore(Date.now),
    sqlite: sqliteStore(join(folder, 'postern.db'), Date.now),
    redis: redisStore({ url: redis.url, prefix: 'numbers' }),
  })
  await vi.waitFor(() =>
    stores['redis']?.limitStore.read([
      { kind: 'lease', key: 'up', amount: 1, limit: 1, leaseMs: 1 },
    ]),
  )
})
afterAll(async () => {
  for (const store of Object.values(stores)) await store.close()
  await Promise.all([redis.close(), provider.close(), rm(folder, { recursive: true })])
})

const windows: readonly Limit['window'][] = [
  ...calendarWindows,
  { slidingMs: 1_000 },
  { slidingMs: 86_400_000 },
]
const kinds: readonly Pick<Limit, 'unit' | 'window'>[] = units.flatMap((unit) =>
  (unit === 'concurrency' ? [undefined] : windows).map((window) => ({ unit, window })),
)

describe.each(['memory', 'sqlite', 'redis'])(
  'whatever is said to have been used, in %s',
  (kind) => {
    it('counters of every unit and window can be read and settled afterwards, and others are none the worse', async () => {
      const { limitStore } = stores[kind] as Store
      const failures: unknown[] = []
      const admission = new AdmissionControl({
        clock: systemClock,
        limitStore,
        limitFailMode: 'closed',
        budgetFailMode: 'closed',
        longestMs: 60_000,
        onLost: (count) => failures.push(count),
      })
      const limits = kinds.map((part): Limit => ({
        place: 'limits[0]',
        scope: ['key'],
        only: new Map(),
        timeZone: 'UTC',
        amount: 1_000,
        alertAt: [0.5, 1],
        isSoft: false,
        ...part,
      }))
      let ids = 0
      const id = (): string => `${kind}-${(ids += 1)}`
      const small = { inputTokens: 1, outputTokens: 1, nanoDollars: 1 }
      const admit = (key: string) =>
        admission.admit(limits, {
          id: id(),
          subject: { key },
          degraded: new Set(),
          estimate: () => small,
        })
      for (const [at, odd] of ODD.entries()) {
        const said = {
          inputTokens: odd as number,
          outputTokens: odd as number,
          nanoDollars: odd as number,
        }
        const admitted = await admit(`k${at}`)
        admitted?.settle(said)
        for (let time = 0; time < 2; time++)
          admission.charge(limits, { id: id(), subject: { key: `k${at}` } }, said)
        await admission.close()
        for (const level of await admission.levels(limits, { key: `k${at}` })) {
          const used = level.unit === 'usd' ? level.used * 1e9 : level.used
          expect(
            used >= 0 && used <= Number.MAX_SAFE_INTEGER + 1,
            `${level.unit} per ${level.window}: ${used} after ${String(odd)}`,
          ).toBe(true)
        }
        ;(await admit(`other-than-${at}`))?.settle(small)
        await admission.close()
      }
      expect(failures).toEqual([])
    }, 30_000)

    it('by the usage of an answer, whole or streamed, no request fails for it', async () => {
      provider.reply({ answer: { text: 'hi' } })
      const gateway = createGateway(
        {
          providers: { main: { baseUrl: provider.url, apiKey: 'test' } },
          keys: { web: CLIENT_KEY, other: OTHER_KEY },
          prices: { 'main/*': { input: 1_000_000, output: 1_000_000, cached: 0.1 } },
          store: stores[kind] as Store,
          log: 'silent',
          limitsWithoutStore: 'closed',
          limits: [
            { unit: 'tokens', window: 'total', limit: 1e15, scope: 'all' },
            { unit: 'usd', window: 'total', limit: 1_000_000, scope: 'all', mode: 'soft' },
            { unit: 'requests', sliding: '1h', limit: 1_000 },
            { unit: 'concurrency', limit: 3, scope: 'all' },
          ],
        },
        { environment: {} },
      )
      const request = (key: string, body: object) =>
        ask(
          (path, init) => gateway.fetch(`http://gateway${path}`, init),
          { model: 'main/m', max_tokens: 5, ...body },
          { headers: { authorization: `Bearer ${key}` } },
        )
      await vi.waitFor(async () => expect((await request(OTHER_KEY, {})).status).toBe(200), {
        timeout: 10_000,
      })
      for (const number of [
        '9007199254740991',
        '1e308',
        '1e999',
        '-1',
        '-1e308',
        '0.5',
        '"7"',
        'null',
        '[]',
      ]) {
        const usage = `{"prompt_tokens":${number},"completion_tokens":${number},"total_tokens":${number},"prompt_tokens_details":{"cached_tokens":${number}}}`
        const head = '"id":"c","created":1,"model":"m"'
        provider.reply({
          raw: {
            headers: { 'content-type': 'application/json' },
            body: `{${head},"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":${usage}}`,
          },
        })
        const whole = await request(CLIENT_KEY, {})
        expect([number, whole.status, await whole.text()]).toEqual([
          number,
          200,
          expect.stringContaining('hi'),
        ])
        const chunk = (choices: string, more = ''): string =>
          `data: {${head},"object":"chat.completion.chunk","choices":${choices}${more}}\n\n`
        provider.reply({
          raw: {
            headers: { 'content-type': 'text/event-stream' },
            body: `${chunk('[{"index":0,"delta":{"role":"assistant","content":"hi"}}]')}${chunk('[{"index":0,"delta":{},"finish_reason":"stop"}]')}${chunk('[]', `,"usage":${usage}`)}data: [DONE]\n\n`,
          },
        })
        const streamed = await request(CLIENT_KEY, { stream: true })
        expect([number, streamed.status, await streamed.text()]).toEqual([
          number,
          200,
          expect.stringContaining('[DONE]'),
        ])
        provider.reply({ answer: { text: 'hi', usage: { input: 1, output: 1 } } })
        expect([number, (await request(OTHER_KEY, {})).status]).toEqual([number, 200])
      }
      await gateway.close()
    }, 30_000)
  },
)

describe('a counter on Redis that holds something else', () => {
  it.each<[string, readonly string[]]>([
    ['a list', ['LPUSH', 'x']],
    ['words', ['SET', 'garbage']],
    ['a fraction', ['SET', '1.5']],
    ['the largest integer of Redis', ['SET', '9223372036854775807']],
  ])(
    '(%s) takes nothing from the others when it is reserved from, and keeps nothing from them when it is settled',
    async (what, [command = '', value = '']) => {
      const { limitStore } = stores['redis'] as Store
      const ever = (key: string) => ({
        kind: 'period' as const,
        key: `${what.replaceAll(' ', '-')}-${key}`,
        amount: 10,
        limit: Number.MAX_SAFE_INTEGER,
        startsAt: 0,
        endsAt: Number.POSITIVE_INFINITY,
      })
      const [good, bad, last] = [ever('good'), ever('bad'), ever('last')]
      const lease = { instance: `odd-${what.length}`, leaseMs: 60_000 }
      const reserve = (id: string) =>
        limitStore.reserve({
          id: `${what}-${id}`.replaceAll(' ', '-'),
          charges: [good, bad, last],
          ttlMs: 60_000,
          lease,
        })
      const answer = await reserve('before')
      redis.cli('DEL', `{numbers}:p:${bad.key}:0`)
      redis.cli(command, `{numbers}:p:${bad.key}:0`, value)
      const isFull = what.includes('largest')
      if (isFull) expect((await reserve('meanwhile')).status).toBe('reserved')
      else await expect(reserve('meanwhile')).rejects.toThrow('WRONGTYPE')
      if (!isFull) expect(await limitStore.read([good, last])).toEqual([10, 10])
      if (answer.status !== 'reserved') throw new Error('There was room.')
      expect(await limitStore.settle(answer.reservation, [3, 3, 3])).toBe('settled')
      expect(await limitStore.settle(answer.reservation, [3, 3, 3])).toBe('known')
      expect(await limitStore.read([good, last])).toEqual(isFull ? [13, 13] : [3, 3])
    },
  )
})
