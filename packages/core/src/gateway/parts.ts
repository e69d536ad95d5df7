import type { DispatchDeps } from '../dispatch/index.ts'
import type { HostCalls } from '../foundation/host-calls.ts'
import type { SharedState } from './store-wiring.ts'
import type { HostLoad } from '../limits/index.ts'
import type { LeveledLogger } from '../log.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { InFlight } from '../pipeline/in-flight.ts'
import type { ReportIntake } from '../records/index.ts'

/** Parts of a gateway that outlive a reload. */
export interface Core {
  readonly log: LeveledLogger
  readonly hostCalls: HostCalls
  readonly dispatch: DispatchDeps
  readonly load: HostLoad | undefined
  /** Lasting conditions that are logged: to be closed with the gateway. */
  readonly conditions: readonly { close(): void }[]
  readonly shared: SharedState
  readonly developmentKey: string | undefined
  readonly active: InFlight<Exchange>
  readonly reports: ReportIntake
  readonly state: {
    isOpen: boolean
    onIdle: (() => void) | undefined
    warnedOfHostParser: boolean
    hasLookedAtHost: boolean
  }
}
