import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { GatewayOptions, RequestRecord } from '@postern/core'
import type { AdapterHarness } from '@postern/testing'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expressHarness } from './harness/express.ts'
import { honoHarness } from './harness/hono.ts'
import { koaHarness } from './harness/koa.ts'
import { listen } from './harness/listen.ts'

const folder = fileURLToPath(new URL('../../shared/recordings/embeddings/', import.meta.url))
const isPresent = existsSync(folder)
const isRequired = process.env['REQUIRE_RECORDINGS'] === '1'

interface Exchange {
  readonly name: string
  readonly request: { readonly path: string; readonly body: Record<string, unknown> }
  readonly response: { readonly status: number; readonly body: string }
}

const exchanges = (isPresent ? readdirSync(folder) : [])
  .filter((name) => name.endsWith('.json'))
  .map((name): Exchange => {
    const { request, response } = JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Omit<
      Exchange,
      'name'
    >
    return { name: name.replace(/^embedding_basic_functionality_|\.json$/g, ''), request, response }
  })

interface Upstream {
  readonly url: string
  /** Requests it received, in order. */
  readonly asked: { readonly path: string; readonly body: Record<string, unknown> }[]
  answer: (path: string, body: Record<string, unknown>) => string
  close(): Promise<void>
}

async function startUpstream(): Promise<Upstream> {
  const server = await listen((request, response) => {
    void serve(request, response)
  })
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = {
      path: decodeURIComponent(request.url ?? ''),
      body: JSON.parse(await textOf(request)) as Record<string, unknown>,
    }
    upstream.asked.push(asked)
    response
      .setHeader('content-type', 'application/json')
      .end(upstream.answer(asked.path, asked.body))
  }
  const upstream: Upstream = {
    url: server.url,
    asked: [],
    answer: () => '{}',
    close: () => server.close(),
  }
  return upstream
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += piece as string
  return text
}

const surfaces: Readonly<Record<string, AdapterHarness>> = {
  Express: expressHarness(),
  Koa: koaHarness(),
  Hono: honoHarness(),
}
const CLIENT_KEY = 'pk_team_alpha_0123456789'

let upstream: Upstream
let application: Awaited<ReturnType<AdapterHarness['start']>>
let client: OpenAI
const records: RequestRecord[] = []

/** One provider of each kind, all at the same address. */
function providersAt(url: string): GatewayOptions<never>['providers'] {
  const apiKey = 'canary-provider-key-0001'
  return {
    openai: { baseUrl: `${url}/v1`, apiKey },
    mistral: { baseUrl: `${url}/v1`, apiKey },
    openrouter: { baseUrl: `${url}/api/v1`, apiKey },
    azure: { baseUrl: url, apiKey },
    gemini: { baseUrl: url, apiKey },
    cohere: { baseUrl: url, apiKey },
    bedrock: { baseUrl: url, apiKey, region: 'eu-central-1' },
    vertexai: { kind: 'vertex', baseUrl: url, project: 'x', location: 'x', token: () => 'token' },
    voyage: { baseUrl: `${url}/v1`, apiKey },
    jina: { baseUrl: `${url}/v1`, apiKey },
  }
}

