import {
  catalogue,
  type CatalogueEntry,
  clouds,
  createProvider,
  fillAddress,
  findCloud,
  findInCatalogue,
  placeholdersOf,
  poolKeys,
  withIssuerName,
  withTenants,
  type Provider,
  type ProviderDeps,
} from '../providers/index.ts'
import { type Environment, valueOf, variableName } from './sources/env.ts'
import type { Merged, Placed } from './sources/merge.ts'
import { didYouMean } from '../foundation/near-names.ts'
import type { Problem } from './values/problem.ts'
import { cloudOf, type Fault, foreignOption, resolveCloud } from './resolve-clouds.ts'
import type { ParsedProvider } from './schema/schema.ts'
import { baseUrlVariable } from './sources/well-known.ts'

export interface ResolvedProviders {
  readonly providers: ReadonlyMap<string, Provider>
  /** Their keys, which must not be used as virtual keys. */
  readonly providerKeys: ReadonlySet<string>
}

export interface ProviderContext {
  readonly environment: Environment
  readonly deps: ProviderDeps
}

/** Every provider that is configured, in the catalogue's order, own ones after it. */
export function resolveProviders(
  merged: Merged,
  context: ProviderContext,
  problems: Problem[],
): ResolvedProviders {
  const configured = merged.providers()
  const known = [
    ...catalogue.map((entry) => entry.name),
    ...clouds.map((cloud) => cloud.kind),
  ].filter((name) => configured.has(name))
  const providers = new Map<string, Provider>()
  for (const name of new Set([...known, ...configured.keys()])) {
    const { value, placeOf } = configured.get(name) as Placed<ParsedProvider>
    const resolved = resolveProvider(name, value, context)
    if (isProvider(resolved)) providers.set(name, resolved)
    else
      problems.push({
        place: placeOf(resolved.option === undefined ? [] : [resolved.option]),
        message: resolved.message,
        fix: resolved.fix,
      })
  }
  if (configured.size === 0 && !merged.isBroken('providers')) problems.push(noProvider())
  const secrets = [...configured.values()].flatMap(({ value }) => [
    value.apiKey,
    ...(value.apiKeys ?? []).map(({ key }) => key),
    ...Object.values(value.tenantKeys ?? {}),
    value.secretAccessKey,
    value.sessionToken,
  ])
  nameIssuers(providers)
  return { providers, providerKeys: new Set(secrets.filter((secret) => secret !== undefined)) }
}

/**
 * Where several providers speak one dialect at addresses of their own, each but the first has its
 * name on its proofs. First is the dialect's own service, which stands before others in the
 * catalogue.
 */
function nameIssuers(providers: Map<string, Provider>): void {
  const firsts = new Map<string, string>()
  for (const [name, provider] of providers) {
    const spoken = [provider.dialect, ...(provider.dialectsFor?.('') ?? [])]
    const isAnother = spoken.some(
      (dialect) => (firsts.get(dialect) ?? provider.origin) !== provider.origin,
    )
    for (const dialect of spoken) if (!firsts.has(dialect)) firsts.set(dialect, provider.origin)
    providers.set(name, withIssuerName(provider, isAnother ? name : undefined))
  }
}

/** How to make a provider of this name callable. */
export function howToConfigure(name: string, others: Iterable<string>): string {
  const entry = findInCatalogue(name)
  const cloud = findCloud(name)
  if (cloud !== undefined) return `Set ${cloud.setup}.`
  if (entry === undefined) {
    const custom = `Set POSTERN_PROVIDER_${variableName(name.toLowerCase())}_BASE_URL.`
    return `${didYouMean(name, [...others, ...catalogue.map((known) => known.name), ...clouds.map(({ kind }) => kind)]) ?? ''} ${custom}`.trim()
  }
  if (entry.isLocal) return `Set ${baseUrlVariable(entry)}, such as ${entry.baseUrl}.`
  return `Set ${[entry.keyVariables.join(' or '), ...placeholdersOf(entry)].join(' and ')}.`
}

function isProvider(resolved: Provider | Fault): resolved is Provider {
  return 'origin' in resolved
}

