import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asList, asStrings, isObject, textOfValue } from '../../wire/json.ts'
import { flatten, type FlattenContext, mergeSchemas, type SchemaNode } from './schema-flatten.ts'
import {
  ALLOWED_KEYWORDS,
  ANNOTATIONS,
  ANYTHING,
  COPIED_KEYWORDS,
  FORMATS,
  type KeywordValue,
  MAX_DEPTH,
  MAX_NODES,
  MAX_TEXT_CHARACTERS,
  REWRITTEN_KEYWORDS,
  type SchemaType,
  TELLTALES,
} from './schema-rules.ts'

export interface ConvertedSchema {
  /** Holds only keywords the provider knows; `undefined` where it must be left out. */
  readonly schema: JsonObject | undefined
  /** Keywords whose constraint was lost or loosened. */
  readonly lost: readonly string[]
}

/**
 * A JSON Schema as the provider's own schema. Rewritten: `$ref`, `allOf`, `oneOf`, `const`, type
 * arrays, tuples, exclusive bounds, enums of numbers. Throws `unsupported_content` with `param`
 * when it is too large once its references are in place.
 */
export function convertSchema(schema: JsonObject, param: string): ConvertedSchema {
  const converter = new SchemaConverter(schema, param)
  return {
    schema: converter.convert({ node: schema, refs: ['#'], depth: 0 }),
    lost: converter.lost,
  }
}

/**
 * As `convertSchema`, for the arguments of a function: always an object, left out when it has no
 * properties.
 */
export function convertParameters(schema: JsonObject, param: string): ConvertedSchema {
  const { schema: converted, lost } = convertSchema(schema, param)
  const object = converted?.['anyOf'] === undefined ? converted : joinVariants(converted)
  return { schema: isObject(object?.['properties']) ? object : undefined, lost }
}

/** A function's arguments cannot be a union, so they become one object of all that may occur. */
function joinVariants(union: JsonObject): JsonObject {
  const objects = asList(union['anyOf'])
    .filter(isObject)
    .filter((variant) => isObject(variant['properties']))
  const required = objects.map((variant) => asStrings(variant['required']))
  const everywhere = (required[0] ?? []).filter((name) =>
    required.every((names) => names.includes(name)),
  )
  const { required: _, nullable: __, ...joined } = objects.reduce<JsonObject>(mergeSchemas, {})
  return everywhere.length === 0 ? joined : { ...joined, required: everywhere }
}

class SchemaConverter {
  readonly #context: FlattenContext
  readonly #param: string
  readonly #lost = new Set<string>()
  #nodes = 0
  #textCharacters = 0

  constructor(root: JsonObject, param: string) {
    this.#param = param
    this.#context = { root, lose: (keyword) => this.#lose(keyword), visit: (at) => this.#visit(at) }
  }

  get lost(): readonly string[] {
    return [...this.#lost]
  }

  /** `undefined` when nothing but `null` fits. */
  convert(at: SchemaNode): JsonObject | undefined {
    const flat = flatten(at, this.#context)
    this.#noteUnknown(flat.node)
    const { types, nullable } = typesOf(flat.node)
    if (types.length === 0 && nullable) return undefined
    const members = this.#membersOf(flat.node, types)
    if (members.length > 0) return this.#union(flat, members)
    const [type] = types
    if (type === undefined)
      return this.#union(
        { ...flat, node: described(flat.node) },
        ANYTHING.map((name) => ({ type: name })),
      )
    const schema = this.#plain(flat, type)
    return nullable ? { ...schema, nullable: true } : schema
  }

  /** Counts what is copied as well: a long text may be referred to many times. */
  #visit({ node, depth }: SchemaNode): void {
    this.#nodes += 1 + (isObject(node['properties']) ? Object.keys(node['properties']).length : 0)
    for (const value of Object.values(node)) this.#textCharacters += charactersOf(value)
    if (
      depth <= MAX_DEPTH &&
      this.#nodes <= MAX_NODES &&
      this.#textCharacters <= MAX_TEXT_CHARACTERS
    )
      return
    throw new GatewayError(
      'unsupported_content',
      'This JSON schema is too large or too deep for the provider.',
      { param: this.#param },
    )
  }

  /** Only names fit for a report: a client chooses them. */
  #lose(keyword: string): void {
    if (this.#lost.size < 12 && /^[\w$ ()-]{1,40}$/.test(keyword)) this.#lost.add(keyword)
  }

  #membersOf(node: JsonObject, types: readonly SchemaType[]): readonly JsonObject[] {
    if (Array.isArray(node['anyOf']) && node['oneOf'] !== undefined) this.#lose('oneOf')
    const union = asList(node['anyOf'] ?? node['oneOf'])
    if (union.length > 0) return union.map((member) => (isObject(member) ? member : {}))
    return types.length > 1 ? types.map((type) => ({ type })) : []
  }

