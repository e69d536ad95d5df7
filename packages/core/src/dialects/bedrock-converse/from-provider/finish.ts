import { commonStopReasons, mapStopReason, type StopSituation } from '../../claude/stop-reason.ts'
import type { Finish, FinishReason } from '../../model/finish.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ...commonStopReasons,
  ['guardrail_intervened', 'content_filter'],
  ['content_filtered', 'content_filter'],
])

/** The model's output could not be read: there is no answer to pass on. */
const MALFORMED = new Set(['malformed_model_output', 'malformed_tool_use'])

/**
 * Whether the answer ended because its output was malformed, by a whole answer or a
 * `messageStop`.
 */
export function isMalformed(message: JsonObject): boolean {
  return MALFORMED.has(asText(message.stopReason) ?? '')
}

/** Why the answer ended. */
export function mapFinishReason(
  message: JsonObject,
  { calledTools }: Pick<StopSituation, 'calledTools'>,
): Finish {
  const word = asText(message.stopReason)
  if (word === undefined) return { reason: calledTools ? 'tool_calls' : 'stop' }
  const detail = stopSequence(asObject(message.additionalModelResponseFields))
  return mapStopReason(word, reasons, { calledTools, detail })
}

/** The requested field, under its path or without the part that only streams have. */
function stopSequence(fields: JsonObject | undefined): string | undefined {
  return asText(asObject(fields?.delta)?.stop_sequence) ?? asText(fields?.stop_sequence)
}
