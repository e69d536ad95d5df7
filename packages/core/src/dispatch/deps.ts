import type { Clock } from '../clock.ts'
import type { RetryBudget, SharedHealth, TargetHealth } from '../health/index.ts'
import type { Turns } from '../json/turns.ts'
import type { Transport } from './transport.ts'

/** What dispatch gets from outside; injected, so that tests own time and chance. */
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
  /** What other instances have found out; absent where nothing is shared. */
  readonly shared?: SharedHealth | undefined
}
