import { describe, expect, it } from 'vitest'
import { errorInAnswer, readError } from './errors.ts'

function read(status: number, body: unknown) {
  return readError({
    status,
    headers: {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
    provider: 'gemini',
    model: 'm',
  })
}
const error = (code: number, status: string, message: string, details: unknown[] = []) => ({
  error: { code, message, status, details },
})

describe('readError', () => {
  it.each([
    [400, error(400, 'INVALID_ARGUMENT', 'Bad field.'), 'provider_rejected', 'INVALID_ARGUMENT'],
    [
      400,
      error(400, 'INVALID_ARGUMENT', 'API key not valid.', [{ reason: 'API_KEY_INVALID' }]),
      'provider_credentials',
      'API_KEY_INVALID',
    ],
    [
      400,
      error(
        400,
        'INVALID_ARGUMENT',
        'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      ),
      'context_length_exceeded',
      'INVALID_ARGUMENT',
    ],
    [401, error(401, 'UNAUTHENTICATED', 'x'), 'provider_credentials', 'UNAUTHENTICATED'],
    [403, error(403, 'PERMISSION_DENIED', 'x'), 'provider_rejected', 'PERMISSION_DENIED'],
    [404, error(404, 'NOT_FOUND', 'models/x is not found'), 'model_not_found', 'NOT_FOUND'],
    [429, error(429, 'RESOURCE_EXHAUSTED', 'x'), 'rate_limit_exceeded', 'RESOURCE_EXHAUSTED'],
    [500, error(500, 'INTERNAL', 'x'), 'provider_error', 'INTERNAL'],
    [
      503,
      error(503, 'UNAVAILABLE', 'The model is overloaded.'),
      'provider_overloaded',
      'UNAVAILABLE',
    ],
    [504, error(504, 'DEADLINE_EXCEEDED', 'x'), 'provider_error', 'DEADLINE_EXCEEDED'],
    [400, [error(400, 'INVALID_ARGUMENT', 'in an array')], 'provider_rejected', 'INVALID_ARGUMENT'],
    [502, '<html><body>Bad gateway</body></html>', 'provider_error', undefined],
    [503, '', 'provider_overloaded', undefined],
    [400, { error: 'a plain text' }, 'provider_rejected', undefined],
  ])('%d %j is %s', (status, body, code, providerCode) => {
    expect(read(status, body)).toMatchObject({
      code,
      details: { provider: 'gemini', upstreamStatus: status },
    })
    expect(read(status, body).details.providerCode).toBe(providerCode)
  })

  it.each([
    ['34.074824224s', 34_075],
    ['7s', 7000],
    ['soon', undefined],
  ])('reads RetryInfo %s', (retryDelay, expected) => {
    const known = read(
      429,
      error(429, 'RESOURCE_EXHAUSTED', 'Quota', [
        { '@type': 'type.googleapis.com/google.rpc.Help' },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
      ]),
    )
    expect(known.details.retryAfterMs).toBe(expected)
    expect(known).toMatchObject({
      code: 'rate_limit_exceeded',
      message: 'gemini: Quota',
      details: { upstreamStatus: 429 },
    })
  })
})

describe('errorInAnswer', () => {
  it.each([
    [{ code: 503, status: 'UNAVAILABLE', message: 'x' }, 503],
    [{ status: 'RESOURCE_EXHAUSTED', message: 'x' }, 429],
    [{ code: 8, status: 'constructor' }, 500],
    ['text', 500],
  ])('finds the status of %j', (body, status) => {
    expect(errorInAnswer(body, 'gemini').details.upstreamStatus).toBe(status)
  })
})
