import { readFileSync } from 'node:fs'
import type { GoogleCredentials } from '../../providers/index.ts'
import type { Problem } from '../values/problem.ts'

/**
 * The credentials a path or a text stands for, or what is wrong with them; nothing of them is
 * repeated.
 */
export function readCredentials(pathOrText: string): GoogleCredentials | Omit<Problem, 'place'> {
  const text = pathOrText.startsWith('{') ? { content: pathOrText } : readText(pathOrText)
  if ('message' in text) return text
  const fields = parse(text.content)
  return (
    fields ?? {
      message: 'The credentials are not a JSON object.',
      fix: 'Give the file as it was downloaded.',
    }
  )
}

function readText(path: string): { readonly content: string } | Omit<Problem, 'place'> {
  try {
    return { content: readFileSync(path, 'utf8').replace(/^\uFEFF/, '') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return {
      message: `The credentials file cannot be read (${code}).`,
      fix: 'Correct the path or the permissions.',
    }
  }
}

function parse(text: string): GoogleCredentials | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as GoogleCredentials)
      : undefined
  } catch {
    // The message of the runtime quotes the text.
    return undefined
  }
}
