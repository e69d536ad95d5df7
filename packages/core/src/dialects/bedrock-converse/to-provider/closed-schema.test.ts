import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { isClosed } from './closed-schema.ts'

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
})

describe('isClosed', () => {
  it.each([
    object(
      { a: { type: 'string', enum: ['x'] }, b: { type: ['number', 'null'], description: 'n' } },
      { required: ['a', 'b'] },
    ),
    object({ list: { type: 'array', items: object({}) } }),
    object({ either: { anyOf: [{ type: 'string' }, object({ c: { const: 1 } })] } }),
    object(
      { a: { $ref: '#/$defs/part' }, b: { $ref: '#/$defs/part' } },
      { $defs: { part: object({ deep: { $ref: '#/$defs/leaf' } }), leaf: { type: 'string' } } },
    ),
  ])('holds for %j', (schema) => {
    expect(isClosed(schema)).toBe(true)
  })

  it.each([
    ['an open object', { type: 'object', properties: {} }],
    [
      'a map',
      object({ map: { type: ['object', 'null'], additionalProperties: { type: 'string' } } }),
    ],
    ['an open part', object({ list: { type: 'array', items: { properties: {} } } })],
    ['an open definition', object({}, { $defs: { part: { type: 'object' } } })],
    ['a limit', object({ n: { type: 'integer', minimum: 1 } })],
    ['a pattern', object({ s: { anyOf: [{ type: 'string', pattern: 'x' }] } })],
    ['exclusive choice', { oneOf: [object({})] }],
    ['what is no schema', object({ s: true })],
    ['recursion to the root', object({ again: { $ref: '#' } })],
    [
      'recursion through others',
      object(
        { a: { $ref: '#/$defs/a' } },
        {
          $defs: {
            a: object({ b: { $ref: '#/$defs/b' } }),
            b: object({ a: { $ref: '#/$defs/a' } }),
          },
        },
      ),
    ],
  ])('does not hold for %s', (_, schema) => {
    expect(isClosed(schema as JsonObject)).toBe(false)
  })
})
