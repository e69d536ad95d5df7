import type { CallContext } from '../../model/call.ts'

/** Context of every step of building a request. */
export interface RequestContext {
  readonly call: CallContext
  /**
   * Dropped fields, as `field` or `field (reason)`; the same loss in many places is reported once.
   */
  readonly dropped: Set<string>
  /** The model thinks before it answers, and takes its thoughts back. */
  readonly thinks: boolean
}
