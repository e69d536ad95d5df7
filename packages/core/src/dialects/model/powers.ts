import { append } from '../../foundation/lists.ts'
import type { JsonObject } from './json-object.ts'
import { isObject } from '../wire/json.ts'
import { plainName } from './output-bounds.ts'
import { listOfferedTools } from './offered-tools.ts'

/**
 * Effects that requests to a service can have beyond one answer of one model, billed by the token.
 * Names of fields stand for every spelling of theirs (`api_base`, `apiBase`); a dot leads into an
 * object (`metadata.tags`).
 */
export interface Powers {
  /** Fields that let another model, host or account answer than the requested one. */
  readonly elsewhere?: readonly string[]
  /** Types of tools that do; a trailing `*` matches every type with that prefix. */
  readonly elsewhereTools?: readonly string[]
  /** Spellings of model ids that do: regular expressions. */
  readonly elsewhereModels?: readonly string[]
  /** Fields that cost more than the tokens of the request and the answer. */
  readonly paid?: readonly string[]
  /** Spellings of model ids that do: regular expressions. */
  readonly paidModels?: readonly string[]
}

/** Path of a field or tool that lets another model, host or account answer, if any. */
export function fieldElsewhere(
  body: JsonObject,
  { elsewhere = [], elsewhereTools = [] }: Powers,
): string | undefined {
  const field = fieldsOf(body, elsewhere)[0]
  if (field !== undefined || elsewhereTools.length === 0) return field
  return listOfferedTools(body).find(
    ({ tool: { type } }) =>
      typeof type === 'string' && elsewhereTools.some((named) => isNamed(type, named)),
  )?.path
}

/** Whether another model, host or account may answer because of how the model is spelled. */
export function namesModelElsewhere(model: string, { elsewhereModels = [] }: Powers): boolean {
  return fits(model, elsewhereModels)
}

/** Fields of the request that cost more than its tokens, as the client spelled them. */
export function paidFields(
  body: JsonObject,
  model: string,
  { paid = [], paidModels = [] }: Powers,
): string[] {
  return [...fieldsOf(body, paid), ...(fits(model, paidModels) ? ['model'] : [])]
}

function isNamed(type: string, named: string): boolean {
  return named.endsWith('*') ? type.startsWith(named.slice(0, -1)) : type === named
}

function fits(model: string, patterns: readonly string[]): boolean {
  // linear: the patterns are of the catalogue and the operator, and model names are bounded
  return patterns.some((pattern) => new RegExp(pattern).test(model))
}

/**
 * The fields of the body that are among these and are not switched off, as the client spelled them.
 */
function fieldsOf(body: JsonObject, names: readonly string[]): string[] {
  if (names.length === 0) return []
  const found: string[] = []
  for (const [field, value] of Object.entries(body)) {
    if (!asksForSomething(value)) continue
    const name = plainName(field)
    for (const wanted of names) {
      const [outer = '', inner] = wanted.split('.')
      if (plainName(outer) !== name) continue
      if (inner === undefined) found.push(field)
      else if (isObject(value))
        append(
          found,
          fieldsOf(value, [inner]).map((held) => `${field}.${held}`),
        )
    }
  }
  return found
}

/** `null`, `false` and an empty list switch something off, or nothing on. */
function asksForSomething(value: unknown): boolean {
  return (
    value !== undefined &&
    value !== null &&
    value !== false &&
    !(Array.isArray(value) && value.length === 0)
  )
}
