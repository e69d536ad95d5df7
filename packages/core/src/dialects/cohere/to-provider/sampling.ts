import type { Sampling } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'

const MOST_STOP_SEQUENCES = 5

/**
 * The service's own ranges are narrower than those of others: what lies outside is moved to their
 * end, and reported.
 */
export function samplingFields(sampling: Sampling, { dropped }: RequestContext): JsonObject {
  const bounded = (
    field: string,
    value: number | undefined,
    [least, most]: readonly [number, number],
  ): number | undefined => {
    if (value === undefined || (value >= least && value <= most)) return value
    dropped.add(`${field} (${value < least ? `raised to ${least}` : `lowered to ${most}`})`)
    return value < least ? least : most
  }
  const stop = (sampling.stop ?? []).filter((sequence) => sequence !== '')
  if (stop.length > MOST_STOP_SEQUENCES)
    dropped.add(`stop (all after the first ${MOST_STOP_SEQUENCES})`)
  if (sampling.topLogprobs !== undefined) dropped.add('top_logprobs')
  if (sampling.logprobs === true) dropped.add('logprobs')
  if (sampling.logitBias !== undefined && Object.keys(sampling.logitBias).length > 0)
    dropped.add('logit_bias')
  return present({
    max_tokens: sampling.maxOutputTokens,
    temperature: bounded('temperature', sampling.temperature, [0, 1]),
    p: bounded('top_p', sampling.topP, [0.01, 0.99]),
    k: bounded('top_k', sampling.topK, [0, 500]),
    frequency_penalty: bounded('frequency_penalty', sampling.frequencyPenalty, [0, 1]),
    presence_penalty: bounded('presence_penalty', sampling.presencePenalty, [0, 1]),
    seed: bounded('seed', sampling.seed, [0, Number.MAX_SAFE_INTEGER]),
    stop_sequences: stop.length === 0 ? undefined : stop.slice(0, MOST_STOP_SEQUENCES),
  })
}

function present(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
