export { GuardedLedger, StoreSilent } from './guarded-limit-store.ts'
export { countable, MOST_COUNTED } from './limit-store.ts'
export type {
  Draw,
  InstanceLease,
  LeaseDraw,
  Ledger,
  PeriodDraw,
  Reservation,
  ReservationRequest,
  ReserveAnswer,
  SettleAnswer,
  SlidingDraw,
} from './limit-store.ts'
export type {
  Directory,
  DirectoryChanges,
  KnownDirectory,
  StoredEntry,
  StoredKey,
  StoredLimit,
  StoredRemoval,
  StoredSwitch,
} from './admin-store.ts'
export { Register } from './admin-cache.ts'
export type { HealthBoard, HealthFact } from './health-store.ts'
export { openStore } from './open-store.ts'
export { memoryStore, sqliteStore, type Store } from './store.ts'
export { memoryWindow, type OpenWindow, type RequestWindow } from './request-window.ts'
