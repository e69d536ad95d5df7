import type { JsonObject } from '../dialects/index.ts'

/** Where a dialect's requests bound their output, as a path; of several names for it, the one to use when there is none yet comes first. */
export type BoundFields = readonly [readonly string[], ...(readonly string[])[]]

export const boundFields = {
  chat: [['max_completion_tokens'], ['max_tokens']],
  responses: [['max_output_tokens']],
  messages: [['max_tokens']],
  generate: [['generationConfig', 'maxOutputTokens']],
} as const satisfies Record<string, BoundFields>

/**
 * The body with its output bounded to `most` tokens: a larger bound becomes this one, and where there is none it is set. The
 * body itself, unchanged, when it asks for no more.
 */
export function boundOutput(body: JsonObject, fields: BoundFields, most: number): JsonObject {
  const given = fields.filter((path) => valueAt(body, path) !== undefined)
  // What is no number is the dialect's to refuse, in its own words.
  const tooLarge = given.filter((path) => Number(valueAt(body, path)) > most)
  const changed = given.length === 0 ? [fields[0]] : tooLarge
  return changed.reduce((bounded, path) => withValue(bounded, path, most), body)
}

function valueAt(body: JsonObject, path: readonly string[]): unknown {
  let value: unknown = body
  for (const step of path) value = typeof value === 'object' && value !== null ? (value as JsonObject)[step] : undefined
  return value ?? undefined
}

function withValue(body: JsonObject, [first = '', ...rest]: readonly string[], value: number): JsonObject {
  if (rest.length === 0) return { ...body, [first]: value }
  const inner = body[first]
  return { ...body, [first]: withValue(typeof inner === 'object' && inner !== null ? (inner as JsonObject) : {}, rest, value) }
}
