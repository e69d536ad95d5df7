export { commonRerank, otherFields, plainRerank, type RerankFormat } from './format.ts'
export { readRerank } from './operation.ts'
