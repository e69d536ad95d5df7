import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asList, asStrings } from '../../wire/json.ts'

/** Keywords that have another name in JSON Schema, or another spelling in this API. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    any_of: 'anyOf',
    min_items: 'minItems',
    max_items: 'maxItems',
    min_length: 'minLength',
    max_length: 'maxLength',
    min_properties: 'minProperties',
    max_properties: 'maxProperties',
    additional_properties: 'additionalProperties',
    property_ordering: 'propertyOrdering',
    ref: '$ref',
    defs: '$defs',
  }),
)
/** Counts, which this API's JSON may hold as text. */
const COUNTS: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
])

/**
 * A schema of this API, a cut of OpenAPI 3.0 with types in capitals, as JSON Schema. `nullable`
 * becomes a type, and `propertyOrdering` the order of the properties. Names of properties are the
 * client's and stay.
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const converted: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    const keyword = NAMES.get(key) ?? key
    const kept = convertKeyword(keyword, value)
    if (kept !== undefined) converted[keyword] = kept
  }
  orderProperties(converted, schema['propertyOrdering'] ?? schema['property_ordering'])
  return schema['nullable'] === true ? nullable(converted) : converted
}

function convertKeyword(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case 'type':
      return typeOf(value)
    case 'properties':
    case '$defs':
      return isObject(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, child]) => [name, convertChild(child)]),
          )
        : undefined
    case 'items':
    case 'additionalProperties':
      return convertChild(value)
    case 'anyOf':
      return asList(value).map(convertChild)
    case 'nullable':
    case 'propertyOrdering':
      return undefined
    case 'format':
      // It only says that there is an `enum`.
      return value === 'enum' ? undefined : value
    default:
      return COUNTS.has(keyword) && typeof value === 'string' && /^\d+$/.test(value)
        ? Number(value)
        : value
  }
}

function convertChild(value: unknown): unknown {
  return isObject(value) ? toJsonSchema(value) : value
}

function typeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(typeOf)
  if (typeof value !== 'string') return value
  return value === 'TYPE_UNSPECIFIED' ? undefined : value.toLowerCase()
}

function nullable(schema: JsonObject): JsonObject {
  const { type, enum: values, anyOf, ...rest } = schema
  if (Array.isArray(anyOf)) return { ...schema, anyOf: [...(anyOf as unknown[]), { type: 'null' }] }
  const types = typeof type === 'string' ? [type] : asStrings(type)
  if (types.length === 0) return schema
  const withNull = types.includes('null') ? types : [...types, 'null']
  return {
    type: withNull,
    ...(Array.isArray(values)
      ? { enum: [...new Set<unknown>([...(values as unknown[]), null])] }
      : {}),
    ...rest,
  }
}

function orderProperties(schema: JsonObject, ordering: unknown): void {
  const { properties } = schema
  if (!isObject(properties)) return
  const first = asStrings(ordering).filter((name) => Object.hasOwn(properties, name))
  if (first.length > 0)
    schema['properties'] = Object.fromEntries(
      [...new Set([...first, ...Object.keys(properties)])].map((name) => [name, properties[name]]),
    )
}
