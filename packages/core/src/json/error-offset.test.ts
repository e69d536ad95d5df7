import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonErrorOffset } from './error-offset.ts'

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/**
 * Something that may be missing after a prefix of JSON: the rest of a scalar, then whatever closes
 * what is open.
 */
const scalarRests = [
  '',
  '0',
  '"',
  '":0',
  ':0',
  '0"',
  '00"',
  '000"',
  '0000"',
  'n"',
  'rue',
  'ue',
  'e',
  'alse',
  'lse',
  'se',
  'ull',
  'll',
  'l',
  '"":0',
  '"a":0',
]
const extraRests = [
  ...scalarRests,
  ...['0"', '00"', '000"', '0000"', '"', 'n"'].map((rest) => `${rest}:0`),
]

/**
 * Whether some text after `prefix` makes it JSON: an answer found by trying, not by another parser.
 */
function canBeJson(prefix: string): boolean {
  const closers = closersOf(prefix)
  return extraRests.some((rest) => parses(prefix + rest + closers))
}

/** Brackets left open outside strings, innermost first. */
function closersOf(prefix: string): string {
  let closers = ''
  let inString = false
  for (let at = 0; at < prefix.length; at++) {
    const character = prefix[at]
    if (inString && character === '\\') at += 1
    else if (character === '"') inString = !inString
    else if (!inString && character === '{') closers = `}${closers}`
    else if (!inString && character === '[') closers = `]${closers}`
    else if (!inString && (character === '}' || character === ']')) closers = closers.slice(1)
  }
  return closers
}

const jsonText = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc
    .tuple(fc.json({ maxDepth: 3 }), fc.constantFrom('\n', '  ', '\t'))
    .map(([text, space]) => JSON.stringify(JSON.parse(text), undefined, space)),
)

const noise = fc.constantFrom(
  '',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-',
  '.',
  '0',
  '1',
  'e',
  '+',
  't',
  'null',
  ' ',
  '\n',
  '\u0000',
  '\u00e9',
  '\\u12',
  '\u{1f600}',
  "'",
  '//',
)

const mutated = fc
  .record({ text: jsonText, at: fc.nat(), remove: fc.nat({ max: 3 }), insert: noise })
  .map(({ text, at, remove, insert }) => {
    const cut = at % (text.length + 1)
    return text.slice(0, cut) + insert + text.slice(cut + remove)
  })
  .filter((text) => !parses(text))

describe('jsonErrorOffset', () => {
  it.each([
    ['', 0, 'nothing at all'],
    ['   ', 3, 'only spaces'],
    ['x', 0, 'a stray letter'],
    ['{"a":1,}', 7, 'a trailing comma in an object'],
    ['[1,]', 3, 'a trailing comma in an array'],
    ['[,1]', 1, 'a leading comma'],
    ['{a:1}', 1, 'a bare key'],
    ["{'a':1}", 1, 'single quotes'],
    ['{"a" 1}', 5, 'no colon'],
    ['{"a":}', 5, 'no value'],
    ['{"a":1 "b":2}', 7, 'no comma'],
    ['{"a":1}}', 7, 'one brace too many'],
    ['{"a":1]', 6, 'the wrong bracket'],
    ['{} {}', 3, 'two texts'],
    ['{"a":1', 6, 'an object that does not end'],
    ['{"a', 3, 'a key that does not end'],
    ['{"a"', 4, 'a key and nothing more'],
    ['"abc', 4, 'a string that does not end'],
    ['"a\nb"', 2, 'a line break in a string'],
    ['"a\u0000"', 2, 'a control character in a string'],
    ['"\\x"', 2, 'an unknown escape'],
    ['"\\u12G4"', 5, 'an escape with a letter that is no digit'],
    ['"\\u12', 5, 'an escape that does not end'],
    ['tru', 3, 'a word that does not end'],
    ['{"a":trux}', 8, 'a misspelt word'],
    ['{"a":True}', 5, 'a word of another language'],
    ['truefalse', 4, 'two words'],
    ['-', 1, 'a minus that does not go on'],
    ['[-]', 2, 'a minus without a number'],
    ['[01]', 2, 'a leading zero'],
    ['[1.]', 3, 'a number that ends with its point'],
    ['[.5]', 1, 'a number that begins with its point'],
    ['[1e+]', 4, 'an exponent without digits'],
    ['[+1]', 1, 'a plus sign'],
    ['[NaN]', 1, 'no number'],
    ['[nul]', 4, 'a short word'],
    ['\u00a01', 0, 'a space JSON does not know'],
    ['\ufeff{}', 0, 'a byte order mark'],
    ['// hi\n{}', 0, 'a comment'],
    ['"\u2028\u{1f600}"x', 5, 'characters that are fine in a string'],
  ])('%j breaks at %i: %s', (text, offset) => {
    expect(parses(text)).toBe(false)
    expect(jsonErrorOffset(text)).toBe(offset)
  })

  it('names the length of the longest beginning that can still become JSON', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const offset = jsonErrorOffset(text)
        expect(offset).toBeLessThanOrEqual(text.length)
        expect(
          canBeJson(text.slice(0, offset)),
          `${JSON.stringify(text.slice(0, offset))} cannot become JSON`,
        ).toBe(true)
        if (offset < text.length)
          expect(
            canBeJson(text.slice(0, offset + 1)),
            `${JSON.stringify(text.slice(0, offset + 1))} can become JSON`,
          ).toBe(false)
      }),
      { numRuns: 2000, seed: 1 },
    )
  })

  it('does not change its mind about a text that is cut at the place it named', () => {
    fc.assert(
      fc.property(mutated, fc.string({ maxLength: 5 }), (text, rest) => {
        const offset = jsonErrorOffset(text)
        const beginning = text.slice(0, offset)
        if (!parses(beginning)) expect(jsonErrorOffset(beginning)).toBe(offset)
        // The text after the place does not matter.
        if (offset < text.length)
          expect(jsonErrorOffset(text.slice(0, offset + 1) + rest)).toBe(offset)
      }),
      { numRuns: 1000, seed: 2 },
    )
  })

  it('takes a string of many megabytes: an image in a body that was cut off', () => {
    const text = `{"image":"${'A'.repeat(12_000_000)}`
    expect(jsonErrorOffset(text)).toBe(text.length)
    expect(jsonErrorOffset(`${text}"]`)).toBe(text.length + 1)
    expect(jsonErrorOffset(`["${'\\n'.repeat(3_000_000)}" 1]`)).toBe(6_000_004)
  })

  it('takes a text nested deeper than any stack', () => {
    expect(jsonErrorOffset('['.repeat(1_000_000))).toBe(1_000_000)
  })
})
