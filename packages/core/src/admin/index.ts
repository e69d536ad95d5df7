export { Admin, type AdminAct, type AdminGuard, type Administrator } from './admin.ts'
export { keyActs } from './key-acts.ts'
export { LiveRules } from './live-rules.ts'
export { ruleActs } from './rule-acts.ts'
