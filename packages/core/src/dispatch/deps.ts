import type { Clock } from '../clock.ts'
import type { RetryBudget, SharedHealth, TargetHealth } from '../health/index.ts'
import type { Turns } from '../json/turns.ts'
import type { Transport } from './transport.ts'

/** Dependencies of dispatch, injected so that tests control time and randomness. */
export interface DispatchDeps {
  readonly transport: Transport
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly newId: (prefix: string) => string
  readonly health: TargetHealth
  readonly retryBudget: RetryBudget
  /** Where large texts are read and written piece by piece. */
  readonly turns: Turns
  /** Target health of other instances; absent when nothing is shared. */
  readonly shared?: SharedHealth | undefined
}
