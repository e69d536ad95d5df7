import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../errors.ts'
import { cleanProviderText, upstreamError } from './upstream-error.ts'

const from = (
  status: number,
  rest: { message?: string; providerCode?: string; param?: string } = {},
) => upstreamError({ status, provider: 'acme', ...rest })

describe('upstreamError', () => {
  it.each<[number, ErrorCode, number]>([
    [400, 'provider_rejected', 400],
    [401, 'provider_credentials', 502],
    [402, 'insufficient_quota', 429],
    [403, 'provider_rejected', 403],
    [404, 'model_not_found', 404],
    [408, 'provider_error', 502],
    [413, 'provider_rejected', 413],
    [422, 'provider_rejected', 422],
    [429, 'rate_limit_exceeded', 429],
    [500, 'provider_error', 502],
    [503, 'provider_overloaded', 503],
    [504, 'provider_error', 502],
    [529, 'provider_overloaded', 503],
    [302, 'provider_error', 502],
  ])('%i is %s, answered with %i', (status, code, sent) => {
    const error = from(status)
    expect([
      error.code,
      error.status,
      error.details.upstreamStatus,
      error.details.provider,
    ]).toEqual([code, sent, status, 'acme'])
    expect(error.message).toContain('acme')
  })

  it.each<[string, ErrorCode]>([
    ['invalid_api_key', 'provider_credentials'],
    ['API_KEY_INVALID', 'provider_credentials'],
    ['authentication_error', 'provider_credentials'],
    ['context_length_exceeded', 'context_length_exceeded'],
    ['content_filter', 'content_filter'],
    ['content_policy_violation', 'content_filter'],
    ['insufficient_quota', 'insufficient_quota'],
    ['billing_error', 'insufficient_quota'],
    ['overloaded_error', 'provider_overloaded'],
    ['UNAVAILABLE', 'provider_overloaded'],
    ['something_new', 'provider_rejected'],
  ])('the word %s in a 400 is %s', (providerCode, code) => {
    expect(from(400, { providerCode }).code).toBe(code)
  })

  it.each([
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    'prompt is too long: 210000 tokens > 200000 maximum',
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    'Please reduce the length of the messages or completion.',
    'Input is too long for requested model.',
    "The request exceeds the model's context window",
    'too many input tokens',
    "Requested token count exceeds the model's maximum context length of 4096 tokens.",
    'The input (5000 tokens) is longer than the model\u2019s context length (4096 tokens).',
  ])('recognises a request that is too long by its text: %s', (message) => {
    expect(from(400, { message })).toMatchObject({ code: 'context_length_exceeded', status: 400 })
  })

  it.each([
    'max_tokens must be at least 1',
    'too many tokens: max tokens must be less than or equal to 4096, the maximum output length for this model',
    'messages: field required',
    'Unknown parameter: context',
    'The maximum number of tools is 128',
    'The request exceeds the maximum number of images',
    'n exceeds the maximum value of 8',
  ])('leaves %j a plain rejection', (message) => {
    expect(from(400, { message }).code).toBe('provider_rejected')
  })

  it('does not take a rate limit on tokens for a request that is too long', () => {
    expect(from(429, { message: 'Too many tokens, please wait before trying again.' }).code).toBe(
      'rate_limit_exceeded',
    )
  })

  it('keeps the message, param and code for the client', () => {
    expect(
      from(422, {
        message: 'temperature must be <= 1',
        param: 'temperature',
        providerCode: 'bad_range',
      }),
    ).toMatchObject({
      message: 'acme: temperature must be <= 1',
      details: { param: 'temperature', providerCode: 'bad_range' },
    })
    expect(from(500).message).toBe('acme: answered with status 500')
  })

  it.each([
    from(401, { message: 'Incorrect API key provided: sk-proj-ab**cd.' }),
    from(400, { message: 'API key not valid. Please pass a valid API key.' }),
    from(403, { message: 'Your API key was reported as leaked. Please use another API key.' }),
  ])('never passes on what a provider says about our own key', (error) => {
    expect(error).toMatchObject({ code: 'provider_credentials', status: 502 })
    expect(error.message).not.toMatch(/sk-|not valid/)
    expect(error.message).toContain('This is not about your key')
  })
})

describe('cleanProviderText', () => {
  it.each([
    'sk-proj-abcdefghijkl0123456789',
    'sk-ant-api03-AbCd_EfGh-IjKl',
    'sk-****************cdef',
    'AIzaSyA1234567890abcdefghijklmnopqrstuv',
    'gsk_1234567890abcdefghijklmnop',
    'xai-1234567890abcdefghijklmnop',
    'hf_1234567890abcdefghijklmnop',
    'AKIAIOSFODNN7EXAMPLE',
    'pk_dev_1234567890abcdefghij',
    'Bearer short',
    '0123456789abcdef0123456789abcdef01234567',
  ])('removes %s wherever it stands', (secret) => {
    for (const text of [
      secret,
      `bad key: ${secret}.`,
      `{"key":"${secret}"}`,
      `key=${secret}&x=1`,
      `(${secret})`,
    ]) {
      const cleaned = cleanProviderText(text)
      expect(cleaned).toContain('[removed]')
      expect(cleaned).not.toContain(secret.slice(-6))
    }
  })

  it.each([
    'The model `gpt-5-mini` does not exist',
    'Invalid value for messages[0].content: expected a string',
    'rate limit: 30000 tokens per minute, used 29800',
    'request req_011CSHoEeqs5C35K2UUqR7Fy',
    'keyword_arguments is not allowed',
    'about skateboarding',
    'the_name_of_a_field_that_is_quite_long_and_has_no_end',
  ])('leaves %j as it is', (text) => {
    expect(cleanProviderText(text)).toBe(text)
  })

  it('joins the message into one line', () => {
    expect(cleanProviderText('  a\r\n\tb  \n')).toBe('a b')
  })

  it('discards HTML pages', () => {
    for (const page of [
      '<!DOCTYPE html><html><body>502</body></html>',
      '<HTML><head></head>',
      'x <body class="a">',
    ])
      expect(cleanProviderText(page)).toBe('')
    expect(cleanProviderText('expected a < b')).toBe('expected a < b')
  })

  it('is bounded', () => {
    expect(cleanProviderText('word '.repeat(1000)).length).toBeLessThanOrEqual(603)
  })
})
