export type { Report } from './context.ts'
export { fitHistory } from './fit-history.ts'
export { refusesReasoning } from './reasoning.ts'
