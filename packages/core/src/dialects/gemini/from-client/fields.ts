import { type Place, pathOf, placeOf } from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'

/** The field as the client spells it: the API takes `mimeType` and `mime_type` alike. */
export function spelled({ value }: Place, name: string): string {
  if (value[name] !== undefined) return name
  const snake = snakeCase(name)
  return value[snake] === undefined ? name : snake
}

/** `mime_type` of `mimeType`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/**
 * The objects of a list with their paths. The API takes a single one for a list of one; `null` and
 * absent are empty.
 */
export function listAt(place: Place, field: string): readonly Place[] {
  const value = place.value[field]
  if (value === undefined || value === null) return []
  const path = pathOf(place, field)
  if (Array.isArray(value)) return value.map((item, at) => placeOf(item, `${path}[${at}]`))
  return [placeOf(value, path)]
}

/** `null` means absent. The API takes numbers written as text as well. */
export function optionalNumber(place: Place, field: string): number | undefined {
  const value = place.value[field]
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof number !== 'number') throw invalid(pathOf(place, field), 'a number', value)
  return number
}

/** As `optionalNumber`, for whole numbers. */
export function optionalInteger(place: Place, field: string): number | undefined {
  const number = optionalNumber(place, field)
  if (number !== undefined && !Number.isSafeInteger(number))
    throw invalid(pathOf(place, field), 'an integer', place.value[field])
  return number
}

/** Strings of a list; `null` and absent are an empty one. */
export function optionalStrings(place: Place, field: string): readonly string[] {
  const value = place.value[field]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw invalid(pathOf(place, field), 'an array of strings', value)
  return value
}

/**
 * Fields without a name in the neutral model: the fields of the request by the path of their kind,
 * `contents.parts.videoMetadata`.
 */
export type Extensions = Record<string, unknown>

/** Keeps the fields not in `known` (camel case), which stand for absent when `null`. */
export function keepOthers(
  place: Place,
  prefix: string,
  kept: { readonly known: ReadonlySet<string>; readonly extensions: Extensions },
): void {
  for (const [field, value] of Object.entries(place.value)) {
    if (value === null || value === undefined || kept.known.has(camelCase(field))) continue
    kept.extensions[prefix + field] ??= value
  }
}

function camelCase(name: string): string {
  return name.includes('_')
    ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    : name
}
