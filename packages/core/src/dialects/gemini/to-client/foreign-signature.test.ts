import { describe, expect, it } from 'vitest'
import { decodeSignature, encodeSignature, isForeignSignature } from './foreign-signature.ts'

const foreign = { origin: 'anthropic-messages', value: 'EqQBCgIYAhIM+/"\n=é' }

describe('a signature in the place of a thoughtSignature', () => {
  it('of our own dialect is what the provider issued', () => {
    const own = { origin: 'gemini', value: 'CsIBAb4+9vvj' }
    expect(encodeSignature(own)).toBe(own.value)
    expect(decodeSignature(own.value)).toEqual({ signature: own, redacted: false })
    expect(isForeignSignature(own.value)).toBe(false)
  })

  it.each([false, true])('of another dialect comes back whole (redacted: %s)', (redacted) => {
    const text = encodeSignature(foreign, redacted)
    expect(isForeignSignature(text)).toBe(true)
    expect(decodeSignature(text)).toEqual({ signature: foreign, redacted })
  })

  it('is base64 that client libraries may decode and encode again, in either alphabet', () => {
    for (let length = 0; length < 60; length++) {
      const signature = { origin: 'anthropic-messages', value: '?~>ÿ'.repeat(length) }
      const text = encodeSignature(signature)
      expect(text).toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
      const rewritten = Buffer.from(text, 'base64').toString('base64url')
      expect(isForeignSignature(rewritten)).toBe(true)
      expect(decodeSignature(rewritten).signature).toEqual(signature)
    }
  })

  it('that only looks like ours is left to the provider', () => {
    const text = Buffer.from('postern:1{"origin":1}').toString('base64')
    expect(decodeSignature(text)).toEqual({
      signature: { origin: 'gemini', value: text },
      redacted: false,
    })
    expect(isForeignSignature(undefined)).toBe(false)
  })
})
