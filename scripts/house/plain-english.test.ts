import { describe, expect, it } from 'vitest'
import { checkPlainEnglish } from './plain-english.ts'

const found = (text: string, path = 'packages/core/src/limits/sample.ts'): string[] =>
  checkPlainEnglish(path, text).map(({ line, what }) => `${line}: ${what}`)

describe('plain English', () => {
  it.each([
    ['// Nobody waits for it.', '"Nobody"'],
    ["const message = 'A limit begins anew at midnight.'", '"anew"'],
    ["it('lets somebody in', () => {})", '"somebody"'],
    ['const text = `The key of whoever ${calls}`', '"whoever"'],
    ['/** A target that is passed over. */', '"is passed over"'],
  ])('refuses %s', (text, word) => {
    expect(found(text)).toEqual([`1: ${word}`])
  })

  it.each(['What', 'Who', 'Whose', 'Those', 'So much'])(
    'refuses a comment that begins with %s',
    (word) => {
      const what = `a comment that begins with "${word}"`
      expect(found(`/** ${word} is counted. */`)).toEqual([`1: ${what}`])
      expect(found(`/**\n * ${word} is counted.\n */`)).toEqual([`2: ${what}`])
    },
  )

  it.each([
    '/** Requests counted so far.\n * What follows a first line may begin so. */',
    "const key = 'nobody'",
    'const value = { somebody: 1 }.somebody',
    '// The value `nobody` means that no caller is refused.',
  ])('lets values, code and later lines pass: %s', (text) => {
    expect(found(text)).toEqual([])
  })

  it('names the line in a comment of many lines and after it', () => {
    expect(found('/**\n * One.\n * Told anew.\n */\nconst a = 1 // of late')).toEqual([
      '3: "anew"',
      '5: "of late"',
    ])
  })

  it('reads Markdown without its code', () => {
    const text = 'Nobody knows.\n\n```ts\n// nobody\n```\n\nThe state `nobody` stays.'
    expect(found(text, 'docs/limits.md')).toEqual(['1: "Nobody"'])
  })
})
