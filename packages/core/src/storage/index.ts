export { GuardedLedger } from './guarded-ledger.ts'
export { bucketMsOf, type Draw, GRACE_MS, type LeaseDraw, type Ledger, type PeriodDraw, type Reservation, type ReservationRequest, type ReserveAnswer, SETTLED_MS, type SettleAnswer, SLIDING_BUCKETS, type SlidingDraw } from './ledger.ts'
export { memoryStore, sqliteStore, type Store } from './store.ts'
