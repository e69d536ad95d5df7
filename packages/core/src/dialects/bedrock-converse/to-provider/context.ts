import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { ModelRules } from './models.ts'

/** Context of every step of building a request. */
export interface RequestContext {
  readonly call: CallContext
  readonly rules: ModelRules
  /** Dropped fields, as `field` or `field (reason)`; every step adds to it. */
  readonly dropped: string[]
  /** Names documents have been given so far: none may be used twice. */
  readonly documentNames: Set<string>
}

/** A tool call or a result, apart from the other blocks because its place in a turn is fixed. */
export interface ToolBlock {
  readonly id: string
  /** Wire name of the tool called; results have none. */
  readonly name?: string
  /** The block itself and what stands right behind it. */
  readonly blocks: readonly JsonObject[]
}

/** Content of one message. */
export interface Content {
  readonly blocks: JsonObject[]
  readonly tools: ToolBlock[]
}
