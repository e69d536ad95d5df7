import { describe, expect, it } from 'vitest'
import { type ErrorCode, GatewayError, type ErrorDetails } from '../../../errors.ts'
import { renderError } from './errors.ts'

const render = (code: ErrorCode, details: ErrorDetails = {}, message = 'm') =>
  renderError(new GatewayError(code, message, details), 'req_1')

describe('renderError', () => {
  it.each<[ErrorCode, ErrorDetails, number, string]>([
    ['invalid_request', {}, 400, 'INVALID_ARGUMENT'],
    ['context_length_exceeded', {}, 400, 'INVALID_ARGUMENT'],
    ['invalid_api_key', {}, 401, 'UNAUTHENTICATED'],
    ['permission_denied', {}, 403, 'PERMISSION_DENIED'],
    ['model_not_found', {}, 404, 'NOT_FOUND'],
    ['rate_limit_exceeded', {}, 429, 'RESOURCE_EXHAUSTED'],
    ['insufficient_quota', {}, 429, 'RESOURCE_EXHAUSTED'],
    ['client_closed', {}, 499, 'CANCELLED'],
    ['provider_overloaded', {}, 503, 'UNAVAILABLE'],
    ['idle_timeout', {}, 504, 'DEADLINE_EXCEEDED'],
    ['internal_error', {}, 500, 'INTERNAL'],
    ['provider_credentials', {}, 502, 'INTERNAL'],
    ['provider_rejected', { status: 422 }, 422, 'INVALID_ARGUMENT'],
    ['provider_rejected', { status: 403 }, 403, 'PERMISSION_DENIED'],
    [
      'provider_rejected',
      { status: 400, providerCode: 'FAILED_PRECONDITION' },
      400,
      'FAILED_PRECONDITION',
    ],
    [
      'provider_rejected',
      { status: 400, providerCode: 'unsupported_value' },
      400,
      'INVALID_ARGUMENT',
    ],
  ])('%s %j is %i %s', (code, details, status, word) => {
    expect(render(code, details)).toMatchObject({
      error: { code: status, status: word, message: 'm' },
    })
  })

  it("names the field at fault and when to try again, in the shapes of Google's own details", () => {
    expect(
      render('rate_limit_exceeded', {
        param: 'contents[0].role',
        retryAfterMs: 1500,
        attempts: [{ target: 'a/b', code: 'rate_limit_exceeded', ms: 3, billed: 'no' as const }],
      }),
    ).toEqual({
      error: {
        code: 429,
        message: 'm',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'RATE_LIMIT_EXCEEDED',
            domain: 'postern',
            metadata: { attempts: 'a/b rate_limit_exceeded' },
          },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'contents[0].role', description: 'm' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
          { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: 'req_1' },
        ],
      },
    })
  })
})
