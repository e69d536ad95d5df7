import './foundation/supported-runtime.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export {
  ConfigurationError,
  type Duration,
  type ExplainedOption,
  explainConfiguration,
  type GatewayOptions,
  type KeyOptions,
  type Problem,
  type ProviderOptions,
  type RouteOptions,
  type Size,
} from './config/index.ts'
export { type AttemptSummary, type ErrorCode, GatewayError } from './errors.ts'
export { createGateway } from './gateway/create-gateway.ts'
export type { Gateway, GatewayHealth, Injected } from './gateway/gateway.ts'
export type { GatewayRequest, GatewayResponse } from './http/index.ts'
export type { AdminAction, AdminGuard, Administrator } from './admin/index.ts'
export type {
  Attribution,
  Caller,
  CallerLimit,
  Credential,
  HostIdentify,
} from './identity/index.ts'
export type { RequestRecord } from './records/index.ts'
export type { LimitAlert } from './limits/index.ts'
export type { Logger, LogLevel } from './log.ts'
export {
  type AdminStore,
  type AdminChanges,
  type KnownAdminState,
  type Charge,
  type HealthStore,
  type HealthFact,
  type InstanceLease,
  type LeaseCharge,
  type LimitStore,
  memoryStore,
  type OpenWindow,
  type PeriodCharge,
  type RequestWindow,
  type Reservation,
  type ReservationRequest,
  type ReserveAnswer,
  type SettleAnswer,
  type SlidingCharge,
  sqliteStore,
  type Store,
  type StoredEntry,
  type StoredKey,
  type StoredLimit,
  type StoredRemoval,
  type StoredSwitch,
} from './storage/index.ts'
