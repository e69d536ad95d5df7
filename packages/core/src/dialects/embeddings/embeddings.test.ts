import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../errors.ts'
import type { Dialect } from '../model/dialect.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { Quirks } from '../model/quirks.ts'
import { gemini } from '../gemini/index.ts'
import { openaiChat } from '../openai-chat/index.ts'
import { anthropicMessages } from '../anthropic-messages/index.ts'
import { bedrockConverse } from '../bedrock-converse/index.ts'
import { cohere } from '../cohere/index.ts'
import { readEmbeddings } from './index.ts'
import { encode } from './vector.ts'

const context = {
  requestId: 'req_1',
  created: 1,
  maxEventBytes: 1000,
  dropUnsupported: false,
  newId: (prefix: string) => prefix,
}

interface Target {
  readonly model?: string
  readonly quirks?: Quirks
  readonly dropUnsupported?: boolean
}

const spoken: ReadonlyMap<string, Dialect> = new Map(
  [openaiChat, gemini, bedrockConverse, anthropicMessages, cohere].map((dialect) => [
    dialect.name,
    dialect,
  ]),
)

function translation(
  speaks: string,
  body: JsonObject,
  { model = 'physical', quirks = {}, dropUnsupported = false }: Target = {},
) {
  const request = {
    body: { model: 'acme/asked', ...body },
    bytes: undefined,
    params: {},
    query: new URLSearchParams(),
    header: () => undefined,
  }
  return readEmbeddings(request).translationFor(
    { provider: { name: 'acme', quirks }, model, dialects: [spoken.get(speaks) as Dialect] },
    { ...context, dropUnsupported },
  )
}

function refusalOf(
  ask: () => unknown,
): Pick<GatewayError, 'code' | 'message'> & { param: unknown } {
  try {
    ask()
  } catch (error) {
    const { code, message, details } = error as GatewayError
    return { code, message, param: details.param }
  }
  throw new Error('Nothing was refused.')
}

const parsed = (body: unknown): JsonObject => JSON.parse(String(body)) as JsonObject
const bytesOf = (body: JsonObject): Uint8Array => Buffer.from(JSON.stringify(body))
const list = (...vectors: unknown[]): JsonObject => ({
  object: 'list',
  data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  model: 'm',
  usage: { prompt_tokens: 3, total_tokens: 3 },
})

