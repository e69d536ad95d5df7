export { fillAddress, type FilledAddress, placeholdersOf } from './address.ts'
export { type AuthStyle, catalogue, type CatalogueEntry, type DialectName, dialectNames, findInCatalogue } from './catalogue.ts'
export { createProvider, type Provider, type ProviderSettings } from './provider.ts'
