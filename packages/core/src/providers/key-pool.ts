import type { Provider } from './provider.ts'

/** One of several keys of a provider. */
export interface ProviderKey {
  /** `key-1`: what logs and health checks call it. Never a part of the key itself. */
  readonly name: string
  /** How often it is used, against the others. Above 0. */
  readonly weight: number
  /** The provider, called with this key. */
  readonly provider: Provider
}

/** One provider out of the same one with several keys; calls that know nothing of keys use the first. */
export function poolKeys(members: readonly { readonly provider: Provider; readonly weight: number }[]): Provider {
  const [first, ...others] = members
  if (first === undefined) throw new TypeError('A pool has at least one key.')
  const { provider } = first
  if (others.length === 0) return provider
  const { name, dialect, origin, basePath, models, modelPrefixes, quirks, listModelsPath } = provider
  return Object.freeze({
    name,
    dialect,
    origin,
    basePath,
    models,
    modelPrefixes,
    quirks,
    listModelsPath,
    keys: Object.freeze(members.map((member, at) => Object.freeze({ name: `key-${at + 1}`, ...member }))),
    headers: () => provider.headers(),
    ...(provider.dialectsFor && { dialectsFor: (model: string) => provider.dialectsFor?.(model) ?? [dialect] }),
    ...(provider.prepare && { prepare: (request: Parameters<NonNullable<Provider['prepare']>>[0]) => provider.prepare?.(request) ?? request }),
    redact: (text: string) => members.reduce((cleaned, member) => member.provider.redact(cleaned), text),
  })
}
