import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ConfigurationError,
  createGateway,
  type Gateway,
  GatewayError,
  type GatewayOptions,
  type RequestRecord,
} from '@postern/core'
import { createGate, type FakeProvider, startFakeProvider, stockScript } from '@postern/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, CANARY_KEY, CLIENT_KEY } from './harness/chain.ts'
import { openStream, seeError, seeStream } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { seeLog } from './harness/log.ts'

const OTHER_KEY = 'pk_other_0123456789abcdef'

let openai: FakeProvider
let anthropic: FakeProvider
let gateway: Gateway
let records: RequestRecord[]

beforeAll(async () => {
  openai = await startFakeProvider({ dialect: 'openai-chat', apiKey: CANARY_KEY })
  anthropic = await startFakeProvider({ dialect: 'anthropic-messages', apiKey: CANARY_KEY })
})
beforeEach(() => {
  records = []
  openai.journal.clear()
  anthropic.journal.clear()
})
afterEach(() => gateway.close({ graceMs: 0 }))
afterAll(() => Promise.all([openai.close(), anthropic.close()]))

const providerVariables = (): Record<string, string> => ({
  OPENAI_API_KEY: CANARY_KEY,
  OPENAI_BASE_URL: openai.url,
  ANTHROPIC_API_KEY: CANARY_KEY,
  ANTHROPIC_BASE_URL: anthropic.url,
})

function start(options: GatewayOptions = {}, environment: Record<string, string> = {}): void {
  gateway = createGateway(
    { log: 'silent', onRecord: (record) => records.push(record), ...options },
    { random: () => 0, environment: { ...providerVariables(), ...environment } },
  )
}

/** Sends a chat completion with exactly these headers. */
function send(
  headers: Record<string, string>,
  body: Record<string, unknown> = {},
): Promise<Response> {
  return ask(
    (path, init) => gateway.fetch(`http://gateway${path}`, init),
    { model: 'openai/gpt-5-mini', ...body },
    { headers },
  )
}

const bearer = (key = CLIENT_KEY): Record<string, string> => ({ authorization: `Bearer ${key}` })

describe('virtual keys', () => {
  beforeEach(() => start({}, { POSTERN_KEYS: `web:${CLIENT_KEY}, batch:${OTHER_KEY}` }))

  // The name of a test is printed where it is slow: no key may be in it.
  it.each([
    ['authorization', 'Bearer ', ''],
    ['authorization', 'bearer  ', ' '],
    ['x-api-key', '', ''],
    ['api-key', '', ''],
    ['x-goog-api-key', '', ''],
  ])('are taken from `%s: %s<key>%s`', async (name, before, after) => {
    const value = before + CLIENT_KEY + after
    expect((await send({ [name]: value })).status).toBe(200)
    expect(records[0]?.caller).toEqual({ id: 'web' })
    expect(JSON.stringify(openai.journal.last().headers)).not.toContain(CLIENT_KEY)
  })

  it('say who is calling, whatever else the client claims', async () => {
    await send(
      { ...bearer(OTHER_KEY), 'x-user': 'root', 'x-tenant': 'other', 'x-postern-caller': 'root' },
      { user: 'root' },
    )
    expect(records[0]?.caller).toEqual({ id: 'batch' })
  })

  it('in `authorization` win: a wrong one there is not mended by a right one elsewhere', async () => {
    expect((await send({ authorization: 'Bearer wrong', 'x-api-key': CLIENT_KEY })).status).toBe(
      401,
    )
  })
})

