import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asList, asStrings } from '../../wire/json.ts'

/** A schema node and the way that led to it. */
export interface SchemaNode {
  readonly node: JsonObject
  /** The references it stands in. */
  readonly refs: readonly string[]
  readonly depth: number
}

export interface FlattenContext {
  readonly root: unknown
  /** Called with a keyword that could not be followed. */
  lose(keyword: string): void
  /** Called for each node looked at; throws when they are too many or too large together. */
  visit(at: SchemaNode): void
}

/**
 * The node without `$ref` and `allOf`: what they name is put in its place. A reference to a schema
 * it stands in becomes a plain object.
 */
export function flatten(at: SchemaNode, context: FlattenContext): SchemaNode {
  context.visit(at)
  const { $ref: ref, allOf, ...own } = at.node
  let node: JsonObject = {}
  let refs = at.refs
  if (typeof ref === 'string') {
    if (refs.includes(ref)) {
      context.lose('$ref (recursive)')
      const description = own['description']
      return {
        ...at,
        node:
          typeof description === 'string' ? { type: 'object', description } : { type: 'object' },
      }
    }
    const target = resolve(context.root, ref)
    if (!isObject(target)) context.lose('$ref')
    else
      ({ node, refs } = flatten(
        { node: target, refs: [...refs, ref], depth: at.depth + 1 },
        context,
      ))
  }
  for (const member of asList(allOf).filter(isObject)) {
    const flat = flatten({ node: member, refs, depth: at.depth + 1 }, context)
    node = mergeSchemas(node, flat.node)
    refs = flat.refs
  }
  return { node: mergeSchemas(node, own), refs, depth: at.depth }
}

/**
 * Both at once, as far as one schema can say it: properties and required names are joined, else the
 * second one wins.
 */
export function mergeSchemas(first: JsonObject, second: JsonObject): JsonObject {
  const merged: JsonObject = { ...first, ...second }
  if (isObject(first['properties']) && isObject(second['properties']))
    merged['properties'] = { ...first['properties'], ...second['properties'] }
  if (Array.isArray(first['required']) && Array.isArray(second['required'])) {
    merged['required'] = [
      ...new Set([...asStrings(first['required']), ...asStrings(second['required'])]),
    ]
  }
  return merged
}

function resolve(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let value = root
  for (const segment of ref.slice(1).split('/').slice(1)) {
    const key = decodePointer(segment)
    if (Array.isArray(value)) value = value[Number(key)]
    else if (isObject(value) && Object.hasOwn(value, key)) value = value[key]
    else return undefined
  }
  return value
}

function decodePointer(segment: string): string {
  const plain = segment.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain
  }
}