describe('a request for embeddings', () => {
  it.each([
    [
      {},
      'input',
      'input is missing: it must be a string, a list of token ids, or a list of these.',
    ],
    [{ input: [] }, 'input', 'got an empty array'],
    [{ input: 7 }, 'input', 'got the number 7'],
    [{ input: ['a', 7] }, 'input[1]', 'got the number 7'],
    [{ input: ['a', []] }, 'input[1]', 'got an empty array'],
    [{ input: [1, 'a'] }, 'input[1]', 'must be a token id'],
    [{ input: [[1], [1.5]] }, 'input[1][0]', 'must be a token id'],
    [{ input: 'a', dimensions: 0 }, 'dimensions', 'must be a whole number above 0'],
    [{ input: 'a', dimensions: 1.5 }, 'dimensions', 'must be a whole number above 0'],
    [
      { input: 'a', encoding_format: 'hex' },
      'encoding_format',
      'must be "float" or "base64", got the string "hex"',
    ],
    [{ input: 'a', model: '' }, 'model', 'must be a non-empty string'],
  ])('%j is refused at %s', (body, param, message) => {
    const refusal = refusalOf(() => translation('openai-chat', body))
    expect(refusal).toMatchObject({ code: 'invalid_request', param })
    expect(refusal.message).toContain(message)
  })

  it('is sent unchanged to a provider of the same API', () => {
    expect(
      translation('openai-chat', {
        input: [[1, 2], [3]],
        user: 'u',
        input_type: 'query',
      }).buildRequest(),
    ).toEqual({
      path: '/embeddings',
      body: { model: 'physical', input: [[1, 2], [3]], user: 'u', input_type: 'query' },
      dropped: [],
    })
    expect(
      translation(
        'openai-chat',
        { input: 'a', user: 'u' },
        { quirks: { dropFields: ['user'] } },
      ).buildRequest(),
    ).toMatchObject({ body: { model: 'physical', input: 'a' }, dropped: ['user'] })
  })

  it('is sent with the field names of a service that has its own', () => {
    const quirks: Quirks = {
      embeddings: {
        dimensionsField: 'size',
        encodingField: 'kind',
        encodings: { base64: 'b64' },
        inputTypeField: 'task',
        inputTypes: { query: 'q' },
        fixed: { truncation: false },
      },
    }
    const ask = (body: JsonObject) =>
      translation('openai-chat', { input: ['a'], ...body }, { quirks }).buildRequest().body
    expect(ask({ dimensions: 8, encoding_format: 'base64', input_type: 'search_query' })).toEqual({
      truncation: false,
      model: 'physical',
      input: ['a'],
      size: 8,
      kind: 'b64',
      task: 'q',
    })
    // A value without a word is its default, or has a word of its own.
    expect(ask({ encoding_format: 'float', input_type: 'special', truncation: true })).toEqual({
      truncation: true,
      model: 'physical',
      input: ['a'],
      task: 'special',
    })
  })

  it('goes to Gemini as a batch', () => {
    expect(
      translation('gemini', {
        input: ['a', 'b'],
        dimensions: 8,
        input_type: 'query',
        user: 'u',
      }).buildRequest(),
    ).toEqual({
      path: '/v1beta/models/physical:batchEmbedContents',
      body: {
        requests: ['a', 'b'].map((text) => ({
          model: 'models/physical',
          content: { parts: [{ text }] },
          taskType: 'RETRIEVAL_QUERY',
          outputDimensionality: 8,
        })),
      },
      dropped: ['user'],
    })
  })

  it('goes to Google’s cloud as instances', () => {
    expect(
      translation(
        'gemini',
        { input: 'a', dimensions: 8, input_type: 'document' },
        { quirks: { predictsEmbeddings: true } },
      ).buildRequest(),
    ).toEqual({
      path: '/v1beta/models/physical:predict',
      body: {
        instances: [{ content: 'a', task_type: 'RETRIEVAL_DOCUMENT' }],
        parameters: { autoTruncate: false, outputDimensionality: 8 },
      },
      dropped: [],
    })
  })

  it('is sent to Cohere with the required input type and without silent truncation', () => {
    expect(translation('cohere', { input: 'a', dimensions: 8 }).buildRequest()).toEqual({
      path: '/v2/embed',
      body: {
        model: 'physical',
        texts: ['a'],
        input_type: 'search_document',
        embedding_types: ['float'],
        output_dimension: 8,
        truncate: 'NONE',
      },
      dropped: [],
    })
    expect(
      translation('cohere', { input: 'a', input_type: 'query', truncate: 'END' }).buildRequest()
        .body,
    ).toMatchObject({ input_type: 'search_query', truncate: 'END' })
  })

  it('is sent to Bedrock in the format of each maker', () => {
    expect(
      translation(
        'bedrock-converse',
        { input: 'a', dimensions: 256, input_type: 'query' },
        { model: 'amazon.titan-embed-text-v2:0' },
      ).buildRequest(),
    ).toEqual({
      path: '/model/amazon.titan-embed-text-v2%3A0/invoke',
      body: { inputText: 'a', dimensions: 256 },
      dropped: ['input_type'],
    })
    expect(
      translation(
        'bedrock-converse',
        { input: ['a', 'b'] },
        { model: 'eu.cohere.embed-v4:0' },
      ).buildRequest(),
    ).toMatchObject({
      path: '/model/eu.cohere.embed-v4%3A0/invoke',
      body: { texts: ['a', 'b'], input_type: 'search_document', embedding_types: ['float'] },
    })
    const first = { model: 'amazon.titan-embed-text-v1' }
    expect(
      refusalOf(() =>
        translation('bedrock-converse', { input: 'a', dimensions: 256 }, first).buildRequest(),
      ),
    ).toMatchObject({ code: 'unsupported_content', param: 'dimensions' })
    expect(
      translation(
        'bedrock-converse',
        { input: 'a', dimensions: 256 },
        { ...first, dropUnsupported: true },
      ).buildRequest(),
    ).toMatchObject({ body: { inputText: 'a' }, dropped: [expect.stringContaining('dimensions')] })
  })

  it.each(['gemini', 'cohere'])('names what %s cannot take', (speaks) => {
    expect(refusalOf(() => translation(speaks, { input: [1, 2] }).buildRequest())).toMatchObject({
      code: 'unsupported_content',
      param: 'input',
      message: 'input: a list of token ids (send the text itself) is not supported by acme.',
    })
    expect(
      refusalOf(() => translation(speaks, { input: ['a', { image: 'x' }] }).buildRequest()),
    ).toMatchObject({ param: 'input[1]' })
    expect(translation(speaks, { input: [{ text: 'a' }] }).buildRequest().dropped).toEqual([])
  })

  it.each([
    ['anthropic-messages', 'claude'],
    ['bedrock-converse', 'amazon.nova-pro-v1:0'],
  ])('is refused where %s serves none', (speaks, model) => {
    expect(refusalOf(() => translation(speaks, { input: 'a' }, { model }))).toMatchObject({
      code: 'unsupported_content',
      param: 'model',
      message: `acme serves no embeddings of ${model}.`,
    })
  })
})

