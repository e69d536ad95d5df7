import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import Anthropic, { NotFoundError as AnthropicNotFound } from '@anthropic-ai/sdk'
import { ApiError, GoogleGenAI } from '@google/genai'
import { createGateway, type Gateway, type GatewayOptions, type RequestRecord } from '@postern/core'
import { gateway as honoGateway } from '@postern/hono'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import type { Hono } from 'hono'
import OpenAI, { AzureOpenAI, BadRequestError, NotFoundError } from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withCase } from '../harness/shared-cases.ts'

const KEY = 'key-of-the-client-0001'

let provider: FakeProvider
let responses: FakeProvider
let gateway: Gateway
let records: RequestRecord[]

function start(options: GatewayOptions = {}): void {
  records = []
  gateway = createGateway(
    {
      providers: {
        fake: { baseUrl: provider.url },
        other: { baseUrl: responses.url, dialect: 'openai-responses', models: ['named'] },
      },
      routes: { main: ['fake/fake-small'] },
      keys: { client: KEY },
      log: 'silent',
      onRecord: (record) => void records.push(record),
      ...options,
    },
    { environment: {} },
  )
}

beforeEach(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
  responses = await startFakeProvider({ dialect: 'openai-responses', validate: false })
  start()
})
afterEach(async () => {
  await gateway.close({ graceMs: 0 })
  await Promise.all([provider.close(), responses.close()])
})

const fetchOf = () => gateway.fetch.bind(gateway) as typeof fetch
const openai = (baseURL = 'http://llm/v1') =>
  new OpenAI({ baseURL, apiKey: KEY, fetch: fetchOf(), maxRetries: 0 })
const anthropic = (baseURL = 'http://llm') =>
  new Anthropic({ baseURL, apiKey: KEY, fetch: fetchOf(), maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'hello' }]

describe('a base URL with one part too much or too little', () => {
  it(
    'serves Anthropic clients whose base URL ends with /v1, and OpenAI clients whose does not',
    withCase('base-url-with-v1-for-anthropic', async (sharedCase) => {
      const request = sharedCase.json<Anthropic.MessageCreateParamsNonStreaming>('request.json')
      expect(await anthropic('http://llm/v1').messages.create(request)).toMatchObject({
        type: 'message',
        stop_reason: 'end_turn',
      })
      expect(
        await openai('http://llm').chat.completions.create({ model: 'main', messages }),
      ).toMatchObject({ object: 'chat.completion' })
      expect((await openai('http://llm').models.list()).data.map(({ id }) => id)).toContain('main')
      expect(records.map(({ endpoint }) => endpoint)).toEqual([
        'POST /v1/messages',
        'POST /v1/chat/completions',
        'GET /v1/models',
      ])
    }),
  )

  it('holds a key to the paths it may call, however they are spelled', async () => {
    start({ keys: { client: { key: KEY, endpoints: ['/v1/embeddings'] } } })
    for (const baseURL of [
      'http://llm/v1',
      'http://llm',
      'http://llm/v1/v1',
      'http://llm/openai/v1',
      'http://llm/openai',
    ]) {
      await expect(
        openai(baseURL).chat.completions.create({ model: 'main', messages }),
      ).rejects.toMatchObject({ status: 403 })
    }
  })

  it('answers unknown paths in the shape of the client', async () => {
    await expect(
      anthropic('http://llm/elsewhere').messages.create({ model: 'main', max_tokens: 9, messages }),
    ).rejects.toThrow(AnthropicNotFound)
    await expect(
      anthropic('http://llm/elsewhere').messages.create({ model: 'main', max_tokens: 9, messages }),
    ).rejects.toMatchObject({ error: { type: 'error', error: { type: 'not_found_error' } } })
  })
})

describe("Azure's client", () => {
  it(
    'reaches the route it names as its deployment, by its paths and its header',
    withCase('azure-client', async (sharedCase) => {
      const client = new AzureOpenAI({
        endpoint: 'http://llm',
        apiKey: KEY,
        apiVersion: '2025-04-01-preview',
        fetch: fetchOf(),
        maxRetries: 0,
      })
      const request = sharedCase.json<OpenAI.ChatCompletionCreateParamsNonStreaming>('request.json')
      expect(await client.chat.completions.create(request)).toMatchObject({
        object: 'chat.completion',
      })
      const stream = await client.chat.completions.create({ ...request, stream: true })
      let chunks = 0
      for await (const chunk of stream) chunks += chunk.choices.length
      expect(chunks).toBeGreaterThan(0)
      const deployed = new AzureOpenAI({
        endpoint: 'http://llm',
        deployment: 'main',
        apiKey: KEY,
        apiVersion: '2025-04-01-preview',
        fetch: fetchOf(),
        maxRetries: 0,
      })
      expect(
        await deployed.chat.completions.create({ ...request, model: 'something else' }),
      ).toMatchObject({ object: 'chat.completion' })
      expect(records.map(({ model, target }) => [model, target])).toEqual(
        Array.from({ length: 3 }, () => ['main', 'fake/fake-small']),
      )
      expect((await client.models.list()).data.map(({ id }) => id)).toContain('main')
    }),
  )

  it('names the model where the body names none', async () => {
    const answer = await gateway.fetch(
      'http://llm/openai/deployments/fake%2Ffake-small/chat/completions?api-version=2024-10-21',
      {
        method: 'POST',
        headers: { 'api-key': KEY, 'content-type': 'application/json' },
        body: JSON.stringify({ messages }),
      },
    )
    expect([answer.status, records[0]?.target]).toEqual([200, 'fake/fake-small'])
  })
})

