import fc from 'fast-check'
import { countTokens, decode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { estimateTextTokens } from './estimate-tokens.ts'

const estimate = (text: string): number => estimateTextTokens([text])
const share = (text: string): number => estimate(text) / countTokens(text)

/**
 * Words of a language as the runtime knows them: names of languages, regions and currencies, and
 * dates.
 */
function wordsOf(locale: string): string {
  const codes = {
    language: ['en', 'de', 'fr', 'ar', 'zh', 'ja', 'hi', 'ru', 'th', 'ko', 'tr', 'el'],
    region: ['US', 'DE', 'IN', 'CN', 'JP', 'BR', 'EG', 'ZA', 'TH', 'KR'],
    currency: ['USD', 'EUR', 'JPY', 'INR'],
  } as const
  const names = (['language', 'region', 'currency'] as const).flatMap((type) =>
    codes[type].map((code) => new Intl.DisplayNames([locale], { type }).of(code)),
  )
  const dates = Array.from({ length: 24 }, (_, at) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'full' }).format(new Date(2026, at % 12, at + 1)),
  )
  return [...names, ...dates].join(', ')
}

/** Words of three letters or more that are one token, of every `step`th token. */
function vocabularyWords(step: number): string[] {
  const found = new Set<string>()
  for (let token = 0; token < 199_000; token += step) {
    const text = decode([token]).trim()
    if (/^[a-zA-Z]{3,14}$/.test(text)) found.add(text)
  }
  return [...found]
}

/** One or more languages of each script. */
const locales =
  'en de fr es fi hu pl tr vi sw cy eu el ru uk kk mn sr he yi ar fa ur ps ug hi mr ne bn as pa gu or ta te kn ml si th lo bo my ka hy am ti chr zh zh-Hant ja ko ii km vai nqo zgh sat mni ff-Adlm ccp dz'.split(
    ' ',
  )

/** First and last character of what a hostile text may be made of. */
const blocks: readonly (readonly [number, number])[] = [
  [0x20, 0x7e],
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0x30, 0x39],
  [0x21, 0x2f],
  [0, 0x1f],
  [0xa0, 0xff],
  [0x100, 0x24f],
  [0x250, 0x2ff],
  [0x300, 0x36f],
  [0x370, 0x3ff],
  [0x400, 0x4ff],
  [0x530, 0x58f],
  [0x590, 0x5ff],
  [0x600, 0x6ff],
  [0x700, 0x7ff],
  [0x900, 0x97f],
  [0xb80, 0xbff],
  [0xe00, 0xe7f],
  [0xe80, 0xeff],
  [0xf00, 0xfff],
  [0x1000, 0x109f],
  [0x10a0, 0x10ff],
  [0x1100, 0x11ff],
  [0x1200, 0x137f],
  [0x13a0, 0x13ff],
  [0x1400, 0x167f],
  [0x1780, 0x17ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x22ff],
  [0x2500, 0x27bf],
  [0x2800, 0x2fff],
  [0x3040, 0x30ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xabff],
  [0xac00, 0xd7a3],
  [0xe000, 0xf8ff],
  [0xf900, 0xffef],
  [0x10000, 0x103ff],
  [0x12000, 0x123ff],
  [0x1d400, 0x1d7ff],
  [0x1f300, 0x1faff],
  [0x20000, 0x2a6df],
  [0xe0020, 0xe007f],
]

const character = fc
  .constantFrom(...blocks)
  .chain(([first, last]) =>
    fc.integer({ min: first, max: last }).map((code) => String.fromCodePoint(code)),
  )
const run = fc
  .constantFrom(...blocks)
  .chain(([first, last]) =>
    fc
      .array(fc.integer({ min: first, max: last }), { minLength: 60, maxLength: 400, size: 'max' })
      .map((codes) => String.fromCodePoint(...codes)),
  )
const phrase = fc.constantFrom(
  'a ',
  '7 ',
  '} ',
  '\r\n',
  '👨‍👩‍👧‍👦',
  '👍🏽',
  '\\u00e9',
  '%E2',
  '&#x27;',
  '":"',
  'hello',
  'hahaha',
  'lorem',
  '<div>',
)
const repeated = fc
  .tuple(fc.oneof(character, phrase), fc.integer({ min: 100, max: 2_000 }))
  .map(([text, times]) => text.repeat(times))
const lettersOf = (alphabet: string): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...alphabet), { minLength: 100, maxLength: 600, size: 'max' })
    .map((letters) => letters.join(''))
const letters = fc
  .constantFrom(
    'acgt',
    'ACGT',
    '01',
    '0123456789abcdef',
    '0123456789ABCDEF',
    'aeiou',
    'etaoin',
    'etaoin ',
    'abcdefghijklmnopqrstuvwxyz',
    'abcdefghijklmnopqrstuvwxyz ',
    '\x00\x0b\n',
    '(){}[];,',
    '!$&\'"',
  )
  .chain(lettersOf)