  /** `anyOf` must stand alone in its schema, so what stands beside it moves into every variant. */
  #union(at: SchemaNode, members: readonly JsonObject[]): JsonObject | undefined {
    const { anyOf: _, oneOf: __, nullable: declared, ...base } = at.node
    const variants = new Map<string, JsonObject>()
    let nullable = declared === true || asStrings(base['type']).includes('null')
    for (const member of members) {
      const flat = flatten({ node: member, refs: at.refs, depth: at.depth + 1 }, this.#context)
      const variant = this.convert({ ...flat, node: mergeSchemas(base, flat.node) })
      if (variant === undefined) nullable = true
      for (const single of asList(variant?.['anyOf'] ?? [variant])) {
        if (isObject(single)) variants.set(JSON.stringify(single), single)
      }
    }
    const all = [...variants.values()].map((variant) =>
      nullable ? { ...variant, nullable: true } : variant,
    )
    return all.length > 1 ? { anyOf: all } : all[0]
  }

  #plain(at: SchemaNode, type: SchemaType): JsonObject {
    const { node } = at
    const schema: JsonObject = { type, ...described(node) }
    for (const [keyword, kind] of Object.entries(COPIED_KEYWORDS[type])) {
      if (isValue(node[keyword], kind)) schema[keyword] = node[keyword]
    }
    if (FORMATS[type].includes(textOfValue(node['format']))) schema['format'] = node['format']
    else if (node['format'] !== undefined) this.#lose('format')
    if (type === 'object') Object.assign(schema, this.#objectKeywords(at))
    else if (type === 'array') Object.assign(schema, this.#arrayKeywords(at))
    else if (type === 'string') Object.assign(schema, this.#enumKeywords(node))
    else if (type === 'boolean' && ('const' in node || 'enum' in node)) this.#lose('enum')
    else if (type === 'number' || type === 'integer')
      Object.assign(schema, this.#exclusiveBounds(node, type))
    return schema
  }

  #objectKeywords(at: SchemaNode): JsonObject {
    const { properties: given, required, propertyOrdering } = at.node
    const properties = isObject(given) ? Object.entries(given) : []
    if (properties.length === 0) return {}
    const names = new Set(properties.map(([name]) => name))
    return {
      properties: Object.fromEntries(
        properties.map(([name, value]) => [name, this.#child(value, at)]),
      ),
      ...namesIn(names, 'required', required),
      ...namesIn(names, 'propertyOrdering', propertyOrdering),
    }
  }

  #arrayKeywords(at: SchemaNode): JsonObject {
    const { prefixItems, items, additionalItems, maxItems } = at.node
    const tuple = Array.isArray(prefixItems) ? prefixItems : asList(items)
    if (tuple.length === 0) return { items: this.#child(items, at) }
    this.#lose('prefixItems')
    const closed = items === false || additionalItems === false
    const members = isObject(items) ? [...tuple, items] : tuple
    return {
      items: this.#child({ anyOf: members }, at),
      ...(closed && maxItems === undefined ? { maxItems: tuple.length } : {}),
    }
  }

  /** Enums hold non-empty strings only. */
  #enumKeywords(node: JsonObject): JsonObject {
    const values = 'const' in node ? [node['const']] : asList(node['enum'])
    if (values.some((value) => value !== null && typeof value !== 'string'))
      this.#lose('enum (values sent as strings)')
    const texts = values
      .filter((value) => value !== null && value !== '')
      .map((value) => (isScalar(value) ? textOfValue(value) : JSON.stringify(value)))
    return texts.length === 0 ? {} : { enum: [...new Set(texts)] }
  }

  #exclusiveBounds(node: JsonObject, type: SchemaType): JsonObject {
    const bounds: JsonObject = {}
    for (const { keyword, from, step } of EXCLUSIVE_BOUNDS) {
      const limit = node[from]
      if (typeof limit !== 'number') continue
      if (type === 'number') this.#lose(from)
      const bound =
        type === 'number' ? limit : (step > 0 ? Math.floor(limit) : Math.ceil(limit)) + step
      const own = node[keyword]
      bounds[keyword] =
        typeof own !== 'number' ? bound : step > 0 ? Math.max(own, bound) : Math.min(own, bound)
    }
    return bounds
  }

  #child(value: unknown, at: SchemaNode): JsonObject {
    const node = isObject(value) ? value : {}
    return (
      this.convert({ node, refs: at.refs, depth: at.depth + 1 }) ?? {
        type: 'string',
        nullable: true,
      }
    )
  }

  #noteUnknown(node: JsonObject): void {
    for (const keyword of Object.keys(node)) {
      if (keyword === 'additionalProperties' && !isObject(node[keyword])) continue
      if (
        !ALLOWED_KEYWORDS.has(keyword) &&
        !REWRITTEN_KEYWORDS.has(keyword) &&
        !ANNOTATIONS.has(keyword)
      )
        this.#lose(keyword)
    }
  }
}

