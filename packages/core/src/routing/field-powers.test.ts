import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import type { GatewayOptions } from '../config/index.ts'
import { FakeTransport, json } from '../dispatch/transport.fake.ts'
import { createGateway } from '../gateway/create-gateway.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { catalogue, type CatalogueEntry } from '../providers/index.ts'

const FREE = 'pk_free_0123456789abcdef'
const LISTED = 'pk_listed_0123456789abcdef'
const ROUTED = 'pk_routed_0123456789abcdef'
const WILD = 'pk_wild_0123456789abcdef'
const CAPPED = 'pk_capped_0123456789abcdef'
const BUDGETED = 'pk_budgeted_0123456789abcdef'

let gateway: Gateway | undefined
let transport: FakeTransport
afterEach(stop)

async function stop(): Promise<void> {
  await gateway?.close({ graceMs: 0 })
  gateway = undefined
}

const said = [{ role: 'user', content: 'hi' }]
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const answer = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage,
  type: 'message',
  role: 'assistant',
  content: [{ type: 'text', text: 'ho' }],
  stop_reason: 'end_turn',
}
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'ho' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
}

function start(
  name: string,
  options: Partial<GatewayOptions<never>> = {},
  provider: object = { apiKey: 'canary-provider-key-0001' },
): void {
  transport = new FakeTransport(
    Array.from({ length: 40 }, () => json(name === 'anthropic' ? message : answer)),
  )
  gateway = createGateway(
    {
      providers: { [name]: provider },
      routes: { fast: [`${name}/m`] },
      keys: {
        free: FREE,
        listed: { key: LISTED, models: [`${name}/m`] },
        routed: { key: ROUTED, routes: ['fast'] },
        wild: { key: WILD, models: [`${name}/*`] },
        capped: { key: CAPPED, maxOutputTokens: 50 },
        budgeted: { key: BUDGETED, limits: [{ unit: 'usd', window: 'month', limit: 100 }] },
      },
      prices: { [`${name}/*`]: { input: 1, output: 1 } },
      retries: 0,
      log: 'silent',
      ...options,
    },
    {
      clock: new FakeClock(),
      transport,
      environment: {
        CLOUDFLARE_ACCOUNT_ID: 'a',
        DATABRICKS_HOST: 'h.example',
        SNOWFLAKE_ACCOUNT: 's',
      },
    },
  )
}

