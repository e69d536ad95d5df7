import type { JsonObject } from '../model/json-object.ts'
import { invalid } from '../model/invalid.ts'
import { asObject } from './json.ts'

/**
 * A place in the request: an object and its dotted path, for messages that point at one of its
 * fields.
 */
export interface Place {
  readonly value: JsonObject
  readonly path: string
}

/** The path of a field, as in OpenAI's `param`. */
export function pathOf(place: Place, field: string): string {
  return place.path === '' ? field : `${place.path}.${field}`
}

/** The object at `path`; throws `invalid_request` when something else is there. */
export function placeOf(value: unknown, path: string): Place {
  const object = asObject(value)
  if (object === undefined) throw invalid(path, 'an object', value)
  return { value: object, path }
}

export function requiredObject(place: Place, field: string): Place {
  return placeOf(place.value[field], pathOf(place, field))
}

export function optionalObject(place: Place, field: string): Place | undefined {
  const value = place.value[field]
  return value === undefined || value === null ? undefined : requiredObject(place, field)
}

/** Throws `invalid_request` unless the field is a string with something in it. */
export function requiredText(place: Place, field: string): string {
  const value = place.value[field]
  if (typeof value !== 'string' || value === '')
    throw invalid(pathOf(place, field), 'a non-empty string', value)
  return value
}

/** `null` means absent. */
export function optionalString(place: Place, field: string): string | undefined {
  const value = place.value[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw invalid(pathOf(place, field), 'a string', value)
  return value
}

/** `null` means absent. */
export function optionalBoolean(place: Place, field: string): boolean | undefined {
  const value = place.value[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw invalid(pathOf(place, field), 'a boolean', value)
  return value
}

/** The items with their paths; `null` and absent are an empty list. */
export function optionalList(place: Place, field: string): readonly Place[] {
  const value = place.value[field]
  if (value === undefined || value === null) return []
  const path = pathOf(place, field)
  if (!Array.isArray(value)) throw invalid(path, 'an array', value)
  return value.map((item, at) => placeOf(item, `${path}[${at}]`))
}
