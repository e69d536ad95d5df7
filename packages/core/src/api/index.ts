export { type Endpoint, matchEndpoint } from './endpoints.ts'
