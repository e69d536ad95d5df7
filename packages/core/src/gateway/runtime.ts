import type { Admin } from '../admin/index.ts'
import type { Clock } from '../clock.ts'
import type { TargetFilter } from '../config/index.ts'
import type { TraceHeader } from '../http/index.ts'
import type { Usage } from '../dialects/index.ts'
import type { DispatchDeps } from '../dispatch/index.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { InFlight } from '../pipeline/in-flight.ts'
import type { GatewayRequest } from '../http/index.ts'
import type { Identify, KnownCaller, Throttle } from '../identity/index.ts'
import type { ReportIntake, RequestRecord } from '../records/index.ts'
import type { Admitted, Amounts, Demand, HostLoad, Limit } from '../limits/index.ts'
import type { LeveledLogger } from '../log.ts'
import type { MissingPart } from './readiness.ts'
import type { RoutingTable } from '../routing/index.ts'
import type { StoreDefect } from './store-defect.ts'

/**
 * Everything decided at start, frozen. A reload builds another one beside it; a request keeps the
 * one it began with.
 */
export interface Runtime {
  readonly clock: Clock
  readonly log: LeveledLogger
  readonly identify: Identify
  readonly routing: RoutingTable
  /** Targets the operator has switched off for now. Never throws. */
  readonly isDisabled: TargetFilter | undefined
  readonly dispatch: DispatchDeps
  readonly bodyLimitBytes: number
  /** Headers of the host's request that providers are sent. */
  readonly forwardTrace: ReadonlySet<TraceHeader>
  /** Limits that may concern a request of this caller. */
  readonly limitsFor: (caller: KnownCaller | undefined) => readonly Limit[]
  /** Limits that providers set for us, by provider name. */
  readonly providerLimits: ReadonlyMap<string, readonly Limit[]>
  /** Lets a request in, or rejects; `undefined` where none of the limits concerns it. */
  readonly admit: (limits: readonly Limit[], demand: Demand) => Promise<Admitted> | undefined
  /** Equal tool calls in a row that count as a loop. */
  readonly loopLimit: number
  /** Counts wrong credentials of callers. */
  readonly throttle: Throttle
  /** Counts what has been used already. */
  readonly charge: (
    limits: readonly Limit[],
    demand: Pick<Demand, 'id' | 'subject'>,
    actual: Amounts,
  ) => void
  /** `/admin/*`; absent when no administrator is configured. */
  readonly admin: Pick<Admin, 'handle'> | undefined
  /**
   * Price of usage of a target (`provider/model`) in nano-dollars; `undefined` when unknown.
   */
  readonly priceOf: (target: string, usage: Usage) => number | undefined
  /**
   * Surcharge of a request of a target in addition to its tokens, in nano-dollars; `undefined` when
   * unknown.
   */
  readonly surchargeOf: (target: string) => number | undefined
  /** Defects of the limit store. */
  readonly storeDefects: () => readonly StoreDefect[]
  /**
   * Missing parts that keep every request from being answered, for readiness; empty while some can
   * be. Never rejects.
   */
  readonly missing: () => Promise<readonly MissingPart[]>
  /** Load shedding; `undefined` when it is off. */
  readonly load: HostLoad | undefined
  /**
   * Checks the host's settings by one of its requests and logs a problem once.
   */
  readonly onRequest: (request: GatewayRequest) => void
  /** A parser of the host has read a body before us: told to the operator once. */
  readonly onHostParsedBody: () => void
  /** Never throws. */
  readonly onRecord: ((record: RequestRecord) => void) | undefined
  /** Takes usage reports, each once. */
  readonly reports: Pick<ReportIntake, 'take'>
  /** Model ids each provider offers, asked for when a client lists them. */
  readonly listModels: () => Promise<readonly string[]>
  /** False once the gateway is closing. */
  readonly isOpen: () => boolean
  /** Streams and requests under way; `close` waits for them. */
  readonly active: InFlight<Exchange>
  readonly onSettled: () => void
}