async function start(surface: string): Promise<void> {
  const harness = surfaces[surface]
  if (harness === undefined) throw new TypeError(`There is no ${surface}.`)
  application = await harness.start({
    mountPath: '/llm',
    gateway: {
      providers: providersAt(upstream.url),
      keys: { alpha: CLIENT_KEY },
      log: 'silent',
      retries: 0,
      onRecord: (record) => void records.push(record),
    },
  })
  client = new OpenAI({ baseURL: `${application.url}/llm/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
}

beforeAll(async () => {
  upstream = await startUpstream()
})
afterEach(() => {
  upstream.asked.length = 0
  records.length = 0
})
afterAll(() => upstream.close())

describe('recorded embeddings', () => {
  beforeAll(() => start('Express'))
  afterAll(() => application.close())

  it('are there', ({ skip }) => {
    if (!isPresent && !isRequired)
      skip('The folder shared/recordings does not lie beside the project.')
    expect(exchanges.length).toBeGreaterThan(0)
  })

  it.each(exchanges.map((exchange) => [exchange.name, exchange] as const))(
    '%s',
    async (name, { request, response }) => {
      upstream.answer = () => response.body
      const provider = name.slice(0, name.indexOf('_'))
      const { texts, dimensions, model } = meaningOfRequest(request)
      const { vectors, tokens } = meaningOfAnswer(JSON.parse(response.body) as Json)
      const input = texts.length === 1 ? (texts[0] ?? '') : texts
      for (const encoding_format of ['float', undefined] as const) {
        const embeddings = await client.embeddings.create({
          model: `${provider}/${model}`,
          input,
          ...(dimensions === undefined ? {} : { dimensions }),
          ...(encoding_format && { encoding_format }),
        })
        expect(embeddings.data.map(({ index }) => index)).toEqual(vectors.map((_, at) => at))
        for (const [at, vector] of vectors.entries())
          expectSame(embeddings.data[at]?.embedding, vector)
        expect(embeddings).toMatchObject({
          object: 'list',
          model: expect.any(String),
          usage: { prompt_tokens: tokens ?? expect.any(Number) },
        })
      }
      const [asked] = upstream.asked
      expect(withoutVersion(asked?.path)).toBe(withoutVersion(request.path))
      expect(meaningOfRequest({ path: request.path, body: asked?.body ?? {} })).toEqual({
        texts,
        dimensions,
        model,
      })
      expect(records).toMatchObject([
        { status: 200, code: 'ok' },
        { status: 200, code: 'ok' },
      ])
      if (tokens === undefined) expect(records[0]?.usage?.estimated).toBe(true)
      else expect(records[0]?.usage?.input).toBe(tokens)
    },
  )
})

describe.each(Object.keys(surfaces))('through %s', (surface) => {
  beforeAll(() => start(surface))
  afterAll(() => application.close())

  it('a provider that knows no base64 serves the official client, which asks for nothing else', async () => {
    upstream.answer = () =>
      JSON.stringify({
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [0.5, -0.25] }],
        model: 'm',
        usage: { prompt_tokens: 1, total_tokens: 1 },
      })
    const { data } = await client.embeddings.create({
      model: 'openai/text-embedding-3-small',
      input: 'hi',
    })
    expect(data[0]?.embedding).toEqual([0.5, -0.25])
    expect(upstream.asked[0]?.body).toMatchObject({ encoding_format: 'base64' })
  })

  it('several texts to a model that takes one are several calls, and one record', async () => {
    upstream.answer = (_, body) =>
      JSON.stringify({
        embedding: [Number(String(body['inputText']).slice(1))],
        inputTextTokenCount: 1,
      })
    const { data, usage } = await client.embeddings.create({
      model: 'bedrock/amazon.titan-embed-text-v2:0',
      input: ['t0', 't1', 't2'],
    })
    expect(data.map(({ embedding }) => embedding)).toEqual([[0], [1], [2]])
    expect(usage.prompt_tokens).toBe(3)
    expect(records).toMatchObject([{ usage: { input: 3 }, attempts: [{ code: 'ok' }] }])
  })

  it('Voyage and Jina are asked in their own words', async () => {
    upstream.answer = () =>
      JSON.stringify({
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [1] }],
        model: 'm',
        usage: { total_tokens: 4 },
      })
    const ask = { input: 'hi', dimensions: 256, input_type: 'query' } as Omit<
      OpenAI.EmbeddingCreateParams,
      'model'
    >
    const voyage = await client.embeddings.create({
      model: 'voyage/voyage-3.5',
      ...ask,
      encoding_format: 'float',
    })
    await client.embeddings.create({
      model: 'jina/jina-embeddings-v3',
      ...ask,
      encoding_format: 'float',
    })
    expect(voyage.usage).toEqual({ total_tokens: 4, prompt_tokens: 4 })
    expect(upstream.asked.map(({ body }) => body)).toEqual([
      {
        truncation: false,
        model: 'voyage-3.5',
        input: 'hi',
        output_dimension: 256,
        input_type: 'query',
      },
      {
        model: 'jina-embeddings-v3',
        input: 'hi',
        dimensions: 256,
        embedding_type: 'float',
        task: 'retrieval.query',
      },
    ])
  })

  it('documents are put in order', async () => {
    upstream.answer = () =>
      JSON.stringify({
        id: 'x',
        results: [
          { index: 1, relevance_score: 0.9 },
          { index: 0, relevance_score: 0.1 },
        ],
        meta: { billed_units: { search_units: 1 } },
      })
    const ask = async (path: string) =>
      client.post<Json>(path, {
        body: {
          model: 'cohere/rerank-v3.5',
          query: 'q',
          documents: ['a', 'b'],
          top_n: 1,
          return_documents: true,
        },
      })
    for (const path of ['/rerank', `${application.url}/llm/v2/rerank`])
      expect((await ask(path))['results']).toEqual([
        { index: 1, relevance_score: 0.9, document: { text: 'b' } },
      ])
    expect(upstream.asked[0]).toEqual({
      path: '/v2/rerank',
      body: { model: 'rerank-v3.5', query: 'q', documents: ['a', 'b'], top_n: 1 },
    })
  })

  it('what cannot be embedded is refused by name', async () => {
    await expect(
      client.embeddings.create({ model: 'gemini/gemini-embedding-001', input: [1, 2] }),
    ).rejects.toMatchObject({ status: 400, param: 'input' })
    await expect(
      client.embeddings.create({ model: 'bedrock/amazon.nova-pro-v1:0', input: 'hi' }),
    ).rejects.toMatchObject({ status: 400, param: 'model' })
    expect(upstream.asked).toEqual([])
  })
})

type Json = Record<string, unknown>

/** Inputs of a recorded request, in any format. */
function meaningOfRequest({ path, body }: Exchange['request']): {
  texts: string[]
  dimensions: number | undefined
  model: string
} {
  const { input, inputText, texts, requests, instances, parameters } = body as Record<
    string,
    unknown
  >
  const items: unknown = input ?? inputText ?? texts ?? requests ?? instances
  const list = Array.isArray(items) ? items : [items]
  const [first] = list as { outputDimensionality?: number }[]
  return {
    texts: list.map(textIn),
    dimensions:
      body['dimensions'] ??
      body['output_dimension'] ??
      first?.outputDimensionality ??
      (parameters as Json | undefined)?.['outputDimensionality'],
    model:
      (body['model'] as string | undefined) ??
      /models?\/([^/]+?)(?:\/invoke|:\w+)$/.exec(path)?.[1] ??
      '',
  } as ReturnType<typeof meaningOfRequest>
}

function textIn(item: unknown): string {
  if (typeof item === 'string') return item
  const { content } = item as { content: string | { parts: { text: string }[] } }
  return typeof content === 'string' ? content : (content.parts[0]?.text ?? '')
}

function meaningOfAnswer(body: Json): { vectors: number[][]; tokens: number | undefined } {
  const { data, embeddings, embedding, predictions, usage, meta, inputTextTokenCount } = body
  if (data !== undefined)
    return {
      vectors: (data as { embedding: number[] }[]).map((item) => item.embedding),
      tokens: (usage as Json)['prompt_tokens'] as number,
    }
  if (embedding !== undefined)
    return { vectors: [embedding as number[]], tokens: inputTextTokenCount as number }
  if (predictions !== undefined) {
    const each = (
      predictions as { embeddings: { values: number[]; statistics: { token_count: number } } }[]
    ).map((item) => item.embeddings)
    return {
      vectors: each.map(({ values }) => values),
      tokens: each.reduce((sum, { statistics }) => sum + statistics.token_count, 0),
    }
  }
  if (Array.isArray(embeddings))
    return {
      vectors: (embeddings as { values: number[] }[]).map(({ values }) => values),
      tokens: undefined,
    }
  return {
    vectors: (embeddings as { float: number[][] }).float,
    tokens: (meta as { billed_units: { input_tokens: number } }).billed_units.input_tokens,
  }
}

/** Base64 carries 32-bit floats. */
function expectSame(seen: readonly number[] | undefined, recorded: readonly number[]): void {
  expect([...Float32Array.from(seen ?? [])]).toEqual([...Float32Array.from(recorded)])
}

/** The caller chooses the version in the path. */
function withoutVersion(path = ''): string {
  return path.replace(/\/v1(?:beta1?)?(?=\/)/, '')
}
