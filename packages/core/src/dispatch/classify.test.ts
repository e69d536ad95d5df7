import { describe, expect, it } from 'vitest'
import { upstreamError } from '../dialects/wire/upstream-error.ts'
import { errorTable, type ErrorCode, type Failure, GatewayError } from '../errors.ts'
import { classifyFailure, transportError } from './classify.ts'

describe('classifyFailure', () => {
  it.each<[number, Failure]>([
    [400, 'stop'],
    [401, 'stop'],
    [402, 'next'],
    [403, 'stop'],
    [404, 'stop'],
    [405, 'stop'],
    [408, 'retry'],
    [409, 'retry'],
    [413, 'stop'],
    [422, 'stop'],
    [425, 'retry'],
    [429, 'retry'],
    [498, 'retry'],
    [499, 'retry'],
    [500, 'retry'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
    [520, 'retry'],
    [522, 'retry'],
    [524, 'retry'],
    [529, 'retry'],
  ])('a provider that answers %i allows: %s', (status, failure) => {
    expect(classifyFailure(upstreamError({ status, provider: 'acme' }))).toBe(failure)
  })

  it.each<[string, number, Failure]>([
    ['content_filter', 400, 'stop'],
    ['context_length_exceeded', 400, 'stop'],
    ['insufficient_quota', 429, 'next'],
    ['overloaded_error', 500, 'retry'],
  ])('%s with %i allows: %s', (providerCode, status, failure) => {
    expect(classifyFailure(upstreamError({ status, providerCode, provider: 'acme' }))).toBe(failure)
  })

  it.each<[ErrorCode, Failure]>([
    ['connect_timeout', 'retry'],
    ['attempt_timeout', 'next'],
    ['first_token_timeout', 'next'],
    ['idle_timeout', 'next'],
    ['deadline_exceeded', 'stop'],
    ['client_closed', 'stop'],
    ['upstream_invalid', 'retry'],
    ['upstream_truncated', 'retry'],
    ['answer_too_large', 'stop'],
    ['internal_error', 'stop'],
  ])('%s allows: %s', (code, failure) => {
    expect(classifyFailure(new GatewayError(code, 'x'))).toBe(failure)
  })

  it('never tries again what went wrong on our side or the client\u2019s', () => {
    const ours = Object.entries(errorTable).filter(
      ([, row]) =>
        row.type === 'invalid_request_error' ||
        row.type.endsWith('_key') ||
        row.type === 'authentication_error',
    )
    expect(ours.length).toBeGreaterThan(10)
    for (const [code, row] of ours) expect([code, row.failure]).toEqual([code, 'stop'])
  })
})

describe('transportError', () => {
  const withCode = (code: string): Error =>
    Object.assign(new Error('sk-secret in a message'), { code })

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'UND_ERR_SOCKET'])(
    '%s before the answer: unreachable, and named',
    (code) => {
      const error = transportError(withCode(code), { answered: false })
      expect(error).toMatchObject({
        code: 'provider_unreachable',
        message: `The provider could not be reached (${code}).`,
      })
    },
  )

  it.each(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])(
    '%s is a connection that took too long',
    (code) => {
      expect(transportError(withCode(code), { answered: false }).code).toBe('connect_timeout')
    },
  )

  it.each(['ECONNRESET', 'ETIMEDOUT', 'UND_ERR_SOCKET'])(
    '%s after the status line: an answer cut short',
    (code) => {
      expect(transportError(withCode(code), { answered: true }).code).toBe('upstream_truncated')
    },
  )

  it('finds the code of a cause, and does without one', () => {
    expect(
      transportError(new Error('fetch failed', { cause: withCode('ENOTFOUND') }), {
        answered: false,
      }).message,
    ).toContain('(ENOTFOUND)')
    expect(transportError('odd', { answered: false })).toMatchObject({
      code: 'provider_unreachable',
      message: 'The provider could not be reached.',
    })
    expect(transportError(undefined, { answered: false }).code).toBe('provider_unreachable')
  })

  it('keeps the original as cause and out of the message', () => {
    const cause = withCode('ECONNRESET')
    const error = transportError(cause, { answered: true })
    expect(error.details.cause).toBe(cause)
    expect(error.message).not.toContain('secret')
  })

  it('passes our own errors through', () => {
    const own = new GatewayError('idle_timeout', 'x')
    expect(transportError(own, { answered: true })).toBe(own)
  })
})
