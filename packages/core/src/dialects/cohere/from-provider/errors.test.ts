import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../../errors.ts'
import { callContext, refusalOf } from '../dialect.fake.ts'
import { cohere } from '../index.ts'

function readError(status: number, body: string): GatewayError {
  return cohere.providerSide.readError({ status, headers: {}, body, provider: 'acme', model: 'm' })
}

describe('an error', () => {
  it.each([
    [401, '{"id":"x","message":"Incorrect API key provided"}', 'provider_credentials'],
    [
      400,
      '{"error_type":"TOO_MANY_TOKENS","message":"too many tokens: total 300000"}',
      'context_length_exceeded',
    ],
    [400, '{"message":"the request was blocked by our safety policy"}', 'content_filter'],
    [404, '{"id":"x","message":"model not found"}', 'model_not_found'],
    [422, '{"message":"unknown field"}', 'provider_rejected'],
    [429, '{"message":"slow down"}', 'rate_limit_exceeded'],
    [498, '{}', 'content_filter'],
    [500, '<html>no</html>', 'provider_error'],
    [503, '', 'provider_overloaded'],
  ])('%i %s is %s', (status, body, code) => {
    expect(readError(status, body).code).toBe(code)
  })
})

describe('error body forms', () => {
  it.each([
    [400, '{"id":"x","message":"invalid request: model is required"}', 'provider_rejected'],
    [401, '{"id":"x","message":"invalid api token"}', 'provider_credentials'],
    [404, '{"id":"x","message":"model \'m\' not found"}', 'model_not_found'],
    [
      400,
      '{"error_type":"TOO_MANY_TOKENS","message":"size limit exceeded by 5 tokens"}',
      'context_length_exceeded',
    ],
    [
      400,
      '{"id":"x","message":"too many tokens: total number of tokens in the prompt cannot exceed 4081"}',
      'context_length_exceeded',
    ],
    [
      400,
      '{"id":"x","message":"blocked output: please try again or rewrite the prompt"}',
      'content_filter',
    ],
    [
      400,
      '{"error_type":"BLOCKED","message":"blocked output: please try again or rewrite the prompt"}',
      'content_filter',
    ],
    // A request or an answer with a word from a list of those denied: nothing that another try
    // would mend.
    [498, '{"id":"x","message":"invalid token"}', 'content_filter'],
    [498, '', 'content_filter'],
    [
      429,
      '{"id":"x","message":"You are past the per minute request limit"}',
      'rate_limit_exceeded',
    ],
    [499, '{"id":"x","message":"request cancelled"}', 'provider_error'],
    [500, '{"id":"x","message":"internal server error"}', 'provider_error'],
    [502, '<html><body>Bad Gateway</body></html>', 'provider_error'],
    [503, '{}', 'provider_overloaded'],
    [400, '[]', 'provider_rejected'],
  ])('%i %s is %s', (status, body, code) => {
    expect(readError(status, body)).toMatchObject({
      code,
      details: { upstreamStatus: status, provider: 'acme' },
    })
  })

  it('reads an error body with status 200', () => {
    expect(
      refusalOf(() =>
        cohere.providerSide.readAnswer(
          { error_type: 'TOO_MANY_TOKENS', message: 'too many tokens' },
          callContext(),
        ),
      ).code,
    ).toBe('context_length_exceeded')
    expect(refusalOf(() => cohere.providerSide.readAnswer({}, callContext())).code).toBe(
      'upstream_invalid',
    )
  })

  it('never shows the refused provider key', () => {
    expect(
      readError(401, '{"message":"Incorrect API key provided: abcdef0123456789"}').message,
    ).not.toContain('abcdef')
  })
})
