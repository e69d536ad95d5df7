import { describe, expect, it } from 'vitest'
import { errorTable, GatewayError, isFinal, toGatewayError, withDetails } from './errors.ts'

describe('what no repetition can change', () => {
  it.each(Object.entries(errorTable))(
    '%s is final as a 4xx that does not pass by itself, and not otherwise',
    (_code, { status }) => {
      expect(isFinal(status)).toBe(
        ![408, 425, 429].includes(status) && Math.floor(status / 100) === 4,
      )
    },
  )
})

describe('GatewayError', () => {
  it('takes status and type from the table, and a provider\u2019s own status before it', () => {
    expect(new GatewayError('rate_limit_exceeded', 'x')).toMatchObject({
      status: 429,
      type: 'rate_limit_error',
      name: 'GatewayError',
    })
    expect(new GatewayError('provider_rejected', 'x', { status: 422 })).toMatchObject({
      status: 422,
      type: 'invalid_request_error',
    })
  })

  it('is an error with a cause only where there is one', () => {
    const cause = new Error('socket')
    expect(new GatewayError('provider_error', 'x', { cause }).cause).toBe(cause)
    expect('cause' in new GatewayError('provider_error', 'x')).toBe(false)
    expect(new GatewayError('provider_error', 'x')).toBeInstanceOf(Error)
  })

  it('has an HTTP error status for every code', () => {
    for (const [code, { status }] of Object.entries(errorTable))
      expect([code, status >= 400 && status <= 599]).toEqual([code, true])
  })

  it('never tells a client that its own key is wrong when the provider refused ours', () => {
    expect(errorTable.provider_credentials.status).toBe(502)
  })
})

describe('toGatewayError', () => {
  it('hides unexpected errors behind internal_error, and keeps them for the log', () => {
    const cause = new TypeError('cannot read sk-secret of undefined')
    const error = toGatewayError(cause)
    expect(error).toMatchObject({ code: 'internal_error', status: 500, cause })
    expect(error.message).not.toContain('secret')
  })

  it('takes anything that can be thrown', () => {
    for (const thrown of [undefined, null, 'text', 5, {}])
      expect(toGatewayError(thrown).code).toBe('internal_error')
  })

  it('leaves our own alone', () => {
    const own = new GatewayError('client_closed', 'x')
    expect(toGatewayError(own)).toBe(own)
  })
})

describe('withDetails', () => {
  it('adds without losing: code, message, stack and earlier details stay, and the original is not touched', () => {
    const original = new GatewayError('provider_error', 'x', {
      provider: 'acme',
      upstreamStatus: 500,
      cause: 'why',
    })
    const enriched = withDetails(original, { retryAfterMs: 5, provider: 'other' })
    expect(enriched).toMatchObject({
      code: 'provider_error',
      message: 'x',
      details: { provider: 'other', upstreamStatus: 500, retryAfterMs: 5, cause: 'why' },
    })
    expect(enriched.stack).toBe(original.stack)
    expect(original.details).toEqual({ provider: 'acme', upstreamStatus: 500, cause: 'why' })
  })
})
