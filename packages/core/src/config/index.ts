export { durationHint, parseDuration } from './duration.ts'
export { type ExplainedOption, explainConfiguration } from './explain.ts'
export { processEnvironment } from './env.ts'
export { limitsOfCaller, readGrace, readKeyWish } from './key-wish.ts'
export { limitOfWish, readLimitWish, readSubject } from './limit-wish.ts'
export { nearNames } from './near-names.ts'
export type {
  Duration,
  GatewayOptions,
  KeyOptions,
  ProviderOptions,
  RouteOptions,
  Size,
  TargetFilter,
} from './options.ts'
export { ConfigurationError, type Problem } from './problem.ts'
export { resolveSettings } from './resolve.ts'
export type { Settings } from './settings.ts'
export type { TraceHeader } from './trace-headers.ts'
export { watchFile } from './watch.ts'
export type { HostFunction } from './host-functions.ts'
