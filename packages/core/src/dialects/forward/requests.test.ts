import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import { formOf, requestOf, textOf } from '../../http/form.fake.ts'
import { openForm } from '../../http/index.ts'
import type { BuiltRequest } from '../model/call.ts'
import type { Dialect } from '../model/dialect.ts'
import type { Operation, OperationContext, OperationTarget } from '../model/operation.ts'
import { anthropicMessages } from '../anthropic-messages/index.ts'
import { openaiChat } from '../openai-chat/index.ts'
import { readFormRequest } from './form-request.ts'
import { type ModelEndpoint, readJsonRequest } from './json-request.ts'
import { readNativeRequest } from './native-request.ts'
import { readStoredRequest, type StoredEndpoint, type StoredRequest } from './stored-request.ts'

const context: OperationContext = {
  requestId: 'req_1',
  created: 1,
  maxEventBytes: 10_000,
  dropUnsupported: false,
  newId: (prefix) => `${prefix}1`,
}

/** A target that speaks the API of these operations, or others. */
function target(model: string, dialects: readonly Dialect[] = [openaiChat]): OperationTarget {
  return { provider: { name: 'acme', quirks: {} }, model, dialects }
}

/** Request that a target of this model receives. */
function sent(operation: Operation, model: string): BuiltRequest {
  return operation.translationFor(target(model), context).buildRequest()
}

const endpoint: ModelEndpoint = { path: '/things', answer: 'json' }
const header =
  (headers: Record<string, string> = {}) =>
  (name: string): string | undefined =>
    headers[name]
const readJson = (body: Record<string, unknown>, of = endpoint, headers = {}) =>
  readJsonRequest(openaiChat, of, {
    body,
    bytes: Buffer.from(JSON.stringify(body)),
    header: header(headers),
  })

