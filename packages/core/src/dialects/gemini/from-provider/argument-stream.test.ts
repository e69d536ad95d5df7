import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { ArgumentWriter } from './argument-stream.ts'

function written(pieces: readonly JsonObject[]): string[] {
  const writer = new ArgumentWriter()
  return [...pieces.map((piece) => writer.write(piece)), writer.end()]
}

describe('ArgumentWriter', () => {
  it('writes a string as it comes', () => {
    expect(
      written([
        { jsonPath: '$.city', stringValue: 'San ', willContinue: true },
        { jsonPath: '$.city', stringValue: 'Fran"cisco', willContinue: true },
        { jsonPath: '$.city', stringValue: '' },
        { jsonPath: '$.days', numberValue: 3 },
      ]),
    ).toEqual(['{"city":"San ', 'Fran\\"cisco', '"', ',"days":3', '}'])
  })

  it('opens and closes containers as the path moves', () => {
    const pieces = [
      { jsonPath: '$.a.b', boolValue: true },
      { jsonPath: '$.a.list[0].x', nullValue: 'NULL_VALUE' },
      { jsonPath: '$.a.list[0].y', numberValue: 1.5 },
      { jsonPath: '$.a.list[1].x', stringValue: 'z' },
      { jsonPath: "$['odd key'][0][0]", numberValue: 1 },
      { jsonPath: '$["a.b"]', numberValue: 2 },
    ]
    expect(written(pieces).join('')).toBe(
      '{"a":{"b":true,"list":[{"x":null,"y":1.5},{"x":"z"}]},"odd key":[[1]],"a.b":2}',
    )
  })

  it('closes a string whose end never came', () => {
    const pieces = [
      { jsonPath: '$.a', stringValue: 'x', willContinue: true },
      { jsonPath: '$.b', stringValue: 'y', willContinue: true },
    ]
    expect(written(pieces).join('')).toBe('{"a":"x","b":"y"}')
  })

  it('writes an empty object when nothing came, and ignores pieces without a value', () => {
    expect(written([]).join('')).toBe('{}')
    expect(written([{ jsonPath: '$.a' }, { stringValue: 'x' }]).join('')).toBe('{}')
  })

  it('keeps a character cut between two pieces', () => {
    const [high, low] = ['\ud83d', '\ude00']
    const text = written([
      { jsonPath: '$.a', stringValue: high, willContinue: true },
      { jsonPath: '$.a', stringValue: low },
    ]).join('')
    expect(JSON.parse(text)).toEqual({ a: '😀' })
  })

  it.each([
    ['a key written before', ['$.a.x', '$.b', '$.a.y']],
    ['the same value twice', ['$.a', '$.a']],
    ['a gap in an array', ['$.a[0]', '$.a[2]']],
    ['an array without its beginning', ['$.a[1]']],
    ['an object where an array was', ['$.a[0]', '$.a.b']],
    ['an array as arguments', ['$[0]']],
    ['no path', ['$']],
    ['nonsense', ['$.a..b']],
  ])('refuses %s', (_, paths) => {
    expect(() => written(paths.map((jsonPath) => ({ jsonPath, numberValue: 1 })))).toThrow(
      RangeError,
    )
  })

  it('gives back any object of non-empty containers, in pieces', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    )
    const key = fc.stringMatching(/^[a-z]{1,4}$/)
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(key, tie('any'), { minKeys: 1, maxKeys: 3 }),
      ),
    })).any
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 3 }), (object) => {
        expect(JSON.parse(written([...piecesOf(object, '$')]).join(''))).toEqual({ ...object })
      }),
    )
  })
})

function* piecesOf(value: unknown, jsonPath: string): Generator<JsonObject> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* piecesOf(item, `${jsonPath}[${index}]`)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* piecesOf(item, `${jsonPath}.${key}`)
  } else if (typeof value === 'string') {
    yield { jsonPath, stringValue: value.slice(0, 2), willContinue: true }
    yield { jsonPath, stringValue: value.slice(2) }
  } else if (typeof value === 'number') yield { jsonPath, numberValue: value }
  else if (typeof value === 'boolean') yield { jsonPath, boolValue: value }
  else yield { jsonPath, nullValue: null }
}
