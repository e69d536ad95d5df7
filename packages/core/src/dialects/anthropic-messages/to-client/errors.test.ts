import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorTable, GatewayError } from '../../../errors.ts'
import { renderError, renderStreamError } from './errors.ts'

const typeOf = (code: ErrorCode, status?: number) =>
  (
    renderError(new GatewayError(code, 'm', status === undefined ? {} : { status }), 'req_1')
      .error as { type: string }
  ).type

describe('the type of an error', () => {
  it.each<[ErrorCode, string]>([
    ['invalid_json', 'invalid_request_error'],
    ['invalid_request', 'invalid_request_error'],
    ['unsupported_content', 'invalid_request_error'],
    ['missing_api_key', 'authentication_error'],
    ['invalid_api_key', 'authentication_error'],
    ['permission_denied', 'permission_error'],
    ['unknown_path', 'not_found_error'],
    ['model_not_found', 'not_found_error'],
    ['method_not_allowed', 'invalid_request_error'],
    ['body_too_large', 'request_too_large'],
    ['client_closed', 'invalid_request_error'],
    ['context_length_exceeded', 'invalid_request_error'],
    ['content_filter', 'invalid_request_error'],
    ['provider_credentials', 'api_error'],
    ['insufficient_quota', 'billing_error'],
    ['rate_limit_exceeded', 'rate_limit_error'],
    ['provider_error', 'api_error'],
    ['provider_overloaded', 'overloaded_error'],
    ['upstream_truncated', 'api_error'],
    ['first_token_timeout', 'timeout_error'],
    ['deadline_exceeded', 'timeout_error'],
    ['gateway_closed', 'overloaded_error'],
    ['internal_error', 'api_error'],
  ])('%s is %s', (code, type) => {
    expect(typeOf(code)).toBe(type)
  })

  it.each([
    [402, 'billing_error'],
    [403, 'permission_error'],
    [409, 'conflict_error'],
    [413, 'request_too_large'],
    [422, 'invalid_request_error'],
  ])('of a refusal with status %i is %s', (status, type) => {
    expect(typeOf('provider_rejected', status)).toBe(type)
  })

  it('is known for every code', () => {
    for (const code of Object.keys(errorTable))
      expect(typeOf(code as ErrorCode)).toMatch(/_error$|^request_too_large$/)
  })
})

it('the envelope names the request and lists the attempts', () => {
  const attempts = [
    { target: 'a/m', code: 'provider_overloaded', status: 529, ms: 12, billed: 'no' as const },
  ] as const
  expect(
    renderError(new GatewayError('provider_overloaded', 'Overloaded', { attempts }), 'req_1'),
  ).toEqual({
    type: 'error',
    error: {
      type: 'overloaded_error',
      message: 'Overloaded',
      attempts: [{ target: 'a/m', code: 'provider_overloaded', ms: 12 }],
    },
    request_id: 'req_1',
  })
})

it('a code of the provider that clients know by name is passed on, a mere type is not', () => {
  const errorOf = (providerCode: string) =>
    renderError(new GatewayError('provider_rejected', 'm', { providerCode }), 'r').error
  expect(errorOf('thread_not_found')).toMatchObject({ details: { error_code: 'thread_not_found' } })
  expect(errorOf('invalid_request_error')).not.toHaveProperty('details')
})

it('context length errors have the wording by which agents shorten the conversation', () => {
  const messageOf = (message: string) =>
    (
      renderError(new GatewayError('context_length_exceeded', message), 'r').error as {
        message: string
      }
    ).message
  expect(messageOf('acme: maximum context length is 8192')).toBe(
    'prompt is too long: acme: maximum context length is 8192',
  )
  expect(messageOf('acme: Prompt is too long: 9 > 8')).toBe('acme: Prompt is too long: 9 > 8')
})

it('in a stream it is a named event', () => {
  expect(renderStreamError(new GatewayError('provider_error', 'a\nb'), 'req_1')).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"a\\nb"},"request_id":"req_1"}\n\n',
  )
})
