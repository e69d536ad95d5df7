import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../errors.ts'
import type { Dialect } from '../model/dialect.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { Quirks } from '../model/quirks.ts'
import { bedrockConverse } from '../bedrock-converse/index.ts'
import { cohere } from '../cohere/index.ts'
import { gemini } from '../gemini/index.ts'
import { openaiChat } from '../openai-chat/index.ts'
import { readRerank } from './index.ts'

const context = {
  requestId: 'req_1',
  created: 1,
  maxEventBytes: 1000,
  dropUnsupported: false,
  newId: (prefix: string) => prefix,
}
const asked = { query: 'q', documents: ['a', { text: 'b' }, 'c'] }

const spoken: ReadonlyMap<string, Dialect> = new Map(
  [openaiChat, gemini, bedrockConverse, cohere].map((dialect) => [dialect.name, dialect]),
)

function translation(
  speaks: string,
  body: JsonObject = {},
  target: { readonly model?: string; readonly quirks?: Quirks } = {},
) {
  const request = {
    body: { model: 'acme/asked', ...asked, ...body },
    bytes: undefined,
    params: {},
    query: new URLSearchParams(),
    header: () => undefined,
  }
  return readRerank(request).translationFor(
    {
      provider: { name: 'acme', quirks: target.quirks ?? {} },
      model: target.model ?? 'physical',
      dialects: [spoken.get(speaks) as Dialect],
    },
    context,
  )
}

function refusalOf(ask: () => unknown): { code: string; param: unknown } {
  try {
    ask()
  } catch (error) {
    const { code, details } = error as GatewayError
    return { code, param: details.param }
  }
  throw new Error('Nothing was refused.')
}

describe('a request to rerank', () => {
  it.each([
    [{ query: '' }, 'query'],
    [{ documents: [] }, 'documents'],
    [{ documents: 'a' }, 'documents'],
    [{ documents: ['a', 1] }, 'documents[1]'],
    [{ top_n: 0 }, 'top_n'],
    [{ top_n: 1.5 }, 'top_n'],
    [{ return_documents: 'yes' }, 'return_documents'],
    [{ model: undefined }, 'model'],
  ])('%j is refused at %s', (body, param) => {
    expect(refusalOf(() => translation('openai-chat', body))).toEqual({
      code: 'invalid_request',
      param,
    })
  })

  it('is sent unchanged to a provider of the same API, and with the names of one that differs', () => {
    expect(translation('openai-chat', { top_n: 2, own: 1 }).buildRequest()).toEqual({
      path: '/rerank',
      body: { model: 'physical', ...asked, top_n: 2, own: 1 },
      dropped: [],
    })
    const quirks: Quirks = { rerank: { topField: 'top_k', fixed: { truncation: false } } }
    expect(translation('openai-chat', { top_n: 2 }, { quirks }).buildRequest().body).toEqual({
      truncation: false,
      model: 'physical',
      ...asked,
      top_k: 2,
    })
  })

  it('goes to Cohere and to Bedrock as texts', () => {
    const documents = ['a', 'b', 'c']
    expect(
      translation('cohere', { top_n: 2, max_tokens_per_doc: 9, rank_fields: ['x'] }).buildRequest(),
    ).toEqual({
      path: '/v2/rerank',
      body: { model: 'physical', query: 'q', documents, top_n: 2, max_tokens_per_doc: 9 },
      dropped: ['rank_fields'],
    })
    expect(
      translation('bedrock-converse', {}, { model: 'cohere.rerank-v3-5:0' }).buildRequest(),
    ).toEqual({
      path: '/model/cohere.rerank-v3-5%3A0/invoke',
      body: { query: 'q', documents, api_version: 2 },
      dropped: [],
    })
    expect(
      translation('bedrock-converse', {}, { model: 'amazon.rerank-v1:0' }).buildRequest().body,
    ).toEqual({ query: 'q', documents })
  })

  it('is refused where it cannot be served', () => {
    expect(refusalOf(() => translation('gemini'))).toEqual({
      code: 'unsupported_content',
      param: 'model',
    })
    expect(
      refusalOf(() => translation('bedrock-converse', {}, { model: 'amazon.nova-pro-v1:0' })),
    ).toEqual({ code: 'unsupported_content', param: 'model' })
    expect(
      refusalOf(() => translation('cohere', { documents: ['a', { image: 'x' }] }).buildRequest()),
    ).toEqual({ code: 'unsupported_content', param: 'documents[1]' })
  })
})

describe('an answer', () => {
  const read = (body: JsonObject, more: JsonObject = {}) =>
    translation('openai-chat', more).readAnswer(body, new Uint8Array())
  const shown = (body: JsonObject, more: JsonObject = {}) =>
    JSON.parse(String(read(body, more).body)) as JsonObject

  it('has one format, best first, from every provider', () => {
    const scores = [0.1, 0.9, 0.5].map((score, index) => ({ index, score }))
    const results = [1, 2, 0].map((index) => ({ index, relevance_score: scores[index]?.score }))
    expect(
      shown({
        data: scores.map(({ index, score }) => ({
          index,
          relevance_score: score,
          document: 'ours',
        })),
        usage: { total_tokens: 5 },
      }),
    ).toEqual({ id: 'req_1', model: 'physical', usage: { total_tokens: 5 }, results })
    expect(shown({ id: 'x', model: 'm', results: scores }, { top_n: 2 })).toEqual({
      id: 'x',
      model: 'm',
      results: results.slice(0, 2),
    })
    expect(shown({ results: scores }, { return_documents: true, top_n: 1 }).results).toEqual([
      { index: 1, relevance_score: 0.9, document: { text: 'b' } },
    ])
  })

  it('is settled by its own usage', () => {
    const results = [{ index: 0, relevance_score: 1 }]
    expect(read({ results, usage: { total_tokens: 5 } }).usage).toMatchObject({
      inputTokens: 5,
      outputTokens: 0,
    })
    expect(read({ results, meta: { billed_units: { search_units: 1 } } }).usage).toEqual({
      inputTokens: 0,
      outputTokens: 0,
      native: { billed_units: { search_units: 1 } },
    })
    expect(read({ results }).usage).toBeUndefined()
  })

  it.each([
    {},
    { results: [] },
    { results: [{ index: 3, relevance_score: 1 }] },
    { results: [{ index: 0 }] },
    { results: [{ relevance_score: 1 }] },
  ])('that is none is an error: %j', (body) => {
    expect(refusalOf(() => read(body)).code).toBe('upstream_invalid')
  })

  it('with an error in it throws that error', () => {
    expect(refusalOf(() => read({ error: { message: 'overloaded', code: 503 } })).code).toBe(
      'provider_overloaded',
    )
    expect(
      translation('cohere').readError({
        status: 429,
        headers: {},
        body: 'x',
        provider: 'acme',
        model: 'm',
      }).code,
    ).toBe('rate_limit_exceeded')
    expect(() => translation('cohere').openStream()).toThrow('does not stream')
  })
})
