import { alternatives, type Cloud, type CloudSettings, clouds } from '../../providers/index.ts'
import { type Environment, valueOf } from './env.ts'
import type { Problem } from '../values/problem.ts'
import { cloudOf } from '../resolve-clouds.ts'
import type { ParsedProvider } from '../schema/schema.ts'
import { type Source, validate } from '../schema/validate.ts'

/** Options written for this gateway, from code, environment and file. */
export interface Mentions {
  readonly providers: ReadonlyMap<string, ParsedProvider>
  /** Names of providers that targets of routes begin with. */
  readonly routed: ReadonlySet<string>
}

/**
 * Values of the usual cloud variables, for every provider of that cloud. The weakest of all
 * sources: region, project and keys are in many environments for other reasons, so they enable
 * nothing by themselves (but for those the cloud names) and add nothing that was said in another
 * way.
 */
export function readCloudVariables(
  environment: Environment,
  mentions: Mentions,
  problems: Problem[],
): Source {
  const providers: Record<string, Record<string, string>> = {}
  const places = new Map<string, string>()
  for (const cloud of clouds) {
    for (const name of namesOf(cloud, environment, mentions)) {
      const found = variablesFor(cloud, name, mentions.providers.get(name)).flatMap(
        ({ option, names, only }) => {
          const variable = names.find((candidate) => valueOf(environment, candidate) !== undefined)
          const value = variable === undefined ? undefined : valueOf(environment, variable)
          return variable === undefined || value === undefined || only?.test(value) === false
            ? []
            : [{ option, variable, value }]
        },
      )
      if (found.length === 0) continue
      providers[name] = Object.fromEntries(found.map(({ option, value }) => [option, value]))
      for (const { option, variable } of found) places.set(`${name}.${option}`, variable)
      places.set(name, found.map(({ variable }) => variable).join(', '))
    }
  }
  return validate(
    { providers },
    (path) => places.get(path.slice(1, 3).join('.')) ?? 'environment',
    problems,
  )
}

/**
 * The providers of this kind: those that were configured, and the one of its own name when
 * something asks for it.
 */
function namesOf(
  cloud: Cloud,
  environment: Environment,
  { providers, routed }: Mentions,
): string[] {
  const configured = [...providers]
    .filter(([name, value]) => cloudOf(name, value) === cloud)
    .map(([name]) => name)
  const isEnabled =
    routed.has(cloud.kind) ||
    cloud.enabledBy.some((variable) => valueOf(environment, variable) !== undefined)
  return isEnabled && !providers.has(cloud.kind) ? [...configured, cloud.kind] : configured
}

function variablesFor(
  cloud: Cloud,
  name: string,
  configured: ParsedProvider | undefined,
): Cloud['variables'] {
  const said = (option: keyof CloudSettings): boolean =>
    option !== 'name' && configured?.[option] !== undefined
  return cloud.variables.filter(({ option, isShared = false }) => {
    if (!isShared && name !== cloud.kind) return false
    return !alternatives.some((group) => group.includes(option) && group.some(said))
  })
}
