import type { JsonObject } from '../../model/json-object.ts'
import { isObject } from '../../wire/json.ts'

/** An object that holds the value at the path: `['a', 'b']` gives `{ a: { b: value } }`. */
export function fieldAt(path: readonly string[], value: unknown): JsonObject {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as JsonObject
}

/** Fields of several origins in one object. */
export function mergeFields(fields: readonly JsonObject[]): JsonObject {
  const merged: JsonObject = {}
  for (const [name, value] of fields.flatMap((object) => Object.entries(object))) {
    const there = merged[name]
    merged[name] = isObject(there) && isObject(value) ? mergeFields([there, value]) : value
  }
  return merged
}
