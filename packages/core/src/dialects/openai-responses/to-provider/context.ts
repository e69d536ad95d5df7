import type { CallContext } from '../../model/call.ts'
import type { ModelRules } from './models.ts'

/** Context of every step of building a request. */
export interface RequestContext {
  readonly call: CallContext
  readonly rules: ModelRules
  /**
   * Name of the dialect the client spoke: what it has no neutral name for is in that dialect's
   * words.
   */
  readonly origin: string
  /**
   * Dropped fields, as `field` or `field (reason)`; every step adds to it. The same loss is
   * reported once.
   */
  readonly dropped: Set<string>
}
