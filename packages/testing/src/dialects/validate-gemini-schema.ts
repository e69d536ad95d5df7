import { isObject } from '../json.ts'
import type { Violation } from './dialect.ts'

/** Every keyword Gemini's own `Schema` knows. */
const KEYWORDS = new Set(
  (
    'type format title description nullable enum maxItems minItems properties required minProperties maxProperties minLength ' +
    'maxLength pattern example anyOf propertyOrdering default items minimum maximum'
  ).split(' '),
)
const TYPES = new Set(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL'])

/** The rules of Gemini's `Schema`, the narrow dialect of `parameters` and `responseSchema`. */
export function checkGeminiSchema(schema: unknown, at: string): Violation | undefined {
  if (!isObject(schema)) return { message: `Invalid value at '${at}' (Schema)`, param: at }
  const unknown = Object.keys(schema).find((keyword) => !KEYWORDS.has(keyword))
  if (unknown !== undefined) {
    return {
      message: `Invalid JSON payload received. Unknown name "${unknown}" at '${at}': Cannot find field.`,
      param: `${at}.${unknown}`,
    }
  }
  const { type, enum: values, properties, required, items, anyOf } = schema
  if (type !== undefined && !(typeof type === 'string' && TYPES.has(type.toUpperCase()))) {
    return {
      message: `Invalid value at '${at}.type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), ${JSON.stringify(type)}`,
      param: `${at}.type`,
    }
  }
  if (type === undefined && anyOf === undefined)
    return {
      message: `* GenerateContentRequest.${at}.type: must be specified`,
      param: `${at}.type`,
    }
  if (
    values !== undefined &&
    !(Array.isArray(values) && values.every((value) => typeof value === 'string'))
  ) {
    return { message: `Invalid value at '${at}.enum' (TYPE_STRING)`, param: `${at}.enum` }
  }
  if (String(type).toUpperCase() === 'ARRAY' && items === undefined)
    return { message: `* GenerateContentRequest.${at}.items: missing field.`, param: `${at}.items` }
  return checkProperties(properties, required, at) ?? checkNested({ items, anyOf }, at)
}

function checkProperties(
  properties: unknown,
  required: unknown,
  at: string,
): Violation | undefined {
  if (properties !== undefined && (!isObject(properties) || Object.keys(properties).length === 0)) {
    return {
      message: `* GenerateContentRequest.${at}.properties: should be non-empty for OBJECT type`,
      param: `${at}.properties`,
    }
  }
  const known = isObject(properties) ? properties : {}
  for (const name of Array.isArray(required) ? required : []) {
    if (!(String(name) in known))
      return {
        message: `* GenerateContentRequest.${at}.required: property '${String(name)}' is not defined`,
        param: `${at}.required`,
      }
  }
  for (const [name, property] of Object.entries(known)) {
    const problem = checkGeminiSchema(property, `${at}.properties.${name}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

function checkNested(
  nested: { items: unknown; anyOf: unknown },
  at: string,
): Violation | undefined {
  if (nested.items !== undefined) {
    const problem = checkGeminiSchema(nested.items, `${at}.items`)
    if (problem !== undefined) return problem
  }
  for (const [index, option] of (Array.isArray(nested.anyOf) ? nested.anyOf : []).entries()) {
    const problem = checkGeminiSchema(option, `${at}.anyOf[${index}]`)
    if (problem !== undefined) return problem
  }
  return undefined
}
