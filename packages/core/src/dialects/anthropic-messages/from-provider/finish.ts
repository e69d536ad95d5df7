import { commonStopReasons, mapStopReason, type StopSituation } from '../../claude/stop-reason.ts'
import type { Finish, FinishReason } from '../../model/finish.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ...commonStopReasons,
  ['pause_turn', 'stop'],
  // The provider has made room in its context and waits for the next request.
  ['compaction', 'length'],
  ['refusal', 'content_filter'],
])

/**
 * Why the answer ended, from a message or the `delta` of a `message_delta`; `undefined` while it
 * has not.
 */
export function mapFinishReason(
  message: JsonObject,
  { calledTools }: Pick<StopSituation, 'calledTools'>,
): Finish | undefined {
  const word = asText(message.stop_reason)
  if (word === undefined) return undefined
  const detail =
    asText(message.stop_sequence) ?? asText(asObject(message.stop_details)?.explanation)
  return mapStopReason(word, reasons, { calledTools, detail })
}
