import type { JsonObject } from '../../model/json-object.ts'
import { type Finish, type FinishReason, unknownFinish } from '../../model/finish.ts'
import { asObject, asText } from '../../wire/json.ts'

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  // It has made room, and waits to be asked again.
  ['compaction', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
])

/** Words that say no more than ours. */
const PLAIN = new Set(['end_turn', 'tool_use', 'max_tokens'])

export interface Calls {
  /**
   * The answer calls tools of the client's; without one, `tool_use` ended a JSON answer given
   * through a tool.
   */
  readonly calledTools: boolean
}

/**
 * Why the answer ended, from a message or the `delta` of a `message_delta`; `undefined` while it
 * has not. Words we do not know are no plain end and are kept as `native`.
 */
export function mapFinishReason(message: JsonObject, { calledTools }: Calls): Finish | undefined {
  const word = asText(message.stop_reason)
  if (word === undefined) return undefined
  const reason = reasons.get(word)
  const detail =
    asText(message.stop_sequence) ?? asText(asObject(message.stop_details)?.explanation)
  if (reason === undefined)
    return { ...unknownFinish(word), ...(detail === undefined ? {} : { detail }) }
  return {
    reason: reason === 'tool_calls' && !calledTools ? 'stop' : reason,
    ...(PLAIN.has(word) ? {} : { native: word }),
    ...(detail === undefined ? {} : { detail }),
  }
}