/** With keys of tenants, the same provider once more for each of them. */
function resolveProvider(
  name: string,
  { tenantKeys, tenantsWithoutKey, ...value }: ParsedProvider,
  context: ProviderContext,
): Provider | Fault {
  if (tenantKeys === undefined) return resolvePool(name, value, context)
  const tenants = new Map<string, Provider>()
  for (const [tenant, apiKey] of Object.entries(tenantKeys)) {
    const own = resolvePool(name, { ...value, apiKey, apiKeys: undefined }, context)
    if (!isProvider(own)) return own
    tenants.set(tenant, own)
  }
  const isForTenantsOnly = tenantsWithoutKey === 'refuse'
  // A provider for tenants only needs no other key.
  const [someKey] = Object.values(tenantKeys)
  const shared = resolvePool(
    name,
    isForTenantsOnly && value.apiKey === undefined ? { ...value, apiKey: someKey } : value,
    context,
  )
  return isProvider(shared) ? withTenants(shared, tenants, { isForTenantsOnly }) : shared
}

/** With several keys, the same provider as often as it has keys. */
function resolvePool(
  name: string,
  value: Omit<ParsedProvider, 'tenantKeys' | 'tenantsWithoutKey'>,
  context: ProviderContext,
): Provider | Fault {
  const { apiKeys = [], limits: _, ...rest } = value
  const pool = [...(value.apiKey === undefined ? [] : [{ key: value.apiKey }]), ...apiKeys].filter(
    ({ key }, at, all) => all.findIndex((other) => other.key === key) === at,
  )
  if (pool.length === 0) return resolveOne(name, rest, context)
  const members: { provider: Provider; weight: number }[] = []
  for (const { key: apiKey, weight = 1 } of pool as readonly {
    readonly key: string
    readonly weight?: number
  }[]) {
    const provider = resolveOne(name, { ...rest, apiKey }, context)
    if (!isProvider(provider)) return provider
    members.push({ provider, weight })
  }
  return poolKeys(members)
}

function resolveOne(
  name: string,
  value: Omit<ParsedProvider, 'apiKeys' | 'limits' | 'tenantKeys' | 'tenantsWithoutKey'>,
  { environment, deps }: ProviderContext,
): Provider | Fault {
  const cloud = cloudOf(name, value)
  if (cloud !== undefined) return resolveCloud(cloud, { ...value, name }, deps)
  const foreign = foreignOption(value, [])
  if (foreign !== undefined) return foreign
  const entry = findInCatalogue(name)
  const address =
    value.baseUrl === undefined
      ? knownAddress(name, entry, environment)
      : { baseUrl: value.baseUrl }
  if ('message' in address) return address
  if (entry !== undefined && isKeyMissing(entry, value)) {
    return {
      message: `${entry.title} is called with a key, and there is none.`,
      fix: howToConfigure(name, []),
    }
  }
  return createProvider({ ...value, name, baseUrl: address.baseUrl }, entry)
}

/** At an address of the user's own, whether a key is needed is the user's business. */
function isKeyMissing(
  entry: CatalogueEntry,
  value: Pick<ParsedProvider, 'apiKey' | 'baseUrl' | 'headers'>,
): boolean {
  return (
    !entry.isLocal &&
    value.apiKey === undefined &&
    value.baseUrl === undefined &&
    value.headers === undefined
  )
}

function knownAddress(
  name: string,
  entry: CatalogueEntry | undefined,
  environment: Environment,
): { readonly baseUrl: string } | Fault {
  if (entry === undefined) {
    const message = `The provider ${JSON.stringify(name)} is not a known one and has no address.`
    return {
      message,
      fix: `${howToConfigure(name, [])} In code or in a file, set its baseUrl, or the kind of cloud it is at.`,
    }
  }
  const filled = fillAddress(entry, (variable) => valueOf(environment, variable))
  if ('baseUrl' in filled) return filled
  const missing = filled.missing.join(' and ')
  return {
    message: `The address of ${entry.title} needs ${missing}.`,
    fix: `Set ${missing}, or the whole address as ${baseUrlVariable(entry)}.`,
  }
}

function noProvider(): Problem {
  const keys = catalogue
    .slice(0, 3)
    .map((entry) => entry.keyVariables[0])
    .join(', ')
  const local = catalogue.find((entry) => entry.isLocal)
  const address = local === undefined ? '' : ` (or ${baseUrlVariable(local)}=${local.baseUrl})`
  return {
    place: 'providers',
    message: 'No provider is configured.',
    fix:
      `Either set the key of one in the environment (${keys}, ...), or the address of a server of yours as ` +
      `POSTERN_PROVIDER_<NAME>_BASE_URL${address}, or write it under providers in code or in the file of POSTERN_CONFIG.`,
  }
}
