/**
 * The schema keywords this provider knows: its dialect is a cut of OpenAPI 3.0, and any other one
 * is a 400.
 */
export const ALLOWED_KEYWORDS: ReadonlySet<string> = new Set([
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'anyOf',
  'properties',
  'required',
  'propertyOrdering',
  'minProperties',
  'maxProperties',
  'items',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
])

/** Types of keyword values that are copied. */
export type KeywordValue = 'text' | 'count' | 'number'

export type SchemaType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean'

/** The keywords copied as they are, by the type they belong to. */
export const COPIED_KEYWORDS: Readonly<Record<SchemaType, Readonly<Record<string, KeywordValue>>>> =
  {
    object: { minProperties: 'count', maxProperties: 'count' },
    array: { minItems: 'count', maxItems: 'count' },
    string: { minLength: 'count', maxLength: 'count', pattern: 'text' },
    number: { minimum: 'number', maximum: 'number' },
    integer: { minimum: 'number', maximum: 'number' },
    boolean: {},
  }

/** The only formats taken; another one is refused, not ignored. */
export const FORMATS: Readonly<Record<SchemaType, readonly string[]>> = {
  object: [],
  array: [],
  string: ['enum', 'date-time'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
  boolean: [],
}

/** Keywords rewritten by a rule of their own. */
export const REWRITTEN_KEYWORDS: ReadonlySet<string> = new Set([
  '$ref',
  '$defs',
  'definitions',
  'allOf',
  'oneOf',
  'const',
  'prefixItems',
  'exclusiveMinimum',
  'exclusiveMaximum',
])

/** Keywords that constrain nothing: leaving them out is no loss worth a report. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  'id',
  '$anchor',
  '$comment',
  '$vocabulary',
  'default',
  'example',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'discriminator',
  'externalDocs',
  'xml',
])

/** Type of a schema that names none, by the first keyword that gives it away. */
export const TELLTALES: readonly (readonly [keyword: string, type: SchemaType])[] = [
  ['properties', 'object'],
  ['additionalProperties', 'object'],
  ['required', 'object'],
  ['items', 'array'],
  ['prefixItems', 'array'],
  ['minItems', 'array'],
  ['maxItems', 'array'],
  ['pattern', 'string'],
  ['minLength', 'string'],
  ['maxLength', 'string'],
  ['format', 'string'],
  ['minimum', 'number'],
  ['maximum', 'number'],
  ['exclusiveMinimum', 'number'],
  ['exclusiveMaximum', 'number'],
  ['multipleOf', 'number'],
]

/** Schema that accepts anything: every schema must have a type. */
export const ANYTHING: readonly SchemaType[] = ['string', 'number', 'boolean', 'object']

/**
 * Bounds of one schema once its references are in place; a small text of nested `$ref`s could fill
 * the memory.
 */
export const MAX_DEPTH = 60
export const MAX_NODES = 10_000
export const MAX_TEXT_CHARACTERS = 2_000_000
