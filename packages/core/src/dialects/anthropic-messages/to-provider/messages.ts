import {
  calledToolNames,
  isUnsignedToolLoop,
  planTurns,
  trimLastAnswer,
  wireMessages,
} from '../../claude/turns.ts'
import type { Message } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { MessageBlockWriter } from './block-writer.ts'
import type { RequestContext } from './context.ts'

export interface MessagePlan {
  readonly system: string | readonly JsonObject[] | undefined
  readonly messages: readonly JsonObject[]
  /** Wire names of the tools the history calls. */
  readonly toolNames: readonly string[]
  /** The answer continues a tool loop that began without a thinking block of this dialect. */
  readonly unsignedToolLoop: boolean
}

/**
 * The conversation as turns of `user` and `assistant` in strict alternation, with the leading
 * instructions apart.
 */
export function planMessages(messages: readonly Message[], context: RequestContext): MessagePlan {
  const writer = new MessageBlockWriter(context)
  const { system, turns } = planTurns(messages, writer)
  trimLastAnswer(turns)
  return {
    system: wireSystem(system),
    messages: wireMessages(turns),
    toolNames: calledToolNames(turns),
    unsignedToolLoop: isUnsignedToolLoop(turns, writer),
  }
}

/** One string unless a block carries a cache mark, which only blocks can. */
function wireSystem(blocks: readonly JsonObject[]): MessagePlan['system'] {
  if (blocks.length === 0) return undefined
  if (blocks.some((block) => block.cache_control !== undefined)) return blocks
  return blocks.map((block) => block.text).join('\n\n')
}
