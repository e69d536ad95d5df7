/** A JSON object as it came off the wire. */
export type JsonObject = Record<string, unknown>

/** Whether a value off the wire is a JSON object: no array, no `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects of a value that should be an array of objects; nothing when it is not. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** A value that should be an object, or an empty one. */
export function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** A value that should be a string, or `''`. */
export function stringIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A JSON text as an object; `undefined` for anything else, malformed text included. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
