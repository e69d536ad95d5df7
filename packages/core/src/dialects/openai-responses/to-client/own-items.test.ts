import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CarriedProof,
  decodeProof,
  encodeProof,
  isOwnId,
  isOwnProof,
  itemId,
  responseId,
} from './own-items.ts'

describe('ids', () => {
  it('are the same for the same request, and told from those of providers', () => {
    expect(responseId('req_abc')).toBe('resp_postern_abc')
    expect(itemId('msg', 'req_abc', 2)).toBe('msg_postern_abc_2')
    for (const id of [responseId('req_abc'), itemId('fc', 'x', 0)]) expect(isOwnId(id)).toBe(true)
    for (const id of [
      'resp_68af4030592c81938ec0a5fbab4a3e9f',
      'msg_postern',
      'POSTERN',
      '',
      undefined,
      7,
    ])
      expect(isOwnId(id)).toBe(false)
  })

  it('fit into the 64 characters providers allow', () => {
    expect(itemId('msg', `req_${'f'.repeat(32)}`, 999).length).toBeLessThanOrEqual(64)
  })
})

describe('carried proofs', () => {
  it('come back byte for byte', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 })
    const proof: fc.Arbitrary<CarriedProof> = fc
      .record({
        signature: fc.record({ origin: text, value: fc.string({ unit: 'binary' }) }),
        redacted: fc.constantFrom(true, undefined),
        callId: fc.option(text, { nil: undefined }),
      })
      .map(({ signature, redacted, callId }) => ({
        signature,
        ...(redacted === undefined ? {} : { redacted }),
        ...(callId === undefined ? {} : { callId }),
      }))
    fc.assert(
      fc.property(proof, (original) => {
        const encoded = encodeProof(original)
        expect(encoded).toMatch(/^postern\.[\w-]+$/)
        expect(decodeProof(encoded)).toEqual(original)
      }),
    )
  })

  it.each([
    '',
    'gAAAAABo',
    'postern.',
    'postern.AAAA',
    `postern.${Buffer.from('{"origin":"gemini"}').toString('base64url')}`,
  ])('%j is none of ours, or damaged', (text) => {
    expect(decodeProof(text)).toBeUndefined()
    expect(isOwnProof(text)).toBe(text.startsWith('postern.'))
  })
})
