import type { JsonObject } from '../../model/json-object.ts'
import { asObject } from '../../wire/json.ts'

/** A schema fit for constrained decoding, which knows only a part of JSON Schema. */
export interface ClosedSchema {
  readonly schema: JsonObject
  /** Keywords that are no longer enforced; the model reads them in the descriptions. */
  readonly relaxed: readonly string[]
  /**
   * False when the answers it allows are not those the client's schema allows: maps with free keys,
   * recursion.
   */
  readonly faithful: boolean
}

const SUBSCHEMA = new Set(['items'])
const SUBSCHEMA_LIST = new Set(['anyOf', 'oneOf', 'allOf'])
const SUBSCHEMA_MAP = new Set(['properties', '$defs', 'definitions'])
const RELAXED = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
])
const UNFAITHFUL = new Set([
  'not',
  'if',
  'then',
  'else',
  'contains',
  'prefixItems',
  'patternProperties',
  'propertyNames',
  'dependentSchemas',
  'dependentRequired',
  'unevaluatedProperties',
])
const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
])

/**
 * The schema with every object closed and what constrained decoding refuses moved into
 * descriptions.
 */
export function closeSchema(schema: JsonObject): ClosedSchema {
  const findings = { relaxed: new Set<string>(), faithful: !isRecursive(schema) }
  const closed = closeNode(schema, findings)
  return { schema: closed, relaxed: [...findings.relaxed], faithful: findings.faithful }
}

interface Findings {
  readonly relaxed: Set<string>
  faithful: boolean
}

function closeNode(node: JsonObject, findings: Findings): JsonObject {
  const closed: JsonObject = {}
  const hints: string[] = []
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword === 'additionalProperties') continue
    if (UNFAITHFUL.has(keyword)) findings.faithful = false
    else if (isRelaxed(keyword, value)) {
      findings.relaxed.add(keyword)
      hints.push(`${keyword}: ${JSON.stringify(value)}`)
    } else if (SUBSCHEMA.has(keyword)) closed[keyword] = closeValue(value, findings)
    else if (SUBSCHEMA_LIST.has(keyword))
      closed[keyword === 'oneOf' ? 'anyOf' : keyword] = closeList(value, findings)
    else if (SUBSCHEMA_MAP.has(keyword)) closed[keyword] = closeMap(value, findings)
    else closed[keyword] = value
  }
  if (isObjectSchema(node)) {
    if (isOpen(node)) findings.faithful = false
    closed.additionalProperties = false
  }
  if (hints.length > 0)
    closed.description = [closed.description, `(${hints.join(', ')})`].filter(Boolean).join(' ')
  return closed
}

function isRelaxed(keyword: string, value: unknown): boolean {
  if (keyword === 'minItems') return value !== 0 && value !== 1
  if (keyword === 'format') return typeof value !== 'string' || !FORMATS.has(value)
  return RELAXED.has(keyword)
}

function isObjectSchema(node: JsonObject): boolean {
  return (
    node.properties !== undefined ||
    node.type === 'object' ||
    (Array.isArray(node.type) && node.type.includes('object'))
  )
}

/**
 * Left out, `additionalProperties` is taken for carelessness where properties are listed, for a
 * free map where none are.
 */
function isOpen(node: JsonObject): boolean {
  if (node.additionalProperties === undefined)
    return Object.keys(asObject(node.properties) ?? {}).length === 0
  return node.additionalProperties !== false
}

function closeValue(value: unknown, findings: Findings): unknown {
  const node = asObject(value)
  return node === undefined ? value : closeNode(node, findings)
}

function closeList(value: unknown, findings: Findings): unknown {
  return Array.isArray(value) ? value.map((item) => closeValue(item, findings)) : value
}

function closeMap(value: unknown, findings: Findings): unknown {
  const map = asObject(value)
  if (map === undefined) return value
  return Object.fromEntries(
    Object.entries(map).map(([name, item]) => [name, closeValue(item, findings)]),
  )
}

/** Whether following the schema's references leads back to one that is still open. */
function isRecursive(root: JsonObject): boolean {
  const done = new Set<string>()
  const visit = (node: unknown, open: readonly string[]): boolean => {
    if (typeof node !== 'object' || node === null) return false
    const reference = asObject(node)?.$ref
    if (typeof reference === 'string') {
      if (open.includes(reference)) return true
      if (!done.has(reference)) {
        if (visit(resolve(root, reference), [...open, reference])) return true
        done.add(reference)
      }
    }
    return Object.values(node).some((child) => visit(child, open))
  }
  return visit(root, ['#'])
}

function resolve(root: JsonObject, reference: string): unknown {
  const path = reference.replace(/^#\/?/, '').split('/')
  return path.reduce<unknown>(
    (node, step) => asObject(node)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')],
    root,
  )
}
