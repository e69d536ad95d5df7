import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { catalogue } from '../providers/index.ts'
import type { Environment } from './sources/env.ts'
import type { GatewayOptions } from './options.ts'
import { ConfigurationError, type Problem } from './values/problem.ts'
import { resolveSettings as resolveWith } from './resolve.ts'
import { optionsSchema } from './schema/schema.ts'
import type { Settings } from './settings.ts'

const deps = {
  clock: new FakeClock(),
  fetchToken: () => Promise.reject(new Error('No token is requested while settings are resolved.')),
}
const resolveSettings = (options: GatewayOptions<never>, environment: Environment): Settings =>
  resolveWith(options, environment, deps)

const directory = mkdtempSync(join(tmpdir(), 'postern-resolve-'))
afterAll(() => rmSync(directory, { recursive: true }))

const key = '0123456789abcdef'
const openai = { OPENAI_API_KEY: 'sk-openai' }

function file(content: object): string {
  const path = join(directory, 'postern.json')
  writeFileSync(path, JSON.stringify(content))
  return path
}

function problemsOf(options: unknown, environment: Environment = openai): readonly Problem[] {
  try {
    resolveSettings(options as GatewayOptions<never>, environment)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

describe('providers', () => {
  it('come from keys found in the environment, at their own address', () => {
    const { providers } = resolveSettings(
      {},
      { ANTHROPIC_API_KEY: 'a', GOOGLE_API_KEY: 'g', ...openai, GROQ_API_KEY: '' },
    )
    expect([...providers.keys()]).toEqual(['openai', 'anthropic', 'gemini'])
    expect(providers.get('openai')?.headers()).toEqual({ authorization: 'Bearer sk-openai' })
    expect(providers.get('anthropic')).toMatchObject({
      dialect: 'anthropic-messages',
      origin: 'https://api.anthropic.com',
      basePath: '',
    })
    expect(providers.get('gemini')?.headers()).toEqual({ 'x-goog-api-key': 'g' })
  })

  it.each(catalogue.map((entry) => [entry.name, entry] as const))(
    '%s is enabled by each of its variables alone',
    (name, entry) => {
      const account = {
        CLOUDFLARE_ACCOUNT_ID: 'account',
        DATABRICKS_HOST: 'host.example',
        SNOWFLAKE_ACCOUNT: 'account',
      }
      const variables = entry.isLocal
        ? [`${name.toUpperCase().replaceAll('-', '_')}_BASE_URL`]
        : entry.keyVariables
      for (const variable of variables) {
        const { providers } = resolveSettings(
          {},
          { [variable]: entry.isLocal ? 'http://10.0.0.9:1234' : 'the-key', ...account },
        )
        expect([...providers.keys()]).toEqual([name])
        expect(providers.get(name)?.headers()).toMatchObject(
          entry.isLocal
            ? {}
            : {
                [entry.auth === 'bearer' ? 'authorization' : entry.auth]:
                  entry.auth === 'bearer' ? 'Bearer the-key' : 'the-key',
              },
        )
      }
    },
  )

  it('move to the address of <NAME>_BASE_URL, which enables no hosted one by itself', () => {
    const address = { OPENAI_BASE_URL: 'http://127.0.0.1:4000/v1/' }
    expect(resolveSettings({}, { ...openai, ...address }).providers.get('openai')).toMatchObject({
      origin: 'http://127.0.0.1:4000',
      basePath: '/v1',
    })
    expect(problemsOf({}, address)).toMatchObject([{ message: 'No provider is configured.' }])
    expect(
      resolveSettings({ providers: { openai: {} } }, address)
        .providers.get('openai')
        ?.headers(),
    ).toEqual({})
    expect(problemsOf({}, { ...openai, OPENAI_BASE_URL: 'nonsense' })).toMatchObject([
      { place: 'OPENAI_BASE_URL' },
    ])
  })

  it('may be any others, by POSTERN_PROVIDER_<NAME>_BASE_URL', () => {
    const environment = {
      POSTERN_PROVIDER_MY_GPU_BASE_URL: 'http://gpu.internal:8000/v1',
      POSTERN_PROVIDER_MY_GPU_API_KEY: 'k',
      POSTERN_PROVIDER_MY_GPU_MODELS: 'qwen3-32b',
    }
    const provider = resolveSettings({}, environment).providers.get('my-gpu')
    expect(provider).toMatchObject({
      name: 'my-gpu',
      dialect: 'openai-chat',
      origin: 'http://gpu.internal:8000',
      basePath: '/v1',
      models: ['qwen3-32b'],
    })
    expect(provider?.headers()).toEqual({ authorization: 'Bearer k' })
  })

  it('take each field from the strongest source that gives it', () => {
    const config = file({
      providers: {
        gpu: {
          baseUrl: 'http://file/v1',
          apiKey: 'file',
          models: ['file'],
          headers: { 'X-From': 'file' },
        },
      },
    })
    const environment = {
      POSTERN_PROVIDER_GPU_API_KEY: 'environment',
      POSTERN_PROVIDER_GPU_MODELS: 'environment',
    }
    const provider = resolveSettings(
      { config, providers: { gpu: { models: ['code'] } } },
      environment,
    ).providers.get('gpu')
    expect(provider).toMatchObject({ origin: 'http://file', models: ['code'] })
    expect(provider?.headers()).toEqual({ authorization: 'Bearer environment', 'x-from': 'file' })
  })

  it('take an empty key for none', () => {
    const { providers } = resolveSettings(
      { providers: { openai: { apiKey: '' }, gpu: { baseUrl: 'http://gpu/v1', apiKey: ' ' } } },
      openai,
    )
    expect(providers.get('openai')?.headers()).toEqual({ authorization: 'Bearer sk-openai' })
    expect(providers.get('gpu')?.headers()).toEqual({})
  })

  it.each<[string, unknown, Environment, string, string]>([
    ['none at all', {}, {}, 'providers', 'OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY'],
    [
      'an unknown one without an address',
      { providers: { opnai: {} } },
      {},
      'option providers.opnai',
      'Did you mean "openai"?',
    ],
    [
      'only the key of an unknown one',
      {},
      { POSTERN_PROVIDER_GPU_API_KEY: 'k' },
      'POSTERN_PROVIDER_GPU_API_KEY',
      'POSTERN_PROVIDER_GPU_BASE_URL',
    ],
    [
      'a known one without a key',
      { providers: { groq: {} } },
      {},
      'option providers.groq',
      'Set GROQ_API_KEY.',
    ],
    [
      'an address with a gap',
      {},
      { CLOUDFLARE_API_KEY: 'k' },
      'CLOUDFLARE_API_KEY',
      'CLOUDFLARE_ACCOUNT_ID',
    ],
    [
      'a password in an address',
      { providers: { gpu: { baseUrl: 'https://user:hidden@gpu/v1' } } },
      {},
      'option providers.gpu.baseUrl',
      'Take it out',
    ],
    [
      'a key with a line break inside',
      {},
      { OPENAI_API_KEY: 'hidden\nx: y' },
      'OPENAI_API_KEY',
      'one line',
    ],
  ])('%s is a problem with a fix', (_, options, environment, place, fix) => {
    const problems = problemsOf(options, environment)
    expect(problems).toMatchObject([{ place, fix: expect.stringContaining(fix) }])
    expect(JSON.stringify(problems)).not.toContain('hidden')
  })
})

describe('routes', () => {
  it('hold targets in order and the limits of the gateway unless they have their own', () => {
    const routes: GatewayOptions['routes'] = {
      plain: ['openai/gpt-5', 'openai/a/b:free'],
      own: {
        targets: ['openai/gpt-5'],
        retries: 0,
        timeout: '1s',
        ttftTimeout: 2,
        idleTimeout: '3ms',
        unsupported: 'drop',
        fallbackOn: ['content_filter'],
        hedgeAfter: 'p95',
      },
    }
    const settings = resolveSettings({ routes, retries: 1, timeout: '9s' }, openai)
    expect(settings.routes.get('plain')).toEqual({
      name: 'plain',
      targets: [
        { provider: 'openai', model: 'gpt-5' },
        { provider: 'openai', model: 'a/b:free' },
      ],
      retries: 1,
      timeoutMs: 9_000,
      ttftTimeoutMs: 60_000,
      idleTimeoutMs: 60_000,
      dropUnsupported: false,
      fallbackOn: new Set(),
      overBudget: 'refuse',
      onClientLeave: 'cancel',
      hedgeAfterMs: undefined,
    })
    expect(settings.routes.get('own')).toMatchObject({
      retries: 0,
      timeoutMs: 1_000,
      ttftTimeoutMs: 2,
      idleTimeoutMs: 3,
      dropUnsupported: true,
      fallbackOn: new Set(['content_filter']),
      hedgeAfterMs: 'p95',
    })
    expect(
      resolveSettings(
        {
          routes: {
            strict: { targets: ['openai/gpt-5'], unsupported: 'reject' },
            plain: ['openai/gpt-5'],
          },
          unsupported: 'drop',
        },
        openai,
      ).routes,
    ).toEqual(
      new Map([
        ['strict', expect.objectContaining({ dropUnsupported: false })],
        ['plain', expect.objectContaining({ dropUnsupported: true })],
      ]),
    )
  })

  it.each<[string, GatewayOptions['routes']]>([
    ['a list', { a: ['openai/gpt-5', 'openai/gpt-5-mini'] }],
    ['a text with commas', { a: ' openai/gpt-5 , openai/gpt-5-mini, ' }],
    ['an object with a list', { a: { targets: ['openai/gpt-5', 'openai/gpt-5-mini'] } }],
    ['an object with a text', { a: { targets: 'openai/gpt-5,openai/gpt-5-mini' } }],
  ])('are %s, in code and in a file', (_, routes) => {
    for (const options of [{ routes }, { config: file({ routes }) }]) {
      const { routes: read } = resolveSettings(options, openai)
      expect(read.get('a')?.targets.map(({ model }) => model)).toEqual(['gpt-5', 'gpt-5-mini'])
    }
  })

  it('are one target, written without a list', () => {
    expect(
      resolveSettings({ routes: { a: 'openai/gpt-5' } }, openai).routes.get('a')?.targets,
    ).toEqual([{ provider: 'openai', model: 'gpt-5' }])
  })

  it('are replaced as a whole by a stronger source', () => {
    const config = file({
      routes: {
        a: { targets: ['openai/file'], retries: 0 },
        b: ['openai/file'],
        c: ['openai/file'],
      },
    })
    const { routes } = resolveSettings(
      { config, routes: { a: ['openai/code'] } },
      { ...openai, POSTERN_ROUTE_A: 'openai/environment', POSTERN_ROUTE_B: 'openai/environment' },
    )
    expect(
      [...routes.values()].map(({ name, targets, retries }) => [name, targets[0]?.model, retries]),
    ).toEqual([
      ['a', 'code', 2],
      ['b', 'environment', 2],
      ['c', 'file', 2],
    ])
  })

  it.each<[string, unknown, string, string]>([
    [
      'a provider without a key',
      ['anthropic/claude'],
      '"anthropic/claude" is of a provider that is not configured',
      'Set ANTHROPIC_API_KEY.',
    ],
    [
      'a provider with several variables',
      ['snowflake/x'],
      'not configured',
      'Set SNOWFLAKE_API_KEY or SNOWFLAKE_PAT and SNOWFLAKE_ACCOUNT.',
    ],
    ['a local server', ['ollama/x'], 'not configured', 'Set OLLAMA_BASE_URL'],
    ['a misspelt provider', ['opneai/x'], 'not configured', 'Did you mean "openai"?'],
    ['no provider', ['gpt-5'], 'is not a target', 'provider/model'],
    ['no model', ['openai/'], 'is not a target', 'provider/model'],
    ['no targets', [], 'no targets', 'at least one'],
    ['a text without targets', ' , ', 'no targets', 'at least one'],
    ['a text that is no target', 'gpt-5', 'is not a target', 'provider/model'],
  ])('with %s are a problem', (_, targets, message, fix) => {
    expect(problemsOf({ routes: { a: targets } })).toMatchObject([
      {
        place: 'option routes.a',
        message: expect.stringContaining(message),
        fix: expect.stringContaining(fix),
      },
    ])
    if (Array.isArray(targets) && targets.length > 0)
      expect(problemsOf({}, { ...openai, POSTERN_ROUTE_A: String(targets) })).toMatchObject([
        { place: 'POSTERN_ROUTE_A' },
      ])
  })

  it('may not have the name of a provider', () => {
    expect(problemsOf({ routes: { openai: ['openai/gpt-5'] } })).toMatchObject([
      { place: 'option routes.openai' },
    ])
  })
})

describe('keys and access', () => {
  it('knows keys with and without restrictions', () => {
    const { keys, auth, needsDevelopmentKey } = resolveSettings(
      {
        routes: { a: ['openai/x'] },
        keys: { web: key, app: { key: `${key}2`, routes: ['a'], models: ['openai/*'] } },
      },
      openai,
    )
    expect(
      keys.map(({ name, key: secret, routes, models }) => ({ name, secret, routes, models })),
    ).toEqual([
      { name: 'web', secret: key, routes: undefined, models: undefined },
      { name: 'app', secret: `${key}2`, routes: ['a'], models: ['openai/*'] },
    ])
    expect({ auth, needsDevelopmentKey }).toEqual({ auth: 'keys', needsDevelopmentKey: false })
  })

  it('knows whose use a key is, and which paths it may call', () => {
    const options = {
      tenant: 'acme',
      tag: 'beta',
      mayName: ['tag' as const],
      endpoints: [
        '/v1/chat/completions',
        '/v1/files*',
        '/providers/openai/v1/x',
        '/v1beta/models/*',
      ],
    }
    expect(
      resolveSettings({ keys: { web: { key, ...options } } }, openai).keys[0]?.attribution,
    ).toEqual(options)
  })

  it.each<[string, unknown, Environment, string]>([
    [
      'for a path that is not served',
      { web: { key, endpoints: ['/v1/chat/completion'] } },
      openai,
      'nothing at this path',
    ],
    ['for what is no path', { web: { key, endpoints: ['chat'] } }, openai, 'no path'],
    ['for a path with a star in it', { web: { key, endpoints: ['/v1/*/x'] } }, openai, 'no path'],
    ['too short', { web: 'short-key' }, openai, 'shorter than 16'],
    ['empty', { web: '' }, openai, 'not set'],
    ['an unset variable', { web: undefined }, openai, 'not set'],
    ['an unset variable in an object', { web: { key: undefined } }, openai, 'not set'],
    ['used twice', { web: key, app: key }, openai, 'same as that of "web"'],
    ["a provider's", { web: key }, { OPENAI_API_KEY: key }, "provider's own"],
    ['for a route that is not there', { web: { key, routes: ['b'] } }, openai, 'does not exist'],
    [
      'for a model of an unknown provider',
      { web: { key, models: ['groq/*'] } },
      openai,
      'no configured provider',
    ],
    ['for a bare model', { web: { key, models: ['gpt-5'] } }, openai, 'no configured provider'],
  ])('a key that is %s is a problem', (_, keys, environment, message) => {
    const problems = problemsOf({ keys }, environment)
    expect(problems).toMatchObject([
      {
        place: expect.stringMatching(/^option keys\.(web|app)/),
        message: expect.stringContaining(message),
      },
    ])
    expect(JSON.stringify(problems)).not.toContain(key)
  })

  const identify = () => ({ id: 'me' })
  const keys = { web: key }
  it.each<
    [string, GatewayOptions<never>, Environment, Pick<Settings, 'auth' | 'needsDevelopmentKey'>]
  >([
    ['nothing', {}, {}, { auth: 'keys', needsDevelopmentKey: true }],
    [
      'nothing in a test run',
      {},
      { NODE_ENV: 'test' },
      { auth: 'keys', needsDevelopmentKey: true },
    ],
    ['keys', { keys }, { NODE_ENV: 'production' }, { auth: 'keys', needsDevelopmentKey: false }],
    [
      'identify',
      { identify },
      { NODE_ENV: 'production' },
      { auth: 'identify-only', needsDevelopmentKey: false },
    ],
    ['both', { identify, keys }, {}, { auth: 'keys', needsDevelopmentKey: false }],
    [
      'auth none',
      {},
      { NODE_ENV: 'production', POSTERN_AUTH: 'none' },
      { auth: 'none', needsDevelopmentKey: false },
    ],
    [
      'auth none over keys',
      { auth: 'none', keys },
      {},
      { auth: 'none', needsDevelopmentKey: false },
    ],
  ])('%s decides who may call', (_, options, environment, expected) => {
    const settings = resolveSettings(options, { ...openai, ...environment })
    expect(settings).toMatchObject({
      ...expected,
      production: environment['NODE_ENV'] === 'production',
    })
    expect(settings.identify).toBe(options.identify)
  })

  it('never opens by accident: in production the start fails and names the three ways out', () => {
    const [problem, ...others] = problemsOf({}, { ...openai, NODE_ENV: 'production' })
    expect(others).toEqual([])
    for (const way of ['POSTERN_KEYS', 'identify', 'POSTERN_AUTH=none'])
      expect(problem?.fix).toContain(way)
  })
})

describe('what was copied with too much', () => {
  it.each([
    '/v1/chat/completions',
    '/v1/completions',
    '/v1/responses/',
    '/v1/messages',
    '/v1/embeddings',
    '/v2/rerank',
    '/v2/chat',
    '/v1beta/models/gemini-3-pro:generateContent',
    '/v1beta/models/x:streamGenerateContent',
    '/model/x/converse-stream',
    '/V1/Chat/Completions',
  ])('an address that ends with the endpoint %s is refused, with what to take off', (path) => {
    const [problem] = problemsOf(
      { providers: { oc: { baseUrl: `https://host.example${path}` } } },
      openai,
    )
    expect(problem?.message).toContain('which is an endpoint')
    expect(problem?.fix).toMatch(/^Take .+ off the end\.$/)
  })

  it.each(['/v1', '/openai/v1', '/models', '/chat', '/api/messages-proxy', '/completions/v1', ''])(
    'an address that ends with %j is taken',
    (path) => {
      expect(
        problemsOf({ providers: { oc: { baseUrl: `https://host.example${path}` } } }, openai),
      ).toEqual([])
    },
  )

  it.each(['"', "'", '`'])('a key in %s is refused wherever it stands, and not shown', (quote) => {
    const quoted = `${quote}0123456789abcdef0123${quote}`
    const places: [GatewayOptions, Record<string, string>][] = [
      [{}, { OPENAI_API_KEY: quoted }],
      [
        {},
        {
          POSTERN_PROVIDER_OC_BASE_URL: 'https://host.example/v1',
          POSTERN_PROVIDER_OC_API_KEY: quoted,
          ...openai,
        },
      ],
      [{ providers: { openai: { apiKeys: [quoted] } } }, {}],
      [{ keys: { web: quoted } }, openai],
      [{ keys: { web: { key: quoted } } }, openai],
    ]
    for (const [options, environment] of places) {
      const problems = problemsOf(options, environment)
      expect(problems.map(({ message }) => message)).toContain(
        'This key stands in quotes, which would be sent as part of it.',
      )
      expect(JSON.stringify(problems)).not.toContain('0123456789')
    }
  })
})

describe('options', () => {
  const log = { error() {}, warn() {}, info() {}, debug() {} }
  const onRecord = () => {}
  const identify = () => null

  /** Every option of the schema: a value, what it changes, and the value without it. */
  const changes: Record<
    string,
    { value: unknown; changed: Record<string, unknown>; otherwise: Record<string, unknown> }
  > = {
    providers: {
      value: { gpu: { baseUrl: 'http://gpu/v1' } },
      changed: { providers: expect.toSatisfy((map) => map.has('gpu')) },
      otherwise: { providers: expect.toSatisfy((map) => !map.has('gpu')) },
    },
    routes: {
      value: { a: ['openai/x'] },
      changed: { routes: expect.toSatisfy((map) => map.has('a')) },
      otherwise: { routes: new Map() },
    },
    keys: {
      value: { web: key },
      changed: { keys: [expect.objectContaining({ name: 'web' })] },
      otherwise: { keys: [] },
    },
    auth: { value: 'none', changed: { auth: 'none' }, otherwise: { auth: 'keys' } },
    identify: { value: identify, changed: { identify }, otherwise: { identify: undefined } },
    retries: { value: 0, changed: { retries: 0 }, otherwise: { retries: 2 } },
    timeout: { value: '1m', changed: { timeoutMs: 60_000 }, otherwise: { timeoutMs: 600_000 } },
    attemptTimeout: {
      value: '45s',
      changed: { attemptTimeoutMs: 45_000 },
      otherwise: { attemptTimeoutMs: undefined },
    },
    ttftTimeout: { value: 1, changed: { ttftTimeoutMs: 1 }, otherwise: { ttftTimeoutMs: 60_000 } },
    idleTimeout: { value: 1, changed: { idleTimeoutMs: 1 }, otherwise: { idleTimeoutMs: 60_000 } },
    unsupported: {
      value: 'drop',
      changed: { dropUnsupported: true },
      otherwise: { dropUnsupported: false },
    },
    fallbackOn: {
      value: ['content_filter'],
      changed: { fallbackOn: new Set(['content_filter']) },
      otherwise: { fallbackOn: new Set() },
    },
    onClientLeave: {
      value: 'finish',
      changed: { onClientLeave: 'finish' },
      otherwise: { onClientLeave: 'cancel' },
    },
    overBudget: {
      value: 'bound',
      changed: { overBudget: 'bound' },
      otherwise: { overBudget: 'refuse' },
    },
    disabled: {
      value: ['a/b'],
      changed: {
        isDisabled: expect.toSatisfy(
          (is) => is({ provider: 'a', model: 'b' }) && !is({ provider: 'a', model: 'c' }),
        ),
      },
      otherwise: { isDisabled: undefined },
    },
    circuitBreaker: {
      value: 'off',
      changed: { hasCircuitBreaker: false },
      otherwise: { hasCircuitBreaker: true },
    },
    onAlert: { value: onRecord, changed: { onAlert: onRecord }, otherwise: { onAlert: undefined } },
    alertWebhook: {
      value: 'https://hooks.example/a',
      changed: { alertWebhook: 'https://hooks.example/a' },
      otherwise: { alertWebhook: undefined },
    },
    jwt: {
      value: { issuer: 'https://id.example', audience: 'llm', jwksUrl: 'https://id.example/keys' },
      changed: {
        jwt: {
          issuer: 'https://id.example',
          audience: 'llm',
          jwksUrl: 'https://id.example/keys',
          claims: {},
        },
      },
      otherwise: { jwt: undefined },
    },
    wrongKeysPerAddress: {
      value: 5,
      changed: { wrongKeysPerAddress: 5 },
      otherwise: { wrongKeysPerAddress: 20 },
    },
    wrongKeys: { value: 50, changed: { wrongKeys: 50 }, otherwise: { wrongKeys: 1000 } },
    adminRequests: { value: 60, changed: { adminRequests: 60 }, otherwise: { adminRequests: 600 } },
    loopLimit: {
      value: 5,
      changed: { loopLimit: 5 },
      otherwise: { loopLimit: Number.POSITIVE_INFINITY },
    },
    adminToken: {
      value: 'admin-0123456789abcdef',
      changed: { adminToken: 'admin-0123456789abcdef' },
      otherwise: { adminToken: undefined },
    },
    adminGuard: {
      value: identify,
      changed: { adminGuard: identify },
      otherwise: { adminGuard: undefined },
    },
    onAdmin: { value: onRecord, changed: { onAdmin: onRecord }, otherwise: { onAdmin: undefined } },
    limits: {
      value: [{ unit: 'requests', window: 'minute', limit: 5 }],
      changed: {
        limits: [expect.objectContaining({ unit: 'requests', amount: 5, scope: ['key'] })],
      },
      otherwise: { limits: [] },
    },
    prices: {
      value: { 'a/b': { input: 1, output: 2 } },
      changed: { prices: new Map([['a/b', { input: 1, output: 2 }]]) },
      otherwise: { prices: new Map() },
    },
    store: {
      value: 'sqlite:./x.db',
      changed: { store: 'sqlite:./x.db', isStoreImplied: false },
      otherwise: { store: 'memory', isStoreImplied: true },
    },
    limitsWithoutStore: {
      value: 'closed',
      changed: { limitFailMode: 'closed' },
      otherwise: { limitFailMode: 'local' },
    },
    budgetsWithoutStore: {
      value: 'open',
      changed: { budgetFailMode: 'open' },
      otherwise: { budgetFailMode: 'closed' },
    },
    eventLoopLagLimit: {
      value: 'off',
      changed: { eventLoopLagLimitMs: Number.POSITIVE_INFINITY },
      otherwise: { eventLoopLagLimitMs: 200 },
    },
    connectTimeout: {
      value: 1,
      changed: { connectTimeoutMs: 1 },
      otherwise: { connectTimeoutMs: 3_000 },
    },
    bodyLimit: {
      value: 1,
      changed: { bodyLimitBytes: 1 },
      otherwise: { bodyLimitBytes: 20_971_520 },
    },
    answerLimit: {
      value: '1kb',
      changed: { answerLimitBytes: 1024 },
      otherwise: { answerLimitBytes: 33_554_432 },
    },
    eventLimit: {
      value: '1kb',
      changed: { eventLimitBytes: 1024 },
      otherwise: { eventLimitBytes: 8_388_608 },
    },
    log: { value: log, changed: { log }, otherwise: { log: 'warn' } },
    forwardTrace: {
      value: ['traceparent'],
      changed: { forwardTrace: new Set(['traceparent']) },
      otherwise: { forwardTrace: new Set() },
    },
    onRecord: { value: onRecord, changed: { onRecord }, otherwise: { onRecord: undefined } },
    prefix: { value: '/llm/', changed: { prefix: '/llm' }, otherwise: { prefix: '' } },
    config: {
      value: file({}),
      changed: { configPath: join(directory, 'postern.json') },
      otherwise: { configPath: undefined },
    },
  }

  it('has a row for every option of the schema', () => {
    expect(Object.keys(changes).sort()).toEqual(Object.keys(optionsSchema().shape).sort())
  })

  it.each(Object.entries(changes))(
    '%s changes the settings',
    (option, { value, changed, otherwise }) => {
      expect(resolveSettings({}, openai)).toMatchObject(otherwise)
      const settings = resolveSettings({ [option]: value }, openai)
      for (const [name, expected] of Object.entries(changed))
        expect(settings[name as keyof Settings]).toEqual(expected)
    },
  )

  it('code wins over environment over file', () => {
    const config = file({ retries: 1, timeout: '1m', idleTimeout: '1m' })
    const environment = {
      ...openai,
      POSTERN_RETRIES: '3',
      POSTERN_TIMEOUT: '3m',
      POSTERN_CONFIG: config,
    }
    expect(resolveSettings({ retries: 5 }, environment)).toMatchObject({
      retries: 5,
      timeoutMs: 180_000,
      idleTimeoutMs: 60_000,
      configPath: config,
    })
    expect(
      resolveSettings(
        { config: file({ retries: 4 }) },
        { ...openai, POSTERN_CONFIG: '/nowhere.json' },
      ).retries,
    ).toBe(4)
  })

  it('leaves out what is undefined', () => {
    expect(
      resolveSettings({ retries: undefined, keys: undefined, log: undefined } as never, openai),
    ).toMatchObject({ retries: 2, keys: [], log: 'warn' })
  })

  it.each([['true'], [1], [undefined], [null], [{ exact: 1 }]])(
    'a boolean is true or false and nothing like it: %j',
    (value) => {
      const problems = problemsOf({
        providers: { gpu: { baseUrl: 'http://gpu/v1', quirks: { noFinish: value } } },
      })
      expect(problems).toMatchObject([{ place: 'option providers.gpu.quirks.noFinish' }])
    },
  )

  it('lists every problem of every source at once, each with its place', () => {
    const config = file({ tiemout: '1m', routes: { f: ['groq/x'] } })
    const options = {
      retries: -1,
      providers: { bad: { baseUrl: 'x' } },
      routes: { a: ['bad/x', 'cohere/y', 'z'] },
      keys: { web: 'short' },
      unknown: true,
    }
    const places = problemsOf(options, {
      POSTERN_CONFIG: config,
      POSTERN_TIMEOUT: 'soon',
      POSTERN_NONSENSE: '1',
    }).map((problem) => problem.place)
    expect(places.sort()).toEqual(
      [
        'POSTERN_NONSENSE',
        'POSTERN_TIMEOUT',
        `${config}: routes.f`,
        `${config}: tiemout`,
        'option keys.web',
        'option providers.bad.baseUrl',
        'option retries',
        'option routes.a',
        'option routes.a',
        'option unknown',
      ].sort(),
    )
  })

  it.each([null, 'options', [], 3])('%j is not options', (options) => {
    expect(problemsOf(options)).toMatchObject([{ place: 'options' }])
  })
})

describe('secrets', () => {
  it('never appear in settings, however they are printed', () => {
    const settings = resolveSettings(
      {
        providers: {
          gpu: {
            baseUrl: 'http://gpu/v1',
            apiKey: 'secret-provider',
            headers: { 'x-auth': 'secret-header' },
          },
        },
        keys: { web: 'secret-virtual-key', app: { key: 'secret-virtual-key-2' } },
      },
      { OPENAI_API_KEY: 'secret-openai' },
    )
    const printed = [
      JSON.stringify(settings),
      JSON.stringify([...settings.providers.values()]),
      inspect(settings, { depth: 9, showHidden: true }),
      `${String(settings)}${settings.keys.join()}`,
    ].join()
    expect(printed).toContain('gpu')
    expect(printed).not.toContain('secret')
  })

  it('never appear in errors', () => {
    const options = {
      providers: {
        gpu: {
          baseUrl: 'https://u:secret@gpu/v1?k=secret',
          apiKey: 'secret with spaces',
          headers: { 'x-auth': 'secret\nx' },
        },
        own: { baseUrl: 'http://own/v1', apiKey: ['secret'] },
      },
      keys: { web: 'secret', app: { key: 'secret-secret-secret', routs: [] }, bot: { key: 42 } },
    }
    try {
      resolveSettings(options as never, {
        OPENAI_API_KEY: 'secret and more',
        POSTERN_KEYS: 'secret-without-name',
        POSTERN_PROVIDER_X_BASE_URL: 'secret',
        POSTERN_LOG: 'secret',
      })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError)
      expect((error as ConfigurationError).problems.length).toBeGreaterThanOrEqual(9)
      expect(`${String(error)}${inspect(error, { depth: 9 })}`).not.toContain('secret')
    }
  })
})

it('settings are frozen', () => {
  const settings = resolveSettings({ keys: { web: key }, routes: { a: ['openai/x'] } }, openai)
  for (const part of [
    settings,
    settings.keys,
    settings.keys[0],
    settings.routes.get('a'),
    settings.routes.get('a')?.targets[0],
    settings.providers.get('openai'),
  ])
    expect(Object.isFrozen(part)).toBe(true)
})
