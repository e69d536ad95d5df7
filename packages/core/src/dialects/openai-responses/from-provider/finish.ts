import type { JsonObject } from '../../model/json-object.ts'
import { type Finish, unknownFinish } from '../../model/finish.ts'
import { asObject, asText } from '../../wire/json.ts'

export interface Calls {
  /** The answer calls tools of the client's. */
  readonly calledTools: boolean
}

/**
 * Why a response that came to its end ended. An answer cut off is `length`, whatever cut it; words
 * that say more than ours are kept as `native`.
 */
export function mapFinishReason(response: JsonObject, { calledTools }: Calls): Finish {
  const status = asText(response.status) ?? 'completed'
  if (status === 'completed') return { reason: calledTools ? 'tool_calls' : 'stop' }
  if (status !== 'incomplete') return unknownFinish(status)
  const word = asText(asObject(response.incomplete_details)?.reason)
  if (word === 'content_filter') return { reason: 'content_filter' }
  return word === undefined || word === 'max_output_tokens'
    ? { reason: 'length' }
    : { reason: 'length', native: word }
}
