import { describeKind } from '../foundation/host-calls.ts'

/** A person or program that administers the gateway. */
export interface Administrator {
  readonly name: string
  /** False for one that may only look. @default true */
  readonly mayChange?: boolean
}

const LONGEST_NAME = 256

/**
 * Reads the answer of `adminGuard`. Falsy answers name no administrator: `undefined`. Throws a
 * `TypeError` for anything else but a non-empty string or an object with such a `name`, and passes
 * on what its getters throw.
 */
export function readAdministrator(answer: unknown): Administrator | undefined {
  if (!answer) return undefined
  if (typeof answer === 'string') return { name: nameOf(answer) }
  // Errors have a name, and a guard that returns what it caught opens nothing.
  if (typeof answer !== 'object' || Array.isArray(answer) || answer instanceof Error)
    throw wrong(describeKind(answer))
  const { name, mayChange } = answer as { readonly name?: unknown; readonly mayChange?: unknown }
  return { name: nameOf(name), mayChange: mayChange === undefined || mayChange === true }
}

function nameOf(name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= LONGEST_NAME) return name
  throw wrong(
    typeof name === 'string'
      ? `a name of ${name.trim().length} characters`
      : `an object whose name is ${describeKind(name)}`,
  )
}

function wrong(found: string): TypeError {
  return new TypeError(
    `The option adminGuard answered ${found}: it must answer the name of an administrator (1 to ${LONGEST_NAME} characters), { name, mayChange }, or null for a stranger.`,
  )
}
