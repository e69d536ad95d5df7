import { createGateway, type Gateway, type GatewayOptions } from '@postern/core'
import { type FakeProvider, refusedUrl, startFakeProvider } from '@postern/testing'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CANARY_KEY, CLIENT_KEY, startMountedChain } from './harness/chain.ts'
import { seeError } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { spokenBy } from './harness/spoken.ts'
import { seeLog, type SeenLog } from './harness/log.ts'

interface Model {
  readonly id: string
  readonly object: string
  readonly created: number
  readonly owned_by: string
}

let first: FakeProvider
let second: FakeProvider
let third: FakeProvider
let gateway: Gateway
let clock: FakeClock
let log: SeenLog

beforeAll(async () => {
  first = await startFakeProvider({ dialect: 'openai-chat', apiKey: CANARY_KEY })
  second = await startFakeProvider({ dialect: 'anthropic-messages', apiKey: CANARY_KEY })
  third = await startFakeProvider({ dialect: 'gemini', apiKey: CANARY_KEY })
  first.models = ['alpha', 'beta']
  second.models = ['gamma']
  third.models = ['delta']
})
beforeEach(() => {
  clock = new FakeClock()
  log = seeLog()
  for (const provider of [first, second, third]) provider.journal.clear()
})
afterEach(async () => {
  await gateway.close()
  expect(clock.pending).toBe(0)
})
afterAll(() => Promise.all([first.close(), second.close(), third.close()]))

const own = (provider: FakeProvider, more: object = {}) => ({
  baseUrl: provider.url,
  apiKey: CANARY_KEY,
  dialect: spokenBy(provider),
  ...more,
})
const three = () => ({ first: own(first), second: own(second), third: own(third) })

function start(options: GatewayOptions = {}): void {
  gateway = createGateway(
    { providers: three(), keys: { web: CLIENT_KEY }, log, ...options },
    { clock, environment: {} },
  )
}

async function list(): Promise<readonly Model[]> {
  const response = await gateway.fetch('http://gateway/v1/models', {
    headers: { authorization: `Bearer ${CLIENT_KEY}` },
  })
  expect(response.status).toBe(200)
  const body = (await response.json()) as { object: string; data: readonly Model[] }
  expect(body.object).toBe('list')
  return body.data
}

const ids = async (): Promise<string[]> => (await list()).map((model) => model.id)

describe('GET /v1/models', () => {
  it('lists the routes, then what every provider serves', async () => {
    start({ routes: { support: ['first/alpha'], cheap: ['second/gamma'] } })
    expect(await list()).toEqual([
      { id: 'support', object: 'model', created: 1_700_000_000, owned_by: 'postern' },
      { id: 'cheap', object: 'model', created: 1_700_000_000, owned_by: 'postern' },
      { id: 'first/alpha', object: 'model', created: 1_700_000_000, owned_by: 'first' },
      { id: 'first/beta', object: 'model', created: 1_700_000_000, owned_by: 'first' },
      { id: 'second/gamma', object: 'model', created: 1_700_000_000, owned_by: 'second' },
      { id: 'third/delta', object: 'model', created: 1_700_000_000, owned_by: 'third' },
    ])
  })

  it('always lists the models the configuration names, once', async () => {
    start({ providers: { first: own(first, { models: ['beta', 'private'] }) } })
    expect(await ids()).toEqual(['first/beta', 'first/private', 'first/alpha'])
  })

  it('lists only models that can be called', async () => {
    start({ routes: { support: ['first/alpha'] } })
    for (const id of await ids()) {
      const response = await gateway.fetch('http://gateway/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: `Bearer ${CLIENT_KEY}` },
        body: JSON.stringify({ model: id, messages: [{ role: 'user', content: 'Hello' }] }),
      })
      expect([id, response.status]).toEqual([id, 200])
    }
  })

  it('needs a key', async () => {
    start()
    const response = await gateway.fetch('http://gateway/v1/models')
    expect([response.status, (await seeError(response)).code]).toEqual([401, 'missing_api_key'])
    expect(first.journal.length).toBe(0)
  })
})

