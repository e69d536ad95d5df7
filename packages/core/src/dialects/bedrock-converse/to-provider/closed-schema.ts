import type { JsonObject } from '../../model/json-object.ts'
import { isObject } from '../../wire/json.ts'

const SUBSCHEMA_LISTS = ['anyOf', 'allOf']
const SUBSCHEMA_MAPS = ['properties', '$defs', 'definitions']
/**
 * Keywords of JSON Schema that constrained decoding knows, in addition to those that hold schemas.
 */
const KNOWN = new Set([
  'type',
  'description',
  'title',
  'enum',
  'const',
  'default',
  'required',
  'additionalProperties',
  '$ref',
  'items',
  ...SUBSCHEMA_LISTS,
  ...SUBSCHEMA_MAPS,
])

/**
 * Whether constrained decoding can hold a model to the whole of this schema: every object is
 * closed, nothing is asked that the decoder does not know, and no reference leads back to where it
 * stands.
 */
export function isClosed(schema: JsonObject): boolean {
  return isClosedNode(schema) && !isRecursive(schema)
}

function isClosedNode(node: unknown): boolean {
  if (!isObject(node)) return false
  if (Object.keys(node).some((keyword) => !KNOWN.has(keyword))) return false
  if (isObjectSchema(node) && node.additionalProperties !== false) return false
  if (node.items !== undefined && !isClosedNode(node.items)) return false
  const lists = SUBSCHEMA_LISTS.flatMap((keyword) =>
    Array.isArray(node[keyword]) ? node[keyword] : [],
  )
  const maps = SUBSCHEMA_MAPS.flatMap((keyword) =>
    isObject(node[keyword]) ? Object.values(node[keyword]) : [],
  )
  return [...lists, ...maps].every(isClosedNode)
}

function isObjectSchema(node: JsonObject): boolean {
  return (
    node.properties !== undefined ||
    node.type === 'object' ||
    (Array.isArray(node.type) && node.type.includes('object'))
  )
}

/** Whether following the schema's references leads back to one that is still open. */
function isRecursive(root: JsonObject): boolean {
  const done = new Set<string>()
  const visit = (node: unknown, open: readonly string[]): boolean => {
    if (typeof node !== 'object' || node === null) return false
    const reference = isObject(node) ? node.$ref : undefined
    if (typeof reference === 'string' && !done.has(reference)) {
      if (open.includes(reference)) return true
      if (visit(resolve(root, reference), [...open, reference])) return true
      done.add(reference)
    }
    return Object.values(node).some((child) => visit(child, open))
  }
  return visit(root, ['#'])
}

function resolve(root: JsonObject, reference: string): unknown {
  const path = reference.replace(/^#\/?/, '').split('/')
  return path.reduce<unknown>(
    (node, step) =>
      isObject(node) ? node[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined,
    root,
  )
}
