import type { Problem } from '../values/problem.ts'
import { environmentFields, type EnvironmentField } from './env-fields.ts'
import { readKeys } from '../values/keys-text.ts'
import { nearNames } from '../../foundation/near-names.ts'
import { type Path, type Source, validate } from '../schema/validate.ts'

const PREFIX = 'POSTERN_'

/** Environment variables by name. Everything but `processEnvironment` takes it as an argument. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment of this process: the only place that looks at it. Empty where a runtime has none.
 */
export function processEnvironment(): Environment {
  return typeof process === 'undefined' ? {} : process.env
}

/**
 * The value of a variable. Empty means unset: that is what `NAME= command` and an unfilled
 * deployment template give.
 */
export function valueOf(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim()
  return value === '' ? undefined : value
}

/**
 * The options the environment sets. Unknown `POSTERN_*` variables are problems: a misspelt one
 * would do nothing, silently.
 */
export function readEnvironment(environment: Environment, problems: Problem[]): Source {
  const input: Record<string, unknown> = {}
  const variables = new Map<string, string>()
  for (const variable of Object.keys(environment).sort()) {
    const text = valueOf(environment, variable)
    if (!variable.startsWith(PREFIX) || text === undefined || isForOthers(variable, text)) continue
    const match = matchField(variable)
    if (match === undefined) {
      problems.push(unknownVariable(variable))
      continue
    }
    const value =
      match.field.path[0] === 'keys'
        ? readKeys(text, variable, problems)
        : readText(text, match.field)
    if (value === undefined) continue
    set(input, match.path, value)
    variables.set(match.path.join('\n'), variable)
  }
  return validate(input, (path) => placeIn(variables, path), problems)
}

/**
 * Name of the variable that holds something of a provider: `variableName('my-gpu')` is `MY_GPU`.
 */
export function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}

function readText(text: string, field: EnvironmentField): unknown {
  if (field.read === 'list')
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  return field.read === 'number' && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
}

function matchField(variable: string): { field: EnvironmentField; path: string[] } | undefined {
  for (const field of environmentFields()) {
    if (!variable.startsWith(field.before) || !variable.endsWith(field.after)) continue
    const name = variable.slice(field.before.length, variable.length - field.after.length)
    if (!(field.isNamed ? /^[A-Z0-9]+(?:_[A-Z0-9]+)*$/.test(name) : name === '')) continue
    return {
      field,
      path: field.path.map((step) =>
        step === '*' ? name.toLowerCase().replaceAll('_', '-') : step,
      ),
    }
  }
  return undefined
}

function set(input: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path
  if (first === undefined) return
  if (rest.length === 0) input[first] = value
  else set((input[first] ??= {}) as Record<string, unknown>, rest, value)
}

function placeIn(variables: ReadonlyMap<string, string>, path: Path): string {
  for (let length = path.length; length > 0; length -= 1) {
    const variable = variables.get(path.slice(0, length).join('\n'))
    const rest = path.slice(length)
    if (variable === undefined) continue
    const inside = rest
      .map((step) => (typeof step === 'number' ? `entry ${step + 1}` : String(step)))
      .join('.')
    return inside === '' ? variable : `${variable} (${inside})`
  }
  // A whole entry that several variables make up, such as a provider.
  const prefix = path.join('\n')
  const parts = [...variables]
    .filter(([key]) => key.startsWith(`${prefix}\n`))
    .map(([, variable]) => variable)
  return parts.length > 0 ? parts.join(', ') : `environment (${path.join('.')})`
}

function unknownVariable(variable: string): Problem {
  const known = environmentFields().map((field) =>
    (field.isNamed ? withNameOf(variable, field) : field.before).slice(PREFIX.length),
  )
  // The common prefix does not make two names similar.
  const near = nearNames(variable.slice(PREFIX.length), known).map((name) => PREFIX + name)
  const fix =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : 'Unset it. All variables are listed in docs/configuration.md.'
  return { place: variable, message: 'There is no such variable.', fix }
}

/**
 * A field's variable for the entry that was meant, so that only what stands around its name counts
 * for the suggestion.
 */
function withNameOf(variable: string, field: EnvironmentField): string {
  const words = variable.split('_')
  const wordsIn = (text: string): number => text.split('_').filter((word) => word !== '').length
  const name = words.slice(
    wordsIn(field.before),
    Math.max(wordsIn(field.before) + 1, words.length - wordsIn(field.after)),
  )
  return `${field.before}${name.join('_') || '<NAME>'}${field.after}`
}

/**
 * In a pod beside a Service called `postern`, Kubernetes sets `POSTERN_SERVICE_HOST`,
 * `POSTERN_PORT_80_TCP_ADDR`, ...
 */
function isForOthers(variable: string, value: string): boolean {
  // Where the command line finds a gateway is no business of one.
  if (variable === 'POSTERN_URL') return true
  if (/_SERVICE_(?:HOST|PORT(?:_\w+)?)$/.test(variable)) return true
  if (/_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(variable)) return true
  return variable.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value)
}