const uuids = fc.array(fc.uuid(), { minLength: 10, maxLength: 30 }).map((ids) => ids.join('\n'))
const base64 = fc
  .uint8Array({ minLength: 300, maxLength: 2_000, size: 'max' })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const zalgo = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0x61, max: 0x7a }),
      fc.array(fc.integer({ min: 0x300, max: 0x36f }), { minLength: 3, maxLength: 8 }),
    ),
    { minLength: 40, maxLength: 100, size: 'max' },
  )
  .map((parts) => parts.map(([letter, marks]) => String.fromCharCode(letter, ...marks)).join(''))
const minified = fc
  .array(
    fc.tuple(
      fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'),
      fc.constantFrom(...'abcdenrst'),
      fc.constantFrom('=()=>{', '.map(', ');', '?', ':', '&&', '||', '[0],', '}return ', 'void 0,'),
    ),
    { minLength: 40, maxLength: 120, size: 'max' },
  )
  .map((parts) => parts.flat().join(''))
const words = fc.constantFrom(...locales).map(wordsOf)
const hostile = fc.oneof(run, repeated, letters, uuids, base64, zalgo, minified, words)

describe('the estimate of text', () => {
  it.each(locales)('is between 0.75 and 2.3 times the count of a tokenizer: %s', (locale) => {
    expect(share(wordsOf(locale))).toBeGreaterThan(0.75)
    expect(share(wordsOf(locale))).toBeLessThan(2.3)
  })

  it('is at least three quarters of the count for hostile mixtures, with padding before and between them', () => {
    fc.assert(
      fc.property(
        fc.array(hostile, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('', ' '.repeat(2_000), '\n'.repeat(1_000), '='.repeat(500)),
        (parts, padding) => {
          const text = padding + parts.join(padding)
          expect(share(text)).toBeGreaterThan(0.75)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is at least three quarters of the count for any two ASCII characters in turn', () => {
    const low: string[] = []
    for (let a = 0; a < 0x80; a++) {
      for (let b = 0; b <= a; b++) {
        const text = String.fromCharCode(a, b).repeat(30)
        if (share(text) < 0.75) low.push(text.slice(0, 2))
      }
    }
    expect(low).toEqual([])
  })

  it('is at least three quarters of the count for any one to three letters repeated', () => {
    const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz')
    fc.assert(
      fc.property(fc.array(letter, { minLength: 1, maxLength: 3 }), (cycle) => {
        expect(share(cycle.join('').repeat(20))).toBeGreaterThan(0.75)
      }),
      { numRuns: 500 },
    )
  })

  it('is at least three quarters of the count for words of the vocabulary, alone or in pairs, repeated without a space', () => {
    const known = vocabularyWords(7)
    const low: string[] = []
    for (const [at, word] of known.entries()) {
      const pair = word + (known[(at * 7_919) % known.length] ?? '')
      for (const text of [word.repeat(Math.ceil(120 / word.length)), pair.repeat(8)])
        if (share(text) < 0.75) low.push(text)
    }
    expect(known.length).toBeGreaterThan(10_000)
    expect(low).toEqual([])
  })

  it('is at least three quarters of the count for texts of one character each', () => {
    for (const [first] of blocks) {
      const alone = String.fromCodePoint(first)
      expect(estimateTextTokens(Array.from({ length: 1_000 }, () => alone))).toBeGreaterThan(
        750 * countTokens(alone),
      )
    }
  })

  it('cannot be lowered by 400,000 spaces in front', () => {
    const chinese = wordsOf('zh').repeat(20)
    expect(estimate(' '.repeat(400_000) + chinese)).toBeGreaterThan(estimate(chinese))
  })

  it('is at most 1.4 times the count for prose and 1.6 times for code', () => {
    const bounds = {
      '../../../../../README.md': 1.4,
      '../../../../../SECURITY.md': 1.4,
      '../../../../../docs/limits.md': 1.45,
      '../../pipeline/handle.ts': 1.6,
      '../../limits/admission.ts': 1.6,
    }
    for (const [file, most] of Object.entries(bounds)) {
      const text = readFileSync(new URL(file, import.meta.url), 'utf8')
      expect(share(text)).toBeGreaterThan(0.9)
      expect(share(text)).toBeLessThan(most)
    }
  })

  it('grows with the text: 64 times the text costs 64 times as much', () => {
    const text = `${wordsOf('en')} ${wordsOf('ja')} `
    expect(estimate(text.repeat(64)) / estimate(text)).toBeCloseTo(64, -1)
    expect(estimate(text.repeat(64)) / estimate(text.repeat(32))).toBeCloseTo(2, 2)
  })

  it('does not depend on where in a long text a passage stands', () => {
    const passage = wordsOf('ta')
    const alone = estimate(passage)
    for (const offset of [1, 4_094, 4_095, 4_096, 4_097, 8_191, 100_000]) {
      const padding = ' '.repeat(offset)
      expect(Math.abs(estimate(padding + passage) - estimate(padding) - alone)).toBeLessThanOrEqual(
        2,
      )
    }
  })
})
