import { describe, expect, it } from 'vitest'
import { exampleOf } from './schema-example.ts'

describe('exampleOf', () => {
  it('fills every property of nested objects and lists', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        age: { type: 'integer', minimum: 18 },
        score: { type: 'number' },
        tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
        ok: { type: 'boolean' },
        nothing: { type: 'null' },
        maybe: { type: ['string', 'null'] },
        fixed: { const: 7 },
        either: { anyOf: [{ type: 'number' }, { type: 'string' }] },
      },
    }
    expect(exampleOf(schema)).toEqual({
      name: 'text',
      age: 18,
      score: 1,
      tags: ['a'],
      ok: true,
      nothing: null,
      maybe: 'text',
      fixed: 7,
      either: 1,
    })
  })

  it("knows Gemini's upper-case types", () => {
    expect(
      exampleOf({
        type: 'OBJECT',
        properties: { list: { type: 'ARRAY', items: { type: 'INTEGER' } } },
      }),
    ).toEqual({
      list: [1],
    })
  })

  it('follows references and stops in circles', () => {
    const schema = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { id: { type: 'integer' }, next: { $ref: '#/$defs/node' } },
        },
      },
    }
    const text = JSON.stringify(exampleOf(schema))
    expect(text).toMatch(/^\{"id":1,"next":\{"id":1/)
    expect(text).toContain('null')
  })
})
