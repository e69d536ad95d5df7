export { type Plan, planForTenant, type PlanLimits, type Target } from './plan.ts'
export { planForProvider } from './provider-plan.ts'
export {
  type Allowance,
  mayUseModel,
  planFor,
  type ProviderEntry,
  type RoutingTable,
} from './resolve.ts'
export {
  paidBesideAt,
  pricedElsewhere,
  refuseAmbiguous,
  refuseElsewhere,
  targetOf,
} from './field-powers.ts'
