import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { carrySignature, isCarried, readSignature } from './carried-signature.ts'

describe('a signature on its way to the client and back', () => {
  it('of this dialect stays byte for byte as it is', () => {
    const signature = { origin: 'anthropic-messages', value: 'EpwB/+ab==' }
    expect(carrySignature(signature)).toBe('EpwB/+ab==')
    expect(readSignature('EpwB/+ab==')).toEqual({ signature })
    expect(isCarried('EpwB/+ab==')).toBe(false)
  })

  it('of any other one comes back whole, with the call it belongs to', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('gemini', 'openai-responses', 'bedrock-converse', 'acme'),
        fc.string({ unit: 'grapheme' }),
        fc.option(fc.string(), { nil: undefined }),
        (origin, value, callId) => {
          const carried = carrySignature({ origin, value }, callId)
          expect(carried).toMatch(/^postern\.[A-Za-z0-9_-]+$/)
          expect(isCarried(carried)).toBe(true)
          expect(readSignature(carried)).toEqual({
            signature: { origin, value },
            ...(callId === undefined ? {} : { callId }),
          })
        },
      ),
    )
  })

  it('that is none still has a mark, and comes back as none', () => {
    const mark = carrySignature(undefined)
    expect(mark).not.toBe('')
    expect(isCarried(mark)).toBe(true)
    expect(readSignature(mark)).toEqual({})
    expect(readSignature('')).toEqual({})
  })

  it.each([
    'postern.',
    'postern.%%%',
    `postern.${Buffer.from('{"a":1}').toString('base64url')}`,
    `postern.${Buffer.from('["gemini"]').toString('base64url')}`,
  ])('that is damaged (%s) proves nothing', (text) => {
    expect(readSignature(text)).toEqual({})
  })
})
