import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject } from '../../wire/json.ts'
import { convertParameters, convertSchema } from './schema.ts'
import { ALLOWED_KEYWORDS } from './schema-rules.ts'

const ANY_TYPES = [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }, { type: 'object' }]

const golden: [
  name: string,
  schema: JsonObject,
  expected: JsonObject | undefined,
  lost?: string[],
][] = [
  [
    '$schema and annotations',
    {
      $schema: 'x',
      $id: 'y',
      type: 'string',
      default: 'a',
      examples: ['a'],
      title: 't',
      description: 'd',
    },
    { type: 'string', title: 't', description: 'd' },
  ],
  [
    'additionalProperties',
    {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a', 'b', 'a'],
      additionalProperties: false,
    },
    { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  ],
  [
    'a map',
    { type: 'object', additionalProperties: { type: 'string' } },
    { type: 'object' },
    ['additionalProperties'],
  ],
  [
    '$ref and $defs',
    {
      type: 'object',
      properties: { a: { $ref: '#/$defs/A', description: 'mine' } },
      $defs: { A: { type: 'string', maxLength: 3, description: 'its' } },
    },
    { type: 'object', properties: { a: { type: 'string', description: 'mine', maxLength: 3 } } },
  ],
  [
    '$ref with an escaped name',
    { $ref: '#/definitions/a~1b%20c', definitions: { 'a/b c': { type: 'integer' } } },
    { type: 'integer' },
  ],
  [
    'a recursive $ref',
    {
      type: 'object',
      properties: { next: { $ref: '#' }, all: { type: 'array', items: { $ref: '#/$defs/N' } } },
      $defs: {
        N: { type: 'object', properties: { kid: { $ref: '#/$defs/N', description: 'same' } } },
      },
    },
    {
      type: 'object',
      properties: {
        next: { type: 'object' },
        all: {
          type: 'array',
          items: { type: 'object', properties: { kid: { type: 'object', description: 'same' } } },
        },
      },
    },
    ['$ref (recursive)'],
  ],
  [
    'a $ref to elsewhere',
    { $ref: 'https://x.test/schema', type: 'string' },
    { type: 'string' },
    ['$ref'],
  ],
  ['const', { const: 'a' }, { type: 'string', enum: ['a'] }],
  [
    'a constant number',
    { const: 3 },
    { type: 'string', enum: ['3'] },
    ['enum (values sent as strings)'],
  ],
  [
    'an enum of numbers',
    { type: 'integer', enum: [1, 2] },
    { type: 'string', enum: ['1', '2'] },
    ['enum (values sent as strings)'],
  ],
  [
    'an enum with null and an empty string',
    { enum: ['a', '', null] },
    { type: 'string', enum: ['a'], nullable: true },
  ],
  [
    'an enum on an array',
    { type: 'array', enum: ['a'], items: { type: 'string' } },
    { type: 'array', items: { type: 'string' } },
  ],
  ['a constant boolean', { const: true }, { type: 'boolean' }, ['enum']],
  [
    'a nullable type array',
    { type: ['string', 'null'], minLength: 1 },
    { type: 'string', minLength: 1, nullable: true },
  ],
  [
    'a type array',
    { type: ['string', 'integer', 'null'], minimum: 1, minLength: 2 },
    {
      anyOf: [
        { type: 'string', minLength: 2, nullable: true },
        { type: 'integer', minimum: 1, nullable: true },
      ],
    },
  ],
  [
    'an upper-case type',
    { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
    { type: 'object', properties: { a: { type: 'string' } } },
  ],
  [
    'oneOf',
    { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'string' }] },
    { anyOf: [{ type: 'string' }, { type: 'number' }] },
  ],
  [
    'anyOf with null',
    { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'd' },
    { type: 'string', description: 'd', nullable: true },
  ],
  [
    'anyOf beside properties',
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      anyOf: [{ required: ['a'] }, { required: ['b'] }],
    },
    {
      anyOf: [
        {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
          required: ['a'],
        },
        {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
          required: ['b'],
        },
      ],
    },
  ],
  [
    'nested unions',
    { anyOf: [{ oneOf: [{ type: 'string' }, { type: 'boolean' }] }, { type: 'number' }] },
    { anyOf: [{ type: 'string' }, { type: 'boolean' }, { type: 'number' }] },
  ],
  [
    'allOf',
    {
      allOf: [
        { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
        { properties: { b: { type: 'number' } }, required: ['b'] },
      ],
    },
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'number' } },
      required: ['a', 'b'],
    },
  ],
  [
    'a tuple',
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
    { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] }, maxItems: 2 },
    ['prefixItems'],
  ],
  [
    'an array of anything',
    { type: 'array', minItems: 1 },
    { type: 'array', minItems: 1, items: { anyOf: ANY_TYPES } },
  ],
  [
    'exclusive bounds of integers',
    { type: 'integer', exclusiveMinimum: 0, maximum: 9, exclusiveMaximum: 5.5 },
    { type: 'integer', minimum: 1, maximum: 5 },
  ],
  [
    'exclusive bounds of numbers',
    { type: 'number', exclusiveMinimum: 0.5 },
    { type: 'number', minimum: 0.5 },
    ['exclusiveMinimum'],
  ],
  [
    'formats',
    {
      type: 'object',
      properties: {
        a: { type: 'string', format: 'date-time' },
        b: { type: 'string', format: 'email' },
      },
    },
    {
      type: 'object',
      properties: { a: { type: 'string', format: 'date-time' }, b: { type: 'string' } },
    },
    ['format'],
  ],
  [
    'a nested empty object',
    {
      type: 'object',
      properties: { a: { type: 'object', properties: {}, description: 'd' } },
      required: ['a'],
    },
    { type: 'object', properties: { a: { type: 'object', description: 'd' } }, required: ['a'] },
  ],
  [
    'no type at all',
    { description: 'd' },
    { anyOf: ANY_TYPES.map((type) => ({ ...type, description: 'd' })) },
  ],
  [
    'a missing type',
    { properties: { a: { minimum: 1 } } },
    { type: 'object', properties: { a: { type: 'number', minimum: 1 } } },
  ],
  [
    'other constraints',
    {
      type: 'object',
      properties: { a: { type: 'number', multipleOf: 5 } },
      not: {},
      'x-unsafe\n': 1,
    },
    { type: 'object', properties: { a: { type: 'number' } } },
    ['not', 'multipleOf'],
  ],
  [
    'only null',
    { type: 'object', properties: { a: { type: 'null' } } },
    { type: 'object', properties: { a: { type: 'string', nullable: true } } },
  ],
  ['null at the root', { type: 'null' }, undefined],
]

