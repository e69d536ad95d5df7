export { GuardedLimitStore, StoreSilent } from './guarded-limit-store.ts'
export { countable, MOST_COUNTED } from './limit-store.ts'
export type {
  Charge,
  InstanceLease,
  LeaseCharge,
  LimitStore,
  PeriodCharge,
  Reservation,
  ReservationRequest,
  ReserveAnswer,
  SettleAnswer,
  SlidingCharge,
} from './limit-store.ts'
export type {
  AdminStore,
  AdminChanges,
  KnownAdminState,
  StoredEntry,
  StoredKey,
  StoredLimit,
  StoredRemoval,
  StoredSwitch,
} from './admin-store.ts'
export { AdminCache } from './admin-cache.ts'
export type { HealthStore, HealthFact } from '../health/index.ts'
export { openStore } from './open-store.ts'
export { memoryStore, sqliteStore, type Store } from './store.ts'
export { memoryWindow, type OpenWindow, type RequestWindow } from './request-window.ts'
