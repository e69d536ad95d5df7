import { describe, expect, it } from 'vitest'
import { build, callTo, conversationOf, hello, says, text } from './conversation.fake.ts'
import { buildRequest } from './request.ts'
import { DIALECT, encodeSignature } from '../names.ts'

describe('buildRequest', () => {
  it('asks for the next turn and stores nothing', () => {
    const built = buildRequest(conversationOf([hello]), callTo('gpt-4.1'))
    expect(built).toEqual({
      path: '/responses',
      body: {
        model: 'gpt-4.1',
        input: [{ type: 'message', role: 'user', content: 'Hello' }],
        store: false,
      },
      dropped: [],
    })
  })

  it('asks for a stream', () => {
    expect(build(conversationOf([hello]), callTo('gpt-4.1', { stream: true })).body).toMatchObject({
      stream: true,
      store: false,
    })
  })

  it('makes the same bytes of the same conversation', () => {
    const conversation = conversationOf([
      hello,
      says('assistant', text('a'), { type: 'refusal', text: 'no' }),
      hello,
    ])
    expect(JSON.stringify(build(conversation))).toBe(JSON.stringify(build(conversation)))
  })

  it('carries what chat completions and responses share', () => {
    const { body, dropped } = build(
      conversationOf([hello], {
        user: 'ann',
        metadata: { team: 'a' },
        sampling: {
          temperature: 0.2,
          topP: 0.9,
          maxOutputTokens: 500,
          logprobs: true,
          topLogprobs: 2,
        },
        responseFormat: {
          type: 'json_schema',
          name: 'answer',
          schema: { type: 'object' },
          strict: true,
          description: 'd',
        },
        extensions: {
          prompt_cache_key: 'k',
          prompt_cache_retention: '24h',
          safety_identifier: 's',
          service_tier: 'flex',
          verbosity: 'low',
          store: false,
        },
      }),
    )
    expect(body).toMatchObject({
      user: 'ann',
      metadata: { team: 'a' },
      temperature: 0.2,
      top_p: 0.9,
      max_output_tokens: 500,
      top_logprobs: 2,
      include: ['message.output_text.logprobs'],
      text: {
        verbosity: 'low',
        format: {
          type: 'json_schema',
          name: 'answer',
          schema: { type: 'object' },
          strict: true,
          description: 'd',
        },
      },
      prompt_cache_key: 'k',
      prompt_cache_retention: '24h',
      safety_identifier: 's',
      service_tier: 'flex',
      store: false,
    })
    expect(dropped).toEqual([])
  })

  it.each([
    [{ type: 'json_object' as const }, { type: 'json_object' }],
    [{ type: 'text' as const }, { type: 'text' }],
    [
      { type: 'json_schema' as const, name: 'n', schema: {} },
      { type: 'json_schema', name: 'n', schema: {} },
    ],
  ])('sends the response format %j', (responseFormat, format) => {
    expect(build(conversationOf([hello], { responseFormat })).body.text).toEqual({ format })
  })

  it('reports every field it has no place for', () => {
    const { body, dropped } = build(
      conversationOf([hello], {
        sampling: {
          topK: 5,
          frequencyPenalty: 0.5,
          presencePenalty: 0.5,
          seed: 1,
          stop: ['x'],
          logitBias: { 1: 2 },
          n: 1,
        },
        extensions: {
          web_search_options: {},
          prediction: {},
          modalities: ['text', 'audio'],
          audio: {},
          store: true,
        },
      }),
    )
    expect(dropped.toSorted()).toEqual(
      [
        'audio',
        'frequency_penalty',
        'logit_bias',
        'modalities',
        'prediction',
        'presence_penalty',
        'seed',
        'stop',
        'store',
        'top_k',
        'web_search_options',
      ].toSorted(),
    )
    expect(Object.keys(body).toSorted()).toEqual(['input', 'model', 'store'])
  })

  it('says nothing of fields that ask for nothing', () => {
    expect(
      build(
        conversationOf([hello], {
          sampling: { frequencyPenalty: 0, presencePenalty: 0, stop: [], logitBias: {}, n: 1 },
          metadata: {},
        }),
      ).dropped,
    ).toEqual([])
  })

  it('takes extensions in no words but those of OpenAI', () => {
    const { body, dropped } = build(
      conversationOf([hello], {
        origin: 'anthropic-messages',
        extensions: { service_tier: 'standard_only', container: 'c' },
      }),
    )
    expect(body).not.toHaveProperty('service_tier')
    expect(dropped).toEqual(['service_tier', 'container'])
  })

  it('gives a client of the same dialect what only that dialect knows', () => {
    const { body, dropped } = build(
      conversationOf([hello], {
        origin: DIALECT,
        reasoning: { effort: 'low' },
        responseFormat: { type: 'json_object' },
        extensions: {
          truncation: 'auto',
          text: { verbosity: 'high' },
          reasoning: { summary: 'auto' },
          include: ['file_search_call.results'],
          store: true,
        },
      }),
      callTo('gpt-5.1'),
    )
    expect(body).toMatchObject({
      truncation: 'auto',
      text: { verbosity: 'high', format: { type: 'json_object' } },
      reasoning: { summary: 'auto', effort: 'low' },
      include: ['file_search_call.results', 'reasoning.encrypted_content'],
      store: false,
    })
    expect(dropped).toEqual(['store'])
  })

  it('never requests a summary that the client did not request', () => {
    expect(
      build(conversationOf([hello], { reasoning: { effort: 'high' } }), callTo('o3')).body
        .reasoning,
    ).toEqual({ effort: 'high' })
  })

  it('n > 1: refuses, or drops where the route allows it', () => {
    const conversation = conversationOf([hello], { sampling: { n: 3 } })
    expect(() => build(conversation)).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: expect.objectContaining({ param: 'n' }),
      }),
    )
    expect(build(conversation, callTo('gpt-4.1', { dropUnsupported: true })).dropped).toEqual([
      'n (more than one choice)',
    ])
  })

  it('removes and reports what the service refuses', () => {
    const call = callTo('m', { quirks: { dropFields: ['temperature', 'user'] } })
    const { body, dropped } = build(conversationOf([hello], { sampling: { temperature: 1 } }), call)
    expect(body).not.toHaveProperty('temperature')
    expect(dropped).toEqual(['temperature'])
  })

  it('refuses a conversation without content', () => {
    expect(() => build(conversationOf([says('assistant')]))).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })
})

