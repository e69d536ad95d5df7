import { describe, expect, it } from 'vitest'
import type { GatewayRequest } from './request.ts'
import { headersOfTrace, readTrace } from './trace.ts'

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

function requestWith(headers: Record<string, string>, requestId?: string): GatewayRequest {
  return { requestId, header: (name: string) => headers[name] } as unknown as GatewayRequest
}

describe('readTrace', () => {
  it('reads nothing where nothing is', () => {
    expect(readTrace(requestWith({}))).toEqual({})
  })

  it('prefers the id of the host over that of the header', () => {
    expect(readTrace(requestWith({ 'x-request-id': 'from-client' }, 'of-host'))).toEqual({
      hostRequestId: 'of-host',
    })
    expect(readTrace(requestWith({ 'x-request-id': 'from-client' }))).toEqual({
      hostRequestId: 'from-client',
    })
  })

  it.each([
    ['', undefined],
    ['a'.repeat(128), 'a'.repeat(128)],
    ['a'.repeat(129), undefined],
    ['a b', undefined],
    ['a\r\nset-cookie: x', undefined],
    ['a"b', undefined],
    ['Root=1-67891233-abcdef012345678912345678', 'Root=1-67891233-abcdef012345678912345678'],
    ['5f1c0a52-98b5-4a0e-8f5e-2f6a0d7f0a10', '5f1c0a52-98b5-4a0e-8f5e-2f6a0d7f0a10'],
  ])('takes an id of letters, digits and a few marks only: %j', (given, expected) => {
    expect(readTrace(requestWith({ 'x-request-id': given })).hostRequestId).toBe(expected)
  })

  it.each([
    [PARENT, true],
    [PARENT.toUpperCase(), false],
    [PARENT.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32)), false],
    [PARENT.replace('00f067aa0ba902b7', '0'.repeat(16)), false],
    [PARENT.replace(/^00/, 'ff'), false],
    [`${PARENT}-extra`, false],
    [`${PARENT.replace(/^00/, '01')}-extra`, true],
    ['garbage', false],
  ])('takes a traceparent by W3C Trace Context: %s', (traceparent, isValid) => {
    expect(readTrace(requestWith({ traceparent, tracestate: 'a=1' }))).toEqual(
      isValid ? { traceparent, tracestate: 'a=1' } : {},
    )
  })
})

describe('headersOfTrace', () => {
  it('sends only what is named', () => {
    const trace = { hostRequestId: 'h', traceparent: PARENT, tracestate: 'a=1' }
    expect(headersOfTrace(trace, new Set(), 'req_1')).toBeUndefined()
    expect(headersOfTrace(trace, new Set(['x-request-id'] as const), 'req_1')).toEqual({
      'x-request-id': 'h',
    })
    expect(headersOfTrace(trace, new Set(['traceparent', 'tracestate'] as const), 'req_1')).toEqual(
      { traceparent: PARENT, tracestate: 'a=1' },
    )
  })

  it("sends the gateway's own id where the host has none", () => {
    expect(headersOfTrace({}, new Set(['x-request-id', 'traceparent'] as const), 'req_1')).toEqual({
      'x-request-id': 'req_1',
    })
  })
})