describe("the host's own login", () => {
  it('wins over every header', async () => {
    start({
      keys: { web: CLIENT_KEY },
      identify: () => ({ id: 'user-7', tenant: 'acme', team: 'support' }),
    })
    expect((await send(bearer())).status).toBe(200)
    expect((await send({})).status).toBe(200)
    expect(records.map((record) => record.caller)).toEqual(
      Array.from({ length: 2 }, () => ({ id: 'user-7', tenant: 'acme', team: 'support' })),
    )
  })

  it('sees the request, and leaves unknown callers to the keys', async () => {
    start({
      keys: { web: CLIENT_KEY },
      identify: (host) =>
        new Headers((host as Request).headers).get('cookie') === 'session=7'
          ? { id: 'user-7' }
          : null,
    })
    await send({ cookie: 'session=7' })
    await send({ cookie: 'session=8', ...bearer() })
    expect(records.map((record) => record.caller?.id)).toEqual(['user-7', 'web'])
    expect((await send({ cookie: 'session=8' })).status).toBe(401)
  })

  it('needs no keys beside it', async () => {
    start({ identify: () => Promise.resolve(undefined) }, { NODE_ENV: 'production' })
    expect((await send(bearer())).status).toBe(401)
  })

  it('restricts the callers it identifies', async () => {
    start({ identify: () => ({ id: 'guest', models: ['openai/gpt-5-nano'] }) })
    expect((await send({}, { model: 'openai/gpt-5-nano' })).status).toBe(200)
    expect((await send({}, { model: 'openai/gpt-5' })).status).toBe(403)
  })

  it('that fails lets no request in, and reveals no reason', async () => {
    const log = seeLog()
    start({
      keys: { web: CLIENT_KEY },
      log,
      identify: () => Promise.reject(new Error('the session store said LEAK')),
    })
    const response = await send(bearer())
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('LEAK')
    expect(await log.next('LEAK')).toContain('error host callback failed {"callback":"identify"')
    expect(openai.journal.length).toBe(0)
  })

  it('may refuse in its own words', async () => {
    const refuse = (): never => {
      throw new GatewayError('permission_denied', 'Your plan does not include this.')
    }
    start({ keys: { web: CLIENT_KEY }, identify: refuse })
    const response = await send(bearer())
    expect([response.status, (await seeError(response)).message]).toEqual([
      403,
      'Your plan does not include this.',
    ])
  })
})

describe('without keys', () => {
  it('POSTERN_AUTH=none lets everybody in, and still knows who shows a key', async () => {
    start({ keys: { web: CLIENT_KEY } }, { POSTERN_AUTH: 'none', NODE_ENV: 'production' })
    for (const headers of [{}, bearer('anything'), bearer()])
      expect((await send(headers)).status).toBe(200)
    expect(records.map((record) => record.caller?.id)).toEqual(['anonymous', 'anonymous', 'web'])
  })

  it('a development key is made and told once, outside production', async () => {
    const log = seeLog()
    start({ log })
    const line = await log.next('development key')
    const key = /pk_dev_[\w-]{32}/.exec(line)?.[0] ?? ''
    expect((await send(bearer(key))).status).toBe(200)
    expect((await send({})).status).toBe(401)
    expect(records[0]?.caller).toEqual({ id: 'development' })
    expect(log.lines.filter((other) => other.includes(key))).toEqual([line])
  })

  it('production does not start, and the error names the three ways out', () => {
    start({}, { POSTERN_AUTH: 'none' })
    const refused = (): unknown =>
      createGateway({}, { environment: { ...providerVariables(), NODE_ENV: 'production' } })
    expect(refused).toThrow(ConfigurationError)
    for (const way of ['POSTERN_KEYS', 'identify', 'POSTERN_AUTH=none'])
      expect(refused).toThrow(way)
  })
})

