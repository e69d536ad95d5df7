import {
  calledToolNames,
  isUnsignedToolLoop,
  planTurns,
  trimLastAnswer,
  type Turn,
  wireMessages,
} from '../../claude/turns.ts'
import type { Message } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { ConverseBlockWriter } from './block-writer.ts'
import type { RequestContext } from './context.ts'

export interface MessagePlan {
  readonly system: readonly JsonObject[]
  readonly messages: readonly JsonObject[]
  /** Wire names of the tools the history calls. */
  readonly toolNames: readonly string[]
  /** The history holds calls or results, so tools have to be defined. */
  readonly usesTools: boolean
  /** The answer continues a tool loop that began without a thinking block of this dialect. */
  readonly unsignedToolLoop: boolean
}

/** Texts the service requires where the client sent none; neutral, so that they steer nothing. */
const OPENING = '(The assistant begins.)'
const BESIDE_DOCUMENT = '(See the document.)'

/**
 * The conversation as turns of `user` and `assistant` in strict alternation, with the leading
 * instructions apart.
 */
export function planMessages(messages: readonly Message[], context: RequestContext): MessagePlan {
  const writer = new ConverseBlockWriter(context)
  const { system, turns } = planTurns(messages, writer)
  beginWithUser(turns, context)
  speakToDocuments(turns, context)
  trimLastAnswer(turns)
  return {
    system,
    messages: wireMessages(turns),
    toolNames: calledToolNames(turns),
    usesTools: turns.some((turn) => turn.tools.length > 0),
    unsignedToolLoop: isUnsignedToolLoop(turns, writer),
  }
}

function beginWithUser(turns: Turn[], { dropped }: RequestContext): void {
  if (turns[0]?.role !== 'assistant') return
  turns.unshift({ role: 'user', blocks: [{ text: OPENING }], tools: [] })
  dropped.push('messages (a user turn was put first)')
}

/** The service refuses a turn with a document and no text. */
function speakToDocuments(turns: readonly Turn[], { dropped }: RequestContext): void {
  for (const { blocks } of turns) {
    if (
      !blocks.some((block) => block.document !== undefined) ||
      blocks.some((block) => block.text !== undefined)
    )
      continue
    blocks.unshift({ text: BESIDE_DOCUMENT })
    dropped.push('messages (a text was put beside the document)')
  }
}
