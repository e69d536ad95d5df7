export type { Plan, PlanLimits, Target } from './plan.ts'
export { planForProvider } from './provider-plan.ts'
export { type Allowance, mayUseModel, planFor, type ProviderEntry, type RoutingTable } from './resolve.ts'
