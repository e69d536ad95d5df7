import type { Operation, Usage } from '../dialects/index.ts'
import type { AttemptUsage } from '../dispatch/index.ts'
import type { KnownCaller } from '../identity/index.ts'
import type { Admitted, Amounts, Demand, Limit, Unit } from '../limits/index.ts'
import type { RoutingTable } from '../routing/index.ts'

/** Everything that billing uses of a gateway; the runtime has it. */
export interface BillingDeps {
  readonly routing: RoutingTable
  /** Limits that may concern a request of this caller. */
  readonly limitsFor: (caller: KnownCaller | undefined) => readonly Limit[]
  /** Limits that providers set for us, by provider name. */
  readonly providerLimits: ReadonlyMap<string, readonly Limit[]>
  /** Reserves a demand, or rejects; `undefined` when none of the limits concerns it. */
  readonly admit: (limits: readonly Limit[], demand: Demand) => Promise<Admitted> | undefined
  /** Counts what has been used already. */
  readonly charge: (
    limits: readonly Limit[],
    demand: Pick<Demand, 'id' | 'subject'>,
    actual: Amounts,
  ) => void
  /** Price of usage of a target (`provider/model`) in nano-dollars; `undefined` when unknown. */
  readonly priceOf: (target: string, usage: Usage) => number | undefined
  /** Cost of a request of a target in addition to its tokens; `undefined` when unknown. */
  readonly surchargeOf: (target: string) => number | undefined
}

/** Reservation of limits that do not depend on the body of a request. */
export interface EarlyReservation {
  readonly units: ReadonlySet<Unit>
  readonly admitted: Admitted
}

/** One request, as far as billing reads and writes it. */
export interface BilledRequest {
  readonly id: string
  readonly caller: KnownCaller | undefined
  readonly operation: Operation | undefined
  readonly route: string | undefined
  /** `provider/model` that answered. */
  readonly target: string | undefined
  /** Usage of each attempt that reached its provider, in the order they ended. */
  readonly usages: readonly AttemptUsage[]
  /** Reservation of the request; absent when no limit concerns it. */
  admitted: Admitted | undefined
  /** Reservation made before the body was parsed; absent for small bodies. */
  counted: EarlyReservation | undefined
  /** Fallback decisions made for this request. */
  readonly degraded: Set<string>
}