describe('a restricted key', () => {
  const routes = { cheap: ['openai/gpt-5-nano'], dear: ['openai/gpt-5'] }

  it.each([
    { only: { routes: ['cheap'] }, model: 'cheap', status: 200 },
    { only: { routes: ['cheap'] }, model: 'dear', status: 403 },
    { only: { routes: ['cheap'] }, model: 'openai/gpt-5-nano', status: 403 },
    { only: { models: ['openai/gpt-5-nano'] }, model: 'openai/gpt-5-nano', status: 200 },
    { only: { models: ['openai/gpt-5-nano'] }, model: 'openai/gpt-5-nano-2', status: 403 },
    { only: { models: ['openai/gpt-5-nano'] }, model: 'gpt-5-nano', status: 200 },
    { only: { models: ['openai/*'] }, model: 'openai/anything', status: 200 },
    { only: { models: ['openai/*'] }, model: 'anthropic/claude-sonnet-4-6', status: 403 },
    {
      only: { routes: ['cheap'], models: ['anthropic/*'] },
      model: 'anthropic/claude-sonnet-4-6',
      status: 200,
    },
  ])('$only asks for $model -> $status', async ({ only, model, status }) => {
    start({ routes, keys: { web: { key: CLIENT_KEY, ...only } } })
    const response = await send(bearer(), { model })
    expect(response.status).toBe(status)
    if (status === 200) return
    expect(await seeError(response)).toMatchObject({
      type: 'permission_error',
      code: 'permission_denied',
      param: 'model',
    })
    expect(openai.journal.length + anthropic.journal.length).toBe(0)
  })
})

describe('the environment alone', () => {
  const environment = {
    POSTERN_ROUTE_SUPPORT_TIER: 'anthropic/claude-sonnet-4-6, openai/gpt-5-mini',
    POSTERN_RETRIES: '2',
    POSTERN_TIMEOUT: '30s',
    POSTERN_TTFT_TIMEOUT: '2s',
    POSTERN_KEYS: `app:${CLIENT_KEY}`,
    POSTERN_LOG: 'silent',
  }
  let clock: FakeClock
  beforeEach(() => {
    clock = new FakeClock()
    const own = {
      POSTERN_PROVIDER_MY_GPU_BASE_URL: openai.url,
      POSTERN_PROVIDER_MY_GPU_API_KEY: CANARY_KEY,
      POSTERN_PROVIDER_MY_GPU_MODELS: 'llama-70b',
    }
    gateway = createGateway(
      {},
      { clock, random: () => 0, environment: { ...providerVariables(), ...environment, ...own } },
    )
  })

  it('makes routes with fallback', async () => {
    anthropic.enqueue({ status: 529 })
    const response = await send(bearer(), { model: 'support-tier' })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-postern-route': 'support-tier',
      'x-postern-target': 'openai/gpt-5-mini',
      'x-postern-attempts': '2',
    })
  })

  it('bounds retries', async () => {
    anthropic.enqueue({ status: 529 }, { status: 529 })
    openai.enqueue({ status: 500 })
    expect((await send(bearer(), { model: 'support-tier' })).status).toBe(503)
    expect([anthropic.journal.length, openai.journal.length]).toEqual([2, 1])
  })

  it('sets the deadline and the time to the first token', async () => {
    openai.enqueue({ hangBeforeHeaders: true })
    const whole = send(bearer())
    await openai.journal.waitForRequest()
    clock.advance(30_000)
    expect((await seeError(await whole)).message).toContain('30000 ms')
    anthropic.enqueue({ hangBeforeHeaders: true })
    const streamed = send(bearer(), { model: 'support-tier', stream: true })
    await anthropic.journal.waitForRequest()
    clock.advance(2000)
    expect((await streamed).headers.get('x-postern-target')).toBe('openai/gpt-5-mini')
    await (await streamed).body?.cancel()
  })

  it.each([
    ['openai/o9-anything', 'openai/o9-anything'],
    ['gpt-5-mini', 'openai/gpt-5-mini'],
    ['claude-sonnet-4-6', 'anthropic/claude-sonnet-4-6'],
    ['my-gpu/mistral', 'my-gpu/mistral'],
    ['llama-70b', 'my-gpu/llama-70b'],
  ])('finds %s as %s', async (model, target) => {
    const response = await send(bearer(), { model })
    expect([response.status, response.headers.get('x-postern-target')]).toEqual([200, target])
  })
})

