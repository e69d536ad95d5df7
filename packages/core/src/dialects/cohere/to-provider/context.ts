import type { CallContext } from '../../model/call.ts'

/** What every step of building a request knows. */
export interface RequestContext {
  readonly call: CallContext
  /**
   * What could not be carried, as `field` or `field (reason)`; the same loss in many places is told
   * once.
   */
  readonly dropped: Set<string>
  /** The model thinks before it answers, and takes its thoughts back. */
  readonly thinks: boolean
}
