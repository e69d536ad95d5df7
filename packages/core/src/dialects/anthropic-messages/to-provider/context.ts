import type { JsonObject } from '../../model/json-object.ts'
import type { ModelRules } from './models.ts'

/** Context of every step of building a request. */
export interface RequestContext {
  /** The provider's configured name, for messages. */
  readonly provider: string
  /** Parts the target cannot take are dropped instead of refused. */
  readonly dropUnsupported?: boolean
  readonly rules: ModelRules
  /** Dropped fields, as `field` or `field (reason)`; every step adds to it. */
  readonly dropped: string[]
}

/**
 * Content of one message: tool results or tool calls apart, because their place in a turn is fixed.
 */
export interface Content {
  readonly blocks: JsonObject[]
  readonly tools: JsonObject[]
}
