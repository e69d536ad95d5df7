import type { JsonObject } from '../../model/json-object.ts'
import { type Finish, type FinishReason, unknownFinish } from '../../model/finish.ts'
import { asObject, asText } from '../../wire/json.ts'

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['guardrail_intervened', 'content_filter'],
  ['content_filtered', 'content_filter'],
])

/** Words that say no more than ours. */
const PLAIN = new Set(['end_turn', 'tool_use', 'max_tokens'])

/** The model's output could not be read: there is no answer to pass on. */
const MALFORMED = new Set(['malformed_model_output', 'malformed_tool_use'])

/**
 * Whether the answer ended because its output was malformed, by a whole answer or a
 * `messageStop`.
 */
export function isMalformed(message: JsonObject): boolean {
  return MALFORMED.has(asText(message.stopReason) ?? '')
}

export interface Calls {
  /**
   * The answer calls tools of the client's; without one, `tool_use` ended a JSON answer given
   * through a tool.
   */
  readonly calledTools: boolean
}

/** Why the answer ended. Words we do not know are no plain end and are kept as `native`. */
export function mapFinishReason(message: JsonObject, { calledTools }: Calls): Finish {
  const word = asText(message.stopReason)
  if (word === undefined) return { reason: calledTools ? 'tool_calls' : 'stop' }
  const reason = reasons.get(word)
  const detail = stopSequence(asObject(message.additionalModelResponseFields))
  if (reason === undefined)
    return { ...unknownFinish(word), ...(detail === undefined ? {} : { detail }) }
  return {
    reason: reason === 'tool_calls' && !calledTools ? 'stop' : reason,
    ...(PLAIN.has(word) ? {} : { native: word }),
    ...(detail === undefined ? {} : { detail }),
  }
}

/** The requested field, under its path or without the part that only streams have. */
function stopSequence(fields: JsonObject | undefined): string | undefined {
  return asText(asObject(fields?.delta)?.stop_sequence) ?? asText(fields?.stop_sequence)
}
