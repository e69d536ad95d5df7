export { AdmissionControl } from './admission.ts'
export type { Admitted, Demand, FailMode, LimitUsage } from './admission-options.ts'
export { alertCharge, Alerts, type ClaimAlert, type LimitAlert } from './alerts.ts'
export type { Amounts } from './amounts.ts'
export { type EventLoopDelay, HostLoad, type Shedding } from './host-load.ts'
export {
  describe,
  isBudget,
  isOfTarget,
  type Limit,
  NANO_PER_DOLLAR,
  needsBody,
  type Scope,
  scopes,
  type Subject,
  type Unit,
  units,
} from './limit.ts'
export { calendarWindows, periodAt } from './period.ts'
