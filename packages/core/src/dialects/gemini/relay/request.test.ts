import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { callContext, clientRequest, hello, parsed } from '../from-client/request.fake.ts'
import { relayRequest } from './request.ts'

const stream = { action: 'streamGenerateContent' }

describe('the path', () => {
  it.each([
    [{ version: 'v1' }, 'gemini-3-pro', '/v1/models/gemini-3-pro:generateContent'],
    [{}, 'gemini-3-pro', '/v1beta/models/gemini-3-pro:generateContent'],
    [
      { ...stream, query: 'alt=sse' },
      'gemini-3-pro',
      '/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse',
    ],
    [stream, 'tunedModels/mine', '/v1beta/tunedModels/mine:streamGenerateContent?alt=sse'],
    [{}, '../../x?key=y#z', '/v1beta/models/..%2F..%2Fx%3Fkey%3Dy%23z:generateContent'],
  ])('of %j for %s is %s', (options, model, path) => {
    expect(
      relayRequest(parsed(hello, { model: 'alias', ...options }), callContext({ model })).path,
    ).toBe(path)
  })

  it("keeps the client's query but for credentials and what would change the answer's shape", () => {
    const query =
      'key=AIzaSECRET&$key=AIzaSECRET&Key=AIzaSECRET&access_token=SECRET&%24oauth_token=SECRET&fields=candidates&$userProject=theirs&alt=json&prettyPrint=false&a=b%26c'
    const { path, dropped } = relayRequest(parsed(hello, { query }), callContext({ model: 'm' }))
    expect(path).toBe('/v1beta/models/m:generateContent?prettyPrint=false&a=b%26c')
    expect(dropped).toEqual(['query.fields', 'query.$userProject'])
  })

  it('of a request that was built elsewhere is that of the newest version', () => {
    const { body, bytes, model } = parsed()
    const built = relayRequest(
      {
        body,
        bytes,
        model,
        stream: false,
        includeUsage: true,
        conversation: () => parsed().conversation(),
      },
      callContext({ model: 'm' }),
    )
    expect(built.path).toBe('/v1beta/models/m:generateContent')
  })
})

describe('the body', () => {
  it("is the client's own, byte for byte", () => {
    const request = parsed({ ...hello, newField: 'é', generation_config: { temperature: 0 } })
    expect(relayRequest(request, callContext())).toMatchObject({ dropped: [] })
    expect(relayRequest(request, callContext()).body).toBe(request.bytes)
  })

  it("is the parsed one where the host's parser ran first", () => {
    const request = parsed(hello, { parsedByHost: true })
    expect(relayRequest(request, callContext()).body).toBe(hello)
  })

  it("does not repeat the client's name of the model", () => {
    expect(relayRequest(parsed({ model: 'models/alias', ...hello }), callContext()).body).toEqual(
      hello,
    )
  })

  it('leaves out what the service refuses, and says so', () => {
    const request = parsed({ ...hello, safetySettings: [], labels: {} })
    const built = relayRequest(
      request,
      callContext({ quirks: { dropFields: ['labels', 'other'] } }),
    )
    expect(built).toMatchObject({ body: { ...hello, safetySettings: [] }, dropped: ['labels'] })
    expect(request.body).toHaveProperty('labels')
  })

  it('never changes what the client sent', () => {
    const body: JsonObject = {
      contents: [{ role: 'model', parts: [{ functionCall: { id: 'call_1', name: 'f' } }] }],
    }
    const before = structuredClone(body)
    expect(relayRequest(parsed(body), callContext({ model: 'gemini-3-pro' })).dropped).not.toEqual(
      [],
    )
    expect(body).toEqual(before)
    expect(clientRequest(body).body).toBe(body)
  })
})
