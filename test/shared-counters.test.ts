import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type LimitStore,
  memoryStore,
  sqliteStore,
  type Store,
} from '@postern/core'
import { redisStore } from '@postern/redis'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../packages/core/src/clock.ts'
import {
  AdmissionControl,
  type Limit,
  type Scope,
  type Subject,
} from '../packages/core/src/limits/index.ts'
import { ask, CLIENT_KEY } from './harness/chain.ts'
import { startRedis, type TestRedis } from './harness/redis.ts'

let redis: TestRedis
let folder: string
let provider: FakeProvider
const stores: Record<string, Store> = {}

beforeAll(async () => {
  redis = await startRedis()
  folder = await mkdtemp(join(tmpdir(), 'postern-shared-counters-'))
  provider = await startFakeProvider({ dialect: 'openai-chat' })
  provider.reply({ answer: { text: 'hi', usage: { input: 6, output: 4 } } })
  Object.assign(stores, {
    memory: memoryStore(Date.now),
    sqlite: sqliteStore(join(folder, 'postern.db'), Date.now),
    redis: redisStore({ url: redis.url, prefix: 'shared-counters' }),
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

describe('limits that share a counter', () => {
  const start = (options: Partial<GatewayOptions>): Gateway =>
    createGateway(
      {
        providers: { main: { baseUrl: provider.url, apiKey: 'test' } },
        keys: { web: CLIENT_KEY },
        prices: { 'main/*': { input: 1_000, output: 1_000 } },
        log: 'silent',
        ...options,
      },
      { environment: {} },
    )
  const statuses = async (gateway: Gateway, count: number): Promise<number[]> => {
    const seen: number[] = []
    for (let at = 0; at < count; at++)
      seen.push(
        (
          await ask(
            (path, init) => gateway.fetch(`http://gateway${path}`, init),
            { model: 'main/m', max_tokens: 4 },
            { headers: { authorization: `Bearer ${CLIENT_KEY}` } },
          )
        ).status,
      )
    await gateway.close()
    return seen
  }
  const until = (last: number): number[] => [...Array.from({ length: last }, () => 200), 429]

  it.each<[string, Partial<GatewayOptions>, number[]]>([
    [
      'soft and hard',
      {
        limits: [
          { unit: 'requests', window: 'total', limit: 8, mode: 'soft' },
          { unit: 'requests', window: 'total', limit: 10 },
        ],
      },
      until(10),
    ],
    [
      'general and the key’s own',
      {
        limits: [{ unit: 'requests', window: 'total', limit: 10 }],
        keys: {
          web: { key: CLIENT_KEY, limits: [{ unit: 'requests', window: 'total', limit: 10 }] },
        },
      },
      until(10),
    ],
    [
      'general and for some keys',
      {
        limits: [
          { unit: 'requests', sliding: '1h', limit: 10 },
          { unit: 'requests', sliding: '1h', limit: 20, only: { key: ['web', 'other'] } },
        ],
      },
      until(10),
    ],
    [
      'three of them',
      {
        limits: [12, 6, 9].map((limit) => ({
          unit: 'requests' as const,
          window: 'total' as const,
          limit,
        })),
      },
      until(6),
    ],
    [
      'of money',
      {
        limits: [
          { unit: 'usd', window: 'total', limit: 0.055 },
          { unit: 'usd', window: 'total', limit: 0.055 },
        ],
      },
      [200, 200, 200, 200, 200, 402],
    ],
    [
      'what a provider allows us, and what callers may use of it',
      {
        limits: [{ unit: 'requests', window: 'total', limit: 10, scope: 'provider' }],
        providers: {},
      },
      until(10),
    ],
  ])('%s: each request is counted once', async (_name, options, expected) => {
    const providers = {
      main: {
        baseUrl: provider.url,
        apiKey: 'test',
        ...(options.providers !== undefined && {
          limits: [{ unit: 'requests' as const, window: 'total' as const, limit: 10 }],
        }),
      },
    }
    expect(await statuses(start({ ...options, providers }), expected.length)).toEqual(expected)
  })
})

type Shape = Pick<Limit, 'unit' | 'window' | 'amount' | 'isSoft' | 'scope'> & {
  readonly onlyKey: string | undefined
}

const KEYS = ['a', 'b']
const UNITS: readonly Limit['unit'][] = [
  'requests',
  'input-tokens',
  'output-tokens',
  'tokens',
  'usd',
  'concurrency',
]
const shapeIn = (unit: Limit['unit']): fc.Arbitrary<Shape> =>
  fc.record({
    unit: fc.constant(unit),
    window: fc.constantFrom<Limit['window']>('total', { slidingMs: 86_400_000 }),
    amount: fc.integer({ min: 1, max: 40 }),
    isSoft: fc.boolean(),
    scope: fc.constantFrom<Limit['scope']>(['key'], [], ['team'], ['key', 'team']),
    onlyKey: fc.constantFrom(undefined, undefined, ...KEYS),
  })
/** Few units, so that counters are shared. */
const shapes = fc
  .subarray([...UNITS], { minLength: 1, maxLength: 2 })
  .chain((units) => fc.array(fc.oneof(...units.map(shapeIn)), { minLength: 1, maxLength: 6 }))
const request = fc.record({
  key: fc.constantFrom(...KEYS),
  team: fc.constantFrom('x', 'y'),
  input: fc.integer({ min: 0, max: 12 }),
  output: fc.integer({ min: 0, max: 12 }),
  usedInput: fc.integer({ min: 0, max: 20 }),
  usedOutput: fc.integer({ min: 0, max: 20 }),
  staysOpen: fc.boolean(),
})
const onlyOf = (scope: Scope, name: string | undefined): Limit['only'] =>
  new Map(name === undefined ? [] : [[scope, new Set([name])]])
const amountsOf = (input: number, output: number) => ({
  inputTokens: input,
  outputTokens: output,
  nanoDollars: input + 2 * output,
})
const inUnit = (unit: Limit['unit'], input: number, output: number): number =>
  ({
    requests: 1,
    concurrency: 1,
    'input-tokens': input,
    'output-tokens': output,
    tokens: input + output,
    usd: input + 2 * output,
  })[unit]

/** Reference model: a number for each unit, window and subject, written by hand. */
class Model {
  readonly used = new Map<string, number>()
  nameOf(
    { unit, window, scope, onlyKey }: Shape,
    { key, team }: { readonly key: string; readonly team: string },
  ): string {
    const only = onlyKey !== undefined && !scope.includes('key') ? onlyKey : ''
    return JSON.stringify([
      unit,
      unit === 'concurrency' ? '' : window,
      scope.map((name) => (name === 'key' ? key : team)),
      scope,
      only,
    ])
  }
  /** Reservation of each counter; `undefined` for a refused request. */
  admit(
    limits: readonly Shape[],
    asked: {
      readonly key: string
      readonly team: string
      readonly input: number
      readonly output: number
    },
  ): Map<string, number> | undefined {
    const taken = new Map<string, number>()
    const own = limits.filter(({ onlyKey }) => onlyKey === undefined || onlyKey === asked.key)
    for (const limit of own) {
      const name = this.nameOf(limit, asked)
      const same = own.filter((other) => this.nameOf(other, asked) === name)
      const hard = same.filter(({ isSoft }) => !isSoft).map(({ amount }) => amount)
      const most =
        hard.length > 0 ? Math.min(...hard) : Math.max(...same.map(({ amount }) => amount))
      taken.set(name, Math.min(Math.max(1, inUnit(limit.unit, asked.input, asked.output)), most))
    }
    // Of a budget, one that is larger by itself gets nothing; of other limits it takes all.
    const isTooLarge = own.some(
      ({ unit, isSoft, amount }) =>
        !isSoft &&
        unit !== 'requests' &&
        unit !== 'concurrency' &&
        inUnit(unit, asked.input, asked.output) > amount,
    )
    const isRefused =
      isTooLarge ||
      own.some(
        (limit) =>
          !limit.isSoft &&
          (this.used.get(this.nameOf(limit, asked)) ?? 0) +
            (taken.get(this.nameOf(limit, asked)) ?? 0) >
            limit.amount,
      )
    if (isRefused) return undefined
    for (const [name, amount] of taken) this.used.set(name, (this.used.get(name) ?? 0) + amount)
    return taken
  }
}

describe.each(['memory', 'sqlite', 'redis'])('any set of limits, in %s', (kind) => {
  it('charges each counter once for a request, and checks every limit on it', async () => {
    let runs = 0
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.array(request, { minLength: 1, maxLength: 8 }),
        async (given, requests) => {
          const run = `${kind}-${(runs += 1)}`
          const store = stores[kind] as Store
          const settling: Promise<unknown>[] = []
          const limitStore: LimitStore = {
            reserve: (asked) => store.limitStore.reserve(asked),
            settle(reservation, actuals) {
              const settled = store.limitStore.settle(reservation, actuals)
              settling.push(settled)
              return settled
            },
            read: (charges) => store.limitStore.read(charges),
            reset: (charges) => store.limitStore.reset(charges),
          }
          const admission = new AdmissionControl({
            clock: systemClock,
            limitStore,
            limitFailMode: 'closed',
            budgetFailMode: 'closed',
            longestMs: 600_000,
            onLost: () => undefined,
          })
          const limits = given.map(({ onlyKey, ...limit }): Limit => ({
            place: run,
            timeZone: 'UTC',
            alertAt: [],
            only: onlyOf('key', onlyKey && `${run}${onlyKey}`),
            ...limit,
            scope: limit.scope,
            window: limit.unit === 'concurrency' ? undefined : limit.window,
          }))
          // Each run counts for itself: its callers are its own, and `only` holds what is counted
          // for all of them apart.
          const own = limits.map((limit) =>
            limit.scope.includes('key') || limit.only.size > 0
              ? limit
              : { ...limit, only: onlyOf('route', run) },
          )
          const model = new Model()
          for (const [
            at,
            { key, team, input, output, usedInput, usedOutput, staysOpen },
          ] of requests.entries()) {
            const subject: Subject = { key: `${run}${key}`, team, route: run }
            const expected = model.admit(given, { key, team, input, output })
            const admitted = await admission
              .admit(own, {
                id: `${run}-${at}-${process.pid}`,
                subject,
                degraded: new Set(),
                estimate: () => amountsOf(input, output),
              })
              ?.catch((error: { code: string }) => error)
            if (expected !== undefined && expected.size === 0) expect(admitted).toBeUndefined()
            else if (expected === undefined)
              expect(admitted).toMatchObject({
                code: expect.stringMatching(/rate_limit_exceeded|budget_exceeded/),
              })
            else expect(admitted).toHaveProperty('settle')
            if (
              expected !== undefined &&
              !staysOpen &&
              admitted !== undefined &&
              'settle' in admitted
            ) {
              admitted.settle(amountsOf(usedInput, usedOutput))
              for (const [name, amount] of expected) {
                const unit = (JSON.parse(name) as [Limit['unit']])[0]
                const used = unit === 'concurrency' ? 0 : inUnit(unit, usedInput, usedOutput)
                model.used.set(name, (model.used.get(name) ?? 0) + used - amount)
              }
            }
            await Promise.all(settling)
            for (const [index, limit] of own.entries()) {
              const levels = await admission.levels([limit], subject)
              const scale = limit.unit === 'usd' ? 1e9 : 1
              const shapeOf = given[index] as Shape
              if (levels[0] !== undefined)
                expect(Math.round(levels[0].used * scale)).toBe(
                  model.used.get(model.nameOf(shapeOf, { key, team })) ?? 0,
                )
            }
          }
        },
      ),
      { numRuns: kind === 'memory' ? 300 : 60 },
    )
  }, 30_000)
})
