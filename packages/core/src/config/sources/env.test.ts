import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { environmentFields } from './env-fields.ts'
import { type Environment, processEnvironment, readEnvironment, valueOf } from './env.ts'
import type { Problem } from '../values/problem.ts'

const directory = mkdtempSync(join(tmpdir(), 'postern-env-'))
afterAll(() => rmSync(directory, { recursive: true }))

function read(environment: Environment) {
  const problems: Problem[] = []
  const source = readEnvironment(environment, problems)
  return { ...source, problems }
}

function written(name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

describe('readEnvironment', () => {
  it.each<[string, string, object]>([
    ['POSTERN_RETRIES', '0', { retries: 0 }],
    ['POSTERN_TIMEOUT', '2m', { timeout: 120_000 }],
    ['POSTERN_ATTEMPT_TIMEOUT', '45s', { attemptTimeout: 45_000 }],
    ['POSTERN_TTFT_TIMEOUT', '20s', { ttftTimeout: 20_000 }],
    ['POSTERN_IDLE_TIMEOUT', '20s', { idleTimeout: 20_000 }],
    ['POSTERN_CONNECT_TIMEOUT', '500ms', { connectTimeout: 500 }],
    ['POSTERN_EVENT_LOOP_LAG_LIMIT', '100ms', { eventLoopLagLimit: 100 }],
    ['POSTERN_ADMIN_TOKEN', 'admin-0123456789abcdef', { adminToken: 'admin-0123456789abcdef' }],
    [
      'POSTERN_ALERT_WEBHOOK',
      'https://hooks.example/a',
      { alertWebhook: 'https://hooks.example/a' },
    ],
    ['POSTERN_LOOP_LIMIT', '5', { loopLimit: 5 }],
    ['POSTERN_WRONG_KEYS_PER_ADDRESS', '5', { wrongKeysPerAddress: 5 }],
    ['POSTERN_WRONG_KEYS', '50', { wrongKeys: 50 }],
    ['POSTERN_ADMIN_REQUESTS', '60', { adminRequests: 60 }],
    ['POSTERN_STORE', 'redis://localhost:6379', { store: 'redis://localhost:6379' }],
    ['POSTERN_LIMITS_WITHOUT_STORE', 'open', { limitsWithoutStore: 'open' }],
    ['POSTERN_BUDGETS_WITHOUT_STORE', 'local', { budgetsWithoutStore: 'local' }],
    ['POSTERN_UNSUPPORTED', 'drop', { unsupported: 'drop' }],
    ['POSTERN_OVER_BUDGET', 'bound', { overBudget: 'bound' }],
    ['POSTERN_ON_CLIENT_LEAVE', 'finish', { onClientLeave: 'finish' }],
    [
      'POSTERN_FALLBACK_ON',
      'content_filter, model_not_found',
      { fallbackOn: ['content_filter', 'model_not_found'] },
    ],
    ['POSTERN_DISABLED', 'openai/*, a/b', { disabled: ['openai/*', 'a/b'] }],
    ['POSTERN_CIRCUIT_BREAKER', 'off', { circuitBreaker: 'off' }],
    ['POSTERN_BODY_LIMIT', '1mb', { bodyLimit: 1_048_576 }],
    ['POSTERN_ANSWER_LIMIT', '1MiB', { answerLimit: 1_048_576 }],
    ['POSTERN_EVENT_LIMIT', '4096', { eventLimit: 4096 }],
    ['POSTERN_AUTH', 'none', { auth: 'none' }],
    ['POSTERN_LOG', 'debug', { log: 'debug' }],
    [
      'POSTERN_FORWARD_TRACE',
      'x-request-id, traceparent',
      { forwardTrace: ['x-request-id', 'traceparent'] },
    ],
    ['POSTERN_CONFIG', './postern.yaml', { config: './postern.yaml' }],
    [
      'POSTERN_KEYS',
      'web:0123456789abcdef, app:fedcba9876543210',
      { keys: { web: { key: '0123456789abcdef' }, app: { key: 'fedcba9876543210' } } },
    ],
    [
      'POSTERN_ROUTE_SUPPORT_TIER',
      ' a/b , c/d/e:free ,',
      { routes: { 'support-tier': { targets: ['a/b', 'c/d/e:free'] } } },
    ],
    [
      'POSTERN_PROVIDER_MY_GPU_BASE_URL',
      'http://127.0.0.1:1/v1',
      { providers: { 'my-gpu': { baseUrl: 'http://127.0.0.1:1/v1' } } },
    ],
    ['POSTERN_PROVIDER_MY_GPU_API_KEY', 'k', { providers: { 'my-gpu': { apiKey: 'k' } } }],
    [
      'POSTERN_PROVIDER_MY_GPU_API_KEYS',
      'a1, a2',
      { providers: { 'my-gpu': { apiKeys: [{ key: 'a1' }, { key: 'a2' }] } } },
    ],
    [
      'POSTERN_PROVIDER_MY_GPU_MODELS',
      'a, b/c',
      { providers: { 'my-gpu': { models: ['a', 'b/c'] } } },
    ],
    [
      'POSTERN_PROVIDER_MY_GPU_DIALECT',
      'gemini',
      { providers: { 'my-gpu': { dialect: 'gemini' } } },
    ],
    [
      'POSTERN_PROVIDER_MY_GPU_ALSO_SPEAKS',
      'openai-responses, anthropic-messages',
      { providers: { 'my-gpu': { alsoSpeaks: ['openai-responses', 'anthropic-messages'] } } },
    ],
    [
      'POSTERN_PROVIDER_EU_KIND',
      'bedrock-mantle',
      { providers: { eu: { kind: 'bedrock-mantle' } } },
    ],
    [
      'POSTERN_PROVIDER_EU_RESOURCE',
      'my-resource',
      { providers: { eu: { resource: 'my-resource' } } },
    ],
    [
      'POSTERN_PROVIDER_EU_API_VERSION',
      '2024-10-21',
      { providers: { eu: { apiVersion: '2024-10-21' } } },
    ],
    ['POSTERN_PROVIDER_EU_PROJECT', 'my-project', { providers: { eu: { project: 'my-project' } } }],
    [
      'POSTERN_PROVIDER_EU_LOCATION',
      'europe-west4',
      { providers: { eu: { location: 'europe-west4' } } },
    ],
    [
      'POSTERN_PROVIDER_EU_CREDENTIALS',
      './account.json',
      { providers: { eu: { credentials: './account.json' } } },
    ],
    [
      'POSTERN_PROVIDER_EU_REGION',
      'eu-central-1',
      { providers: { eu: { region: 'eu-central-1' } } },
    ],
    ['POSTERN_PROVIDER_EU_ACCESS_KEY_ID', 'AKIA', { providers: { eu: { accessKeyId: 'AKIA' } } }],
    [
      'POSTERN_PROVIDER_EU_SECRET_ACCESS_KEY',
      's+/=',
      { providers: { eu: { secretAccessKey: 's+/=' } } },
    ],
    ['POSTERN_PROVIDER_EU_SESSION_TOKEN', 't', { providers: { eu: { sessionToken: 't' } } }],
    // A provider whose name ends like a suffix keeps it.
    ['POSTERN_PROVIDER_BASE_URL_API_KEY', 'k', { providers: { 'base-url': { apiKey: 'k' } } }],
  ])('%s=%s', (variable, text, options) => {
    expect(read({ [variable]: text })).toMatchObject({ options, problems: [] })
  })

  it('has a row above for every variable the schema names', () => {
    const tested = [
      'RETRIES',
      'TIMEOUT',
      'ATTEMPT_TIMEOUT',
      'TTFT_TIMEOUT',
      'IDLE_TIMEOUT',
      'UNSUPPORTED',
      'FALLBACK_ON',
      'OVER_BUDGET',
      'ON_CLIENT_LEAVE',
      'DISABLED',
      'CIRCUIT_BREAKER',
      'CONNECT_TIMEOUT',
      'EVENT_LOOP_LAG_LIMIT',
      'ADMIN_TOKEN',
      'LOOP_LIMIT',
      'WRONG_KEYS_PER_ADDRESS',
      'WRONG_KEYS',
      'ADMIN_REQUESTS',
      'ALERT_WEBHOOK',
      'STORE',
      'LIMITS_WITHOUT_STORE',
      'BUDGETS_WITHOUT_STORE',
      'BODY_LIMIT',
      'ANSWER_LIMIT',
      'EVENT_LIMIT',
      'AUTH',
      'LOG',
      'FORWARD_TRACE',
      'CONFIG',
      'KEYS',
      'ROUTE_<NAME>',
    ]
    const ofClouds = [
      'KIND',
      'RESOURCE',
      'API_VERSION',
      'PROJECT',
      'LOCATION',
      'CREDENTIALS',
      'REGION',
      'ACCESS_KEY_ID',
      'SECRET_ACCESS_KEY',
      'SESSION_TOKEN',
    ]
    const ofProviders = [
      'BASE_URL',
      'API_KEY',
      'API_KEYS',
      'MODELS',
      'DIALECT',
      'ALSO_SPEAKS',
      ...ofClouds,
    ].map((suffix) => `PROVIDER_<NAME>_${suffix}`)
    expect(
      environmentFields()
        .map((field) => field.meta.env)
        .sort(),
    ).toEqual([...tested, ...ofProviders].map((name) => `POSTERN_${name}`).sort())
  })

  it.each(['', ' ', undefined])('takes %j for unset, whatever the variable', (value) => {
    const environment = Object.fromEntries(
      environmentFields().map((field) => [
        `${field.before}${field.isNamed ? 'X' : ''}${field.after}`,
        value,
      ]),
    )
    expect(read({ ...environment, POSTERN_UNKNOWN: value })).toMatchObject({
      options: {},
      problems: [],
    })
  })

  it.each([
    ['POSTERN_TIMEOUT', '600'],
    ['POSTERN_TIMEOUT', 'soon'],
    ['POSTERN_RETRIES', 'two'],
    ['POSTERN_RETRIES', '1.5'],
    ['POSTERN_RETRIES', '11'],
    ['POSTERN_RETRIES', '-1'],
    ['POSTERN_RETRIES', 'true'],
    ['POSTERN_BODY_LIMIT', '20m'],
    ['POSTERN_AUTH', 'off'],
    ['POSTERN_AUTH', 'false'],
    ['POSTERN_LOG', 'verbose'],
    ['POSTERN_UNSUPPORTED', 'ignore'],
    ['POSTERN_PROVIDER_X_KIND', 'aws'],
    ['POSTERN_PROVIDER_X_SECRET_ACCESS_KEY', 'two words'],
    ['POSTERN_PROVIDER_X_BASE_URL', 'localhost:8000'],
    ['POSTERN_PROVIDER_X_BASE_URL', 'ftp://host/v1'],
    ['POSTERN_PROVIDER_X_BASE_URL', 'https://host/v1?key=1'],
    ['POSTERN_PROVIDER_X_DIALECT', 'soap'],
    ['POSTERN_PROVIDER_X_API_KEY', 'two words'],
  ])('%s=%s is a problem at that variable and sets nothing', (variable, text) => {
    const { options, problems } = read({ [variable]: text })
    expect(problems).toHaveLength(1)
    expect(problems[0]?.place).toBe(variable)
    expect(problems[0]?.fix).not.toBe('')
    expect(
      Object.values(options).flatMap((value) =>
        typeof value === 'object' ? Object.keys(value) : value,
      ),
    ).toEqual([])
  })

  it('names the entry of a list that is wrong', () => {
    const { problems } = read({ POSTERN_PROVIDER_X_ALSO_SPEAKS: 'gemini, soap' })
    expect(problems).toMatchObject([
      {
        place: 'POSTERN_PROVIDER_X_ALSO_SPEAKS (entry 2)',
        fix: expect.stringContaining('openai-responses'),
      },
    ])
  })

  it.each([
    ['POSTERN_RETRYS', 'POSTERN_RETRIES'],
    ['POSTERN_ROUTES_SUPPORT', 'POSTERN_ROUTE_SUPPORT'],
    ['POSTERN_PROVIDER_MY_GPU_BASE_URI', 'POSTERN_PROVIDER_MY_GPU_BASE_URL'],
    ['POSTERN_PROVIDERS_GPU_API_KEY', 'POSTERN_PROVIDER_GPU_API_KEY'],
    ['POSTERN_TELEMETRY', 'docs/configuration.md'],
    ['POSTERN_ROUTE_', 'POSTERN_ROUTE_<NAME>'],
  ])('%s is unknown; the fix names %s', (variable, suggestion) => {
    const { problems } = read({ [variable]: 'secret-value' })
    expect(problems).toMatchObject([
      {
        place: variable,
        message: 'There is no such variable.',
        fix: expect.stringContaining(suggestion),
      },
    ])
    expect(JSON.stringify(problems)).not.toContain('secret-value')
  })

  it('ignores what Kubernetes sets beside a Service called postern', () => {
    const links = {
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_SERVICE_PORT: '80',
      POSTERN_SERVICE_PORT_HTTP: '80',
      POSTERN_PORT: 'tcp://10.0.0.1:80',
      POSTERN_PORT_80_TCP: 'tcp://10.0.0.1:80',
      POSTERN_PORT_80_TCP_ADDR: '10.0.0.1',
      POSTERN_REDIS_SERVICE_HOST: '10.0.0.2',
    }
    expect(read(links).problems).toEqual([])
    expect(read({ POSTERN_PORT: '3000' }).problems).toHaveLength(1)
  })
})

describe('POSTERN_KEYS', () => {
  const long = '0123456789abcdef'

  it.each([
    [
      'keys.txt',
      `# our clients\nweb:${long}  # the site\n\r\napp: fedcba:9876543210 \r\n`,
      { web: { key: long }, app: { key: 'fedcba:9876543210' } },
    ],
    [
      'keys.json',
      JSON.stringify({
        web: long,
        app: { key: 'fedcba9876543210', routes: ['a'], models: ['b/*'] },
      }),
      { web: { key: long }, app: { key: 'fedcba9876543210', routes: ['a'], models: ['b/*'] } },
    ],
  ])('may be the path of a file: %s', (name, content, keys) => {
    expect(read({ POSTERN_KEYS: written(name, content) })).toMatchObject({
      options: { keys },
      problems: [],
    })
  })

  it('may be a JSON object, with all that a key may have', () => {
    expect(
      read({
        POSTERN_KEYS: ` {"web": "${long}", "ci": {"key": "${long}", "mayReport": true, "team": "build"}}`,
      }),
    ).toMatchObject({
      options: { keys: { web: { key: long }, ci: { key: long, mayReport: true, team: 'build' } } },
      problems: [],
    })
  })

  it.each([
    ['JSON that is broken', `{"web": "${long}"`, 'POSTERN_KEYS'],
    ['no pair', `web:${long},${long}`, 'POSTERN_KEYS (entry 2)'],
    ['no name', `:${long}`, 'POSTERN_KEYS (entry 1)'],
    ['the same name twice', `web:${long},web:${long}x`, 'POSTERN_KEYS (entry 2)'],
    ['a key without a name', `${long}${long}`, 'POSTERN_KEYS'],
    ['no such file', `./${long}`, 'POSTERN_KEYS'],
    ['a key no header can carry', `web:${long} ${long}`, 'POSTERN_KEYS (web.key)'],
  ])('%s is a problem that does not repeat the key', (_, text, place) => {
    const { problems } = read({ POSTERN_KEYS: text })
    expect(problems.map((problem) => problem.place)).toEqual([place])
    expect(JSON.stringify(problems)).not.toContain(long)
  })

  it('names the line of a file, and shows nothing of broken JSON', () => {
    expect(
      read({ POSTERN_KEYS: written('bad.txt', `\nweb:${long}\n${long}`) }).problems.map(
        (problem) => problem.place,
      ),
    ).toEqual(['POSTERN_KEYS (line 3 of the file)'])
    const broken = read({ POSTERN_KEYS: written('bad.json', `{"web": "${long}"`) }).problems
    expect(broken).toHaveLength(1)
    expect(JSON.stringify(broken)).not.toContain(long)
  })
})

it('valueOf takes empty for unset and trims', () => {
  expect(valueOf({ A: '' }, 'A')).toBeUndefined()
  expect(valueOf({ A: ' \n' }, 'A')).toBeUndefined()
  expect(valueOf({}, 'A')).toBeUndefined()
  expect(valueOf({ A: ' v\n' }, 'A')).toBe('v')
})

it('processEnvironment is the environment of this process', () => {
  expect(processEnvironment()).toBe(process.env)
})
