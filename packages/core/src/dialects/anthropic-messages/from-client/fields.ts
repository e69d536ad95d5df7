import type { CacheHint } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { optionalObject, optionalString, type Place, pathOf } from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'

/**
 * Fields without a name in the neutral model: fields of the request by their names, those of its
 * parts by the path of their kind, without numbers (`messages.content.citations`), so that a loss
 * in many places is reported once.
 */
export type Extensions = Map<string, unknown>

export interface Kept {
  readonly known: ReadonlySet<string>
  /** Prefix of the names: `''` or ends in a full stop. */
  readonly prefix: string
  readonly extensions: Extensions
}

/** Keeps the fields that are not `known`; `null` stands for absent. */
export function keepOthers(value: JsonObject, { known, prefix, extensions }: Kept): void {
  for (const field in value) {
    if (known.has(field) || value[field] === null || value[field] === undefined) continue
    const name = prefix + field
    if (!extensions.has(name)) extensions.set(name, value[field])
  }
}

/** `cache_control` as a hint. */
export function readCacheHint(place: Place): CacheHint | undefined {
  const control = optionalObject(place, 'cache_control')
  if (control === undefined) return undefined
  const ttl = optionalString(control, 'ttl')
  return ttl === undefined ? {} : { ttl }
}

/** The same, to be spread into a part or tool. */
export function cacheHintField(place: Place): { readonly cacheHint?: CacheHint } {
  const cacheHint = readCacheHint(place)
  return cacheHint === undefined ? {} : { cacheHint }
}

/** `null` means absent. */
export function optionalNumber(place: Place, field: string): number | undefined {
  const value = place.value[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw invalid(pathOf(place, field), 'a number', value)
  return value
}

export function requiredInteger(place: Place, field: string): number {
  const value = place.value[field]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw invalid(pathOf(place, field), 'a non-negative integer', value)
  return value
}