describe('an answer with embeddings', () => {
  it('passes unchanged in the requested encoding', () => {
    const body = list([1, 2])
    const bytes = bytesOf(body)
    expect(translation('openai-chat', { input: 'a' }).readAnswer(body, bytes)).toEqual({
      body: bytes,
      usage: expect.objectContaining({ inputTokens: 3, outputTokens: 0 }),
      finishes: [],
    })
  })

  it('is rewritten in the requested encoding', () => {
    const base64 = encode([0.5, -2], 'base64')
    const asBase64 = parsed(
      translation('openai-chat', { input: 'a', encoding_format: 'base64' }).readAnswer(
        { ...list([0.5, -2]), id: 'x' },
        new Uint8Array(),
      ).body,
    )
    expect(asBase64).toEqual({ ...list(base64), id: 'x' })
    expect(
      parsed(
        translation('openai-chat', { input: 'a' }).readAnswer(list(base64), new Uint8Array()).body,
      ),
    ).toEqual(list([0.5, -2]))
  })

  it('has its vectors in the order of the inputs', () => {
    const { data, ...rest } = list([1], [2])
    const shuffled = { ...rest, data: (data as JsonObject[]).toReversed(), object: undefined }
    const { body } = translation('openai-chat', { input: ['a', 'b'] }).readAnswer(
      shuffled,
      new Uint8Array(),
    )
    expect(parsed(body).data).toEqual(data)
    const unnumbered = {
      data: [{ embedding: [1] }, { embedding: [2] }],
      usage: { total_tokens: 9 },
    }
    expect(
      parsed(
        translation('openai-chat', { input: ['a', 'b'] }).readAnswer(unnumbered, new Uint8Array())
          .body,
      ),
    ).toEqual({
      object: 'list',
      data,
      model: 'physical',
      usage: { total_tokens: 9, prompt_tokens: 9 },
    })
  })

  it.each([
    ['gemini', { embeddings: [{ values: [1] }], usageMetadata: { promptTokenCount: 4 } }, {}, 4],
    [
      'gemini',
      { predictions: [{ embeddings: { values: [1], statistics: { token_count: 5 } } }] },
      { quirks: { predictsEmbeddings: true } },
      5,
    ],
    [
      'cohere',
      { embeddings: { float: [[1]] }, meta: { billed_units: { input_tokens: 6 } } },
      {},
      6,
    ],
    [
      'bedrock-converse',
      { embedding: [1], inputTextTokenCount: 7 },
      { model: 'amazon.titan-embed-text-v2:0' },
      7,
    ],
    ['bedrock-converse', { embeddings: [[1]] }, { model: 'cohere.embed-english-v3' }, undefined],
  ])('of %s is OpenAI’s list: %j', (speaks, body, target: Target, tokens) => {
    const { body: text, usage } = translation(speaks, { input: 'abc' }, target).readAnswer(
      body,
      new Uint8Array(),
    )
    const counted = tokens ?? 2
    expect(parsed(text)).toEqual({
      ...list([1]),
      model: target.model ?? 'physical',
      usage: { prompt_tokens: counted, total_tokens: counted },
    })
    // A guess is good enough to show, not to settle by.
    expect(usage?.inputTokens).toBe(tokens)
  })

  it.each([
    ['openai-chat', list(), {}],
    ['openai-chat', list([1], [2]), {}],
    ['openai-chat', list([]), {}],
    ['openai-chat', list(['x']), {}],
    ['openai-chat', list('no base64!'), {}],
    ['openai-chat', {}, {}],
    ['gemini', { embeddings: [{}] }, {}],
    ['gemini', { predictions: 'x' }, { quirks: { predictsEmbeddings: true } }],
    ['cohere', { embeddings: { int8: [[1]] } }, {}],
    ['bedrock-converse', { message: 'no' }, { model: 'amazon.titan-embed-text-v2:0' }],
  ])('of %s that is none is an error: %j', (speaks, body, target: Target) => {
    expect(
      refusalOf(() =>
        translation(speaks, { input: 'a' }, target).readAnswer(body, new Uint8Array()),
      ).code,
    ).toBe('upstream_invalid')
  })

  it('with an error in it throws that error', () => {
    const ask = () =>
      translation('openai-chat', { input: 'a' }).readAnswer(
        { error: { message: 'overloaded', code: 503 } },
        new Uint8Array(),
      )
    expect(refusalOf(ask).code).toBe('provider_overloaded')
    expect(
      translation('gemini', { input: 'a' }).readError({
        status: 429,
        headers: {},
        body: 'x',
        provider: 'acme',
        model: 'm',
      }).code,
    ).toBe('rate_limit_exceeded')
    expect(() => translation('gemini', { input: 'a' }).openStream()).toThrow('do not stream')
  })

  it('keeps every number through base64 and back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 50 }),
        (numbers) => {
          expect(encode(encode(numbers, 'base64'), 'float')).toEqual(
            numbers.map((number) => (Object.is(number, -0) ? -0 : number)),
          )
        },
      ),
    )
  })
})

