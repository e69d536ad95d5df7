import { expect, it } from 'vitest'
import { decodeSignature, encodeSignature } from './names.ts'

it('a signature holds the id and the encrypted content of an item, byte for byte', () => {
  const proof = { id: 'rs_1', encryptedContent: 'gAAAAABo+/="\\\u2028\u{1f600}' }
  expect(JSON.parse(encodeSignature(proof))).toEqual({
    id: 'rs_1',
    encrypted_content: proof.encryptedContent,
  })
  expect(decodeSignature(encodeSignature(proof))).toEqual(proof)
})

it.each(['', 'gAAAAABo', '[]', '{"id":"rs_1"}', '{"id":"rs_1","encrypted_content":""}'])(
  '%j is not one',
  (value) => {
    expect(decodeSignature(value)).toBeUndefined()
  },
)

it('an item without an id has an empty one', () => {
  expect(decodeSignature('{"encrypted_content":"x"}')).toEqual({ id: '', encryptedContent: 'x' })
})
