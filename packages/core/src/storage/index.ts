export { GuardedLedger } from './guarded-ledger.ts'
export type { Draw, LeaseDraw, Ledger, PeriodDraw, Reservation, ReservationRequest, ReserveAnswer, SettleAnswer, SlidingDraw } from './ledger.ts'
export { openStore } from './open-store.ts'
export { memoryStore, sqliteStore, type Store } from './store.ts'
