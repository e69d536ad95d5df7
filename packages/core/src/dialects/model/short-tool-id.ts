import { createHash } from 'node:crypto'

const SHORT = /^[a-zA-Z0-9]{9}$/

/**
 * Mistral's models take ids of nine letters and digits only. The same id always becomes the same
 * one, so calls keep their results.
 */
export function shortToolId(id: string): string {
  return SHORT.test(id) ? id : digestOf(id).slice(0, 9)
}

/** A mark that tells ids apart which look alike once they are made to fit. Hexadecimal. */
export function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}
