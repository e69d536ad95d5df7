import { describe, expect, it } from 'vitest'
import { errorOf, mapFinishReason, mapUsage } from './chunk-rules.ts'

describe('usageOf', () => {
  const counts = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }

  it.each([
    [
      'OpenAI details',
      {
        ...counts,
        prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      { cachedTokens: 64, cacheWriteTokens: 8, reasoningTokens: 5 },
    ],
    ['cached_tokens beside the totals', { ...counts, cached_tokens: 10 }, { cachedTokens: 10 }],
    ['num_cached_tokens', { ...counts, num_cached_tokens: 11 }, { cachedTokens: 11 }],
    [
      'prompt_cache_hit_tokens',
      { ...counts, prompt_cache_hit_tokens: 12, prompt_cache_miss_tokens: 88 },
      { cachedTokens: 12 },
    ],
    [
      'null details',
      { ...counts, prompt_tokens_details: null, completion_tokens_details: null },
      {},
    ],
    [
      'zero is a value',
      { ...counts, prompt_tokens_details: { cached_tokens: 0 } },
      { cachedTokens: 0 },
    ],
    [
      'counts that are no counts',
      { ...counts, prompt_tokens_details: { cached_tokens: -1 }, cached_tokens: 1.5 },
      {},
    ],
    [
      'a detail larger than its total',
      {
        ...counts,
        prompt_tokens_details: { cached_tokens: 161 },
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      { cachedTokens: 100, reasoningTokens: 20 },
    ],
  ])('reads %s', (_name, usage, details) => {
    expect(mapUsage({ usage })).toEqual({
      inputTokens: 100,
      outputTokens: 20,
      native: usage,
      ...details,
    })
  })

  it('adds reasoning that a service counts beside the completion', () => {
    const usage = {
      prompt_tokens: 12,
      completion_tokens: 2,
      total_tokens: 334,
      completion_tokens_details: { reasoning_tokens: 320 },
    }
    expect(mapUsage({ usage })).toMatchObject({
      inputTokens: 12,
      outputTokens: 322,
      reasoningTokens: 320,
    })
  })

  it('finds usage in x_groq and beside the delta', () => {
    expect(mapUsage({ x_groq: { usage: counts } })).toMatchObject({ inputTokens: 100 })
    expect(mapUsage({ choices: [{ delta: {}, usage: counts }] })).toMatchObject({
      outputTokens: 20,
    })
    expect(mapUsage({ usage: null, choices: [{ delta: {} }], x_groq: { id: 'r' } })).toBeUndefined()
  })

  it('has no usage where the counts are missing or not numbers', () => {
    expect(mapUsage({ usage: {} })).toBeUndefined()
    expect(
      mapUsage({ usage: { prompt_tokens: Number.NaN, completion_tokens: '7' } }),
    ).toBeUndefined()
    expect(mapUsage({ usage: { prompt_tokens: 3 } })).toMatchObject({
      inputTokens: 3,
      outputTokens: 0,
    })
  })
})

describe('errorOf', () => {
  it.each([
    [
      'an error object',
      { error: { message: 'boom', type: 'server_error' } },
      'provider_error',
      500,
    ],
    [
      'an error beside choices',
      { choices: [{ delta: {} }], error: { message: 'Slow down', code: 429 } },
      'rate_limit_exceeded',
      429,
    ],
    [
      'a numeric code as text',
      { error: { message: 'Slow down', code: '429' } },
      'rate_limit_exceeded',
      429,
    ],
    ['a string', { error: 'Network connection lost' }, 'provider_error', 500],
    [
      'a string with a code beside it',
      { code: 'invalid-argument', error: 'bad field' },
      'provider_rejected',
      400,
    ],
    ['a detail', { detail: 'Service overloaded', code: 503 }, 'provider_overloaded', 503],
    [
      'object: error',
      { object: 'error', message: 'prompt is too long', code: 400 },
      'context_length_exceeded',
      400,
    ],
    [
      'the error of a choice',
      { choices: [{ error: { code: 502, message: 'upstream' }, finish_reason: 'error' }] },
      'provider_error',
      502,
    ],
    [
      'a finish that is a failure',
      { choices: [{ delta: {}, finish_reason: 'network_error' }] },
      'provider_error',
      500,
    ],
    [
      'stop over a native failure',
      { choices: [{ delta: {}, finish_reason: 'stop', native_finish_reason: 'network_error' }] },
      'provider_error',
      500,
    ],
    [
      'a lack of resources',
      { choices: [{ delta: {}, finish_reason: 'insufficient_system_resource' }] },
      'provider_overloaded',
      503,
    ],
    [
      'a word for too many requests',
      { error: { message: 'no', type: 'rate_limit_error' } },
      'rate_limit_exceeded',
      429,
    ],
    [
      'a word for our credentials',
      { error: { message: 'no', code: 'invalid_api_key' } },
      'provider_credentials',
      401,
    ],
  ])('reads %s', (_name, body, code, upstreamStatus) => {
    expect(errorOf(body, 'acme')).toMatchObject({
      code,
      details: { provider: 'acme', upstreamStatus },
    })
  })

  it.each([
    ['an answer', { choices: [{ message: { content: 'error' }, finish_reason: 'stop' }] }],
    ['a null error', { error: null, choices: [] }],
    ['an empty error', { error: {}, choices: [{ delta: {} }] }],
    ['a chunk without choices', { id: 'x', choices: [] }],
  ])('finds no error in %s', (_name, body) => {
    expect(errorOf(body, 'acme')).toBeUndefined()
  })
})

describe('finishOf', () => {
  it.each([
    ['stop', { reason: 'stop' }],
    ['length', { reason: 'length' }],
    ['tool_calls', { reason: 'tool_calls' }],
    ['content_filter', { reason: 'content_filter' }],
    ['function_call', { reason: 'tool_calls', native: 'function_call' }],
    ['model_length', { reason: 'length', native: 'model_length' }],
    ['MAX_TOKENS', { reason: 'length', native: 'MAX_TOKENS' }],
    ['sensitive', { reason: 'content_filter', native: 'sensitive' }],
    ['eos_token', { reason: 'stop', native: 'eos_token' }],
  ])('%s', (value, finish) => expect(mapFinishReason(value)).toEqual(finish))

  it.each([[''], [null], [undefined], [0], ['error'], ['network_error'], ['abort']])(
    '%s has not ended',
    (value) => {
      expect(mapFinishReason(value)).toBeUndefined()
    },
  )
})
