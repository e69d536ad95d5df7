import type { JsonObject } from '../dialect.ts'

/** The value when it is a JSON object (not `null`, not an array). */
export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

/** The value when it is an array, an empty one otherwise: what a provider left out is nothing, never a crash. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The JSON objects in an array; what is no array has none. */
export function objectsOf(value: unknown): JsonObject[] {
  return listOf(value).filter((item): item is JsonObject => objectOf(item) !== undefined)
}

/** The value when it is a string with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
