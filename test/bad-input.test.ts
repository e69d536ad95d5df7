import { request as httpRequest } from 'node:http'
import { ConfigurationError, createGateway } from '@postern/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CLIENT_KEY,
  type Framework,
  type Providers,
  startChain,
  startMountedChain,
} from './harness/chain.ts'
import { seeError } from './harness/client-stream.ts'
import { withoutCrash } from './harness/turns.ts'

const LIMIT_BYTES = 64 * 1024
const CHAT = '/v1/chat/completions'
const json = { 'content-type': 'application/json' }
const hello = [{ role: 'user', content: 'Hello' }]

interface BadInput {
  readonly name: string
  readonly path?: string
  readonly init: RequestInit
  readonly status: number
  readonly error: { readonly type: string; readonly code: string; readonly param?: string | null }
  readonly message: RegExp
}

const post = (body: unknown, headers: Record<string, string> = json): RequestInit => ({
  method: 'POST',
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const invalid = (code = 'invalid_request', param: string | null = null) => ({
  type: 'invalid_request_error',
  code,
  param,
})

const broken: readonly BadInput[] = [
  {
    name: 'invalid JSON',
    init: post('{\n  "model": "chain",\n  "messages": [,]\n}'),
    status: 400,
    error: invalid('invalid_json'),
    message: /position 37 \(line 3, column 16\)/,
  },
  {
    name: 'JSON that ends early',
    init: post('{"model":"chain"'),
    status: 400,
    error: invalid('invalid_json'),
    message: /end of input at position 16/,
  },
  {
    name: 'an empty body',
    init: { method: 'POST', headers: json },
    status: 400,
    error: invalid('invalid_json'),
    message: /empty/,
  },
  {
    name: 'a JSON array',
    init: post([]),
    status: 400,
    error: invalid(),
    message: /JSON object, not an array/,
  },
  {
    name: 'a JSON string',
    init: post('"hi"'),
    status: 400,
    error: invalid(),
    message: /JSON object, not a string/,
  },
  {
    name: 'null',
    init: post('null'),
    status: 400,
    error: invalid(),
    message: /JSON object, not null/,
  },
]

const wrongTypes: readonly BadInput[] = [
  ['model', { model: 7 }],
  ['model', { model: undefined }],
  ['messages', { messages: 'Hello' }],
  ['messages', { messages: [] }],
  ['messages[0]', { messages: ['Hello'] }],
  ['temperature', { temperature: 'hot' }],
  ['stream', { stream: 'yes' }],
  ['stream_options.include_usage', { stream: true, stream_options: { include_usage: 1 } }],
  ['max_tokens', { max_tokens: -1 }],
  ['n', { n: 0 }],
  ['tools', { tools: {} }],
  ['stop', { stop: [1] }],
  ['response_format', { response_format: 'json' }],
].map(([param, fields]) => ({
  name: `a wrong type of ${String(param)}: ${JSON.stringify(fields)}`,
  init: post({ model: 'chain', messages: hello, ...(fields as object) }),
  status: 400,
  error: invalid('invalid_request', String(param)),
  message: /must be|expected/i,
}))

const unknown: readonly BadInput[] = [
  {
    name: 'a misspelt route',
    init: post({ model: 'chian', messages: hello }),
    status: 404,
    error: invalid('model_not_found', 'model'),
    message: /Did you mean "chain"\?/,
  },
  {
    name: 'a misspelt model',
    init: post({ model: 'frist/model-of-first', messages: hello }),
    status: 404,
    error: invalid('model_not_found', 'model'),
    message: /Did you mean .*"first\/model-of-first"/,
  },
  {
    name: 'a model like no other',
    init: post({ model: 'zzz', messages: hello }),
    status: 404,
    error: invalid('model_not_found', 'model'),
    message: /"provider\/model" with one of the providers first, second/,
  },
  {
    name: 'an unknown path',
    path: '/v1/chat',
    init: post({}),
    status: 404,
    error: invalid('unknown_path'),
    message: /\/v1\/chat\/completions/,
  },
  {
    name: 'a wrong method',
    init: { method: 'GET' },
    status: 405,
    error: invalid('method_not_allowed'),
    message: /takes POST, not GET/,
  },
]

const unauthorized: readonly BadInput[] = [
  {
    name: 'a wrong key',
    init: post(
      { model: 'chain', messages: hello },
      { ...json, authorization: 'Bearer pk_wrong_0123456789abc' },
    ),
    status: 401,
    error: { type: 'authentication_error', code: 'invalid_api_key' },
    message: /not valid/,
  },
  {
    name: 'something that is no bearer token',
    init: post({}, { ...json, authorization: 'Basic dXNlcjpwYXNz' }),
    status: 401,
    error: { type: 'authentication_error', code: 'invalid_api_key' },
    message: /not valid/,
  },
  {
    name: 'a wrong key, before the body is looked at',
    init: post('{{{', { ...json, authorization: 'Bearer nope' }),
    status: 401,
    error: { type: 'authentication_error', code: 'invalid_api_key' },
    message: /not valid/,
  },
]

const oversized: readonly BadInput[] = [
  {
    name: 'a body over the limit',
    init: post({ model: 'chain', messages: [{ role: 'user', content: 'x'.repeat(LIMIT_BYTES) }] }),
    status: 413,
    error: invalid('body_too_large'),
    message: /limit of 65536 bytes \(option bodyLimit, POSTERN_BODY_LIMIT\)/,
  },
]

const surfaces = ['gateway.fetch', 'Express', 'Koa', 'Hono'] as const

describe.each(surfaces)('%s answers bad input', (surface) => {
  let chain: Providers & { readonly hostErrors?: readonly unknown[] }
  beforeAll(async () => {
    const options = { gateway: { bodyLimit: LIMIT_BYTES } }
    chain =
      surface === 'gateway.fetch'
        ? await startChain(options)
        : await startMountedChain(surface as Framework, { ...options, mountPath: '/llm' })
  })
  beforeEach(() => chain.reset())
  afterAll(() => chain.close())

  it.each([...broken, ...wrongTypes, ...unknown, ...unauthorized, ...oversized])(
    '$name with $status',
    async ({ path = CHAT, init, status, error, message }) => {
      await withoutCrash(async () => {
        const response = await chain.send(path, init)
        expect(response.status).toBe(status)
        expect(response.headers.get('content-type')).toBe('application/json')
        expect(response.headers.get('x-postern-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
        const seen = await seeError(response)
        expect(seen).toEqual({ param: null, ...error, message: expect.stringMatching(message) })
      })
      expect(chain.calls()).toEqual([0, 0])
      expect(chain.hostErrors ?? []).toEqual([])
      // A path without an endpoint leaves no record; every other request leaves exactly one.
      expect(chain.records).toMatchObject(
        ['unknown_path', 'method_not_allowed'].includes(error.code)
          ? []
          : [{ status, code: error.code, attempts: [] }],
      )
    },
  )

  it('says which methods a path takes', async () => {
    expect((await chain.send(CHAT, { method: 'DELETE' })).headers.get('allow')).toBe('POST')
    expect((await chain.send('/v1/models', { method: 'POST' })).headers.get('allow')).toBe('GET')
  })

  it('without a key with 401, always in the same words', async () => {
    const texts = new Set<string>()
    for (const authorization of [
      '',
      'Bearer',
      'Bearer pk_client_0123456789abcde',
      `Bearer ${CLIENT_KEY}x`,
      'Bearer __proto__',
      'Bearer constructor',
    ]) {
      const response = await chain.send(CHAT, post({}, { ...json, authorization }))
      expect(response.status).toBe(401)
      texts.add(await response.text())
    }
    expect(texts.size).toBe(1)
    expect([...texts][0]).not.toContain('pk_')
  })

  it('with keys that mean something to JavaScript as it would any other', async () => {
    const response = await chain.send(
      CHAT,
      post(
        '{"model":"chain","messages":[{"role":"user","content":"Hello","__proto__":{"polluted":true}}],"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
      ),
    )
    await response.text()
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('what only a socket can send', () => {
  it.each(['Express', 'Koa', 'Hono'] as const)(
    '%s: no key at all, bodies in an unknown coding and WebSocket upgrades',
    async (framework) => {
      const chain = await startMountedChain(framework)
      const none = await fetch(`${chain.url}${CHAT}`, post({ model: 'chain', messages: hello }))
      expect([none.status, (await seeError(none)).code]).toEqual([401, 'missing_api_key'])
      const compressed = await chain.send(
        CHAT,
        post('{}', { ...json, 'content-encoding': 'compress' }),
      )
      expect([compressed.status, (await seeError(compressed)).message]).toEqual([
        415,
        expect.stringContaining('"compress"'),
      ])
      const upgrade = await upgradeTo(`${chain.url}/v1/responses`)
      expect(upgrade).toMatchObject({
        status: 426,
        body: {
          error: { code: 'upgrade_required', message: expect.stringContaining('WebSocket') },
        },
      })
      expect(chain.hostErrors).toEqual([])
      await chain.close()
    },
  )

  function upgradeTo(url: string): Promise<{ status: number | undefined; body: unknown }> {
    return new Promise((resolve, reject) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      }
      const request = httpRequest(url, { headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }))
      })
      request.on('error', reject)
      request.end()
    })
  }
})

describe('content a provider cannot take', () => {
  const audio = { type: 'input_audio', input_audio: { data: 'UklGRiQAAABXQVZF', format: 'wav' } }

  it.each([false, true])(
    'is a 400 that names the provider and the part (stream: %s)',
    async (stream) => {
      const chain = await startChain({ dialects: ['anthropic-messages'] })
      const response = await chain.ask({
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Listen' }, audio] }],
        stream,
      })
      expect(response.status).toBe(400)
      const error = await seeError(response)
      expect(error).toMatchObject({
        type: 'invalid_request_error',
        code: 'unsupported_content',
        param: 'messages[0].content[1]',
      })
      expect(error.message).toContain('first')
      expect(error.message).toMatch(/audio/i)
      expect(chain.calls()).toEqual([0])
      await chain.close()
    },
  )

  it('is not what the client hears when another target failed to answer', async () => {
    const chain = await startChain({
      dialects: ['openai-chat', 'anthropic-messages'],
      route: { retries: 0 },
    })
    chain.provider('first').reply({ status: 529 })
    const response = await chain.ask({ messages: [{ role: 'user', content: [audio] }] })
    expect([response.status, (await seeError(response)).code]).toEqual([503, 'provider_overloaded'])
    await chain.close()
  })
})

describe('a bad configuration', () => {
  it('never starts, and every problem is listed with its place and its fix', () => {
    const options = {
      routes: { support: ['openia/gpt-5', 'nothing'] },
      retries: 99,
      keys: { web: 'short' },
      timout: '10m',
    }
    const environment = {
      OPENAI_API_KEY: 'sk-0123456789abcdef',
      POSTERN_TIMEOUT: 'soon',
      POSTERN_RETRYS: '2',
    }
    const problems = problemsOf(() => createGateway(options as never, { environment }))
    const text = problems.map(({ place, message, fix }) => `${place}: ${message} ${fix}`).join('\n')
    expect(problems).toHaveLength(7)
    for (const place of [
      'routes.support',
      'retries',
      'keys.web',
      'timout',
      'POSTERN_TIMEOUT',
      'POSTERN_RETRYS',
    ])
      expect(text).toContain(place)
    expect(text).toContain('Did you mean "timeout"?')
    expect(text).toContain('Did you mean POSTERN_RETRIES?')
    expect(problems.every(({ fix }) => fix.length > 0)).toBe(true)
  })

  it('never starts for want of a provider', () => {
    expect(problemsOf(() => createGateway({}, { environment: {} }))).toMatchObject([
      { place: 'providers', fix: expect.stringContaining('OPENAI_API_KEY') },
    ])
  })

  function problemsOf(start: () => unknown): ConfigurationError['problems'] {
    try {
      start()
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems
      throw error
    }
    throw new Error('It started.')
  }
})
