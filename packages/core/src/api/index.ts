export { bodyOf, type Endpoint, type JsonEndpoint, type MatchedEndpoint, matchEndpoint, type OperationEndpoint, servedPaths } from './endpoints.ts'
