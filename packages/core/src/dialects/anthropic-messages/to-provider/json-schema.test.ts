import { describe, expect, it } from 'vitest'
import { closeSchema } from './json-schema.ts'

describe('closeSchema', () => {
  it('closes every object and keeps the rest', () => {
    const schema = {
      type: 'object',
      properties: {
        format: { type: 'string', enum: ['a', 'b'] },
        list: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            properties: { when: { type: 'string', format: 'date' } },
            required: ['when'],
          },
        },
      },
      required: ['format'],
      $defs: { a: { type: ['object', 'null'], properties: { b: { const: 1 } } } },
    }
    expect(closeSchema(schema)).toEqual({
      schema: {
        type: 'object',
        properties: {
          format: { type: 'string', enum: ['a', 'b'] },
          list: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              properties: { when: { type: 'string', format: 'date' } },
              required: ['when'],
              additionalProperties: false,
            },
          },
        },
        required: ['format'],
        $defs: {
          a: {
            type: ['object', 'null'],
            properties: { b: { const: 1 } },
            additionalProperties: false,
          },
        },
        additionalProperties: false,
      },
      relaxed: [],
      faithful: true,
    })
  })

  it('moves what is not enforced into the description', () => {
    const { schema, relaxed, faithful } = closeSchema({
      type: 'object',
      properties: {
        age: { type: 'integer', minimum: 0, maximum: 150, description: 'Years' },
        code: { type: 'string', format: 'isbn' },
      },
    })
    expect(schema.properties).toEqual({
      age: { type: 'integer', description: 'Years (minimum: 0, maximum: 150)' },
      code: { type: 'string', description: '(format: "isbn")' },
    })
    expect(relaxed).toEqual(['minimum', 'maximum', 'format'])
    expect(faithful).toBe(true)
  })

  it('turns oneOf into anyOf', () => {
    expect(
      closeSchema({ oneOf: [{ type: 'string' }, { type: 'object', properties: { a: {} } }] })
        .schema,
    ).toEqual({
      anyOf: [
        { type: 'string' },
        { type: 'object', properties: { a: {} }, additionalProperties: false },
      ],
    })
  })

  it.each([
    ['free keys', { type: 'object', additionalProperties: { type: 'number' } }],
    ['an object of anything', { type: 'object', properties: { a: { type: 'object' } } }],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'number' }] }],
    [
      'recursion',
      {
        $ref: '#/$defs/node',
        $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
      },
    ],
    ['recursion to the root', { type: 'object', properties: { next: { $ref: '#' } } }],
  ])('is not faithful to %s', (_what, schema) => {
    expect(closeSchema(schema).faithful).toBe(false)
  })

  it('takes one definition used twice for what it is', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/x~1y' }, b: { $ref: '#/$defs/x~1y' } },
      $defs: { 'x/y': { type: 'object', properties: {}, additionalProperties: false } },
    }
    expect(closeSchema(schema).faithful).toBe(true)
  })
})
