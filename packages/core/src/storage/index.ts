export { GuardedLedger, StoreSilent } from './guarded-ledger.ts'
export { countable, MOST_COUNTED } from './ledger.ts'
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
} from './ledger.ts'
export type {
  Directory,
  DirectoryChanges,
  KnownDirectory,
  StoredEntry,
  StoredKey,
  StoredLimit,
  StoredRemoval,
  StoredSwitch,
} from './directory.ts'
export { Register } from './register.ts'
export type { HealthBoard, HealthFact } from './board.ts'
export { openStore } from './open-store.ts'
export { memoryStore, sqliteStore, type Store } from './store.ts'
export { memoryWindow, type OpenWindow, type RequestWindow } from './request-window.ts'
