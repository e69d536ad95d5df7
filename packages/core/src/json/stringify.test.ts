import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonText, writing } from './stringify.ts'
import { Turns } from './turns.ts'

type Container = Parameters<typeof jsonText>[0]

function textInPieces(
  value: Container,
  pieceLength: number,
): { readonly text: string; readonly turns: number } {
  const steps = writing(value, pieceLength)
  let turns = 0
  let step = steps.next()
  for (; step.done !== true; step = steps.next()) turns += 1
  return { text: Buffer.from(step.value).toString(), turns }
}

const container = fc
  .jsonValue({ maxDepth: 5, stringUnit: 'binary' })
  .filter((value): value is Container & typeof value => typeof value === 'object' && value !== null)

describe('jsonText', () => {
  it('equals JSON.stringify for any value and any size of pieces', () => {
    fc.assert(
      fc.property(container, fc.integer({ min: 1, max: 40 }), (value, pieceLength) => {
        expect(textInPieces(value, pieceLength).text).toBe(JSON.stringify(value))
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['absent members', { a: undefined, b: 1, c: undefined }],
    ['absent elements', ['long enough', undefined, null]],
    ['empty containers', [{}, [], { a: {} }, '']],
    ['a character of two halves where a piece ends', ['abc😀def😀', '😀😀😀😀😀']],
    ['lone halves', ['abc\ud83d', '\ude00abc', '\ud83d\ud83d\ude00']],
    ['a key named __proto__', JSON.parse('{"__proto__":{"a":"long enough"},"b":1}') as Container],
    ['keys that need escapes', { 'a"\n\u2028': 'long enough\u2028', '': 0 }],
  ])('equals JSON.stringify with %s', (_, value) => {
    for (let pieceLength = 1; pieceLength < 30; pieceLength++)
      expect(textInPieces(value as Container, pieceLength).text).toBe(JSON.stringify(value))
  })

  it('gives small text at once and large text as bytes later', async () => {
    const turns = new Turns()
    expect(jsonText({ a: 'x' }, turns)).toBe('{"a":"x"}')
    const value = { model: 'm', messages: [{ role: 'user', content: 'é"\n'.repeat(200_000) }] }
    const later = jsonText(value, turns)
    expect(later).toBeInstanceOf(Promise)
    expect(
      Buffer.from((await later) as Uint8Array).equals(Buffer.from(JSON.stringify(value))),
    ).toBe(true)
  })

  it('lets the event loop turn for each piece', () => {
    const mebibyte = 'x'.repeat(1024 * 1024)
    expect(textInPieces({ a: mebibyte, b: [mebibyte] }, 64 * 1024).turns).toBeGreaterThanOrEqual(32)
    expect(
      textInPieces({ a: Array.from({ length: 2000 }, () => 'x'.repeat(1024)) }, 64 * 1024).turns,
    ).toBeGreaterThanOrEqual(30)
  })
})