describe('a restricted key', () => {
  const routes = { support: ['first/alpha'], cheap: ['second/gamma'] }

  it.each([
    { only: { routes: ['cheap'] }, seen: ['cheap'] },
    { only: { models: ['second/*'] }, seen: ['support', 'cheap', 'second/gamma'] },
    { only: { models: ['first/beta'] }, seen: ['support', 'cheap', 'first/beta'] },
    { only: { routes: ['support'], models: ['first/beta'] }, seen: ['support', 'first/beta'] },
    { only: { routes: [], models: ['second/*'] }, seen: ['second/gamma'] },
  ])('$only sees $seen', async ({ only, seen }) => {
    start({ routes, keys: { web: { key: CLIENT_KEY, ...only } } })
    expect(await ids()).toEqual(seen)
  })
})

describe('a provider that fails', () => {
  it('is left out and logged, without its key', async () => {
    start({
      providers: {
        ...three(),
        wrong: { ...own(first), apiKey: 'sk-wrong-0123456789abcdef' },
        gone: { baseUrl: await refusedUrl('/v1') },
      },
    })
    expect(await ids()).toEqual(['first/alpha', 'first/beta', 'second/gamma', 'third/delta'])
    expect(
      log.lines
        .filter((line) => line.startsWith('warn model list failed'))
        .map((line) => /"provider":"(\w+)"/.exec(line)?.[1])
        .sort(),
    ).toEqual(['gone', 'wrong'])
    expect(log.lines.join('\n')).not.toContain('sk-')
  })

  it('is asked again the next time', async () => {
    const flaky = await startFakeProvider({ dialect: 'openai-chat', apiKey: CANARY_KEY })
    const { url } = flaky
    await flaky.close()
    start({ providers: { flaky: { baseUrl: url, apiKey: CANARY_KEY, models: ['named'] } } })
    expect(await ids()).toEqual(['flaky/named'])
    const back = await startFakeProvider({
      dialect: 'openai-chat',
      apiKey: CANARY_KEY,
      port: Number(new URL(url).port),
    })
    expect(await ids()).toEqual(['flaky/named', 'flaky/fake-small', 'flaky/fake-large'])
    await back.close()
  })
})

describe('the list of a provider', () => {
  it('is requested once in five minutes, however many clients need it at once', async () => {
    start()
    await Promise.all([ids(), ids(), ids()])
    await ids()
    clock.advance(5 * 60_000 - 1)
    await ids()
    expect([first, second, third].map((provider) => provider.journal.length)).toEqual([1, 1, 1])
    first.models = ['alpha', 'beta', 'epsilon']
    clock.advance(1)
    expect(await ids()).toContain('first/epsilon')
    expect([first, second, third].map((provider) => provider.journal.length)).toEqual([2, 2, 2])
    first.models = ['alpha', 'beta']
  })

  it("is requested with the provider's own key in its own header", async () => {
    start()
    await ids()
    expect(first.journal.last()).toMatchObject({
      method: 'GET',
      path: '/v1/models',
      headers: { authorization: `Bearer ${CANARY_KEY}` },
    })
    expect(second.journal.last().headers['x-api-key']).toBe(CANARY_KEY)
    expect(third.journal.last().headers['x-goog-api-key']).toBe(CANARY_KEY)
    expect(third.journal.last().search).not.toContain(CANARY_KEY)
  })
})

it.each(['Express', 'Koa', 'Hono'] as const)(
  'the official SDK lists models through %s',
  async (framework) => {
    start()
    const chain = await startMountedChain(framework, { mountPath: '/llm' })
    const client = new OpenAI({ baseURL: `${chain.url}/v1`, apiKey: CLIENT_KEY })
    const seen: string[] = []
    for await (const model of client.models.list()) seen.push(model.id)
    expect(seen).toEqual([
      'chain',
      'first/fake-small',
      'first/fake-large',
      'second/fake-small',
      'second/fake-large',
    ])
    await chain.close()
  },
)
