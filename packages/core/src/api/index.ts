export { type Endpoint, matchEndpoint, type OperationEndpoint } from './endpoints.ts'
