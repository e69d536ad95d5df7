export type { Caller } from './caller.ts'
export { createIdentify, developmentKey, type Identify } from './identify.ts'
