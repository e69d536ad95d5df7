export type { Plan, PlanLimits, Target } from './plan.ts'
export { type Allowance, mayUseModel, planFor, type ProviderEntry, type RoutingTable } from './resolve.ts'
