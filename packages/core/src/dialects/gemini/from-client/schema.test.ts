import { describe, expect, it } from 'vitest'
import { convertSchema } from '../to-provider/schema.ts'
import { toJsonSchema } from './schema.ts'

describe('toJsonSchema', () => {
  it.each([
    [{ type: 'STRING' }, { type: 'string' }],
    [{ type: 'object' }, { type: 'object' }],
    [{ type: 'TYPE_UNSPECIFIED', description: 'd' }, { description: 'd' }],
    [{ type: 'STRING', nullable: true }, { type: ['string', 'null'] }],
    [
      { type: 'STRING', format: 'enum', enum: ['a'], nullable: true },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      { type: 'STRING', format: 'date-time', nullable: false },
      { type: 'string', format: 'date-time' },
    ],
    [
      { anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }], nullable: true },
      { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }] },
    ],
    [{ nullable: true }, {}],
    [
      { type: 'ARRAY', items: { type: 'NUMBER' }, minItems: '1', max_items: 3 },
      { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: 3 },
    ],
    [
      { any_of: [{ ref: '#/$defs/a' }], defs: { a: { type: 'BOOLEAN' } } },
      { anyOf: [{ $ref: '#/$defs/a' }], $defs: { a: { type: 'boolean' } } },
    ],
    [
      { type: 'OBJECT', properties: {}, additionalProperties: { type: 'STRING' } },
      { type: 'object', properties: {}, additionalProperties: { type: 'string' } },
    ],
  ])('%j is %j', (own, json) => {
    expect(toJsonSchema(own)).toEqual(json)
  })

  it('leaves the names of properties alone', () => {
    const properties = {
      type: { type: 'STRING' },
      nullable: { type: 'STRING' },
      any_of: { type: 'STRING' },
      defs: { type: 'STRING' },
    }
    expect(
      Object.keys(
        toJsonSchema({ type: 'OBJECT', properties, required: ['any_of'] })['properties'] as object,
      ),
    ).toEqual(Object.keys(properties))
  })

  it('puts the properties in the requested order', () => {
    const schema = toJsonSchema({
      type: 'OBJECT',
      properties: { a: {}, b: {}, c: {} },
      propertyOrdering: ['c', 'gone', 'a', 'toString'],
    })
    expect(Object.keys(schema['properties'] as object)).toEqual(['c', 'a', 'b'])
    expect(schema['propertyOrdering']).toBeUndefined()
  })

  it('nasty 10: what it gives is a schema this dialect can send again, with nothing lost', () => {
    const own = {
      type: 'OBJECT',
      properties: {
        unit: { type: 'STRING', enum: ['C', 'F'], nullable: true },
        days: { type: 'ARRAY', items: { type: 'INTEGER', minimum: 1 }, maxItems: '7' },
      },
      required: ['unit'],
    }
    expect(convertSchema(toJsonSchema(own), 'p')).toEqual({
      schema: {
        type: 'object',
        properties: {
          unit: { type: 'string', enum: ['C', 'F'], nullable: true },
          days: { type: 'array', items: { type: 'integer', minimum: 1 }, maxItems: 7 },
        },
        required: ['unit'],
      },
      lost: [],
    })
  })
})
