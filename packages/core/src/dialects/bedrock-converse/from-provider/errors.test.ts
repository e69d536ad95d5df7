import { describe, expect, it } from 'vitest'
import { readError } from './errors.ts'

function read(status: number, body: string, type?: string) {
  return readError({
    status,
    body,
    headers: type === undefined ? {} : { 'x-amzn-errortype': type },
    provider: 'cloud',
    model: 'm',
  })
}

const message = (text: string) => JSON.stringify({ message: text })

describe('readError', () => {
  it.each([
    ['ValidationException', 400, 'provider_rejected', 400],
    ['ConflictException', 400, 'provider_rejected', 400],
    ['ServiceQuotaExceededException', 400, 'insufficient_quota', 429],
    ['AccessDeniedException', 403, 'provider_rejected', 403],
    ['ResourceNotFoundException', 404, 'model_not_found', 404],
    ['ModelTimeoutException', 408, 'provider_error', 502],
    ['ModelErrorException', 424, 'provider_error', 502],
    ['ModelStreamErrorException', 424, 'provider_error', 502],
    ['ModelNotReadyException', 429, 'rate_limit_exceeded', 429],
    ['ThrottlingException', 429, 'rate_limit_exceeded', 429],
    ['InternalServerException', 500, 'provider_error', 502],
    ['ServiceUnavailableException', 503, 'provider_overloaded', 503],
  ])('%s', (type, upstream, code, status) => {
    const error = read(upstream, message('Something about it.'), type)
    expect(error).toMatchObject({
      code,
      status,
      details: { upstreamStatus: upstream, providerCode: type, provider: 'cloud' },
    })
  })

  it.each([
    [
      'UnrecognizedClientException:http://internal.amazon.com/coral/com.amazon.coral.service/',
      'The security token included in the request is invalid.',
    ],
    [
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided.',
    ],
    ['ExpiredTokenException', 'The security token included in the request is expired'],
    ['AccessDeniedException', 'Authentication failed: Please make sure your API Key is valid.'],
  ])(
    'takes %s for a refusal of our own credentials, and keeps its words to itself',
    (type, text) => {
      const error = read(403, message(text), type)
      expect(error).toMatchObject({
        code: 'provider_credentials',
        status: 502,
        details: { upstreamStatus: 403, providerCode: type.split(':')[0] },
      })
      expect(error.message).not.toContain(text)
    },
  )

  it.each([
    'Input is too long for requested model.',
    'The model returned the following errors: prompt is too long: 210000 tokens > 200000 maximum',
    'Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.',
    'The model returned the following errors: input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    "This model's maximum context length is 131072 tokens. Please reduce the length of the prompt",
  ])('knows a prompt that is too long: %s', (text) => {
    expect(read(400, message(text), 'ValidationException')).toMatchObject({
      code: 'context_length_exceeded',
      status: 400,
    })
    expect(read(424, message(text), 'ModelErrorException').code).toBe('context_length_exceeded')
  })

  it("a minute's tokens are not the request's", () => {
    expect(
      read(
        429,
        message('Too many input tokens, please wait before trying again.'),
        'ThrottlingException',
      ).code,
    ).toBe('rate_limit_exceeded')
    expect(
      read(
        400,
        message('Malformed input request, please reformat your input and try again.'),
        'ValidationException',
      ).code,
    ).toBe('provider_rejected')
  })

  it.each(['com.amazon.coral.service#ThrottlingException', 'ThrottlingException'])(
    'reads the type from the body too: %s',
    (__type) => {
      expect(read(429, JSON.stringify({ __type, Message: 'Slow down.' }))).toMatchObject({
        message: 'cloud: Slow down.',
        details: { providerCode: 'ThrottlingException' },
      })
    },
  )

  it.each([
    ['<html><body><h1>502 Bad Gateway</h1></body></html>', 502, 'provider_error'],
    ['', 503, 'provider_overloaded'],
    ['', 424, 'provider_error'],
    ['upstream connect error', 500, 'provider_error'],
    ['[1]', 400, 'provider_rejected'],
    ['{"message":7}', 404, 'model_not_found'],
  ])('reads %j with status %i', (body, status, code) => {
    const error = read(status, body)
    expect(error).toMatchObject({ code, details: { upstreamStatus: status } })
    expect(error.message).not.toContain('<')
  })
})
