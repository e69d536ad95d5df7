import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import { readError, renderError, renderStreamError } from './errors.ts'

function read(status: number, body: unknown): GatewayError {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readError({ status, headers: {}, body: text, provider: 'acme', model: 'm' })
}

describe('readError', () => {
  it.each([
    [
      'OpenAI',
      401,
      {
        error: {
          message: 'Incorrect API key provided',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
      },
      'provider_credentials',
    ],
    [
      'OpenAI, unknown parameter',
      400,
      {
        error: {
          message: 'Unsupported parameter',
          type: 'invalid_request_error',
          param: 'max_tokens',
          code: 'unsupported_parameter',
        },
      },
      'provider_rejected',
    ],
    [
      'OpenAI, quota',
      429,
      {
        error: {
          message: 'You exceeded your quota',
          type: 'insufficient_quota',
          param: null,
          code: 'insufficient_quota',
        },
      },
      'insufficient_quota',
    ],
    [
      'a list of one',
      400,
      [
        {
          error: {
            code: 400,
            message: 'API key not valid. Please pass a valid API key.',
            status: 'INVALID_ARGUMENT',
          },
        },
      ],
      'provider_credentials',
    ],
    [
      'numeric text code',
      401,
      { error: { code: '401', message: 'Access denied' } },
      'provider_credentials',
    ],
    [
      'named code',
      429,
      { error: { code: 'RateLimitReached', message: 'wait' } },
      'rate_limit_exceeded',
    ],
    ['detail', 401, { detail: 'Invalid API Key' }, 'provider_credentials'],
    [
      'error as a string',
      400,
      { code: 'invalid-argument', error: 'Incorrect API key provided: xa***. ' },
      'provider_credentials',
    ],
    ['message', 404, { id: 'x', message: 'model not found' }, 'model_not_found'],
    [
      'a family in the code',
      401,
      {
        error: {
          message: 'Authentication Fails',
          type: 'authentication_error',
          param: null,
          code: 'invalid_request_error',
        },
      },
      'provider_credentials',
    ],
    [
      'a numeric code',
      429,
      { error: { message: 'Rate limit exceeded', code: 429 } },
      'rate_limit_exceeded',
    ],
    [
      'failed generation',
      400,
      {
        error: {
          message: 'Failed to call a function',
          type: 'invalid_request_error',
          code: 'tool_use_failed',
          failed_generation: '<f>',
        },
      },
      'provider_rejected',
    ],
    [
      'null fields',
      401,
      { error: { message: 'Unauthorized', type: 'api_error', param: null, code: null } },
      'provider_credentials',
    ],
    ['HTML', 502, '<html><body><h1>502 Bad Gateway</h1></body></html>', 'provider_error'],
    ['nothing', 503, '', 'provider_overloaded'],
    ['plain text', 500, 'upstream connect error', 'provider_error'],
    ['cut JSON', 500, '{"error":{"mess', 'provider_error'],
  ])('%s', (_name, status, body, code) => {
    expect(read(status, body)).toMatchObject({
      code,
      details: { upstreamStatus: status, provider: 'acme' },
    })
  })

  it('takes message, param and the word that says most', () => {
    const error = read(422, {
      error: {
        message: 'Bad value',
        type: 'invalid_request_error',
        param: 'top_p',
        code: 'invalid_value',
      },
    })
    expect(error).toMatchObject({
      message: 'acme: Bad value',
      status: 422,
      details: { param: 'top_p', providerCode: 'invalid_value' },
    })
    expect(
      read(401, {
        error: { message: 'x', type: 'authentication_error', code: 'invalid_request_error' },
      }).details.providerCode,
    ).toBe('authentication_error')
  })

  it('unwraps what a router says about the service behind it', () => {
    const raw = JSON.stringify({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 300000 tokens' },
    })
    expect(
      read(400, { error: { message: 'Provider returned error', code: 400, metadata: { raw } } }),
    ).toMatchObject({
      code: 'context_length_exceeded',
      message: 'acme: Provider returned error: prompt is too long: 300000 tokens',
    })
  })

  it('joins the problems of a validating server', () => {
    expect(
      read(422, {
        detail: [{ loc: ['body', 'n'], msg: 'not an integer' }, { msg: 'field required' }],
      }).message,
    ).toBe('acme: not an integer; field required')
  })

  it('says the status when the body says nothing', () => {
    expect(read(500, '<!doctype html><html>').message).toBe('acme: answered with status 500')
  })
})

describe('renderError', () => {
  it('has all four fields', () => {
    expect(renderError(new GatewayError('invalid_request', 'bad', { param: 'n' }))).toEqual({
      error: { message: 'bad', type: 'invalid_request_error', param: 'n', code: 'invalid_request' },
    })
    expect(renderError(new GatewayError('provider_error', 'no'))).toEqual({
      error: { message: 'no', type: 'server_error', param: null, code: 'provider_error' },
    })
  })

  it("keeps a rejecting provider's own code, and only then", () => {
    const details = { providerCode: 'unsupported_value' }
    expect(renderError(new GatewayError('provider_rejected', 'no', details))).toMatchObject({
      error: { code: 'unsupported_value' },
    })
    expect(renderError(new GatewayError('provider_rejected', 'no'))).toMatchObject({
      error: { code: 'provider_rejected' },
    })
    expect(renderError(new GatewayError('rate_limit_exceeded', 'no', details))).toMatchObject({
      error: { code: 'rate_limit_exceeded' },
    })
  })

  it('lists the attempts without what only the record may know', () => {
    const attempts = [
      { target: 'a/m', code: 'provider_error', status: 500, ms: 12, billed: 'no' as const },
    ] as const
    expect(renderError(new GatewayError('provider_error', 'no', { attempts }))).toMatchObject({
      error: { attempts: [{ target: 'a/m', code: 'provider_error', ms: 12 }] },
    })
  })

  it('ends a broken stream with the error and nothing that looks like an end', () => {
    const text = renderStreamError(new GatewayError('upstream_truncated', 'cut "here"\n'))
    expect(text).toBe(
      'data: {"error":{"message":"cut \\"here\\"\\n","type":"server_error","param":null,"code":"upstream_truncated"}}\n\n',
    )
  })
})
