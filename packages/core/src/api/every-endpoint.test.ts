import { afterEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { FakeTransport, json, type Reply } from '../dispatch/transport.fake.ts'
import type { GatewayOptions } from '../config/index.ts'
import { createGateway } from '../gateway/create-gateway.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { RequestRecord } from '../records/index.ts'
import { endpoints, type OperationEndpoint } from './endpoints.ts'

const KEY = 'pk_team_alpha_0123456789'
const PROVIDER_KEY = 'canary-provider-key-0001'
const LIMIT = 2048
const MODEL = 'acme/model-1'
const BOUNDARY = 'the-boundary'

/** One good call of an endpoint, against one provider named `acme`. */
interface Example {
  /** @default the endpoint's own path */
  readonly path?: string
  /** A JSON body, or the fields of a form. */
  readonly json?: object
  readonly form?: Readonly<Record<string, string>>
  /** How the model or the provider is named. The same call with an unknown one must end as 404. */
  readonly names: 'model' | 'header' | 'path'
  /** Dialect of the provider. @default OpenAI chat */
  readonly dialect?: 'openai-responses' | 'anthropic-messages' | 'gemini'
  readonly reply: Reply
  /** Where the provider is asked. */
  readonly asked: string
  /** Expected fields of the record. */
  readonly record: { readonly model?: string; readonly target: string }
}

const ofModel = { names: 'model', record: { model: MODEL, target: MODEL } } as const
const ofProvider = { names: 'header', record: { target: 'acme' } } as const
const native = {
  path: '/providers/acme/v2/things',
  names: 'path',
  reply: json({}),
  asked: '/v1/v2/things',
  record: { target: 'acme' },
} as const
const file = { 'file"; filename="a.bin': 'x'.repeat(64) }
const audio = (path: string): Example => ({
  ...ofModel,
  form: { ...file, model: MODEL },
  reply: json({ text: 'Hi' }),
  asked: path,
})
const images = json({
  created: 1,
  data: [{ b64_json: 'aGk=' }],
  usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
})
const answer = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
}

const wholeResponse = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'm',
  status: 'completed',
  output: [],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
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
const contents = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
const candidate = {
  candidates: [
    { index: 0, content: { role: 'model', parts: [{ text: 'ho' }] }, finishReason: 'STOP' },
  ],
}

/** The model stands in the path, before what is to be done with it. */
function action(
  version: string,
  name: string,
  body: { readonly json: object; readonly reply: Reply },
): [string, Example] {
  const at = (model: string): string => `/${version}/models/${model}:${name}`
  return [
    `POST ${at('{model...}')}`,
    {
      ...ofModel,
      ...body,
      names: 'path',
      path: at(MODEL),
      dialect: 'gemini',
      asked: at('model-1'),
    },
  ]
}

const actions = ['v1beta', 'v1'].flatMap((version) => [
  action(version, 'generateContent', { json: contents, reply: json(candidate) }),
  action(version, 'countTokens', { json: contents, reply: json({ totalTokens: 3 }) }),
  action(version, 'embedContent', {
    json: { content: contents.contents[0] },
    reply: json({ embedding: { values: [0] } }),
  }),
  action(version, 'batchEmbedContents', {
    json: { requests: [] },
    reply: json({ embeddings: [] }),
  }),
])

/**
 * Its answer is a stream, asked for as events and passed on as the array that a client gets who
 * asks for nothing else.
 */
const streams = ['v1beta', 'v1'].map((version): [string, Example] => {
  const [name, example] = action(version, 'streamGenerateContent', {
    json: contents,
    reply: {
      headers: { 'content-type': 'text/event-stream' },
      body: [`data: ${JSON.stringify(candidate)}\n\n`],
    },
  })
  return [name, { ...example, path: `${example.path}?alt=sse`, asked: `${example.asked}?alt=sse` }]
})

const rerank: Example = {
  ...ofModel,
  json: { model: MODEL, query: 'hi', documents: ['ho'] },
  reply: json({ id: 'x', model: 'm', results: [{ index: 0, relevance_score: 1 }] }),
  asked: '/v1/rerank',
}

/**
 * A new row of the table needs one here: without it nothing says that it is guarded as the others
 * are.
 */
