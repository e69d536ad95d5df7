export type { Caller, CallerLimit } from './caller.ts'
export { createJwtCheck, type JwtSettings } from './jwt.ts'
export { KeyRing } from './key-ring.ts'
export { createIdentify, developmentKey, type Identify } from './identify.ts'