describe('nastiest 6: reasoning survives without a store', () => {
  const signature = {
    origin: DIALECT,
    value: encodeSignature({ id: 'rs_1', encryptedContent: 'gAAA' }),
  }
  const reasoned = says(
    'assistant',
    { type: 'reasoning', text: '', signature, redacted: true },
    text('a'),
  )

  it.each([
    ['o3', {}, true],
    ['openai/gpt-5-mini', {}, true],
    ['gpt-5.4', {}, true],
    ['gpt-4.1', {}, false],
    ['gpt-4.1', { reasoning: { effort: 'high' } }, false],
    ['my-deployment', {}, false],
    ['my-deployment', { reasoning: { effort: 'none' } }, false],
    ['my-deployment', { reasoning: { effort: 'low' } }, true],
    ['my-deployment', { messages: [hello, reasoned, hello] }, true],
  ])('%s asked with %j', (model, more, isIncluded) => {
    const include = build(conversationOf([hello], more), callTo(model)).body.include
    expect(include).toEqual(isIncluded ? ['reasoning.encrypted_content'] : undefined)
  })
})

describe('parameters by model', () => {
  it.each([
    ['gpt-4.1', undefined, []],
    ['gpt-5.1', undefined, []],
    ['gpt-5.4-mini', 'none', []],
    ['unknown', 'high', []],
    ['grok-4', 'high', []],
    ['o3-mini', undefined, ['temperature', 'top_p', 'logprobs', 'top_logprobs']],
    ['gpt-5-nano', 'low', ['temperature', 'top_p', 'logprobs', 'top_logprobs']],
    ['gpt-5.2-codex', undefined, ['temperature', 'top_p', 'logprobs', 'top_logprobs']],
    ['gpt-5.1', 'low', ['temperature', 'top_p', 'logprobs', 'top_logprobs']],
    ['gpt-5.6', undefined, ['temperature', 'top_p', 'logprobs', 'top_logprobs']],
    ['gpt-5.6', 'none', []],
  ])('%s with effort %s', (model, effort, lost) => {
    const sampling = { temperature: 0, topP: 0.5, logprobs: true, topLogprobs: 1 }
    const { body, dropped } = build(
      conversationOf([hello], {
        sampling,
        ...(effort === undefined ? {} : { reasoning: { effort } }),
      }),
      callTo(model),
    )
    expect(dropped).toEqual(lost.map((field) => `${field} (fixed while the model reasons)`))
    expect(['temperature', 'top_p', 'top_logprobs'].filter((field) => field in body)).toEqual(
      lost.length > 0 ? [] : ['temperature', 'top_p', 'top_logprobs'],
    )
  })

  it.each([
    [1, 16, ['max_tokens (raised to 16, the least the provider takes)']],
    [16, 16, []],
    [4000, 4000, []],
  ])('max_tokens %i', (asked, sent, reported) => {
    const { body, dropped } = build(
      conversationOf([hello], { sampling: { maxOutputTokens: asked } }),
    )
    expect(body.max_output_tokens).toBe(sent)
    expect(dropped).toEqual(reported)
  })

  it.each([
    ['gpt-5.1', { effort: 'none' }, 'none', []],
    ['unknown', { effort: 'newest' }, 'newest', []],
    ['o3', { effort: 'minimal' }, 'low', ['reasoning_effort (sent as low)']],
    ['gpt-5', { effort: 'none' }, 'minimal', ['reasoning_effort (sent as minimal)']],
    ['gpt-5-pro', { effort: 'low' }, 'high', ['reasoning_effort (sent as high)']],
    ['gpt-5.2-pro', { effort: 'xhigh' }, 'xhigh', []],
    ['gpt-4o', { effort: 'low' }, undefined, ['reasoning_effort (the model does not reason)']],
    ['gpt-4o', { effort: 'none' }, undefined, []],
    ['unknown', { budgetTokens: 1024 }, 'low', ['reasoning budget in tokens (sent as effort low)']],
    [
      'unknown',
      { budgetTokens: 10_000 },
      'medium',
      ['reasoning budget in tokens (sent as effort medium)'],
    ],
    [
      'unknown',
      { budgetTokens: 64_000 },
      'high',
      ['reasoning budget in tokens (sent as effort high)'],
    ],
    ['unknown', { budgetTokens: 0 }, 'none', []],
    ['unknown', { effort: 'low', budgetTokens: 64_000 }, 'low', []],
    ['unknown', {}, undefined, []],
  ])('reasoning of %s asked with %j', (model, reasoning, effort, reported) => {
    const { body, dropped } = build(conversationOf([hello], { reasoning }), callTo(model))
    expect(body.reasoning).toEqual(effort === undefined ? undefined : { effort })
    expect(dropped).toEqual(reported)
  })
})
