import type { LimitStore } from '@postern/core'

/** A limit store under test, and the time it goes by. */
export interface LimitStoreHarness {
  readonly limitStore: LimitStore
  /** The limit store's clock, in milliseconds since the epoch. */
  now(): Promise<number>
  /** Lets time pass: waits, or moves a clock. */
  pass(ms: number): Promise<void>
}

/** Something every limit store must do. Independent of the test runner. */
export interface LimitStoreCase {
  readonly name: string
  run(harness: LimitStoreHarness): Promise<void>
}
