import { catalogue, type CatalogueEntry } from '../../providers/index.ts'
import { type Environment, valueOf, variableName } from './env.ts'
import type { Problem } from '../values/problem.ts'
import { type Source, validate } from '../schema/validate.ts'

/**
 * The variable that moves a known provider to another address: the one official SDKs read, where
 * there is one.
 */
export function baseUrlVariable(entry: CatalogueEntry): string {
  return `${variableName(entry.name)}_BASE_URL`
}

/**
 * The providers whose usual variables are set: a key makes a service callable, an address a local
 * server. An address without a key makes nothing callable, because other programs use these
 * variables too; it counts for providers that were `mentioned` elsewhere.
 */
export function readWellKnown(
  environment: Environment,
  mentioned: ReadonlySet<string>,
  problems: Problem[],
): Source {
  const providers: Record<string, { apiKey?: string; baseUrl?: string }> = {}
  const variables = new Map<PropertyKey, string>()
  for (const entry of catalogue) {
    const keyVariable = entry.keyVariables.find(
      (variable) => valueOf(environment, variable) !== undefined,
    )
    const addressVariable =
      valueOf(environment, baseUrlVariable(entry)) === undefined
        ? undefined
        : baseUrlVariable(entry)
    const isEnabled = (entry.isLocal ? addressVariable : keyVariable) !== undefined
    if (!isEnabled && !mentioned.has(entry.name)) continue
    if (keyVariable === undefined && addressVariable === undefined) continue
    const fields: { apiKey?: string; baseUrl?: string } = {}
    if (keyVariable !== undefined) fields.apiKey = valueOf(environment, keyVariable) as string
    if (addressVariable !== undefined)
      fields.baseUrl = valueOf(environment, addressVariable) as string
    providers[entry.name] = fields
    variables.set(entry.name, keyVariable ?? addressVariable ?? '')
    variables.set(`${entry.name}.apiKey`, keyVariable ?? '')
    variables.set(`${entry.name}.baseUrl`, addressVariable ?? '')
  }
  return validate(
    { providers },
    (path) => variables.get(path.slice(1).join('.')) ?? 'environment',
    problems,
  )
}
