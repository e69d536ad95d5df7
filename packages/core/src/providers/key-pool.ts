import type { Provider, ProviderKey } from './provider.ts'

/**
 * One provider out of the same one with several keys; calls that know nothing of keys use the
 * first.
 */
export function poolKeys(
  members: readonly { readonly provider: Provider; readonly weight: number }[],
): Provider {
  const [first, ...others] = members
  if (first === undefined) throw new TypeError('A pool has at least one key.')
  if (others.length === 0) return first.provider
  return withKeys(members.map((member, at) => ({ name: `key-${at + 1}`, ...member })))
}

/**
 * The provider with the keys of tenants who bring their own. What is known of one of them is known
 * of no other tenant; when only tenants are served, no models are listed with their keys.
 */
export function withTenants(
  provider: Provider,
  tenants: ReadonlyMap<string, Provider>,
  options: { readonly isForTenantsOnly: boolean },
): Provider {
  const named = new Map(
    [...tenants].map(([tenant, own]) => [
      tenant,
      withKeys([{ name: `tenant-${tenant}`, weight: 1, provider: own }]),
    ]),
  )
  return Object.freeze({
    ...copyOf(provider),
    ...(provider.keys && { keys: provider.keys }),
    tenants: named,
    ...(options.isForTenantsOnly && { isForTenantsOnly: true, listModelsPath: undefined }),
  })
}

function withKeys(keys: readonly ProviderKey[]): Provider {
  const [first] = keys
  if (first === undefined) throw new TypeError('A pool has at least one key.')
  return Object.freeze({
    ...copyOf(first.provider),
    keys: Object.freeze(keys.map((key) => Object.freeze(key))),
    redact: (text: string) => keys.reduce((cleaned, key) => key.provider.redact(cleaned), text),
  })
}

/**
 * The provider, with a name for the issuer of its proofs; each key after the first may be another
 * account.
 */
export function withIssuerName(provider: Provider, issuer: string | undefined): Provider {
  const { keys, tenants, isForTenantsOnly } = provider
  if (issuer === undefined && (keys?.length ?? 0) < 2) return provider
  const nameOf = (at: number, key: string): string | undefined =>
    at === 0 ? issuer : `${issuer ?? ''}#${key}`
  return Object.freeze({
    ...copyOf(provider),
    ...(issuer !== undefined && { issuer }),
    ...(keys && {
      keys: Object.freeze(
        keys.map((key, at) =>
          Object.freeze({ ...key, provider: withIssuerName(key.provider, nameOf(at, key.name)) }),
        ),
      ),
    }),
    ...(tenants && {
      tenants: new Map([...tenants].map(([tenant, own]) => [tenant, withIssuerName(own, issuer)])),
    }),
    ...(isForTenantsOnly !== undefined && { isForTenantsOnly }),
  })
}

/** A provider without its secrets in a field. */
function copyOf(provider: Provider): Provider {
  const { name, dialect, origin, basePath, models, modelPrefixes, quirks, powers, listModelsPath } =
    provider
  return {
    name,
    dialect,
    origin,
    basePath,
    models,
    modelPrefixes,
    quirks,
    powers,
    listModelsPath,
    headers: () => provider.headers(),
    ...(provider.dialectsFor && {
      dialectsFor: (model: string) => provider.dialectsFor?.(model) ?? [dialect],
    }),
    ...(provider.prepare && {
      prepare: (request: Parameters<NonNullable<Provider['prepare']>>[0]) =>
        provider.prepare?.(request) ?? request,
    }),
    redact: (text: string) => provider.redact(text),
  }
}
