export { Admin, type AdminAct } from './admin.ts'
export { keyActs } from './key-acts.ts'
