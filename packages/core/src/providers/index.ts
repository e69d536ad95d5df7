export { fillAddress, placeholdersOf } from './address.ts'
export { catalogue, type CatalogueEntry, type DialectName, dialectNames, findInCatalogue } from './catalogue.ts'
export { createProvider, type Provider } from './provider.ts'
