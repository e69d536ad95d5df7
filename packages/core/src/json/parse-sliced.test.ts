import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ANSWER_LIMITS,
  EVENT_LIMITS,
  JsonSyntaxError,
  MAX_GAP_BYTES,
  REQUEST_LIMITS,
  SMALL_JSON_BYTES,
} from './scan.ts'
import { jsonErrorOffset } from './error-offset.ts'
import { parseSliced, parsing } from './parse-sliced.ts'
import { Turns } from './turns.ts'

/** The result of every step, and how many there were. */
function run(text: string | Uint8Array, pieceBytes?: number): { value: unknown; steps: number } {
  const all = parsing(
    typeof text === 'string' ? Buffer.from(text) : text,
    REQUEST_LIMITS,
    pieceBytes,
  )
  for (let steps = 1; ; steps++) {
    const step = all.next()
    if (step.done === true) return { value: step.value, steps }
  }
}

function outcome(act: () => unknown): unknown {
  try {
    return { value: act() }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonSyntaxError) return 'no JSON'
    throw error
  }
}

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '\\',
    '"',
    '\\\\"',
    '{"',
    '}]',
    ',',
    ':',
    '__proto__',
    '\u{1F600}',
    '\ud83d',
    '\n',
    '\ufeff',
    '0',
  ),
)
/**
 * Without escapes: V8 13.6 itself takes one such key for another (`"\n"` for `"\\"`), so there is
 * nothing to compare with.
 */
const name = fc.oneof(
  fc.stringMatching(/^[ !#-[\]-~]{0,20}$/),
  fc.constantFrom('{', '}]', ',', ':', '__proto__', '0', '17'),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    word,
    fc.array(tie('any'), { maxLength: 6 }),
    fc.dictionary(name, tie('any'), { maxKeys: 6 }),
  ),
})).any
const spaces = fc.constantFrom(undefined, 1, '\t')
// A character takes up to four bytes, which are never divided.
const sizes = fc.integer({ min: 4, max: 60 })

