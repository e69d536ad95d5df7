import type { Usage } from '../dialects/index.ts'
import type { GatewayError } from '../errors.ts'
import type { Target } from '../routing/index.ts'

/** What was taken from a provider's limits for one call of it. */
export interface AdmittedCall {
  /**
   * @param usage what the call has used or may have cost; `undefined` where its provider charges
   * nothing
   */
  settle(usage: Usage | undefined): void
}

/** The caller has used up a limit of its own for this target: others may call it all the same. */
export interface RefusedTarget {
  readonly refused: GatewayError
}

export type TargetAdmission = (
  target: Target,
  keyName: string | undefined,
) => Promise<AdmittedCall | RefusedTarget | undefined> | undefined