describe('a configuration file', () => {
  let adminStore: string
  let path: string
  beforeEach(async () => {
    adminStore = await mkdtemp(join(tmpdir(), 'postern-'))
    path = join(adminStore, 'postern.yaml')
  })
  afterEach(() => rm(adminStore, { recursive: true }))

  const file = (route: string, retries = 2): string => `
providers:
  first:
    baseUrl: ${openai.url}
    apiKey: \${FIRST_KEY}
routes:
  ${route}: [first/alpha]
keys:
  web: ${CLIENT_KEY}
retries: ${retries}
`
  /**
   * The route that served this name; with a single provider, a name that is no route is taken for a
   * model of it.
   */
  const routeOf = async (model: string): Promise<string | null> =>
    (await send(bearer(), { model })).headers.get('x-postern-route')

  it('is reloaded when it changes, and a bad one never replaces a good one', async () => {
    const log = seeLog()
    await writeFile(path, file('before'))
    gateway = createGateway(
      { log },
      { environment: { POSTERN_CONFIG: path, FIRST_KEY: CANARY_KEY } },
    )
    expect([await routeOf('before'), await routeOf('after')]).toEqual(['before', null])

    await writeFile(path, file('after'))
    await log.next('configuration reloaded')
    expect([await routeOf('before'), await routeOf('after')]).toEqual([null, 'after'])
    expect(gateway.health().routes).toEqual(['after'])

    await writeFile(path, `${file('third')}\nretrys: 3\n`)
    expect(await log.next('keeping the last valid one')).toContain('retrys')
    expect([await routeOf('after'), await routeOf('third')]).toEqual(['after', null])

    await writeFile(`${path}.new`, file('third'))
    await rename(`${path}.new`, path)
    await log.next('configuration reloaded')
    expect([await routeOf('after'), await routeOf('third')]).toEqual([null, 'third'])
    expect(log.lines.join('\n')).not.toContain(CANARY_KEY)
  })

  it('does not change a stream that runs while it is reloaded', async () => {
    const log = seeLog()
    const gate = createGate()
    await writeFile(path, file('before'))
    gateway = createGateway({ log, config: path }, { environment: { FIRST_KEY: CANARY_KEY } })
    openai.enqueue({ answer: { text: ['one', 'two'] }, gate })
    gate.release()
    const stream = openStream(await send(bearer(), { model: 'before', stream: true }))
    await stream.until('one')
    await writeFile(path, file('after'))
    await log.next('configuration reloaded')
    gate.releaseAll()
    expect(seeStream(await stream.rest())).toMatchObject({ text: 'onetwo', done: true })
  })

  it('yields to the environment, which yields to code', async () => {
    await writeFile(path, file('chain', 0))
    openai.reply({ status: 503 })
    const callsWith = async (
      options: GatewayOptions,
      environment: Record<string, string>,
    ): Promise<number> => {
      openai.journal.clear()
      gateway = createGateway(
        { log: 'silent', config: path, ...options },
        { random: () => 0, environment: { FIRST_KEY: CANARY_KEY, ...environment } },
      )
      await send(bearer(), { model: 'chain' })
      await gateway.close()
      return openai.journal.length
    }
    expect(await callsWith({}, {})).toBe(1)
    expect(await callsWith({}, { POSTERN_RETRIES: '1' })).toBe(2)
    expect(await callsWith({ retries: 2 }, { POSTERN_RETRIES: '1' })).toBe(3)
    openai.reply(stockScript)
  })

  it('that is wrong or missing does not start', async () => {
    start({}, { POSTERN_AUTH: 'none' })
    const environment = { POSTERN_CONFIG: path, FIRST_KEY: CANARY_KEY }
    expect(() => createGateway({}, { environment })).toThrow(ConfigurationError)
    await writeFile(path, 'routes: [unclosed')
    expect(() => createGateway({}, { environment })).toThrow(path)
  })
})
