export {
  type BreakerRules,
  type CallOutcome,
  type CallPermit,
  CircuitBreaker,
  type CircuitState,
} from './circuit-breaker.ts'
export { SlidingCounts } from './outcome-window.ts'
export { type PaceSignal, type PlaceInQueue, type Priority } from './pacer.ts'
export { RetryBudget } from './retry-budget.ts'
export { SharedHealth } from './shared-health.ts'
export { type TargetCondition, TargetHealth } from './target-health.ts'
export type { HealthFact, HealthStore } from './health-store.ts'
