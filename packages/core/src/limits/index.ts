export { AdmissionControl, type Admitted, type Amounts, type Demand, type FailMode, type Level } from './admission.ts'
export { type EventLoopDelay, HostLoad, type Shedding } from './host-load.ts'
export { type Limit, NANO_PER_DOLLAR, type Scope, scopes, type Subject, units } from './limit.ts'
export { calendarWindows, periodAt } from './period.ts'
