import { expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import { renderError } from './errors.ts'
import { requestOf } from './server.fake.ts'

it('errors have all four fields, and the attempts that were made', () => {
  const attempts = [
    {
      target: 'acme/m',
      code: 'rate_limit_exceeded' as const,
      status: 429,
      ms: 5,
      billed: 'no' as const,
    },
  ]
  expect(renderError(new GatewayError('rate_limit_exceeded', 'slow down', { attempts }))).toEqual({
    error: {
      message: 'slow down',
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limit_exceeded',
      attempts: [{ target: 'acme/m', code: 'rate_limit_exceeded', ms: 5 }],
    },
  })
})

it('a provider\u2019s own word is kept where it refused the request, and only there', () => {
  expect(
    renderError(
      new GatewayError('provider_rejected', 'no', {
        providerCode: 'unsupported_value',
        param: 'temperature',
      }),
    ),
  ).toEqual({
    error: {
      message: 'no',
      type: 'invalid_request_error',
      param: 'temperature',
      code: 'unsupported_value',
    },
  })
  expect(
    renderError(
      new GatewayError('context_length_exceeded', 'no', { providerCode: 'prompt_too_long' }),
    ),
  ).toMatchObject({ error: { code: 'context_length_exceeded' } })
})

it('features that need a store are refused with the code clients know', () => {
  let thrown: unknown
  try {
    requestOf({ previous_response_id: 'resp_1' }).conversation()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(GatewayError)
  expect(renderError(thrown as GatewayError)).toMatchObject({
    error: {
      type: 'invalid_request_error',
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    },
  })
})
