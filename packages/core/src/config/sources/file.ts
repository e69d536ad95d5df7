import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { jsonErrorOffset } from '../../json/error-offset.ts'
import type { Environment } from './env.ts'
import { interpolate } from './interpolate.ts'
import type { Problem } from '../values/problem.ts'
import { type Path, type Source, validate } from '../schema/validate.ts'

/** The part of the package `yaml` that is used. */
interface Yaml {
  parseDocument(
    text: string,
    options: { prettyErrors: boolean },
  ): {
    readonly errors: readonly {
      readonly message: string
      readonly pos: readonly [number, number]
    }[]
    toJS(): unknown
  }
}

export interface FileContext {
  readonly environment: Environment
  readonly problems: Problem[]
  /** Loads the optional package `yaml`; throws when it is not installed. */
  readonly loadYaml?: () => Yaml
}

/**
 * Reads a configuration file, JSON or YAML by its extension, fills in `${ENV_NAME}` and validates
 * it. What cannot be read is reported with line and column; no part of the file is repeated,
 * because files hold keys.
 */
export function readConfigFile(path: string, context: FileContext): Source | undefined {
  const { problems, environment } = context
  const place = (inside: Path): string =>
    inside.length === 0 ? path : `${path}: ${describePath(inside)}`
  const text = readText(path, problems)
  if (text === undefined) return undefined
  const parsed = parse(path, text, context)
  if (parsed === undefined) return undefined
  // An empty YAML file is no configuration, not a wrong one.
  const value = interpolate(parsed.value ?? {}, environment, (at, problem) =>
    problems.push({ place: place(at), ...problem }),
  )
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, 'config')) {
    problems.push({
      place: place(['config']),
      message: 'A configuration file cannot name another one.',
      fix: 'Take it out.',
    })
    delete (value as { config?: unknown }).config
  }
  return validate(value, place, problems)
}

/** `providers.gpu.models[0]` */
export function describePath(path: Path): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
  return steps.join('').replace(/^\./, '')
}

function readText(path: string, problems: Problem[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const fix =
      'Correct the path or the permissions, or unset the option config and POSTERN_CONFIG.'
    problems.push({ place: path, message: `The configuration file cannot be read (${code}).`, fix })
    return undefined
  }
}

function parse(
  path: string,
  text: string,
  context: FileContext,
): { readonly value: unknown } | undefined {
  switch (extname(path).toLowerCase()) {
    case '.json':
      return parseJson(path, text, context.problems)
    case '.yaml':
    case '.yml':
      return parseYaml(path, text, context)
    default:
      context.problems.push({
        place: path,
        message: 'The extension says neither JSON nor YAML.',
        fix: 'Name the file .json, .yaml or .yml.',
      })
      return undefined
  }
}

function parseJson(
  path: string,
  text: string,
  problems: Problem[],
): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    // The message of the runtime quotes the text around the error.
    const place = path + lineAndColumn(text, jsonErrorOffset(text))
    problems.push({ place, message: 'This is not valid JSON.', fix: 'Correct the syntax there.' })
    return undefined
  }
}

function parseYaml(
  path: string,
  text: string,
  context: FileContext,
): { readonly value: unknown } | undefined {
  const { problems, loadYaml = requireYaml } = context
  let yaml: Yaml
  try {
    yaml = loadYaml()
  } catch {
    const fix = 'Run "npm install yaml", or write the file as JSON.'
    problems.push({
      place: path,
      message: 'Reading YAML needs the package "yaml", which is not installed.',
      fix,
    })
    return undefined
  }
  // Pretty errors would quote the file.
  const document = yaml.parseDocument(text, { prettyErrors: false })
  for (const error of document.errors) {
    const fix = 'Correct the syntax there: indentation, quotes and colons first.'
    problems.push({
      place: path + lineAndColumn(text, error.pos[0]),
      message: 'This is not valid YAML.',
      fix,
    })
  }
  if (document.errors.length > 0) return undefined
  try {
    return { value: document.toJS() }
  } catch {
    problems.push({
      place: path,
      message: 'The aliases of this YAML file cannot be resolved.',
      fix: 'Write the values out.',
    })
    return undefined
  }
}

function requireYaml(): Yaml {
  return createRequire(import.meta.url)('yaml') as Yaml
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `:${before.length}:${(before.at(-1) ?? '').length + 1}`
}