async function send(
  key: string,
  body: object | string,
  path = '/v1/chat/completions',
): Promise<{ status: number; code: string; param: string | null; sent: boolean }> {
  const before = transport.requests.length
  if (gateway === undefined) throw new Error('No gateway was started.')
  const response = await gateway.fetch(`http://llm${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  const { error } = (response.status < 400 ? {} : JSON.parse(text)) as {
    error?: { code: string; param: string | null }
  }
  return {
    status: response.status,
    code: error?.code ?? 'ok',
    param: error?.param ?? null,
    sent: transport.requests.length > before,
  }
}

/** In the words that a provider of this row is relayed in. */
function ask(
  { name, dialect }: Pick<CatalogueEntry, 'name' | 'dialect'>,
  fields: object,
  model = `${name}/m`,
): readonly [object, string] {
  if (dialect === 'anthropic-messages')
    return [{ model, max_tokens: 5, messages: said, ...fields }, '/v1/messages']
  return [{ model, messages: said, max_tokens: 5, ...fields }, '/v1/chat/completions']
}

function nested(field: string, value: unknown): object {
  const [outer = '', inner] = field.split('.')
  return { [outer]: inner === undefined ? value : { [inner]: value } }
}

const camel = (name: string): string =>
  name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const rows = catalogue.filter(
  ({ dialect }) => dialect === 'openai-chat' || dialect === 'anthropic-messages',
)
const rowsOf = (list: 'elsewhere' | 'paid') =>
  rows.flatMap((row) => (row.powers[list] ?? []).map((field) => [row.name, field, row] as const))
const local = (row: CatalogueEntry): object => ({
  apiKey: 'canary-provider-key-0001',
  ...(row.isLocal && { baseUrl: row.baseUrl }),
})

describe('fields of a service that reach beyond the requested model', () => {
  it('are known of the services that route', () => {
    const { powers } = catalogue.find(({ name }) => name === 'openrouter') as CatalogueEntry
    expect(powers.elsewhere).toEqual(
      expect.arrayContaining([
        'models',
        'route',
        'provider',
        'plugins',
        'preset',
        'fallbacks',
        'transforms',
      ]),
    )
    expect(rowsOf('elsewhere').length + rowsOf('paid').length).toBeGreaterThan(60)
  })

  it.each(rowsOf('elsewhere'))(
    '%s: %s widens neither an allow-list nor a budget',
    async (name, field, row) => {
      start(name, {}, local(row))
      for (const spelled of [field, camel(field), field.toUpperCase()]) {
        for (const value of [['a/b'], { order: ['x'] }, 'fallback', true]) {
          const [body, path] = ask(row, nested(spelled, value))
          expect([spelled, await send(LISTED, body, path)]).toMatchObject([
            spelled,
            { status: 403, ...(path !== '/v1/messages' && { param: spelled }), sent: false },
          ])
          expect(await send(ROUTED, { ...body, model: 'fast' }, path)).toMatchObject({
            status: 403,
            sent: false,
          })
          expect(await send(WILD, body, path)).toMatchObject({ status: 403, sent: false })
          expect(await send(BUDGETED, body, path)).toMatchObject({ status: 400, sent: false })
        }
      }
      // A field that is switched off has no effect, and an unrestricted key may use it.
      const [off, path] = ask(row, nested(field, null))
      expect(await send(LISTED, off, path)).toMatchObject({ status: 200 })
      const [body] = ask(row, nested(field, 'x'))
      expect(await send(FREE, body, path)).toMatchObject({ status: 200 })
    },
  )

  it.each(rowsOf('paid'))(
    '%s: %s is paid for, or refused under a budget',
    async (name, field, row) => {
      start(name, {}, local(row))
      const [body, path] = ask(row, nested(field, { on: true }))
      expect(await send(BUDGETED, body, path)).toMatchObject({
        status: 400,
        ...(path !== '/v1/messages' && { param: field }),
        sent: false,
      })
      expect(await send(LISTED, body, path)).toMatchObject({ status: 200 })
      await stop()
      start(
        name,
        { prices: { [`${name}/*`]: { input: 1, output: 1, surcharge: 0.5 } } },
        local(row),
      )
      expect(await send(BUDGETED, body, path)).toMatchObject({ status: 200 })
    },
  )

  it.each<[string, string[]]>([
    [
      'openrouter',
      [
        'openai/gpt-4o:online',
        'openai/gpt-4o:nitro',
        'a/b:floor',
        'a/b:free',
        'a/b:exacto',
        '@preset/mine',
        'a/b@preset/mine',
        '~openai/gpt-latest',
        'openrouter/auto',
      ],
    ],
    ['huggingface', ['a/b:fastest', 'a/b:cheapest', 'a/b:groq']],
    [
      'fireworks',
      ['accounts/fireworks/models/x#accounts/me/deployments/y', 'accounts/me/models/x'],
    ],
    ['venice', ['m:enable_web_search=on&character_slug=x']],
    ['volcengine', ['ep-20260101-abc']],
    ['deepinfra', ['deploy_id:abc']],
    ['ollama', ['gpt-oss:120b-cloud', 'deepseek:cloud']],
  ])('%s: models spelled %j need to be named in full', async (name, models) => {
    const row = catalogue.find((entry) => entry.name === name) as CatalogueEntry
    start(
      name,
      {
        keys: {
          wild: { key: WILD, models: [`${name}/*`] },
          listed: { key: LISTED, models: models.map((model) => `${name}/${model}`) },
          free: FREE,
        },
      },
      local(row),
    )
    for (const model of models) {
      const [body] = ask(row, {}, `${name}/${model}`)
      expect([model, await send(WILD, body)]).toMatchObject([
        model,
        { status: 403, param: 'model', sent: false },
      ])
      expect([model, (await send(LISTED, body)).status, (await send(FREE, body)).status]).toEqual([
        model,
        200,
        200,
      ])
    }
    expect((await send(WILD, ask(row, {})[0])).status).toBe(200)
  })

  it('of tools are refused as well', async () => {
    start('openrouter')
    const [body] = ask(
      { name: 'openrouter', dialect: 'openai-chat' },
      { tools: [{ type: 'openrouter:advisor' }] },
    )
    expect([await send(LISTED, body), await send(BUDGETED, body)]).toMatchObject([
      { status: 403, param: 'tools[0]' },
      { status: 400 },
    ])
  })

  it('of proxies are refused at an address of the operator, whatever it is called', async () => {
    for (const [name, provider] of [
      ['house', { baseUrl: 'http://proxy.test/v1' }],
      ['openai', { baseUrl: 'http://proxy.test/v1', apiKey: 'x' }],
    ] as const) {
      start(name, {}, provider)
      for (const field of [
        'fallbacks',
        'context_window_fallbacks',
        'router_settings_override',
        'api_base',
        'base_url',
        'api_key',
        'models',
        'model_list',
        'user_config',
        'metadata.tags',
        'metadata.fallbacks',
        'extra_body',
      ]) {
        const [body] = ask({ name, dialect: 'openai-chat' }, nested(field, ['x']))
        expect([field, await send(LISTED, body)]).toMatchObject([
          field,
          { status: 403, sent: false },
        ])
      }
      expect(
        (
          await send(
            LISTED,
            ask({ name, dialect: 'openai-chat' }, { metadata: { ticket: 'A-1' }, user: 'u' })[0],
          )
        ).status,
      ).toBe(200)
      await stop()
    }
  })

  it('are let through where the operator says so', async () => {
    start('openrouter', {}, { apiKey: 'x', quirks: { powers: { elsewhere: ['models'] } } })
    const [provider] = ask(
      { name: 'openrouter', dialect: 'openai-chat' },
      { provider: { sort: 'price' } },
    )
    const [models] = ask({ name: 'openrouter', dialect: 'openai-chat' }, { models: ['a/b'] })
    expect([(await send(LISTED, provider)).status, (await send(LISTED, models)).status]).toEqual([
      200, 403,
    ])
  })
})

describe('a field that stands in a request twice', () => {
  const bodies: readonly (readonly [string, string, Record<string, unknown>])[] = [
    [
      'openai-chat',
      '/v1/chat/completions',
      {
        model: 'acme/m',
        messages: said,
        max_tokens: 5,
        n: 1,
        tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
        service_tier: 'auto',
      },
    ],
    ['openai-responses', '/v1/responses', { model: 'acme/m', input: 'hi', max_output_tokens: 5 }],
    [
      'anthropic-messages',
      '/v1/messages',
      { model: 'acme/m', messages: said, max_tokens: 5, system: 'x' },
    ],
    [
      'gemini',
      '/v1beta/models/acme/m:generateContent',
      {
        contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
        generationConfig: { maxOutputTokens: 5, candidateCount: 1 },
      },
    ],
    [
      'openai-chat',
      '/v1/completions',
      { model: 'acme/m', prompt: 'hi', max_tokens: 5, best_of: 1 },
    ],
    ['openai-chat', '/v1/embeddings', { model: 'acme/m', input: 'hi' }],
    [
      'openai-chat',
      '/providers/acme/chat/completions',
      { model: 'm', messages: said, max_tokens: 5 },
    ],
  ]
  const escaped = (name: string): string =>
    name.replace(/./, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const spellings: readonly ((name: string) => string)[] = [
    (name) => name,
    escaped,
    camel,
    (name) => name.toUpperCase(),
    (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  ]

  it('is 400 on every endpoint, in any spelling and at any place, where a limit, a bound or a list holds', async () => {
    for (const [dialect, path, body] of bodies) {
      start('acme', {}, { baseUrl: 'http://acme.test/v1', apiKey: 'x', dialect })
      const key = path.startsWith('/providers/') ? WILD : LISTED
      expect([path, (await send(key, body, path)).code]).not.toEqual([path, 'invalid_request'])
      for (const name of Object.keys(body)) {
        for (const spell of spellings) {
          for (const holder of [key, CAPPED, BUDGETED]) {
            const again = `"${spell(name)}":${JSON.stringify(body[name])}`
            const text = JSON.stringify(body)
            for (const doubled of [
              `{${again},${text.slice(1)}`,
              `${text.slice(0, -1)} , ${again}}`,
            ])
              expect([path, name, spell(name), await send(holder, doubled, path)]).toMatchObject([
                path,
                name,
                spell(name),
                { status: 400, sent: false },
              ])
          }
        }
      }
      await stop()
    }
  })

  it('is found as deep as it lies, and nothing else is', async () => {
    start('acme', {}, { baseUrl: 'http://acme.test/v1', apiKey: 'x' })
    const deep =
      '{"model":"acme/m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}]}'
    expect(await send(BUDGETED, deep)).toMatchObject({ status: 400, param: 'text' })
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.string(), async (value, text) => {
        const body = {
          model: 'acme/m',
          max_tokens: 5,
          messages: [
            { role: 'user', content: `${text} "max_tokens":1,"max_tokens":2 {"a":1,"a":2}` },
          ],
          metadata: { value: [value, { user_name: 1, userName: 2 }] },
        }
        expect((await send(BUDGETED, body)).status).toBe(200)
      }),
      { numRuns: 30 },
    )
  })

  it('is left to the provider where nothing holds', async () => {
    start('acme', { keys: { free: FREE } }, { baseUrl: 'http://acme.test/v1', apiKey: 'x' })
    expect(
      (
        await send(
          FREE,
          '{"model":"acme/m","max_tokens":5,"max_tokens":6,"messages":[{"role":"user","content":"hi"}]}',
        )
      ).status,
    ).toBe(200)
  })
})

describe('maxOutputTokens of a key', () => {
  const sentBody = (): Record<string, Record<string, unknown>> =>
    JSON.parse(
      Buffer.from(
        (transport.requests.at(-1) as unknown as { body: Uint8Array | string }).body as never,
      ).toString(),
    ) as never
  const native: readonly (readonly [
    string,
    object,
    (sent: ReturnType<typeof sentBody>) => unknown,
  ])[] = [
    [
      'chat/completions',
      { model: 'm', messages: said, max_tokens: 900 },
      ({ max_tokens }) => max_tokens,
    ],
    [
      'chat/completions',
      { model: 'm', messages: said },
      ({ max_completion_tokens }) => max_completion_tokens,
    ],
    [
      'chat/completions/',
      { model: 'm', messages: said, n: 5 },
      ({ max_completion_tokens }) => Number(max_completion_tokens) * 5,
    ],
    ['responses', { model: 'm', input: 'hi' }, ({ max_output_tokens }) => max_output_tokens],
    [
      'v1/messages',
      { model: 'm', messages: said, max_tokens: 9_000 },
      ({ max_tokens }) => max_tokens,
    ],
    [
      'v1beta/models/g:generateContent',
      { contents: [], generation_config: { max_output_tokens: 900 } },
      ({ generation_config }) => generation_config?.['max_output_tokens'],
    ],
    [
      'v1beta/models/g:streamGenerateContent',
      { contents: [] },
      ({ generationConfig }) => generationConfig?.['maxOutputTokens'],
    ],
    [
      'model/anthropic.claude/converse',
      { messages: [], inferenceConfig: { maxTokens: 5_000 } },
      ({ inferenceConfig }) => inferenceConfig?.['maxTokens'],
    ],
    [
      'completions',
      { model: 'm', prompt: 'hi', best_of: 2 },
      ({ max_tokens }) => Number(max_tokens) * 2,
    ],
    ['v2/chat', { model: 'm', messages: said, maxTokens: 5_000 }, ({ max_tokens }) => max_tokens],
  ]

  it.each(native)(
    'bounds a request for %s of the provider itself: %j',
    async (path, body, read) => {
      start('acme', {}, { baseUrl: 'http://acme.test', apiKey: 'x' })
      expect((await send(CAPPED, body, `/providers/acme/${path}`)).status).toBe(200)
      expect(read(sentBody())).toBe(50)
      expect((await send(FREE, body, `/providers/acme/${path}`)).status).toBe(200)
      expect(sentBody()).toEqual(body)
    },
  )

  it.each([
    'chat/Completions',
    'v1/messages/batches',
    'model/m/invoke',
    'v1/chat/completions;x',
    'generate',
    'v1beta/models/g:batchGenerateContent',
    'v1/responses/compact',
    'predict',
  ])('refuses an address that is not known: %s', async (path) => {
    start('acme', {}, { baseUrl: 'http://acme.test', apiKey: 'x' })
    expect(
      await send(CAPPED, { model: 'm', max_tokens: 5 }, `/providers/acme/${path}`),
    ).toMatchObject({ status: 403, sent: false })
    expect(
      (await send(FREE, { model: 'm', max_tokens: 5 }, `/providers/acme/${path}`)).status,
    ).toBe(200)
  })

  it('refuses a body that cannot be read, and batches; lets through what generates no text', async () => {
    start('acme', {}, { baseUrl: 'http://acme.test', apiKey: 'x' })
    expect(await send(CAPPED, 'no json', '/providers/acme/chat/completions')).toMatchObject({
      status: 403,
      sent: false,
    })
    expect(
      await send(CAPPED, { input_file_id: 'f', endpoint: '/v1/chat/completions' }, '/v1/batches'),
    ).toMatchObject({ status: 403, sent: false })
    expect(
      (await send(CAPPED, { model: 'm', input: 'hi' }, '/providers/acme/embeddings')).status,
    ).toBe(200)
  })

  it('is refused with more choices than tokens', async () => {
    start('acme', {}, { baseUrl: 'http://acme.test', apiKey: 'x' })
    expect(await send(CAPPED, { model: 'acme/m', messages: said, n: 51 })).toMatchObject({
      status: 400,
      param: 'n',
      sent: false,
    })
  })
})

describe('a budget of tokens', () => {
  it.each([
    ['chat/completions', { model: 'm', messages: said, max_tokens: 1_000_000 }],
    [
      'v1beta/models/g:generateContent',
      { contents: [], generation_config: { max_output_tokens: 1_000_000 } },
    ],
    ['anything/else', { model: 'm', maxTokens: 1_000_000 }],
  ])('holds for %s of the provider itself', async (path, body) => {
    start(
      'acme',
      { limits: [{ unit: 'tokens', window: 'day', limit: 5_000 }] },
      { baseUrl: 'http://acme.test', apiKey: 'x' },
    )
    expect(await send(FREE, body, `/providers/acme/${path}`)).toMatchObject({
      status: 402,
      sent: false,
    })
    expect(
      (
        await send(
          FREE,
          { ...JSON.parse(JSON.stringify(body).replace('1000000', '100')) },
          `/providers/acme/${path}`,
        )
      ).status,
    ).toBe(200)
  })
})
