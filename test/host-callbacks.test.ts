import {
  createGateway,
  type Gateway,
  GatewayError,
  type GatewayOptions,
  type Logger,
  type RequestRecord,
} from '@postern/core'
import { gateway as expressGateway } from '@postern/express'
import { gateway as honoGateway } from '@postern/hono'
import { gateway as koaGateway } from '@postern/koa'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostFunction, hostFunctions } from '../packages/core/src/foundation/host-functions.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { listen } from './harness/listen.ts'
import { late, type OddBehaviour, oddBehaviours } from './harness/odd-behaviours.ts'
import { failOnUncaught } from './harness/uncaught.ts'

const KEY = 'pk_walked_0123456789abcdef'
const TOKEN = 'admin-walked-0123456789abcdef'
const STEPS = 12

failOnUncaught()

let provider: FakeProvider
beforeAll(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterAll(() => provider.close())

const frameworks: Readonly<Record<string, (own: Gateway) => ReturnType<typeof listen>>> = {
  Express: (own) => listen(express().use('/llm', expressGateway(own))),
  Koa: (own) => listen(new Koa().use(koaGateway(own)).callback()),
  Hono: (own) => listen(getRequestListener(new Hono().route('/llm', honoGateway(own)).fetch)),
}

type Oddly = () => never

/**
 * One function of the host, as a gateway is given it, and what a request meets for each behaviour
 * of it.
 */
interface Walk {
  readonly options: (oddly: Oddly) => GatewayOptions
  readonly ask: (url: string) => Promise<Response>
  readonly status: (behaviour: OddBehaviour) => number
  readonly isLogged: (behaviour: OddBehaviour) => boolean
  /** The request waits for the function, no longer than 12 such steps. */
  readonly stepMs?: number
}

const chat =
  (headers: Record<string, string>, model = 'openai/gpt-5-mini', signal?: AbortSignal) =>
  (url: string) =>
    fetch(`${url}/llm/v1/chat/completions`, {
      method: 'POST',
      ...(signal && { signal }),
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }),
    })
const withKey = (model?: string) => chat({ authorization: `Bearer ${KEY}` }, model)
const administer = (headers: Record<string, string>) => (url: string) =>
  fetch(`${url}/llm/admin/keys`, { headers })

const isStranger = ({ outcome, value }: OddBehaviour): boolean => outcome === 'answers' && !value
const fails = ({ outcome }: OddBehaviour): boolean => outcome === 'fails'
const always = (status: number) => () => status
const isQuietNo = ({ outcome, value, isPromised }: OddBehaviour): boolean =>
  outcome === 'answers' && !isPromised && (value === undefined || value === null || value === false)

/**
 * A closed door: an unknown caller needs a credential, and everything else is a failure of the
 * host.
 */
const door = {
  stepMs: 1_000,
  status: (behaviour: OddBehaviour) => (isStranger(behaviour) ? 401 : 500),
  isLogged: (behaviour: OddBehaviour) => !isStranger(behaviour),
}
/** The result of a notification is not looked at; its failure is logged, however late it comes. */
const told = {
  status: always(200),
  isLogged: (behaviour: OddBehaviour) => fails(behaviour) || behaviour.name === 'rejects late',
}
const credential = { stepMs: 1_000, status: always(502), isLogged: () => true }

