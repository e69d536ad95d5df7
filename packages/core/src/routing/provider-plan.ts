import { PROVIDER_HEADER, type RequestedProvider } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { Plan, Target } from './plan.ts'
import { type Allowance, mayUseModel, planFor, type RoutingTable } from './resolve.ts'

/**
 * The plan for objects of one provider: the provider the client names, that of `model`, or the only
 * possible one. Callers limited to some models may not use this: files and batches reach all
 * models.
 *
 * Throws `model_not_found` for an unknown provider, `permission_denied`, and `invalid_request` that
 * lists the providers the client may name.
 */
export function planForProvider(
  table: RoutingTable,
  wanted: RequestedProvider & { readonly model: string | undefined },
  allowance: Allowance,
): Plan {
  const possible = candidates(table, wanted).filter((name) => mayUseProvider(allowance, name))
  const name =
    wanted.name ??
    (wanted.model === undefined
      ? onlyOne(table, wanted, possible)
      : planFor(table, wanted.model, allowance).targets[0]?.provider.name)
  const entry = name === undefined ? undefined : table.providers.get(name)
  if (name === undefined || entry === undefined) throw unknown(name ?? '', possible)
  if (!mayUseProvider(allowance, name)) throw notAllowed(name)
  const target: Target = { ...entry.target(''), id: name }
  if (!speaks(target, wanted)) throw undecided(`${name} has no such API`, possible)
  return {
    route: undefined,
    targets: [target],
    limits: wanted.isRepeatable ? table.limits : { ...table.limits, retries: 0 },
  }
}

function candidates(table: RoutingTable, wanted: RequestedProvider): string[] {
  return [...table.providers]
    .filter(([, entry]) => speaks(entry.target(''), wanted))
    .map(([name]) => name)
}

function speaks(target: Target, wanted: RequestedProvider): boolean {
  return wanted.speaks === undefined || target.dialects.includes(wanted.speaks)
}

function mayUseProvider(allowance: Allowance, name: string): boolean {
  return mayUseModel(allowance, `${name}/*`)
}

function onlyOne(
  table: RoutingTable,
  wanted: RequestedProvider,
  possible: readonly string[],
): string {
  const [only, ...others] = possible
  if (only !== undefined && others.length === 0) return only
  if (only !== undefined) throw undecided('More than one provider can be meant', possible)
  const [hidden] = candidates(table, wanted)
  throw hidden === undefined
    ? undecided('No configured provider has this API', possible)
    : notAllowed(hidden)
}

function undecided(why: string, possible: readonly string[]): GatewayError {
  const choice =
    possible.length === 0
      ? 'There is none this key may use.'
      : `Name one in the header ${PROVIDER_HEADER}, or before a model: ${possible.join(', ')}.`
  return new GatewayError('invalid_request', `${why}. ${choice}`, { param: PROVIDER_HEADER })
}

function unknown(name: string, possible: readonly string[]): GatewayError {
  const choice = possible.length === 0 ? '' : ` This key may use ${possible.join(', ')}.`
  return new GatewayError(
    'model_not_found',
    `There is no provider ${JSON.stringify(name.slice(0, 200))}.${choice}`,
  )
}

function notAllowed(name: string): GatewayError {
  return new GatewayError(
    'permission_denied',
    `This key may not use the provider ${JSON.stringify(name)} as a whole (${JSON.stringify(`${name}/*`)} among its models).`,
  )
}
