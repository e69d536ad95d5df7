import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchBrackets, tokenize } from './tokens.ts'

const texts = (source: string): string[] => tokenize(source).map(({ text }) => text)

describe('tokenize', () => {
  it('leaves comments out and counts their lines', () => {
    expect(tokenize('// any\n/* any\nany */ x')).toEqual([{ kind: 'word', text: 'x', line: 3 }])
  })

  it('keeps what is in a string apart from code', () => {
    expect(tokenize(`'it\\'s' "a // b"`)).toEqual([
      { kind: 'string', text: `it\\'s`, line: 1 },
      { kind: 'string', text: 'a // b', line: 1 },
    ])
  })

  it('reads the code inside a template, braces and inner templates included', () => {
    expect(texts('`a ${ f({ x: `b ${y}` }) } c` + z')).toEqual([
      'a ',
      'f',
      '(',
      '{',
      'x',
      ':',
      'b ',
      'y',
      '',
      '}',
      ')',
      ' c',
      '+',
      'z',
    ])
  })

  it('tells a regular expression from a division', () => {
    expect(tokenize('a / b / c').filter(({ kind }) => kind === 'regex')).toEqual([])
    expect(tokenize(String.raw`x = /['"/\]]/ + 1`).map(({ kind }) => kind)).toContain('mark')
    expect(tokenize(String.raw`return /[/"]+\/'/g`)).toMatchObject([
      { text: 'return' },
      { kind: 'regex', text: String.raw`/[/"]+\/'/g` },
    ])
  })

  it('counts lines across templates', () => {
    expect(tokenize('`\n\n`\nx').at(-1)).toEqual({ kind: 'word', text: 'x', line: 4 })
  })

  it('keeps a private name whole and splits closing angles', () => {
    expect(texts('#own: Map<a, Set<b>> => c')).toEqual([
      '#own',
      ':',
      'Map',
      '<',
      'a',
      ',',
      'Set',
      '<',
      'b',
      '>',
      '>',
      '=>',
      'c',
    ])
  })
})

describe('matchBrackets', () => {
  it('pairs each bracket with its partner', () => {
    expect([...matchBrackets(tokenize('f([{}])'))]).toEqual([-1, 6, 5, 4, 3, 2, 1])
  })
})

it('takes any text, in lines that never go back', () => {
  const text = fc.string({
    unit: fc.constantFrom(
      '`',
      '${',
      '}',
      "'",
      '"',
      '/',
      '//',
      '/*',
      '*/',
      '\\',
      '\n',
      'a',
      ' ',
      '(',
      ')',
      '1',
      '=>',
    ),
  })
  fc.assert(
    fc.property(text, (source) => {
      const found = tokenize(source).map(({ line }) => line)
      expect(found).toEqual(found.toSorted((one, other) => one - other))
      expect(found.at(-1) ?? 1).toBeLessThanOrEqual(source.split('\n').length)
    }),
  )
})