describe('more inputs than a target takes at once', () => {
  const inputs = Array.from({ length: 201 }, (_, at) => `text ${at}`)

  it.each([
    [
      'cohere',
      {},
      96,
      (texts: number) => ({
        embeddings: { float: Array.from({ length: texts }, () => [1]) },
        meta: { billed_units: { input_tokens: 1 } },
      }),
    ],
    [
      'gemini',
      {},
      100,
      (texts: number) => ({
        embeddings: Array.from({ length: texts }, () => ({ values: [1] })),
        usageMetadata: { promptTokenCount: 1 },
      }),
    ],
    [
      'bedrock-converse',
      { model: 'amazon.titan-embed-text-v2:0' },
      1,
      () => ({ embedding: [1], inputTextTokenCount: 1 }),
    ],
    [
      'gemini',
      { model: 'gemini-embedding-001', quirks: { predictsEmbeddings: true } },
      1,
      () => ({ predictions: [{ embeddings: { values: [1], statistics: { token_count: 1 } } }] }),
    ],
  ])('are requested in several calls by %s %j, of %i', (speaks, target: Target, size, answer) => {
    const { several } = translation(speaks, { input: inputs }, target)
    const parts = several?.parts ?? []
    expect(parts).toHaveLength(Math.ceil(inputs.length / size))
    const sizes = parts.map((_, at) => Math.min(size, inputs.length - at * size))
    // In any order: calls end as they please.
    for (const at of [...parts.keys()].reverse())
      parts[at]?.readAnswer(answer(sizes[at] ?? 0), new Uint8Array())
    const joined = several?.join()
    expect(parsed(joined?.body).data).toHaveLength(inputs.length)
    expect(joined?.usage?.inputTokens).toBe(parts.length)
    const sent = parts.map((part) => JSON.stringify(part.buildRequest().body)).join(' ')
    for (const input of inputs) expect(sent.split(`"${input}"`)).toHaveLength(2)
  })

  it('have a limit', () => {
    const many = Array.from({ length: 2049 }, () => 'x')
    expect(refusalOf(() => translation('cohere', { input: many }))).toMatchObject({
      code: 'invalid_request',
      param: 'input',
    })
    expect(translation('openai-chat', { input: many }).several).toBeUndefined()
  })
})