function refusal(act: () => unknown): GatewayError {
  try {
    act()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('a JSON request', () => {
  it('gets the model of its target; nothing else changes', () => {
    const operation = readJson({ model: 'fast', input: 'x', unknown: [1] })
    expect([operation.model, operation.stream, operation.provider]).toEqual([
      'fast',
      false,
      undefined,
    ])
    expect(sent(operation, 'm-1')).toMatchObject({
      path: '/things',
      body: { model: 'm-1', input: 'x', unknown: [1] },
      dropped: [],
    })
    expect(String(sent(operation, 'fast').body)).toBe('{"model":"fast","input":"x","unknown":[1]}')
  })

  it.each([{}, { model: '' }, { model: 5 }, { model: null }])('must name a model: %j', (body) => {
    expect(refusal(() => readJson(body))).toMatchObject({
      code: 'invalid_request',
      details: { param: 'model' },
    })
  })

  it('without a model is sent to the only provider with a default', () => {
    const operation = readJson(
      { input: 'x' },
      { ...endpoint, hasDefaultModel: true },
      { 'x-postern-provider': 'acme' },
    )
    expect([operation.model, operation.provider]).toEqual([
      undefined,
      { name: 'acme', speaks: openaiChat, isRepeatable: false },
    ])
    expect(String(sent(operation, '').body)).toBe('{"input":"x"}')
  })

  it('recognises a request for a stream by the field of its endpoint', () => {
    const speech: ModelEndpoint = {
      path: '/audio/speech',
      answer: 'any',
      streamField: ['stream_format', 'sse'],
    }
    const answers = (body: Record<string, unknown>, of?: ModelEndpoint) => {
      const operation = readJson({ model: 'm', ...body }, of)
      return [operation.stream, operation.translationFor(target('m'), context).answer]
    }
    expect([answers({ stream: true }), answers({ stream: false }), answers({})]).toEqual([
      [true, 'events'],
      [false, 'json'],
      [false, 'json'],
    ])
    expect([
      answers({ stream_format: 'sse' }, speech),
      answers({ stream_format: 'audio', stream: true }, speech),
    ]).toEqual([
      [true, 'events'],
      [false, 'any'],
    ])
  })

  it('is not sent to a provider that does not speak the API', () => {
    const translation = readJson({ model: 'm' }).translationFor(
      target('m', [anthropicMessages]),
      context,
    )
    expect(refusal(() => translation.buildRequest())).toMatchObject({
      code: 'unsupported_content',
      message: 'acme serves no /things.',
    })
  })
})

describe('a whole answer', () => {
  const read = (body: Record<string, unknown>) =>
    readJson({ model: 'm' })
      .translationFor(target('m'), context)
      .readAnswer(body, Buffer.from(JSON.stringify(body)))

  it('passes byte for byte, and its usage is read', () => {
    const answer = {
      choices: [{ text: 'x', finish_reason: 'length' }, { finish_reason: 'eos' }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    }
    expect(read(answer)).toMatchObject({
      usage: { inputTokens: 1, outputTokens: 2 },
      finishes: [{ reason: 'length' }, { reason: 'stop', native: 'eos' }],
    })
    expect(String(read(answer).body)).toBe(JSON.stringify(answer))
    expect(read({ data: [], error: null })).toMatchObject({ usage: undefined, finishes: [] })
  })

  it.each([{ error: { message: 'busy', code: 503 } }, { error: 'busy' }])(
    'that is an error is one: %j',
    (body) => {
      expect(refusal(() => read(body)).status).toBeGreaterThanOrEqual(500)
    },
  )
})

describe('a form', () => {
  const open = async (...parts: Parameters<typeof formOf>) =>
    openForm(requestOf([formOf(...parts)]).request, { limit: 1e6 })

  it('gets the model of its target and keeps its content headers', async () => {
    const operation = readFormRequest(openaiChat, endpoint, {
      header: header(),
      form: await open(['file', 'data', 'a.mp3'], ['model', 'fast']),
    })
    const { body, headers, path } = sent(operation, 'whisper-1')
    expect([operation.model, path, headers]).toEqual([
      'fast',
      '/things',
      { 'content-type': 'multipart/form-data; boundary=----a-boundary' },
    ])
    expect(await textOf(body as Uint8Array)).toBe(
      formOf(['file', 'data', 'a.mp3'], ['model', 'whisper-1']),
    )
    expect(operation.translationFor(target('m'), context).answer).toBe('any')
  })

  it('keeps the content length of a streamed body', async () => {
    const text = formOf(['model', 'fast'], ['file', 'x'.repeat(2e6), 'a.mp3'])
    const { request } = requestOf([text.slice(0, 1.5e6), text.slice(1.5e6)], {
      'content-length': String(text.length),
    })
    const operation = readFormRequest(openaiChat, endpoint, {
      header: header(),
      form: await openForm(request, { limit: 1e7 }),
    })
    expect(sent(operation, 'm').headers?.['content-length']).toBe(String(text.length - 3))
  })

  it('must name a model unless there is a default', async () => {
    for (const form of [await open(['file', 'x', 'f']), await open(['model', ''])]) {
      expect(
        refusal(() => readFormRequest(openaiChat, endpoint, { header: header(), form })),
      ).toMatchObject({ code: 'invalid_request', details: { param: 'model' } })
    }
    const operation = readFormRequest(
      openaiChat,
      { ...endpoint, hasDefaultModel: true },
      { header: header(), form: await open(['image', 'x', 'f']) },
    )
    expect(operation.provider?.speaks).toBe(openaiChat)
  })
})

describe('a request about a stored object', () => {
  const file: StoredEndpoint = {
    method: 'GET',
    path: '/files/{id}/content',
    answer: 'bytes',
    isFree: true,
  }
  const read = (
    request: Partial<StoredRequest> & { headers?: Record<string, string> },
    of = file,
  ) => {
    const { search = '', headers = {}, ...rest } = request
    return readStoredRequest(openaiChat, of, {
      params: { id: 'file-1' },
      search,
      query: new URLSearchParams(search),
      header: header(headers),
      ...rest,
    })
  }

  it('is sent to one provider, with its query except for our parameters', () => {
    const operation = read({
      search: '?model=acme%2Fx&key=k&limit=2',
      headers: { 'x-postern-provider': 'acme' },
    })
    expect([operation.model, operation.provider]).toEqual([
      'acme/x',
      { name: 'acme', speaks: openaiChat, isRepeatable: true },
    ])
    expect(sent(operation, '')).toEqual({
      method: 'GET',
      path: '/files/file-1/content?limit=2',
      body: undefined,
      dropped: [],
    })
  })

  it.each([
    '..',
    '.',
    '../x',
    'a/b',
    'a\\b',
    'a%2fb',
    'a b',
    '',
    'a?b',
    'a#b',
    '\u00e9',
    '-x',
    'x'.repeat(300),
  ])('has an id that is one: %j', (id) => {
    expect(refusal(() => read({ params: { id } }))).toMatchObject({
      code: 'invalid_request',
      details: { param: 'id' },
    })
  })

  it('removes a model from the JSON, and is not retried', () => {
    const operation = read(
      { body: { input_file_id: 'f', model: 'acme/m' } },
      { method: 'POST', path: '/batches', answer: 'json', isFree: true },
    )
    expect([operation.model, operation.provider?.isRepeatable, sent(operation, '').body]).toEqual([
      'acme/m',
      false,
      { input_file_id: 'f' },
    ])
  })

  it('removes a model from the form', async () => {
    const form = await openForm(
      requestOf([formOf(['model', 'acme/m'], ['purpose', 'batch'], ['file', 'x', 'f'])]).request,
      { limit: 1e6, beforeFiles: true },
    )
    const operation = read(
      { body: form },
      { method: 'POST', path: '/files', answer: 'json', isFree: true },
    )
    expect([operation.model, await textOf(sent(operation, '').body as Uint8Array)]).toEqual([
      'acme/m',
      formOf(['purpose', 'batch'], ['file', 'x', 'f']),
    ])
  })
})

describe('a request for a provider\u2019s own API', () => {
  const read = (
    request: Partial<Parameters<typeof readNativeRequest>[0]> & {
      headers?: Record<string, string>
    } = {},
  ) => {
    const { headers = {}, ...rest } = request
    return readNativeRequest({
      method: 'POST',
      provider: 'acme',
      path: 'v1/x',
      search: '',
      body: undefined,
      header: header(headers),
      headerNames: () => Object.keys(headers),
      ...rest,
    })
  }

  it('keeps method, path, query, body and content headers', () => {
    const operation = read({
      method: 'PUT',
      path: 'v1/x:do',
      search: '?a=1&key=k',
      body: Buffer.from('hi'),
      headers: { 'content-type': 'text/plain', authorization: 'Bearer ours', accept: 'a/b' },
    })
    expect(sent(operation, '')).toEqual({
      method: 'PUT',
      path: '/v1/x:do?a=1',
      body: Buffer.from('hi'),
      headers: { 'content-type': 'text/plain', accept: 'a/b' },
      dropped: [],
    })
    expect(operation.translationFor(target(''), context)).toMatchObject({
      answer: 'bytes',
      accept: 'a/b',
      relaysRefusals: true,
    })
  })

  it('treats a body without a type as bytes, never JSON', () => {
    expect(sent(read({ body: Buffer.from('hi') }), '').headers).toEqual({
      'content-type': 'application/octet-stream',
    })
    expect(sent(read(), '').headers).toEqual({})
  })

  it.each([
    ['GET', true],
    ['HEAD', true],
    ['POST', false],
    ['DELETE', false],
  ])('%s may be repeated: %s', (method, isRepeatable) => {
    expect(read({ method }).provider).toEqual({ name: 'acme', speaks: undefined, isRepeatable })
  })

  it('stays below the base URL', () => {
    expect(refusal(() => read({ path: '../admin' }))).toMatchObject({
      code: 'unknown_path',
      status: 404,
    })
  })

  it('reads the errors of its provider', () => {
    const translation = read().translationFor(target('', [anthropicMessages]), context)
    const error = translation.readError({
      status: 401,
      headers: {},
      body: '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
      provider: 'acme',
      model: '',
    })
    expect(error.code).toBe('provider_credentials')
  })
})
