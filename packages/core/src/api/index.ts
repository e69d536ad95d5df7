export { type Endpoint, type JsonEndpoint, matchEndpoint, type OperationEndpoint, servedPaths } from './endpoints.ts'
