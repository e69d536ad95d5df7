import { type JsonObject, isObject, objectIn } from './json.ts'

/**
 * A small document a JSON Schema allows: every property of an object, one item of an array, the
 * first of several choices. Knows `$ref` into the schema itself, `const`, `enum`, `anyOf`, `oneOf`,
 * type lists, and Gemini's upper-case types; meant for the schemas of tests, not for all of JSON
 * Schema.
 */
export function exampleOf(schema: JsonObject): unknown {
  return example(schema, { root: schema, depth: 0 })
}

interface Place {
  readonly root: JsonObject
  readonly depth: number
}

const MAX_DEPTH = 8

function example(schema: JsonObject, place: Place): unknown {
  const inner = { root: place.root, depth: place.depth + 1 }
  if (place.depth > MAX_DEPTH) return null
  if (typeof schema['$ref'] === 'string') return example(resolve(schema['$ref'], place.root), inner)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  const options = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(options)) return example(objectIn(options[0]), inner)
  switch (typeOf(schema)) {
    case 'object':
      return Object.fromEntries(
        Object.entries(objectIn(schema['properties'])).map(([name, property]) => [
          name,
          example(objectIn(property), inner),
        ]),
      )
    case 'array':
      return isObject(schema['items']) ? [example(schema['items'], inner)] : []
    case 'number':
    case 'integer':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return 'text'
  }
}

function typeOf(schema: JsonObject): string {
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
  return typeof type === 'string'
    ? type.toLowerCase()
    : 'properties' in schema
      ? 'object'
      : 'string'
}

function resolve(reference: string, root: JsonObject): JsonObject {
  const path = reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((name) => name !== '')
  return path.reduce((schema, name) => objectIn(schema[name]), root)
}
