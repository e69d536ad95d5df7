export { recordOf, type RequestRecord } from './record.ts'