describe('convertSchema', () => {
  it.each(golden)('%s', (_, schema, expected, lost = []) => {
    const before = structuredClone(schema)
    const converted = convertSchema(schema, 'tools')
    expect(converted.schema).toEqual(expected)
    expect(converted.lost).toEqual(lost)
    expect(schema).toEqual(before)
  })

  it('keeps a property named __proto__ a property', () => {
    const { schema } = convertSchema(
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}') as JsonObject,
      'tools',
    )
    expect(JSON.stringify(schema)).toBe(
      '{"type":"object","properties":{"__proto__":{"type":"string"}}}',
    )
  })

  it('refuses a schema that explodes when its references are in place', () => {
    const level = (n: number) => ({
      type: 'object',
      properties: { a: { $ref: `#/$defs/l${n + 1}` }, b: { $ref: `#/$defs/l${n + 1}` } },
    })
    const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`l${n}`, level(n)]))
    expect(() =>
      convertSchema({ $ref: '#/$defs/l0', $defs }, 'tools.0.function.parameters'),
    ).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: { param: 'tools.0.function.parameters' },
      }),
    )
  })

  it('refuses a long text referred to many times', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 300 }, (_, n) => [`p${n}`, { $ref: '#/$defs/long' }]),
    )
    const schema = {
      type: 'object',
      properties,
      $defs: { long: { type: 'string', description: 'x'.repeat(10_000) } },
    }
    expect(() => convertSchema(schema, 'tools')).toThrow(
      expect.objectContaining({ code: 'unsupported_content' }),
    )
  })

  it.each(['allOf', 'anyOf', 'properties'])('refuses endless nesting of %s', (keyword) => {
    let schema: JsonObject = { type: 'string' }
    for (let depth = 0; depth < 5000; depth++)
      schema = { [keyword]: keyword === 'properties' ? { a: schema } : [schema] }
    expect(() => convertSchema(schema, 'tools')).toThrow(
      expect.objectContaining({ code: 'unsupported_content' }),
    )
  })

  it('whatever comes in, only known keywords come out, and anyOf stands alone', () => {
    fc.assert(
      fc.property(arbitrarySchema, (schema) => {
        const converted = convertedOrRefused(schema)
        expect(problemsIn(converted)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})

describe('convertParameters', () => {
  it.each([
    ['no properties', { type: 'object', properties: {} }],
    ['no object', { type: 'string' }],
    ['null', { type: 'null' }],
  ])('leaves out %s', (_, schema) => {
    expect(convertParameters(schema, 'tools').schema).toBeUndefined()
  })

  it('joins the variants of a union into one object', () => {
    const variant = (kind: string) => ({
      type: 'object',
      properties: { kind: { const: kind }, [kind]: { type: 'string' } },
      required: ['kind', kind],
    })
    expect(convertParameters({ anyOf: [variant('a'), variant('b')] }, 'tools').schema).toEqual({
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['b'] },
        a: { type: 'string' },
        b: { type: 'string' },
      },
      required: ['kind'],
    })
  })
})

const keywords = [
  '$ref',
  '$schema',
  'additionalProperties',
  'const',
  'format',
  'if',
  'multipleOf',
  'exclusiveMinimum',
  'required',
  'nullable',
  'default',
  'pattern',
  'minItems',
  'title',
]
const arbitraryValue = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom('#', '#/$defs/a', '#/properties/a', 'string', 'date-time', 'null'),
  fc.array(fc.constantFrom('string', 'null', 'integer', 'a', 'object'), { maxLength: 3 }),
)
const types = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null', 'odd'] as const
const arbitrarySchema = schemaOfDepth(3)

function schemaOfDepth(depth: number): fc.Arbitrary<JsonObject> {
  const loose = fc.dictionary(fc.constantFrom(...keywords), arbitraryValue, { maxKeys: 4 })
  const own = {
    type: fc.oneof(
      fc.constantFrom(...types),
      fc.array(fc.constantFrom(...types), { maxLength: 3 }),
    ),
    enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
  }
  if (depth === 0)
    return fc.tuple(loose, fc.record(own, { requiredKeys: [] })).map(([a, b]) => ({ ...a, ...b }))
  const inner = schemaOfDepth(depth - 1)
  const list = fc.array(inner, { maxLength: 2 })
  const shaped = fc.record(
    {
      ...own,
      properties: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), inner, { maxKeys: 2 }),
      items: fc.oneof(fc.boolean(), inner, list),
      anyOf: list,
      oneOf: list,
      allOf: list,
      prefixItems: list,
      $defs: fc.dictionary(fc.constantFrom('a', 'b'), inner, { maxKeys: 2 }),
    },
    { requiredKeys: [] },
  )
  return fc.tuple(loose, shaped).map(([a, b]) => ({ ...a, ...b }))
}