const examples: Readonly<Record<string, Example>> = {
  'POST /v1/chat/completions': {
    ...ofModel,
    json: { model: MODEL, messages: [{ role: 'user', content: 'hi' }] },
    reply: json(answer),
    asked: '/v1/chat/completions',
  },
  'POST /v1/responses': {
    ...ofModel,
    json: { model: MODEL, input: 'hi' },
    dialect: 'openai-responses',
    reply: json(wholeResponse),
    asked: '/v1/responses',
  },
  'POST /v1/responses/compact': {
    ...ofModel,
    json: { model: MODEL, input: 'hi' },
    dialect: 'openai-responses',
    reply: json({
      id: 'resp_1',
      object: 'response.compaction',
      created_at: 1,
      output: [{ type: 'compaction', encrypted_content: 'x' }],
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    }),
    asked: '/v1/responses/compact',
  },
  'POST /v1/responses/input_tokens': {
    ...ofModel,
    json: { model: MODEL, input: 'hi' },
    dialect: 'openai-responses',
    reply: json({ object: 'response.input_tokens', input_tokens: 3 }),
    asked: '/v1/responses/input_tokens',
  },
  'POST /v1/messages': {
    ...ofModel,
    json: { model: MODEL, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
    dialect: 'anthropic-messages',
    reply: json(message),
    asked: '/v1/messages',
  },
  'POST /v1/messages/count_tokens': {
    ...ofModel,
    json: { model: MODEL, messages: [{ role: 'user', content: 'hi' }] },
    dialect: 'anthropic-messages',
    reply: json({ input_tokens: 3 }),
    asked: '/v1/messages/count_tokens',
  },
  ...Object.fromEntries([...actions, ...streams]),
  'POST /v1/embeddings': {
    ...ofModel,
    json: { model: MODEL, input: 'hi' },
    reply: json({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [1] }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    }),
    asked: '/v1/embeddings',
  },
  'POST /v1/rerank': rerank,
  'POST /v2/rerank': rerank,
  'POST /v1/completions': {
    ...ofModel,
    json: { model: MODEL, prompt: 'hi' },
    reply: json({ choices: [{ text: 'ho', finish_reason: 'stop' }] }),
    asked: '/v1/completions',
  },
  'POST /v1/images/generations': {
    ...ofModel,
    json: { model: MODEL, prompt: 'a cat' },
    reply: images,
    asked: '/v1/images/generations',
  },
  'POST /v1/images/edits': {
    ...ofModel,
    form: { ...file, model: MODEL, prompt: 'a cat' },
    reply: images,
    asked: '/v1/images/edits',
  },
  'POST /v1/images/variations': {
    ...ofModel,
    json: { model: MODEL, image: 'x' },
    reply: images,
    asked: '/v1/images/variations',
  },
  'POST /v1/audio/speech': {
    ...ofModel,
    json: { model: MODEL, input: 'hi', voice: 'v' },
    reply: { headers: { 'content-type': 'audio/mpeg' }, body: ['ID3', 'audio'] },
    asked: '/v1/audio/speech',
  },
  'POST /v1/audio/transcriptions': audio('/v1/audio/transcriptions'),
  'POST /v1/audio/translations': audio('/v1/audio/translations'),
  'POST /v1/moderations': {
    ...ofModel,
    json: { model: MODEL, input: 'hi' },
    reply: json({ results: [] }),
    asked: '/v1/moderations',
  },
  'POST /v1/files': {
    ...ofProvider,
    form: { purpose: 'batch', ...file },
    reply: json({ id: 'file-1' }),
    asked: '/v1/files',
  },
  'GET /v1/files': {
    ...ofProvider,
    path: '/v1/files?limit=2',
    reply: json({ data: [] }),
    asked: '/v1/files?limit=2',
  },
  'GET /v1/files/{id}': {
    ...ofProvider,
    path: '/v1/files/file-1',
    reply: json({ id: 'file-1' }),
    asked: '/v1/files/file-1',
  },
  'DELETE /v1/files/{id}': {
    ...ofProvider,
    path: '/v1/files/file-1',
    reply: json({ deleted: true }),
    asked: '/v1/files/file-1',
  },
  'GET /v1/files/{id}/content': {
    ...ofProvider,
    path: '/v1/files/file-1/content',
    reply: { headers: { 'content-type': 'application/jsonl' }, body: ['{}\n', '{}\n'] },
    asked: '/v1/files/file-1/content',
  },
  'POST /v1/batches': {
    ...ofProvider,
    json: { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' },
    reply: json({ id: 'batch_1' }),
    asked: '/v1/batches',
  },
  'GET /v1/batches': { ...ofProvider, reply: json({ data: [] }), asked: '/v1/batches' },
  'GET /v1/batches/{id}': {
    ...ofProvider,
    path: '/v1/batches/batch_1',
    reply: json({ id: 'batch_1' }),
    asked: '/v1/batches/batch_1',
  },
  'POST /v1/batches/{id}/cancel': {
    ...ofProvider,
    path: '/v1/batches/batch_1/cancel',
    reply: json({ id: 'batch_1' }),
    asked: '/v1/batches/batch_1/cancel',
  },
  'GET /providers/{name}/{path...}': native,
  'POST /providers/{name}/{path...}': { ...native, json: { a: 1 } },
  'PUT /providers/{name}/{path...}': { ...native, json: { a: 1 } },
  'PATCH /providers/{name}/{path...}': { ...native, json: { a: 1 } },
  'DELETE /providers/{name}/{path...}': { ...native, json: { a: 1 } },
  'OPTIONS /providers/{name}/{path...}': native,
}

const operations = endpoints.filter(
  (endpoint): endpoint is OperationEndpoint => endpoint.kind === 'operation',
)
const nameOf = ({ method, path }: OperationEndpoint): string => `${method} ${path}`
const cases = operations.map((endpoint) => [nameOf(endpoint), endpoint] as const)
const withBody = cases.filter(([, { body }]) => body !== 'none')

let running: Gateway | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

function start(
  script: readonly Reply[],
  dialect: Example['dialect'] | 'openai-chat' = 'openai-chat',
  options: GatewayOptions<never> = {},
  clock = new FakeClock(),
) {
  const transport = new FakeTransport(script)
  const records: RequestRecord[] = []
  const gateway = createGateway(
    {
      providers: {
        acme: { baseUrl: 'http://acme.test/v1', apiKey: PROVIDER_KEY, dialect },
        other: { baseUrl: 'http://other.test/v1', apiKey: PROVIDER_KEY },
      },
      keys: {
        alpha: KEY,
        restricted: { key: 'pk_restricted_0123456789', models: ['other/model-1'] },
      },
      bodyLimit: LIMIT,
      log: 'silent',
      onRecord: (record) => void records.push(record),
      ...options,
    },
    { clock, transport, environment: {} },
  )
  running = gateway
  return { transport, records, gateway }
}

function exampleOf(endpoint: OperationEndpoint): Example {
  const example = examples[nameOf(endpoint)]
  if (example === undefined) throw new Error(`${nameOf(endpoint)} has no example.`)
  return example
}

const formText = (fields: Readonly<Record<string, string>>): string =>
  `${Object.entries(fields)
    .map(
      ([name, value]) =>
        `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    .join('')}--${BOUNDARY}--\r\n`

interface Change {
  readonly key?: string | null
  /** The model or provider in place of the example's. */
  readonly named?: string
  /** Bytes the body is made larger by. */
  readonly padding?: number
  readonly body?: ReadableStream<Uint8Array>
}

function requestFor(
  endpoint: OperationEndpoint,
  { key = KEY, named, padding = 0, body }: Change = {},
): Request {
  const { names, path = endpoint.path, json: value, form } = exampleOf(endpoint)
  const model: Record<string, string> =
    named === undefined || names !== 'model' ? {} : { model: named }
  const pad = 'x'.repeat(padding)
  const text =
    form === undefined
      ? value && JSON.stringify({ ...value, ...model, ...(padding > 0 && { pad }) })
      : formText({ ...(padding > 0 && { pad }), ...form, ...model })
  const headers: Record<string, string> = {}
  if (key !== null) headers.authorization = `Bearer ${key}`
  if (names === 'header') headers['x-postern-provider'] = named ?? 'acme'
  if (text !== undefined)
    headers['content-type'] =
      form === undefined ? 'application/json' : `multipart/form-data; boundary=${BOUNDARY}`
  const url = `http://llm${named !== undefined && names === 'path' ? path.replace('acme', named) : path}`
  return new Request(url, {
    method: endpoint.method,
    headers,
    ...(text === undefined ? {} : { body: body ?? text, duplex: 'half' }),
  } as RequestInit)
}

