export { durationHint, parseDuration } from './values/duration.ts'
export { type ExplainedOption, explainConfiguration } from './explain.ts'
export { processEnvironment } from './sources/env.ts'
export { limitsOfCaller, readGrace, parseKeyInput } from './parse-key-input.ts'
export { limitOfWish, parseLimitInput, readSubject } from './parse-limit-input.ts'
export type { Duration, Size } from './quantities.ts'
export type {
  GatewayOptions,
  KeyOptions,
  ProviderOptions,
  RouteOptions,
  TargetFilter,
} from './options.ts'
export { ConfigurationError, type Problem } from './values/problem.ts'
export { resolveSettings } from './resolve.ts'
export type { Settings } from './settings.ts'
export { watchFile } from './watch.ts'
