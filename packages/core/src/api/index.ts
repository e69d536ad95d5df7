export {
  bodyOf,
  type Endpoint,
  matchEndpoint,
  type MatchedEndpoint,
  type OperationEndpoint,
  servedPaths,
} from './endpoints.ts'