describe('every endpoint that reaches a provider', () => {
  it('has an example here, and every example an endpoint', () => {
    expect(operations.map(nameOf).toSorted()).toEqual(Object.keys(examples).toSorted())
  })

  it.each(cases)(
    '%s refuses unknown callers before a byte of body is read',
    async (_name, endpoint) => {
      const { gateway, transport, records } = start([])
      for (const key of [null, 'pk_wrong']) {
        let pulled = 0
        // With nothing to fill, a stream is pulled by its reader only.
        const body = new ReadableStream<Uint8Array>(
          { pull: () => void (pulled += 1) },
          { highWaterMark: 0 },
        )
        const response = await gateway.fetch(requestFor(endpoint, { key, body }))
        expect([response.status, pulled]).toEqual([401, 0])
      }
      expect([transport.requests.length, records.map(({ status }) => status)]).toEqual([
        0,
        [401, 401],
      ])
    },
  )

  it.each(cases)(
    '%s is closed to a key that was revoked, or whose time is over, before a byte of body is read',
    async (_name, endpoint) => {
      const clock = new FakeClock()
      const { gateway, transport } = start(
        [],
        'openai-chat',
        { adminToken: 'admin-0123456789abcdef' },
        clock,
      )
      const admin = async (path: string, body?: object): Promise<{ key: string }> => {
        const response = await gateway.fetch(`http://llm/admin/keys${path}`, {
          method: 'POST',
          headers: {
            authorization: 'Bearer admin-0123456789abcdef',
            'content-type': 'application/json',
          },
          body: JSON.stringify(body ?? {}),
        })
        return (await response.json()) as { key: string }
      }
      const revoked = await admin('', { name: 'revoked' })
      await admin('/revoked/revoke')
      const old = await admin('', { name: 'old', expiresIn: '1h' })
      await clock.advance(3_600_000)
      for (const { key } of [revoked, old]) {
        let pulled = 0
        const body = new ReadableStream<Uint8Array>(
          { pull: () => void (pulled += 1) },
          { highWaterMark: 0 },
        )
        const response = await gateway.fetch(requestFor(endpoint, { key, body }))
        expect([key.length, response.status, pulled, transport.requests.length]).toEqual([
          46, 401, 0, 0,
        ])
      }
    },
  )

  it.each(cases)(
    '%s is closed to a key that may call something else only, before a byte of body is read',
    async (_name, endpoint) => {
      const other = endpoint.path === '/v1/embeddings' ? '/v1/files*' : '/v1/embeddings'
      const { gateway, transport, records } = start([], 'openai-chat', {
        keys: { alpha: { key: KEY, endpoints: [other] } },
      })
      let pulled = 0
      const response = await gateway.fetch(
        requestFor(endpoint, {
          body: new ReadableStream<Uint8Array>(
            { pull: () => void (pulled += 1) },
            { highWaterMark: 0 },
          ),
        }),
      )
      expect([response.status, pulled, transport.requests.length, records[0]?.code]).toEqual([
        403,
        0,
        0,
        'permission_denied',
      ])
    },
  )

  it.each(cases)('%s is open to a key that may call it', async (_name, endpoint) => {
    const { reply, dialect } = exampleOf(endpoint)
    const [beginning = ''] = endpoint.path.split('{')
    const { gateway } = start([reply], dialect, {
      keys: {
        alpha: { key: KEY, endpoints: [beginning === endpoint.path ? beginning : `${beginning}*`] },
      },
    })
    const response = await gateway.fetch(requestFor(endpoint))
    expect([response.status, await response.text()]).toEqual([200, reply.body?.join('')])
  })

  it.each(cases)('%s knows no unknown model or provider', async (name, endpoint) => {
    const { gateway, transport, records } = start([])
    const response = await gateway.fetch(requestFor(endpoint, { named: 'nobody' }))
    expect([response.status, transport.requests.length]).toEqual([404, 0])
    expect(records).toMatchObject([
      { endpoint: name, status: 404, code: 'model_not_found', caller: { id: 'alpha' } },
    ])
  })

  it.each(cases.filter(([, endpoint]) => exampleOf(endpoint).names !== 'header'))(
    '%s knows no model or provider with a name that leads elsewhere',
    async (_name, endpoint) => {
      const { gateway, transport } = start([])
      const { names, path = endpoint.path } = exampleOf(endpoint)
      for (const named of [
        'acme/..',
        'acme/.',
        'acme/x/../y',
        'acme//x',
        'acme/\\x',
        'acme/..\\x',
        'acme/%2e%2e',
        'acme/x%2f..',
        'acme/%252e%252e/x',
        'acme/...',
        'acme/..;x',
        'acme/x\0',
      ]) {
        const request = requestFor(endpoint, names === 'model' ? { named } : {})
        // As a string: a Request would have resolved the path.
        const url =
          names === 'model' ? request.url : `http://llm${path.replace(/acme(?:\/model-1)?/, named)}`
        const response = await gateway.fetch(url, {
          method: request.method,
          headers: request.headers,
          ...(request.body !== null && { body: await request.text() }),
        })
        expect([named, response.status, transport.requests.length]).toEqual([named, 404, 0])
      }
    },
  )

  it.each(cases.filter(([name]) => /^[A-Z]+ \/providers\/|\/content$|\/speech$/.test(name)))(
    '%s hands over bytes that no browser runs',
    async (_name, endpoint) => {
      const { reply, dialect } = exampleOf(endpoint)
      for (const headers of [
        reply.headers ?? {},
        { 'content-type': 'text/html', 'content-security-policy': 'script-src *' },
      ]) {
        const { gateway } = start([{ ...reply, headers }], dialect)
        const response = await gateway.fetch(requestFor(endpoint))
        expect([
          response.status,
          response.headers.get('x-content-type-options'),
          response.headers.get('content-security-policy'),
        ]).toEqual([200, 'nosniff', "default-src 'none'; frame-ancestors 'none'; sandbox"])
        await response.arrayBuffer()
        await gateway.close()
      }
    },
  )

  it.each(cases)(
    '%s refuses a name of more than 256 characters before anything is counted or kept by it',
    async (_name, endpoint) => {
      for (const named of [
        'n'.repeat(300),
        ...(exampleOf(endpoint).names === 'model' ? [`acme/${'漢'.repeat(257)}`] : []),
      ]) {
        const { gateway, transport, records } = start([], 'openai-chat', {
          limits: [{ unit: 'requests', window: 'total', limit: 1, scope: 'model' }],
        })
        const response = await gateway.fetch(requestFor(endpoint, { named }))
        expect([400, 404]).toContain(response.status)
        expect((await response.text()).length).toBeLessThan(1_000)
        expect(transport.requests).toHaveLength(0)
        expect(JSON.stringify(records).length).toBeLessThan(2_000)
      }
    },
  )

  it.each(cases)(
    '%s is closed to a key that may use another provider only',
    async (_name, endpoint) => {
      const { gateway, transport, records } = start([])
      const response = await gateway.fetch(
        requestFor(endpoint, { key: 'pk_restricted_0123456789' }),
      )
      expect([response.status, transport.requests.length, records[0]?.code]).toEqual([
        403,
        0,
        'permission_denied',
      ])
    },
  )

  it.each(cases)(
    '%s takes from the limits of its caller, and refuses when they are used up',
    async (_name, endpoint) => {
      const { reply, dialect } = exampleOf(endpoint)
      const { gateway, transport, records } = start([reply], dialect, {
        limits: [{ unit: 'requests', window: 'total', limit: 1 }],
      })
      const served = await gateway.fetch(requestFor(endpoint))
      expect([served.status, await served.text()]).toEqual([200, reply.body?.join('')])
      const refused = await gateway.fetch(requestFor(endpoint))
      expect([refused.status, transport.requests.length, records.at(-1)?.code]).toEqual([
        429,
        1,
        'rate_limit_exceeded',
      ])
    },
  )

  it.each(cases)(
    '%s is closed to a key whose budget is used up, whatever it costs',
    async (_name, endpoint) => {
      const { dialect } = exampleOf(endpoint)
      const spent = {
        ...answer,
        usage: { prompt_tokens: 10, completion_tokens: 2_990, total_tokens: 3_000 },
      }
      const { gateway, transport, records } = start([json(spent)], 'openai-chat', {
        limits: [{ unit: 'usd', window: 'total', limit: 0.002 }],
        prices: { 'acme/*': { input: 1, output: 1 } },
        ...(dialect !== undefined && {
          providers: {
            acme: {
              baseUrl: 'http://acme.test/v1',
              apiKey: PROVIDER_KEY,
              dialect: 'openai-chat',
              alsoSpeaks: [dialect],
            },
            other: { baseUrl: 'http://other.test/v1', apiKey: PROVIDER_KEY },
          },
        }),
      })
      const chat = requestFor(
        operations.find((row) => row.path === '/v1/chat/completions') as OperationEndpoint,
      )
      expect((await (await gateway.fetch(chat)).text()).length).toBeGreaterThan(0)
      const refused = await gateway.fetch(requestFor(endpoint))
      // A request without a price is refused even while there is money left.
      expect([402, 400]).toContain(refused.status)
      expect(['budget_exceeded', 'unpriced_model']).toContain(records.at(-1)?.code)
      const text = await refused.text()
      if (records.at(-1)?.code === 'unpriced_model')
        expect(text).toMatch(
          /what this endpoint of (?:acme|other)(?:\/\S+)? costs is not known before it answers, so it cannot be reserved|the price of other\/\S+ is not known\. Set it in the option prices/,
        )
      expect(transport.requests).toHaveLength(1)
    },
  )

  /** Endpoints that generate no text, and what a key may get of it says nothing of them. */
  const WITHOUT_TEXT =
    /^(?:GET|DELETE|OPTIONS) |(?:count|input)_tokens$|:(?:countTokens|embedContent|batchEmbedContents)$|\/(?:embeddings|rerank|moderations|files|cancel)$|\/(?:images|audio)\//

  it.each(cases)(
    '%s gives a key no more output than it may get, or is closed to it',
    async (name, endpoint) => {
      const { reply, dialect } = exampleOf(endpoint)
      const { gateway, transport } = start([reply], dialect, {
        keys: { alpha: { key: KEY, maxOutputTokens: 7 } },
      })
      const response = await gateway.fetch(requestFor(endpoint))
      await response.text()
      const { status } = response
      const [sent] = transport.requests
      if (WITHOUT_TEXT.test(name) && !name.startsWith('DELETE /providers'))
        expect([status, sent === undefined]).toEqual([200, false])
      else if (sent === undefined)
        expect([status, name]).toEqual([
          403,
          expect.stringMatching(/^(?:POST|PUT|PATCH|DELETE) \/(?:v1\/batches|providers\/)/),
        ])
      else if (!name.startsWith('DELETE /providers'))
        expect(Buffer.from(sent.body as Uint8Array).toString()).toMatch(
          /"(?:max_completion_tokens|max_tokens|max_output_tokens|maxOutputTokens)":7\b/,
        )
    },
  )

  it.each(withBody)('%s holds the limit of a body', async (_name, endpoint) => {
    const { gateway, transport, records } = start([])
    const response = await gateway.fetch(requestFor(endpoint, { padding: LIMIT }))
    expect([response.status, transport.requests.length, records.map(({ code }) => code)]).toEqual([
      413,
      0,
      ['body_too_large'],
    ])
  })

  it.each(cases)(
    '%s sends its call where it belongs, and leaves exactly one record',
    async (name, endpoint) => {
      const { reply, asked, record, dialect } = exampleOf(endpoint)
      const { gateway, transport, records } = start([reply], dialect)
      const response = await gateway.fetch(requestFor(endpoint))
      const text = await response.text()
      expect([response.status, text]).toEqual([200, reply.body?.join('')])
      const [sent] = transport.requests
      expect(sent).toMatchObject({
        origin: 'http://acme.test',
        method: endpoint.method,
        path: asked,
      })
      expect(JSON.stringify(sent?.headers)).toContain(PROVIDER_KEY)
      expect(JSON.stringify([...response.headers, text])).not.toContain(PROVIDER_KEY)
      expect(JSON.stringify([sent?.headers, String(sent?.body)])).not.toContain(KEY)
      expect(records).toMatchObject([
        {
          endpoint: name,
          caller: { id: 'alpha' },
          status: 200,
          code: 'ok',
          attempts: [{ code: 'ok', status: 200 }],
          ...record,
        },
      ])
      expect(records[0]?.model).toBe(record.model)
    },
  )
})

it('the probe is answered without a body and without a record', async () => {
  const { gateway, transport, records } = start([])
  for (const method of ['HEAD', 'GET']) {
    const response = await gateway.fetch('http://llm/api/hello', { method })
    expect([response.status, await response.text()]).toEqual([200, ''])
  }
  expect([transport.requests.length, records]).toEqual([0, []])
})

it('a provider that cannot count tokens is not asked: the answer is an estimate, and there is a record', async () => {
  const { gateway, transport, records } = start([])
  const body = JSON.stringify({
    model: MODEL,
    messages: [{ role: 'user', content: 'How many words are in this sentence?' }],
  })
  const answered = await gateway.fetch('http://llm/v1/messages/count_tokens', {
    method: 'POST',
    headers: { 'x-api-key': KEY },
    body,
  })
  const counted = (await answered.json()) as { input_tokens: number }
  expect([
    answered.status,
    counted.input_tokens > 4,
    counted.input_tokens < 30,
    transport.requests.length,
  ]).toEqual([200, true, true, 0])
  expect(records).toMatchObject([
    {
      endpoint: 'POST /v1/messages/count_tokens',
      target: MODEL,
      status: 200,
      code: 'ok',
      attempts: [],
    },
  ])
})
