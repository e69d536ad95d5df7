import { describe, expect, it } from 'vitest'
import { errorInAnswer, mapFailure, readError } from './errors.ts'

function read(status: number, body: unknown) {
  return readError({
    status,
    headers: {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
    provider: 'acme',
    model: 'm',
  })
}

const error = (code: unknown, message = 'Because.', more: object = {}) => ({
  error: { message, type: 'invalid_request_error', param: null, code, ...more },
})

describe('readError', () => {
  it.each([
    [
      400,
      error(null, "Unsupported parameter: 'temperature' is not supported with this model.", {
        param: 'temperature',
      }),
      'provider_rejected',
      400,
    ],
    [400, error('unsupported_value'), 'provider_rejected', 400],
    [
      400,
      error('context_length_exceeded', 'Your input exceeds the context window.', {
        param: 'input',
      }),
      'context_length_exceeded',
      400,
    ],
    [
      400,
      error('model_not_found', "The requested model 'x' does not exist."),
      'model_not_found',
      404,
    ],
    [400, error('content_filter'), 'content_filter', 400],
    [
      400,
      error(
        'invalid_prompt',
        'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
      ),
      'content_filter',
      400,
    ],
    [400, error('invalid_prompt'), 'provider_rejected', 400],
    [400, error('image_content_policy_violation'), 'content_filter', 400],
    [
      400,
      {
        code: 'invalid-argument',
        error: 'Incorrect API key provided. You can obtain one from us.',
      },
      'provider_credentials',
      502,
    ],
    [
      401,
      error('invalid_api_key', 'Incorrect API key provided: invalid-key.'),
      'provider_credentials',
      502,
    ],
    [
      401,
      { error: { code: '401', message: 'Access denied due to invalid subscription key.' } },
      'provider_credentials',
      502,
    ],
    [401, { error: { message: 'No auth', code: 401 } }, 'provider_credentials', 502],
    [403, error('unsupported_country_region_territory'), 'provider_rejected', 403],
    [404, { error: { message: 'No such model', type: 'not_found_error' } }, 'model_not_found', 404],
    [413, '', 'provider_rejected', 413],
    [
      422,
      { detail: [{ loc: ['body', 'input'], msg: 'Field required' }] },
      'provider_rejected',
      422,
    ],
    [
      429,
      { error: { code: 'RateLimitReached', message: 'Slow down.' } },
      'rate_limit_exceeded',
      429,
    ],
    [
      429,
      {
        error: {
          code: 'rate_limit_exceeded',
          type: 'tokens',
          message: 'Too many tokens per minute.',
        },
      },
      'rate_limit_exceeded',
      429,
    ],
    [
      429,
      {
        error: {
          code: 'insufficient_quota',
          type: 'insufficient_quota',
          message: 'You exceeded your current quota.',
        },
      },
      'insufficient_quota',
      429,
    ],
    [500, { error: { type: 'server_error', code: null, message: 'Oops' } }, 'provider_error', 502],
    [502, '<html><body>Bad gateway</body></html>', 'provider_error', 502],
    [503, '', 'provider_overloaded', 503],
  ])('%i %j is %s', (status, body, code, clientStatus) => {
    const found = read(status, body)
    expect({ code: found.code, status: found.status }).toEqual({ code, status: clientStatus })
    expect(found.details).toMatchObject({ provider: 'acme', upstreamStatus: status })
  })

  it.each([
    [error('unsupported_value', 'No.'), 'acme: No.'],
    [{ error: 'No.' }, 'acme: No.'],
    [{ detail: 'No.' }, 'acme: No.'],
    [{ detail: { message: 'No.' } }, 'acme: No.'],
    [{ message: 'No.' }, 'acme: No.'],
    [{ detail: [{ msg: 'No.' }, { msg: 'Never.' }] }, 'acme: No.; Never.'],
    ['plain', 'acme: plain'],
    [{}, 'acme: answered with status 422'],
  ])('finds the message of %j', (body, message) => {
    expect(read(422, body).message).toBe(message)
  })

  it('keeps the word that says most and the field at fault', () => {
    expect(
      read(400, error('unsupported_value', 'No.', { param: 'reasoning.effort' })).details,
    ).toMatchObject({ providerCode: 'unsupported_value', param: 'reasoning.effort' })
    expect(read(400, error(null)).details.providerCode).toBe('invalid_request_error')
    expect(
      read(400, { error: { code: '400', message: 'No.' } }).details.providerCode,
    ).toBeUndefined()
  })
})

describe('errors inside a 200', () => {
  const flat = (code: string | null) => ({
    type: 'error',
    code,
    message: 'Because.',
    param: null,
    sequence_number: 3,
  })
  const nested = (code: string | null) => ({
    type: 'error',
    sequence_number: 3,
    error: { type: 'x', code, message: 'Because.', param: null },
  })

  it.each([
    ['server_error', 'provider_error'],
    ['rate_limit_exceeded', 'rate_limit_exceeded'],
    ['insufficient_quota', 'insufficient_quota'],
    ['engine_overloaded', 'provider_overloaded'],
    ['invalid_prompt', 'provider_rejected'],
    ['invalid_image_url', 'provider_rejected'],
    ['failed_to_download_image', 'provider_rejected'],
    ['vector_store_timeout', 'provider_error'],
    ['context_length_exceeded', 'context_length_exceeded'],
    ['bio_policy', 'content_filter'],
    ['model_not_found', 'model_not_found'],
    ['invalid_api_key', 'provider_credentials'],
    ['something_new', 'provider_error'],
    [null, 'provider_error'],
  ])('nastiest 1: %s is %s, flat and nested', (code, expected) => {
    for (const body of [flat(code), nested(code), { error: { code, message: 'Because.' } }])
      expect(errorInAnswer(body, 'acme')?.code).toBe(expected)
  })

  it('takes a number for the status it is', () => {
    expect(errorInAnswer({ error: { code: 429, message: 'Slow down.' } }, 'acme')?.code).toBe(
      'rate_limit_exceeded',
    )
  })

  it('finds none where there is none', () => {
    expect(errorInAnswer({ type: 'response.created', error: null }, 'acme')).toBeUndefined()
  })
})

describe('failureOf', () => {
  it.each([
    [
      { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down.' } },
      'rate_limit_exceeded',
    ],
    [{ status: 'failed', error: null }, 'provider_error'],
    [{ status: 'cancelled' }, 'provider_error'],
    [{ status: 'queued' }, 'upstream_invalid'],
    [{ status: 'in_progress' }, 'upstream_invalid'],
    [{ status: 'completed', error: null }, undefined],
    [{ status: 'incomplete', error: null }, undefined],
    [{}, undefined],
  ])('%j is %s', (response, code) => {
    expect(mapFailure(response, 'acme')?.code).toBe(code)
  })
})
