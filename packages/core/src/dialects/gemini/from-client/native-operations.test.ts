import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../model/dialect.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { OperationContext } from '../../model/operation.ts'
import { clientRequest, hello } from './request.fake.ts'
import { gemini, nativePaths, readNative } from '../index.ts'

const context: OperationContext = {
  requestId: 'req_1',
  created: 1,
  maxEventBytes: 1000,
  dropUnsupported: false,
  newId: (prefix) => prefix,
}

function translationOf(
  body: JsonObject,
  options: Parameters<typeof clientRequest>[1] = {},
  dialects: readonly Dialect[] = [gemini],
) {
  const operation = readNative(clientRequest(body, { action: 'countTokens', ...options }))
  return operation.translationFor(
    { provider: { name: 'acme', quirks: {} }, model: 'physical', dialects },
    context,
  )
}

describe('countTokens and embeddings', () => {
  it('are served under both versions', () => {
    expect(nativePaths.map(({ path }) => path)).toContain('/v1/models/{model...}:countTokens')
    expect(nativePaths).toHaveLength(6)
  })

  it("are forwarded, bytes and all, to the same path of the target's model", () => {
    const { buildRequest } = translationOf(hello, {
      model: 'alias',
      version: 'v1',
      query: 'key=SECRET&x=1',
    })
    expect(buildRequest()).toMatchObject({
      path: '/v1/models/physical:countTokens?x=1',
      dropped: [],
    })
    expect(buildRequest().body).toEqual(Buffer.from(JSON.stringify(hello)))
  })

  it.each([
    [
      { model: 'models/alias', content: {} },
      'embedContent',
      { model: 'models/physical', content: {} },
    ],
    [
      { requests: [{ model: 'models/alias', content: {} }] },
      'batchEmbedContents',
      { requests: [{ model: 'models/physical', content: {} }] },
    ],
    [
      { generateContentRequest: { model: 'models/alias', ...hello } },
      'countTokens',
      { generateContentRequest: { model: 'models/physical', ...hello } },
    ],
  ])("name the target's model in %j", (body, action, sent) => {
    expect(translationOf(body, { action }).buildRequest()).toMatchObject({
      path: `/v1beta/models/physical:${action}`,
      body: sent,
    })
  })

  it('come back as they are', () => {
    const bytes = Buffer.from('{"totalTokens":3}')
    const translation = translationOf(hello)
    expect(translation.readAnswer({ totalTokens: 3 }, bytes)).toEqual({
      body: bytes,
      usage: undefined,
      finishes: [],
    })
    expect(
      translation.readAnswer({ usageMetadata: { promptTokenCount: 3 } }, bytes).usage,
    ).toMatchObject({ inputTokens: 3, outputTokens: 0 })
    expect(() =>
      translation.readAnswer({ error: { code: 404, message: 'no such model' } }, bytes),
    ).toThrow('acme: no such model')
    expect(
      translation.readError({ status: 429, headers: {}, body: '{}', provider: 'acme', model: 'm' }),
    ).toMatchObject({ code: 'rate_limit_exceeded' })
    expect(() => translation.openStream('')).toThrow('countTokens does not stream.')
  })

  it('are refused when no provider speaks the dialect', () => {
    const other: Dialect = { ...gemini, name: 'other' }
    expect(() => translationOf(hello, {}, [other])).toThrow(
      'acme has no countTokens for this model.',
    )
    expect(() => readNative(clientRequest(hello, { model: '' }))).toThrow(
      'model must be the id of a model in the path',
    )
  })

  it('have no other path than the one that was called', () => {
    expect(
      translationOf(hello, { action: '../../delete', version: '..' }).buildRequest().path,
    ).toBe('/v1beta/models/physical:countTokens')
  })
})
