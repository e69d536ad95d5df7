export {
  bodyOf,
  type Endpoint,
  matchEndpoint,
  type OperationEndpoint,
  servedPaths,
} from './endpoints.ts'