const EXCLUSIVE_BOUNDS = [
  { keyword: 'minimum', from: 'exclusiveMinimum', step: 1 },
  { keyword: 'maximum', from: 'exclusiveMaximum', step: -1 },
] as const

/** The types a node allows: none with `nullable` is `null` alone, none without is anything. */
function typesOf(node: JsonObject): { types: readonly SchemaType[]; nullable: boolean } {
  const named = (typeof node['type'] === 'string' ? [node['type']] : asStrings(node['type'])).map(
    (name) => name.toLowerCase(),
  )
  const values = 'const' in node ? [node['const']] : asList(node['enum'])
  const types = [...new Set(named)].filter((name): name is SchemaType =>
    Object.hasOwn(COPIED_KEYWORDS, name),
  )
  if (
    values.length > 0
      ? values.every((value) => value === null)
      : named.length > 0 && named.every((name) => name === 'null')
  ) {
    return { types: [], nullable: true }
  }
  const nullable = named.includes('null') || values.includes(null) || node['nullable'] === true
  const spoken = values.some((value) => typeof value === 'string' || typeof value === 'number')
  if (spoken && (types.length === 0 || types.some((type) => ENUM_TYPES.has(type))))
    return { types: ['string'], nullable }
  if (types.length > 0) return { types, nullable }
  const guessed =
    values.length > 0 ? typeOfValue(values[0]) : TELLTALES.find(([keyword]) => keyword in node)?.[1]
  return guessed === undefined ? { types: [], nullable: false } : { types: [guessed], nullable }
}

const ENUM_TYPES: ReadonlySet<SchemaType> = new Set<SchemaType>(['string', 'number', 'integer'])

function namesIn(names: ReadonlySet<string>, keyword: string, value: unknown): JsonObject {
  const known = [...new Set(asStrings(value))].filter((name) => names.has(name))
  return known.length === 0 ? {} : { [keyword]: known }
}

function described(node: JsonObject): JsonObject {
  const texts: JsonObject = {}
  if (typeof node['title'] === 'string') texts['title'] = node['title']
  if (typeof node['description'] === 'string') texts['description'] = node['description']
  return texts
}

function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  return asList(value).reduce<number>(
    (sum, item) => sum + (typeof item === 'string' ? item.length : 1),
    0,
  )
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function typeOfValue(value: unknown): SchemaType {
  if (typeof value === 'boolean') return 'boolean'
  return Array.isArray(value) ? 'array' : 'object'
}

function isValue(value: unknown, kind: KeywordValue): boolean {
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