const walks: Readonly<Record<HostFunction, Walk>> = {
  identify: { options: (identify) => ({ identify }), ask: chat({}), ...door },
  adminGuard: { options: (adminGuard) => ({ adminGuard }), ask: administer({}), ...door },
  onRecord: { options: (onRecord) => ({ onRecord }), ask: withKey(), ...told },
  onAlert: {
    options: (onAlert) => ({
      onAlert,
      limits: [{ unit: 'requests', window: 'second', limit: 10_000, alertAt: [0.0001] }],
    }),
    ask: withKey(),
    ...told,
  },
  onAdmin: {
    options: (onAdmin) => ({ onAdmin, adminToken: TOKEN }),
    ask: administer({ authorization: `Bearer ${TOKEN}` }),
    ...told,
  },
  disabled: {
    options: (disabled) => ({ disabled }),
    ask: withKey(),
    status: ({ outcome, value, isPromised }) =>
      outcome === 'answers' && value === true && !isPromised ? 503 : 200,
    isLogged: (behaviour) =>
      !isQuietNo(behaviour) && !(behaviour.value === true && !behaviour.isPromised),
  },
  log: {
    options: (oddly) => ({ log: { error: oddly, warn: oddly, info: oddly, debug: oddly } }),
    ask: withKey(),
    status: always(200),
    isLogged: () => false,
  },
  'provider.token': {
    options: (token) => ({ providers: { cloud: { kind: 'azure', baseUrl: provider.url, token } } }),
    ask: withKey('cloud/m'),
    ...credential,
  },
  'provider.credentials': {
    options: (credentials) => ({
      providers: {
        cloud: { kind: 'bedrock', region: 'us-east-1', baseUrl: provider.url, credentials },
      },
    }),
    ask: withKey('cloud/m'),
    ...credential,
  },
  store: {
    stepMs: 100,
    options: (oddly) => ({
      adminToken: TOKEN,
      limits: [{ unit: 'requests', window: 'minute', limit: 1000 }],
      store: {
        name: 'odd',
        isShared: true,
        limitStore: { reserve: oddly, settle: oddly, read: oddly, reset: oddly },
        adminStore: { changesSince: oddly, put: oddly, secret: oddly },
        healthStore: { tell: oddly, read: oddly } as never,
        close: oddly,
      },
    }),
    ask: withKey(),
    status: always(200),
    isLogged: () => false,
  },
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

describe.each(Object.keys(frameworks))('%s', (framework) => {
  it.each(Object.keys(hostFunctions) as HostFunction[])(
    'answers every request, whatever %s does',
    async (name) => {
      const walk = walks[name]
      let behaviour: OddBehaviour | undefined
      let wasCalled = false
      let onCalled = (): void => undefined
      const oddly = (() => {
        wasCalled = true
        onCalled()
        return behaviour?.run()
      }) as Oddly
      const clock = new FakeClock()
      const lines: string[] = []
      const write = (message: string, fields?: object): void =>
        void lines.push(`${message} ${JSON.stringify(fields)}`)
      const log: Logger = {
        error: write,
        warn: write,
        info: () => undefined,
        debug: () => undefined,
      }
      const { url, close } = await mount(
        framework,
        { keys: { walked: KEY }, log, ...walk.options(oddly) },
        clock,
      )
      const seen: Record<string, unknown> = {}
      for (behaviour of oddBehaviours) {
        clock.advance(61_000)
        lines.length = 0
        const called = Promise.withResolvers<void>()
        onCalled = called.resolve
        wasCalled = false
        const asked = walk
          .ask(url)
          .then(async (response) => ({ status: response.status, body: await response.text() }))
        if (walk.stepMs !== undefined && behaviour.outcome === 'late') {
          await called.promise
          // In steps: one deadline may follow another.
          for (let step = 0; step < STEPS; step++) {
            clock.advance(walk.stepMs)
            await nextTurn()
          }
        }
        const answer = await asked
        for (const settle of late.splice(0)) settle()
        await nextTurn()
        await nextTurn()
        seen[behaviour.name] = [
          answer.status,
          wasCalled,
          lines.some((line) => line.includes(`"callback":"${name}"`)),
        ]
      }
      await close()
      expect(seen).toEqual(
        Object.fromEntries(
          oddBehaviours.map((each) => [each.name, [walk.status(each), true, walk.isLogged(each)]]),
        ),
      )
    },
  )
})

describe.each(Object.keys(frameworks))('identify in %s', (framework) => {
  it('is left when the client leaves', async () => {
    const records: RequestRecord[] = []
    let ask = (): void => undefined
    const asked = new Promise<void>((resolve) => (ask = resolve))
    const { url, close } = await mount(framework, {
      identify: () => (ask(), new Promise(() => undefined)),
      onRecord: (record) => void records.push(record),
    })
    const leaving = new AbortController()
    const answer = chat({}, undefined, leaving.signal)(url).catch((error: unknown) => error)
    await asked
    leaving.abort()
    await answer
    while (records.length === 0) await nextTurn()
    expect(records).toMatchObject([{ status: 499, code: 'client_closed' }])
    await close()
  })
})

async function mount(
  framework: string,
  options: GatewayOptions,
  clock = new FakeClock(),
): Promise<{ url: string; close: () => Promise<void> }> {
  const own = createGateway(
    {
      prefix: framework === 'Koa' ? '/llm' : '',
      circuitBreaker: 'off',
      retries: 0,
      ...options,
      providers: { openai: { baseUrl: provider.url, apiKey: 'test' }, ...options.providers },
    },
    { clock, environment: {} },
  )
  const server = await frameworks[framework]?.(own)
  return {
    url: server?.url ?? '',
    async close() {
      await own.close({ graceMs: 0 })
      await server?.close()
    },
  }
}

describe.each(Object.keys(frameworks))(
  'an error of ours that identify throws on purpose, in %s',
  (framework) => {
    const denied = (details: object = {}, fields: PropertyDescriptorMap = {}) =>
      Object.defineProperties(
        new GatewayError('permission_denied', 'Not on Sundays.', details as never),
        fields,
      )

    it.each<[string, number, () => unknown]>([
      ['reaches the client', 403, () => denied()],
      ['with headers', 403, () => denied({ headers: { 'x-plan': 'free' } })],
      [
        'with a header that HTTP cannot carry',
        500,
        () => denied({ headers: { 'x-plan': 'a\r\nb' } }),
      ],
      [
        'with a header name that HTTP cannot carry',
        500,
        () => denied({ headers: { 'x plan': 'a' } }),
      ],
      ['with a status that HTTP does not have', 500, () => denied({ status: 99 })],
      ['with a code that we do not have', 500, () => denied({}, { code: { value: 'nonsense' } })],
      [
        'with details that throw',
        500,
        () =>
          denied(
            {},
            {
              details: {
                get: () => {
                  throw new Error('odd')
                },
              },
            },
          ),
      ],
      ['with details that are none', 500, () => denied({}, { details: { value: null } })],
      [
        'with a circular message',
        500,
        () =>
          denied(
            {},
            {
              message: {
                get() {
                  return { self: [this, 5n] }
                },
              },
            },
          ),
      ],
    ])('%s: %i', async (_, status, make) => {
      const { url, close } = await mount(framework, {
        log: 'silent',
        identify: () => {
          throw make()
        },
      })
      const response = await chat({})(url)
      expect(response.status).toBe(status)
      await response.text()
      await close()
    })
  },
)

describe('a caller that identify answers', () => {
  const limit = { unit: 'requests', limit: 2, window: 'total' } as const
  const serve = async (
    options: GatewayOptions,
  ): Promise<{
    statuses: (times: number, key?: string) => Promise<number[]>
    lines: string[]
    records: RequestRecord[]
    clock: FakeClock
    close: () => Promise<void>
  }> => {
    const lines: string[] = []
    const records: RequestRecord[] = []
    const clock = new FakeClock()
    const write = (message: string, fields?: object): void =>
      void lines.push(`${message} ${JSON.stringify(fields)}`)
    const { url, close } = await mount(
      'Express',
      {
        log: { error: write, warn: write, info: () => undefined, debug: () => undefined },
        onRecord: (record) => void records.push(record),
        keys: { walked: KEY },
        ...options,
      },
      clock,
    )
    const statuses = async (times: number, key?: string): Promise<number[]> => {
      const seen: number[] = []
      for (let at = 0; at < times; at++)
        seen.push(
          (await chat(key === undefined ? {} : { authorization: `Bearer ${key}` })(url)).status,
        )
      return seen
    }
    return { statuses, lines, records, clock, close }
  }

  it.each([
    [7, '7'],
    [7n, '7'],
    [0, '0'],
    ['ada', 'ada'],
  ])(
    'with the id %s is the caller "%s" everywhere, and a number is logged once',
    async (id, name) => {
      const { statuses, lines, records, close } = await serve({
        identify: (() => ({ id, team: id })) as never,
        limits: [limit],
      })
      expect(await statuses(3)).toEqual([200, 200, 429])
      expect(records.map(({ caller }) => caller)).toMatchObject(
        Array.from({ length: 3 }, () => ({ id: name, team: name })),
      )
      expect(lines.filter((line) => line.includes('numbers as id'))).toHaveLength(
        typeof id === 'string' ? 0 : 1,
      )
      await close()
    },
  )

  it.each([
    { team: {} },
    { team: '' },
    { tenant: [] },
    { tenant: false },
    { user: Number.NaN },
    { feature: () => 'a' },
    { limits: [{ unit: 'bananas', limit: 1 }] },
    { models: 'openai/*' },
    { mayName: ['id'] },
  ])('with %o is refused, and never one without it', async (odd) => {
    const { statuses, lines, close } = await serve({
      identify: (() => ({ id: 'ada', ...odd })) as never,
    })
    expect(await statuses(2)).toEqual([500, 500])
    expect(lines).toEqual([expect.stringContaining('host callback failed {"callback":"identify"')])
    await close()
  })

  it('is called before the key is checked, and its failure is logged once a minute', async () => {
    const { statuses, lines, clock, close } = await serve({ identify: (() => true) as never })
    expect(await statuses(3, KEY)).toEqual([500, 500, 500])
    expect(lines).toHaveLength(1)
    clock.advance(60_000)
    await statuses(1, KEY)
    expect(lines[1]).toContain('"notLogged":2')
    await close()
  })
})
