import { GatewayError } from '../../errors.ts'
import { parseOutsideText } from '../../json/parse.ts'
import { EVENT_LIMITS, JsonSyntaxError } from '../../json/scan.ts'
import type { JsonObject } from '../model/json-object.ts'

/** Whether the value is a JSON object: no array, no `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value when it is a JSON object. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}

/**
 * The value when it is an array, an empty one otherwise: what a provider left out is nothing, never
 * a crash.
 */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The JSON objects in an array; what is no array has none. */
export function asObjects(value: unknown): JsonObject[] {
  return asList(value).filter((item) => isObject(item))
}

/** The strings of an array. */
export function asStrings(value: unknown): string[] {
  return asList(value).filter((item) => typeof item === 'string')
}

/** The value when it is a string with something in it. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * Value of a JSON text; `undefined` for text that is not JSON, or has more structure than an
 * event may have.
 */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseOutsideText(text, EVENT_LIMITS) }
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof GatewayError) return undefined
    throw error
  }
}

/** Value of a JSON text that is an object. */
export function parseObject(text: string): JsonObject | undefined {
  return asObject(parseJson(text)?.value)
}

/** The JSON object of an error body; some services wrap it in an array of one. */
export function parseFirstObject(text: string): JsonObject | undefined {
  const value = parseJson(text)?.value
  return asObject(Array.isArray(value) ? value[0] : value)
}

/**
 * A JSON value as text. `String(value)` would throw on an object with a `toString` of its own, which
 * any client can send.
 */
export function textOfValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}
