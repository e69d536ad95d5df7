import type { Usage } from '../dialects/index.ts'
import type { GatewayError } from '../errors.ts'
import type { Target } from '../routing/index.ts'

/** Reservation of a provider's limits for one call. */
export interface AdmittedCall {
  /**
   * @param usage what the call has used or may have cost; `undefined` where its provider charges
   * nothing
   */
  settle(usage: Usage | undefined): void
}

/** The caller has used up its own limit on this target; other callers may still call it. */
export interface RefusedTarget {
  readonly refused: GatewayError
}

export type TargetAdmission = (
  target: Target,
  keyName: string | undefined,
) => Promise<AdmittedCall | RefusedTarget | undefined> | undefined
