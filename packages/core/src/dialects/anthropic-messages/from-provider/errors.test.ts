import { describe, expect, it } from 'vitest'
import { errorInAnswer, plainError, readError } from './errors.ts'

function read(status: number, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readError({ status, headers: {}, body: text, provider: 'claude', model: 'm' })
}

const error = (type: string, message = 'Because.', details?: unknown) => ({
  type: 'error',
  error: { type, message, ...(details ? { details } : {}) },
  request_id: 'req_1',
})

describe('readError', () => {
  it.each([
    [400, error('invalid_request_error'), 'provider_rejected', 400],
    [
      400,
      error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'context_length_exceeded',
      400,
    ],
    [
      400,
      error('invalid_request_error', 'Your credit balance is too low to access the API.'),
      'insufficient_quota',
      429,
    ],
    [401, error('authentication_error', 'invalid x-api-key'), 'provider_credentials', 502],
    [402, error('billing_error'), 'insufficient_quota', 429],
    [403, error('permission_error'), 'provider_rejected', 403],
    [404, error('not_found_error', 'model: claude-x'), 'model_not_found', 404],
    [409, error('conflict_error'), 'provider_error', 502],
    [413, error('request_too_large'), 'context_length_exceeded', 400],
    [429, error('rate_limit_error'), 'rate_limit_exceeded', 429],
    [
      429,
      error('rate_limit_error', 'Limit.', { error_code: 'enforced_spend_limit_reached' }),
      'insufficient_quota',
      429,
    ],
    [500, error('api_error'), 'provider_error', 502],
    [504, error('timeout_error'), 'provider_error', 502],
    [529, error('overloaded_error'), 'provider_overloaded', 503],
    [502, '<html><body>Bad gateway</body></html>', 'provider_error', 502],
    [503, '', 'provider_overloaded', 503],
    [422, { detail: 'no such field' }, 'provider_rejected', 422],
    [400, { error: 'plain' }, 'provider_rejected', 400],
  ])('%i %j is %s', (status, body, code, clientStatus) => {
    const found = read(status, body)
    expect({ code: found.code, status: found.status }).toEqual({ code, status: clientStatus })
    expect(found.details).toMatchObject({ provider: 'claude', upstreamStatus: status })
  })

  it('carries the message but no markup', () => {
    expect(read(400, error('invalid_request_error', 'max_tokens: required')).message).toBe(
      'claude: max_tokens: required',
    )
    expect(read(502, '<html><body>Bad gateway</body></html>').message).toBe(
      'claude: answered with status 502',
    )
    expect(read(400, { detail: 'no' }).message).toBe('claude: no')
  })
})

describe('errorInAnswer', () => {
  it.each([
    ['overloaded_error', 'provider_overloaded', 529],
    ['rate_limit_error', 'rate_limit_exceeded', 429],
    ['api_error', 'provider_error', 500],
    ['timeout_error', 'provider_error', 504],
    ['authentication_error', 'provider_credentials', 401],
    ['invalid_request_error', 'provider_rejected', 400],
    ['not_found_error', 'model_not_found', 404],
    ['something_new', 'provider_error', 500],
  ])('%s in a 200 is %s', (type, code, upstreamStatus) => {
    expect(errorInAnswer(error(type), 'claude')).toMatchObject({
      code,
      details: { upstreamStatus, providerCode: type },
    })
  })

  it('finds errors without the envelope and none in an answer', () => {
    expect(errorInAnswer({ error: { message: 'Broke.' } }, 'claude')?.message).toBe(
      'claude: Broke.',
    )
    expect(errorInAnswer({ type: 'error' }, 'claude')?.code).toBe('provider_error')
    expect(errorInAnswer({ type: 'message', content: [], error: null }, 'claude')).toBeUndefined()
  })
})

describe('plainError', () => {
  it('is a failure of the provider, in its words', () => {
    expect(plainError('upstream connect error', 'claude')).toMatchObject({
      code: 'provider_error',
      message: 'claude: upstream connect error',
    })
  })
})
