import { describeKind } from '../foundation/host-calls.ts'
import { attributes, type Attribution, type Caller } from './caller.ts'
import type { KnownCaller } from './caller-key.ts'

const LONGEST_TEXT = 256
const MOST_ENTRIES = 1_000

/**
 * Reads the answer of `identify`. Falsy answers name no caller: `undefined`. Throws a `TypeError`
 * that says what is wrong with any other answer that is no caller, and passes on what its getters
 * throw. The copy holds known fields only, so what the host adds to its objects later, or keeps in
 * them, changes nothing.
 *
 * @param onNumber told where a number was turned into text
 */
export function readHostCaller(
  answer: unknown,
  onNumber: (field: string) => void,
): KnownCaller | undefined {
  // `req.isAuthenticated() && {...}`, `session.userId && {...}`: the left side of these is the
  // answer for a stranger.
  if (!answer) return undefined
  if (typeof answer !== 'object' || Array.isArray(answer) || answer instanceof Error)
    throw new TypeError(
      `The option identify answered ${describeKind(answer)}: it must answer an object with an id, or null for a stranger.`,
    )
  const said = answer as Readonly<Record<string, unknown>>
  const caller: { -readonly [Field in keyof KnownCaller]: KnownCaller[Field] } = {
    credential: 'host',
    id: textOf(said['id'], 'id', onNumber),
  }
  for (const field of TEXTS) {
    const value = said[field]
    // `null` is how databases say that a user has no team.
    if (value !== undefined && value !== null) caller[field] = textOf(value, field, onNumber)
  }
  return Object.freeze({ ...caller, ...grantsOf(said) })
}

const TEXTS = [...attributes, 'session'] as const

/** A restriction that cannot be read is never one that is not there. */
function grantsOf(said: Readonly<Record<string, unknown>>): Partial<Caller> {
  const { mayName, mayReport, routes, models, endpoints, sendsSession, maxOutputTokens, limits } =
    said
  return {
    ...(mayName !== undefined && { mayName: listOf(mayName, 'mayName', isAttribute) }),
    ...(routes !== undefined && { routes: listOf(routes, 'routes', isText) }),
    ...(models !== undefined && { models: listOf(models, 'models', isText) }),
    ...(endpoints !== undefined && { endpoints: listOf(endpoints, 'endpoints', isText) }),
    ...(mayReport !== undefined && { mayReport: checked(mayReport, 'mayReport', isBoolean) }),
    ...(sendsSession !== undefined && {
      sendsSession: checked(sendsSession, 'sendsSession', isBoolean),
    }),
    ...(maxOutputTokens !== undefined && {
      maxOutputTokens: checked(maxOutputTokens, 'maxOutputTokens', isCount),
    }),
    // Limits are checked where they are used, like those of the configuration.
    ...(limits !== undefined && { limits: checked(limits, 'limits', isLimits) }),
  }
}

interface Check<Value> {
  readonly is: (value: unknown) => value is Value
  readonly expected: string
}

const isText: Check<string> = {
  is: (value): value is string => typeof value === 'string' && value !== '',
  expected: 'non-empty strings',
}
const isAttribute: Check<keyof Attribution> = {
  is: (value): value is keyof Attribution => (attributes as readonly unknown[]).includes(value),
  expected: attributes.join(', '),
}
const isBoolean: Check<boolean> = {
  is: (value): value is boolean => typeof value === 'boolean',
  expected: 'true or false',
}
const isCount: Check<number> = {
  is: (value): value is number => Number.isSafeInteger(value) && (value as number) > 0,
  expected: 'a whole number above 0',
}
const isLimits: Check<NonNullable<Caller['limits']>> = {
  is: (value): value is NonNullable<Caller['limits']> => Array.isArray(value),
  expected: 'a list of limits',
}

function checked<Value>(value: unknown, field: string, { is, expected }: Check<Value>): Value {
  if (is(value)) return value
  throw wrong(field, describeKind(value), expected)
}

function listOf<Value>(
  value: unknown,
  field: string,
  { is, expected }: Check<Value>,
): readonly Value[] {
  if (!Array.isArray(value) || value.length > MOST_ENTRIES)
    throw wrong(field, describeKind(value), `a list of up to ${MOST_ENTRIES} entries`)
  return Object.freeze(
    Array.from({ length: value.length }, (_, at) => {
      const entry: unknown = value[at]
      if (is(entry)) return entry
      throw wrong(
        `${field}[${at}]`,
        typeof entry === 'string' ? JSON.stringify(entry.slice(0, 40)) : describeKind(entry),
        `one of: ${expected}`,
      )
    }),
  )
}

function textOf(value: unknown, field: string, onNumber: (field: string) => void): string {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    onNumber(field)
    return textOf(String(value), field, onNumber)
  }
  if (typeof value !== 'string')
    throw wrong(
      field,
      typeof value === 'number' ? `the number ${value}` : describeKind(value),
      'a non-empty string',
    )
  // Half a surrogate pair cannot be written into the name of a counter.
  if (value.trim() === '' || value.length > LONGEST_TEXT || !value.isWellFormed())
    throw wrong(
      field,
      `${value.length} characters${value.trim() === '' ? ' of space' : ''}`,
      `a string of 1 to ${LONGEST_TEXT} characters of valid Unicode`,
    )
  return value
}

function wrong(field: string, found: string, expected: string): TypeError {
  return new TypeError(
    `The option identify answered a caller that cannot be used: ${field} is ${found}; it must be ${expected}.`,
  )
}
