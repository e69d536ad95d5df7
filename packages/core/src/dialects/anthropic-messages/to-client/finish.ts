import type { JsonObject } from '../../model/json-object.ts'
import { type Finish, type FinishReason, refusalWords } from '../../model/finish.ts'

const words: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  content_filter: 'refusal',
}

const STOP_SEQUENCE = 'stop_sequence'

/** Words of this dialect that say more than ours, where a provider uses them too. */
const preciseWords: ReadonlyMap<string, FinishReason> = new Map([
  ['pause_turn', 'stop'],
  [STOP_SEQUENCE, 'stop'],
  ['model_context_window_exceeded', 'length'],
])

export interface Ending {
  /** Absent when the provider has not said why it ended. */
  readonly finish: Finish | undefined
  /** The answer calls tools of the client's. */
  readonly calledTools: boolean
  /** Words of a model that refused to answer. */
  readonly refusal: string
}

/**
 * `stop_reason` and what belongs to it. In this dialect a call of a tool always ends with
 * `tool_use`, nothing else does, and a refusal is no text of the answer but the explanation of its
 * end.
 */
export function stopFields({ finish, calledTools, refusal }: Ending): JsonObject {
  const explanation = refusal === '' ? undefined : refusal
  if (explanation !== undefined || finish?.reason === 'content_filter')
    return refused(explanation ?? (finish === undefined ? undefined : refusalWords(finish)))
  const usual = calledTools ? 'tool_calls' : 'stop'
  const reason =
    finish === undefined || finish.reason === 'stop' || finish.reason === 'tool_calls'
      ? usual
      : finish.reason
  const native = finish?.native
  // Beside another word, the detail is that word's message.
  const sequence =
    reason === 'stop' && (native === undefined || native === STOP_SEQUENCE)
      ? finish?.detail
      : undefined
  if (sequence !== undefined)
    return { stop_reason: STOP_SEQUENCE, stop_sequence: sequence, stop_details: null }
  const precise = native !== undefined && preciseWords.get(native) === reason ? native : undefined
  return { stop_reason: precise ?? words[reason], stop_sequence: null, stop_details: null }
}

function refused(explanation: string | undefined): JsonObject {
  return {
    stop_reason: words.content_filter,
    stop_sequence: null,
    stop_details: { type: 'refusal', category: null, explanation: explanation ?? null },
  }
}
