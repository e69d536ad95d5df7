export {
  type Attribution,
  attributes,
  attributionOf,
  type Caller,
  type CallerLimit,
  type HostIdentify,
} from './caller.ts'
export { callerKey, type Credential, type KnownCaller, spellingsOf } from './caller-key.ts'
export { mayCall } from './endpoints.ts'
export { createJwtCheck, type JwtSettings } from './jwt.ts'
export { ManagedKeys } from './managed-keys.ts'
export { createIdentify, developmentKey, hostLogin, type Identify } from './identify.ts'
export { Throttle } from './throttle.ts'
