import { describe, expect, it } from 'vitest'
import type { Conversation } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import { buildRequest } from './request.ts'

const call: CallContext = {
  provider: 'gemini',
  model: 'gemini-2.5-flash',
  stream: false,
  quirks: {},
  newId: (prefix) => `${prefix}1`,
}
const hello: Conversation = {
  origin: 'openai-chat',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  sampling: {},
  extensions: {},
}

function configOf(changes: Partial<Conversation>) {
  const { body, dropped } = buildRequest({ ...hello, ...changes }, call)
  return { config: (body as Record<string, unknown>)['generationConfig'], dropped }
}

describe('the path', () => {
  it.each([
    ['gemini-2.5-flash', false, '/v1beta/models/gemini-2.5-flash:generateContent'],
    ['gemini-2.5-flash', true, '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
    ['models/gemini-2.5-flash', false, '/v1beta/models/gemini-2.5-flash:generateContent'],
    ['tunedModels/my-tune', false, '/v1beta/tunedModels/my-tune:generateContent'],
    ['models/../x?key=y#z', false, '/v1beta/models/..%2Fx%3Fkey%3Dy%23z:generateContent'],
    ['other/thing', false, '/v1beta/models/other%2Fthing:generateContent'],
    ['\ud800', false, '/v1beta/models/%EF%BF%BD:generateContent'],
  ])('of %j (stream: %s) is %s', (model, stream, path) => {
    expect(buildRequest(hello, { ...call, model, stream }).path).toBe(path)
  })
})

describe('buildRequest', () => {
  it('sends no more than was asked', () => {
    expect(buildRequest(hello, call)).toEqual({
      path: '/v1beta/models/gemini-2.5-flash:generateContent',
      body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
      dropped: [],
    })
  })

  it('carries sampling', () => {
    const sampling = {
      temperature: 0,
      topP: 0.5,
      topK: 3,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      seed: 0,
      stop: ['a', 'b'],
      maxOutputTokens: 10,
      n: 2,
      logprobs: true,
      topLogprobs: 4,
    }
    expect(configOf({ sampling })).toEqual({
      config: {
        temperature: 0,
        topP: 0.5,
        topK: 3,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
        seed: 0,
        stopSequences: ['a', 'b'],
        maxOutputTokens: 10,
        candidateCount: 2,
        responseLogprobs: true,
        logprobs: 4,
      },
      dropped: [],
    })
  })

  it('reports what it shortens or cannot carry', () => {
    const { config, dropped } = configOf({
      sampling: { stop: ['1', '2', '3', '4', '5', '6'], seed: 2 ** 40, logitBias: { 5: 1 }, n: 1 },
      user: 'ann',
      metadata: { a: 1 },
      parallelToolCalls: false,
      extensions: { store: true, constructor: 1 },
    })
    expect(config).toEqual({ stopSequences: ['1', '2', '3', '4', '5'] })
    expect(dropped).toEqual([
      'stop (only the first 5)',
      'seed (more than 32 bits)',
      'logit_bias',
      'store',
      'constructor',
      'user',
      'metadata',
      'parallel_tool_calls',
    ])
  })

  it('carries the fields of its own API', () => {
    const safety = [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }]
    const { body, dropped } = buildRequest(
      { ...hello, extensions: { safety_settings: safety, cachedContent: 'cachedContents/1' } },
      call,
    )
    expect(body).toMatchObject({ safetySettings: safety, cachedContent: 'cachedContents/1' })
    expect(dropped).toEqual([])
  })

  it('asks for JSON, by a schema in the dialect of the provider', () => {
    expect(configOf({ responseFormat: { type: 'text' } }).config).toBeUndefined()
    expect(configOf({ responseFormat: { type: 'json_object' } }).config).toEqual({
      responseMimeType: 'application/json',
    })
    const schema = {
      type: 'object',
      properties: { a: { type: 'number', multipleOf: 2 } },
      additionalProperties: false,
    }
    expect(
      configOf({
        responseFormat: { type: 'json_schema', name: 'x', schema, strict: true, description: 'd' },
      }),
    ).toEqual({
      config: {
        responseMimeType: 'application/json',
        responseSchema: { description: 'd', type: 'object', properties: { a: { type: 'number' } } },
      },
      dropped: ['response_format.schema (multipleOf)'],
    })
  })

  it('leaves anyOf alone in its schema', () => {
    const schema = { anyOf: [{ type: 'string' }, { type: 'number' }] }
    expect(
      configOf({ responseFormat: { type: 'json_schema', name: 'x', schema, description: 'd' } })
        .config,
    ).toEqual({
      responseMimeType: 'application/json',
      responseSchema: schema,
    })
    expect(
      configOf({ responseFormat: { type: 'json_schema', name: 'x', schema: { type: 'null' } } })
        .config,
    ).toEqual({ responseMimeType: 'application/json' })
  })

  it('asks for thinking', () => {
    expect(configOf({ reasoning: { effort: 'low' } }).config).toEqual({
      thinkingConfig: { thinkingBudget: 1024, includeThoughts: true },
    })
  })
})