/** A union inside a union inside a union may well be too large: that is said, not sent. */
function convertedOrRefused(schema: JsonObject): unknown {
  try {
    return convertSchema(schema, 'tools').schema
  } catch (error) {
    expect(error).toMatchObject({ code: 'unsupported_content' })
    return undefined
  }
}

function problemsIn(schema: unknown): string[] {
  if (!isObject(schema)) return schema === undefined ? [] : ['no object']
  const problems = Object.keys(schema).filter((keyword) => !ALLOWED_KEYWORDS.has(keyword))
  if ('anyOf' in schema && Object.keys(schema).length > 1) problems.push('anyOf beside others')
  if (!('anyOf' in schema) && typeof schema['type'] !== 'string') problems.push('no type')
  if (schema['type'] === 'array' && !('items' in schema)) problems.push('no items')
  if (
    Array.isArray(schema['enum']) &&
    (schema['type'] !== 'string' ||
      schema['enum'].some((value) => typeof value !== 'string' || value === ''))
  )
    problems.push('enum')
  const children = [
    schema['items'],
    ...(Array.isArray(schema['anyOf']) ? schema['anyOf'] : []),
    ...Object.values(isObject(schema['properties']) ? schema['properties'] : {}),
  ]
  return [...problems, ...children.flatMap(problemsIn)]
}
