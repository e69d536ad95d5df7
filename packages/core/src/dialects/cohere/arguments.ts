import { asObject } from '../wire/json.ts'

const NULL = 'null'

/**
 * Whether the model wrote no arguments: for a tool that takes none it writes nothing, or the text
 * `null`.
 */
export function areNone(text: string): boolean {
  const written = text.trim()
  return written === '' || written === NULL
}

/**
 * Whether text that has begun like this may still turn out to be none. Arguments begin with a
 * brace, which ends the doubt at once.
 */
export function mayBeNone(text: string): boolean {
  return NULL.startsWith(text.trim())
}

/** JSON text of a call's arguments, as the model wrote them; `{}` when it wrote none. */
export function serializeArguments(value: unknown): string {
  if (typeof value === 'string') return areNone(value) ? '{}' : value
  return JSON.stringify(asObject(value) ?? {})
}