describe('a text parsed in slices', () => {
  it('gives what JSON.parse gives, whatever the size of a piece', () => {
    fc.assert(
      fc.property(
        fc.dictionary(name, value, { maxKeys: 8 }),
        spaces,
        sizes,
        fc.boolean(),
        (object, space, pieceBytes, isEscaped) => {
          const plain = JSON.stringify(object, undefined, space)
          const text = isEscaped
            ? plain.replace(
                /[\u0080-\uffff]/g,
                (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
              )
            : plain
          const bytes = Buffer.from(text)
          expect(run(bytes, pieceBytes).value).toStrictEqual(JSON.parse(bytes.toString()))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('is refused when JSON.parse refuses it: one character changed, removed or doubled', () => {
    const change = fc.tuple(
      fc.nat(),
      fc.constantFrom('', ',', ':', '"', '{', '}', '[', ']', '\\', '0', ' ', 'x', '\u0001'),
    )
    fc.assert(
      fc.property(
        fc.dictionary(name, value, { maxKeys: 5 }),
        change,
        sizes,
        spaces,
        (object, [seed, character], pieceBytes, space) => {
          const text = JSON.stringify(object, undefined, space)
          const at = seed % text.length
          for (const changed of [
            text.slice(0, at) + character + text.slice(at + 1),
            text.slice(0, at) + character + text.slice(at),
            text.slice(0, at),
          ]) {
            const bytes = Buffer.from(changed)
            const expected = outcome(() => {
              const parsed: unknown = JSON.parse(bytes.toString())
              if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
                throw new JsonSyntaxError(0)
              return parsed
            })
            expect(outcome(() => run(bytes, pieceBytes).value)).toStrictEqual(expected)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('cannot set a prototype', () => {
    for (const pieceBytes of [1, 40, undefined]) {
      const parsed = run(`{"__proto__":{"a":"${'x'.repeat(50)}"},"b":{"__proto__":1}}`, pieceBytes)
        .value as object
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
      expect(Object.keys(parsed)).toEqual(['__proto__', 'b'])
    }
  })

  it('may begin with a byte order mark, and keeps those in its strings', () => {
    const mark = '\ufeff'
    expect(run(Buffer.from(`${mark}{"a":"${mark}b${mark}"}`), 4).value).toEqual({
      a: `${mark}b${mark}`,
    })
  })

  it('says where it stops being JSON', () => {
    for (const pieceBytes of [8, 64, undefined]) {
      for (const text of [
        `{"a":"${'y'.repeat(100)}","b":[1,2,x]}`,
        `{"é":"${'é'.repeat(99)}","b":[1 2]}`,
        `{"a":["${'y'.repeat(100)}"}`,
        `{"a":"${'y'.repeat(100)}`,
      ]) {
        const at = Buffer.byteLength(text.slice(0, jsonErrorOffset(text)))
        expect(() => run(text, pieceBytes)).toThrow(expect.objectContaining({ at }))
      }
    }
  })
})

const MEBIBYTE = 1024 * 1024

describe('the event loop turns', () => {
  it.each<[string, (size: number) => string]>([
    ['a string', (size) => `{"a":"${'x'.repeat(size)}"}`],
    ['a string of escapes', (size) => `{"a":"${'\\n'.repeat(size / 2)}"}`],
    ['a string of quotes', (size) => `{"a":"${'\\"'.repeat(size / 2)}"}`],
    ['a string of backslashes', (size) => `{"a":"${'\\\\'.repeat(size / 2)}"}`],
    ['short strings', (size) => `{"a":[${'"x",'.repeat(size / 8)}"x"]}`],
    [
      'messages',
      (size) =>
        JSON.stringify({
          messages: Array.from({ length: size / 1000 }, () => ({
            role: 'user',
            content: 'x'.repeat(960),
          })),
        }),
    ],
    [
      'wide objects',
      (size) =>
        JSON.stringify(
          Object.fromEntries(
            Array.from({ length: size / 40 }, (_, at) => [`a key with some letters ${at}`, at]),
          ),
        ),
    ],
  ])('often enough for %s', (_what, make) => {
    const text = make(2 * MEBIBYTE)
    const { value: parsed, steps } = run(text)
    expect(steps).toBeGreaterThan(text.length / SMALL_JSON_BYTES / 2)
    expect(JSON.stringify(parsed) === text).toBe(true)
  })

  it('and others go on meanwhile', async () => {
    let turns = 0
    const timer = setInterval(() => (turns += 1))
    await parseSliced(
      Buffer.from(`{"a":"${'x'.repeat(8 * MEBIBYTE)}"}`),
      REQUEST_LIMITS,
      new Turns(),
    )
    clearInterval(timer)
    expect(turns).toBeGreaterThan(0)
  })
})

describe('structure is bounded before a value is made of it', () => {
  it.each<[string, string, string]>([
    ['brackets', `{"a":${'['.repeat(MEBIBYTE)}`, 'more than 64 deep'],
    ['objects in objects', '{"a":'.repeat(MEBIBYTE / 5), 'more than 64 deep'],
    [
      'empty objects',
      `{"a":[${'{},'.repeat(MEBIBYTE)}{}]}`,
      'more than 100000 fields, objects and arrays',
    ],
    [
      'fields',
      `{${'"a":1,'.repeat(MEBIBYTE)}"a":1}`,
      'more than 100000 fields, objects and arrays',
    ],
    ['numbers', `{"a":[${'1,'.repeat(MEBIBYTE)}1]}`, 'more than 1000000 values'],
    ['a number', `{"a":${'1'.repeat(MEBIBYTE)}}`, 'more than 16384 characters'],
    ['a name', `{"a":{"${'k'.repeat(MEBIBYTE)}":1}}`, 'a field name of more than 16384 characters'],
    ['newlines before', `${'\n'.repeat(MEBIBYTE)}{}`, 'more than 16384 characters'],
    ['newlines inside', `{${'\n'.repeat(MEBIBYTE)}}`, 'more than 16384 characters'],
    ['newlines behind', `{}${'\n'.repeat(MEBIBYTE)}`, 'more than 16384 characters'],
    [
      'spaces before a comma',
      `{"a":"${'x'.repeat(MEBIBYTE)}"${' '.repeat(MEBIBYTE)},"b":1}`,
      'more than 16384 characters',
    ],
    ['nothing but spaces', ' '.repeat(MEBIBYTE), 'more than 16384 characters'],
  ])('%s', (_what, text, message) => {
    expect(() => run(text)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining(message) as string,
      }),
    )
  })

  it('strings without a comma between them are no JSON at once', () => {
    expect(() => run(`{"a":[${'""'.repeat(MEBIBYTE)}]}`)).toThrow(
      expect.objectContaining({ at: 8 }),
    )
  })

  it('at the limits, not below them', () => {
    const nested = (depth: number): string =>
      `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    expect(() => run(nested(64))).not.toThrow()
    expect(() => run(nested(65))).toThrow('64 deep')
    expect(() => run(`{"a":1${' '.repeat(MAX_GAP_BYTES - 2)}}`)).not.toThrow()
    expect([REQUEST_LIMITS, ANSWER_LIMITS, EVENT_LIMITS].map(({ depth }) => depth)).toEqual([
      64, 64, 64,
    ])
  })
})
