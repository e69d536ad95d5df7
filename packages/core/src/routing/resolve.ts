import { nearNames } from '../foundation/near-names.ts'
import { GatewayError } from '../errors.ts'
import { isPlainName } from '../http/index.ts'
import type { Plan, PlanLimits, Target } from './plan.ts'

/** Models and routes a caller may use; absent means everything. */
export interface Allowance {
  readonly routes?: readonly string[] | undefined
  /** `provider/model`, or `provider/*`. */
  readonly models?: readonly string[] | undefined
}

/** The routing facts of one configuration, built once at start. */
export interface RoutingTable {
  readonly routes: ReadonlyMap<string, Plan>
  /** By provider name. */
  readonly providers: ReadonlyMap<string, ProviderEntry>
  /** Of plans that are not routes. */
  readonly limits: PlanLimits
}

export interface ProviderEntry {
  readonly target: (model: string) => Target
  /** Models named in the configuration. */
  readonly models: readonly string[]
  /** How bare model ids of this provider begin. */
  readonly modelPrefixes: readonly string[]
}

/**
 * The plan for `model` as a client writes it: the name of a route, `provider/model`, or a bare
 * model id that exactly one configured provider serves. Throws `model_not_found` with near names,
 * or `permission_denied`.
 */
export function planFor(table: RoutingTable, model: string, allowance: Allowance): Plan {
  const route = table.routes.get(model)
  if (route !== undefined) {
    if (allowance.routes !== undefined && !allowance.routes.includes(model))
      throw notAllowed(`route ${JSON.stringify(model)}`)
    return route
  }
  const target = targetFor(table, model)
  if (target === undefined) throw notFound(table, model)
  if (
    !isPlainName(target.model) &&
    !table.providers.get(target.provider.name)?.models.includes(target.model)
  )
    throw ambiguous(target)
  if (!mayUseModel(allowance, target.id)) throw notAllowed(`model ${JSON.stringify(target.id)}`)
  return { route: undefined, targets: [target], limits: table.limits }
}

/** Restricting routes without naming models means: routes only. */
export function mayUseModel(allowance: Allowance, id: string): boolean {
  if (allowance.models === undefined) return allowance.routes === undefined
  return allowance.models.some(
    (allowed) => allowed === id || (allowed.endsWith('/*') && id.startsWith(allowed.slice(0, -1))),
  )
}

function targetFor(table: RoutingTable, model: string): Target | undefined {
  const slash = model.indexOf('/')
  const prefixed =
    slash > 0 && slash < model.length - 1 ? table.providers.get(model.slice(0, slash)) : undefined
  if (prefixed !== undefined) return prefixed.target(model.slice(slash + 1))
  const entries = [...table.providers.values()]
  const naming = entries.filter((entry) => entry.models.includes(model))
  const serving =
    naming.length > 0
      ? naming
      : entries.filter((entry) => entry.modelPrefixes.some((prefix) => model.startsWith(prefix)))
  if (serving.length === 1) return serving[0]?.target(model)
  const [only] = entries
  return entries.length === 1 &&
    only !== undefined &&
    serving.length === 0 &&
    only.modelPrefixes.length === 0
    ? only.target(model)
    : undefined
}

/**
 * A model id becomes part of the provider's path with some services. One that the operator has
 * named is trusted.
 */
function ambiguous({ provider, model }: Target): GatewayError {
  return new GatewayError(
    'model_not_found',
    `${JSON.stringify(model.slice(0, 200))} is no model id: it has an empty piece, a backslash, a control, or a piece of dots. If ${provider.name} serves a model of this name, the operator can list it in that provider's models.`,
    { param: 'model' },
  )
}

function notAllowed(what: string): GatewayError {
  return new GatewayError('permission_denied', `This key may not use the ${what}.`, {
    param: 'model',
  })
}

function notFound(table: RoutingTable, model: string): GatewayError {
  const serving = [...table.providers].filter(
    ([, entry]) =>
      entry.models.includes(model) ||
      entry.modelPrefixes.some((prefix) => model.startsWith(prefix)),
  )
  const names =
    serving.length > 1
      ? serving.map(([name]) => `${name}/${model}`)
      : nearNames(model, knownNames(table))
  const hint =
    names.length > 0
      ? ` Did you mean ${names.map((name) => JSON.stringify(name)).join(' or ')}?`
      : ` Use a route, or "provider/model" with one of the providers ${[...table.providers.keys()].join(', ')}.`
  return new GatewayError(
    'model_not_found',
    `There is no route or model ${JSON.stringify(model.slice(0, 200))}.${hint}`,
    { param: 'model' },
  )
}

function knownNames(table: RoutingTable): string[] {
  const models = [...table.providers].flatMap(([name, entry]) =>
    entry.models.flatMap((model) => [model, `${name}/${model}`]),
  )
  const targets = [...table.routes.values()].flatMap((route) =>
    route.targets.map((target) => target.id),
  )
  return [...new Set([...table.routes.keys(), ...targets, ...models])]
}
