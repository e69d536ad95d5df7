export { type Endpoint, endpoints, matchEndpoint } from './endpoints.ts'
