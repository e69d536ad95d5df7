import type { z } from 'zod'
import { append } from '../../foundation/lists.ts'
import { didYouMean } from '../../foundation/near-names.ts'
import type { Problem } from '../values/problem.ts'
import { optionsSchema, type ParsedOptions } from './schema.ts'

/** Options from one source, validated, with the places they were written at. */
export interface Source {
  readonly options: ParsedOptions
  /**
   * Where a value of this path was written, as users know it: `POSTERN_TIMEOUT`, `option timeout`.
   */
  placeOf(path: Path): string
  /**
   * Options, or entries of them as `providers.gpu`, that were wrong and left out: what needs them
   * is not wrong as well.
   */
  readonly broken: ReadonlySet<string>
}

export type Path = readonly PropertyKey[]

/**
 * Checks what one source says on its own. Values that are wrong become problems and are left out,
 * so that what is right can still be checked against the other sources: all problems are found in
 * one go.
 */
export function validate(
  input: unknown,
  placeOf: (path: Path) => string,
  problems: Problem[],
): Source {
  const schema = optionsSchema()
  const result = schema.safeParse(input)
  if (result.success) return { options: result.data, placeOf, broken: new Set() }
  for (const issue of result.error.issues) append(problems, problemsOf(issue, placeOf))
  const faulty = result.error.issues.flatMap(faultyPaths)
  const rest = schema.safeParse(withoutPaths(input, faulty))
  return {
    options: rest.success ? rest.data : {},
    placeOf,
    broken: new Set(faulty.map((path) => path.slice(0, 2).join('.'))),
  }
}

type Issue = z.core.$ZodIssue

function problemsOf(issue: Issue, placeOf: (path: Path) => string): Problem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(issue.path, key, placeOf))
  const place = placeOf(issue.path)
  if (issue.code === 'custom')
    return [{ place, message: issue.message, fix: String(issue.params?.['fix'] ?? 'Correct it.') }]
  if (issue.code === 'invalid_key') {
    return [
      {
        place,
        message: 'This name cannot be used.',
        fix: issue.issues[0]?.message ?? 'Choose another name.',
      },
    ]
  }
  return [{ place, ...explain(issue) }]
}

/** Our own words: those of the validator may repeat the value, which may be a secret. */
function explain(issue: Issue): { message: string; fix: string } {
  switch (issue.code) {
    case 'invalid_type':
      return {
        message: `This is not ${article(issue.expected)}.`,
        fix: `Write ${article(issue.expected)}.`,
      }
    case 'invalid_value':
      return {
        message: 'This is not one of the values it can have.',
        fix: `Write ${issue.values.map(String).join(' or ')}.`,
      }
    case 'too_small':
      return {
        message: 'This is too little.',
        fix: `Write at least ${issue.minimum}${issue.origin === 'string' ? ' character' : ''}.`,
      }
    case 'too_big':
      return { message: 'This is too much.', fix: `Write at most ${issue.maximum}.` }
    default:
      return { message: 'This value cannot be used.', fix: 'See docs/configuration.md.' }
  }
}

function article(expected: string): string {
  if (expected === 'int') return 'a whole number'
  if (expected === 'array') return 'a list'
  return expected === 'object' || expected === 'record' ? 'an object' : `a ${expected}`
}

function unknownKey(path: Path, key: string, placeOf: (path: Path) => string): Problem {
  const known = knownFields(path)
  const fix = didYouMean(key, known) ?? `Take it out. Known here: ${known.join(', ')}.`
  return { place: placeOf([...path, key]), message: 'There is no such option.', fix }
}

/** Names of the fields an object at this path may have. */
function knownFields(path: Path): string[] {
  let schema: z.core.$ZodType | undefined = optionsSchema()
  for (const step of path) schema = schema === undefined ? undefined : childOf(unwrap(schema), step)
  const shape = schema === undefined ? undefined : shapeOf(unwrap(schema))
  return shape === undefined ? [] : Object.keys(shape)
}

function childOf(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return def.type === 'record'
    ? (def.valueType as z.core.$ZodType)
    : shapeOf(schema)?.[String(step)]
}

function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return def.type === 'object'
    ? (def.shape as Readonly<Record<string, z.core.$ZodType>>)
    : undefined
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'optional') return unwrap(def.innerType)
  return def.type === 'pipe' ? unwrap(def.out) : schema
}

function faultyPaths(issue: Issue): Path[] {
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => [...issue.path, key])
    : [issue.path]
}

/**
 * A copy without what stands at these paths: the entry of a record as a whole, since half of one
 * means something else.
 */
function withoutPaths(input: unknown, paths: readonly Path[]): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return {}
  const copy: Record<PropertyKey, unknown> = { ...input }
  for (const [option, entry] of paths) {
    if (option === undefined) return {}
    const value = copy[option]
    if (entry === undefined || typeof value !== 'object' || value === null) delete copy[option]
    else copy[option] = Object.fromEntries(Object.entries(value).filter(([name]) => name !== entry))
  }
  return copy
}