describe('one model', () => {
  const cases = [
    ['a route', 'main', 'main'],
    ['a model that its provider lists', 'fake/fake-small', 'fake/fake-small'],
    ['a bare id that one provider names', 'named', 'named'],
  ] as const

  it.each(cases)('%s is there in the shape of each client', async (_, id, expected) => {
    expect(await openai().models.retrieve(id)).toMatchObject({ id: expected, object: 'model' })
    expect(await anthropic().models.retrieve(id)).toMatchObject({
      id: expected,
      type: 'model',
      display_name: expected,
    })
    const gemini = await gateway.fetch(`http://llm/v1beta/models/${id}`, {
      headers: { 'x-goog-api-key': KEY },
    })
    expect(await gemini.json()).toMatchObject({ name: `models/${expected}` })
  })

  it(
    'of the shared case is there',
    withCase('model-retrieve', async (sharedCase) => {
      const { method, path } = sharedCase.json<{ method: string; path: string }>('request.json')
      const answer = await gateway.fetch(`http://llm${path}`, {
        method,
        headers: { authorization: `Bearer ${KEY}` },
      })
      expect([answer.status, await answer.json()]).toEqual([
        200,
        expect.objectContaining({ id: 'main' }),
      ])
    }),
  )

  it('is there where its provider lists no models', async () => {
    await provider.close()
    expect(await openai().models.retrieve('fake/unlisted')).toMatchObject({ id: 'fake/unlisted' })
  })

  it.each(['nothing', 'fake/nothing', 'nowhere/x'])(
    '%s is not found, in the shape of each client',
    async (id) => {
      await expect(openai().models.retrieve(id)).rejects.toThrow(NotFoundError)
      await expect(anthropic().models.retrieve(id)).rejects.toMatchObject({
        status: 404,
        error: { type: 'error', error: { type: 'not_found_error' } },
      })
      const gemini = await gateway.fetch(`http://llm/v1beta/models/${id}`, {
        headers: { 'x-goog-api-key': KEY },
      })
      expect([gemini.status, await gemini.json()]).toEqual([
        404,
        { error: expect.objectContaining({ code: 404, status: 'NOT_FOUND' }) },
      ])
    },
  )

  it('is not there for a key that may not use it', async () => {
    start({ keys: { client: { key: KEY, models: ['other/named'] } } })
    await expect(openai().models.retrieve('fake/fake-small')).rejects.toThrow(NotFoundError)
    expect(await openai().models.retrieve('other/named')).toMatchObject({ id: 'other/named' })
  })

  it("is there for Gemini's client", async () => {
    const server = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: 'http://llm' } })
    const own = globalThis.fetch
    globalThis.fetch = fetchOf()
    try {
      expect(await server.models.get({ model: 'main' })).toMatchObject({ name: 'models/main' })
      await expect(server.models.get({ model: 'nothing' })).rejects.toThrow(ApiError)
    } finally {
      globalThis.fetch = own
    }
  })
})

describe('what else belongs to Responses', () => {
  it('is relayed to a provider that speaks it, and refused clearly elsewhere', async () => {
    const compaction = {
      id: 'resp_1',
      object: 'response.compaction',
      created_at: 1,
      output: [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'x' }],
      usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
    }
    const upstream = createServer((request, response) => {
      request.resume()
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify(
          request.url === '/v1/responses/compact'
            ? compaction
            : { object: 'response.input_tokens', input_tokens: 12 },
        ),
      )
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    start({
      providers: {
        fake: { baseUrl: provider.url },
        other: {
          baseUrl: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`,
          dialect: 'openai-responses',
        },
      },
    })
    try {
      expect(await openai().responses.compact({ model: 'other/m', input: 'hello' })).toMatchObject({
        object: 'response.compaction',
        output: [{ type: 'compaction', encrypted_content: 'x' }],
      })
      expect(
        await openai().responses.inputTokens.count({ model: 'other/m', input: 'hello' }),
      ).toMatchObject({ input_tokens: 12 })
    } finally {
      upstream.closeAllConnections()
      upstream.close()
    }
    expect(records.map(({ endpoint, usage }) => [endpoint, usage?.input])).toEqual([
      ['POST /v1/responses/compact', 5],
      ['POST /v1/responses/input_tokens', undefined],
    ])
    await expect(openai().responses.compact({ model: 'main', input: 'hello' })).rejects.toThrow(
      BadRequestError,
    )
  })
})

it('Hono serves an application in CommonJS, mounted and at the root, as it does one in ESM', async () => {
  const { Hono: CommonHono } = createRequire(import.meta.url)('hono') as { Hono: typeof Hono }
  expect(new CommonHono()).not.toBeInstanceOf((await import('hono')).Hono)
  const app = new CommonHono()
  app.use('/llm/*', async (c, next) => {
    await next()
    c.res.headers.set('x-app', 'yes')
  })
  app.route('/llm', honoGateway(gateway))
  app.get('/own', (c) => c.text('own'))
  const headers = { authorization: `Bearer ${KEY}` }
  const models = await app.request('/llm/v1/models', { headers })
  expect([models.status, models.headers.get('x-app')]).toEqual([200, 'yes'])
  const answer = await app.request('/llm/v1/chat/completions', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'main', messages, stream: true }),
  })
  expect(await answer.text()).toContain('[DONE]')
  const root = new CommonHono()
  root.route('/', honoGateway(gateway))
  root.get('/models', (c) => c.text('own'))
  expect((await root.request('/v1/models', { headers })).status).toBe(200)
  expect(await (await root.request('/models')).text()).toBe('own')
})
