export { type Endpoint, type JsonEndpoint, matchEndpoint, type OperationEndpoint } from './endpoints.ts'
export { boundOutput } from './bound-output.ts'
