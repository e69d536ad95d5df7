export { fillAddress, placeholdersOf } from './address.ts'
export type { AwsCredentialsFunction } from './aws/credentials.ts'
export { catalogue, findInCatalogue } from './catalogue/catalogue.ts'
export { type CatalogueEntry, type DialectName, dialectNames } from './catalogue/entry.ts'
export {
  alternatives,
  type Cloud,
  cloudKinds,
  type CloudKind,
  type CloudOption,
  type CloudSettings,
} from './cloud.ts'
export { clouds, findCloud } from './clouds.ts'
export type { ProviderDeps, TokenAnswer, TokenRequest } from './deps.ts'
export { withGuardedFunctions } from './host-credentials.ts'
export { poolKeys, withIssuerName, withTenants } from './key-pool.ts'
export { createProvider, type Provider, type ProviderKey } from './provider.ts'
export type { GoogleCredentials } from './google/service-account.ts'
export type { TokenSource } from './token-source.ts'
export { priceNameOf } from './price-names.ts'
export { reasoningHabitOf } from './reasoning.ts'
