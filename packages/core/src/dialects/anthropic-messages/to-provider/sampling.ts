import {
  allowedSampling,
  boundTemperature,
  reportUnknownSampling,
  stopSequences,
} from '../../claude/sampling.ts'
import type { Sampling } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'

/** `temperature`, `top_p`, `top_k` and `stop_sequences` as the model takes them. */
export function samplingFields(
  sampling: Sampling,
  thinks: boolean,
  { rules, dropped }: RequestContext,
): JsonObject {
  reportUnknownSampling(sampling, dropped)
  const fields: JsonObject = {}
  const stop = stopSequences(sampling, dropped)
  if (stop.length > 0) fields.stop_sequences = stop
  const { temperature, topP, topK } = allowedSampling(
    sampling,
    { rule: rules.sampling, thinks },
    dropped,
  )
  if (temperature !== undefined)
    fields.temperature = boundTemperature(temperature, rules.temperatureLimit, dropped)
  if (topP !== undefined) fields.top_p = topP
  if (topK !== undefined) fields.top_k = topK
  return fields
}

/** `max_tokens`, which the provider requires. */
export function maxTokens(sampling: Sampling, context: RequestContext): number {
  const { rules, dropped } = context
  const asked = sampling.maxOutputTokens
  if (asked === undefined) return rules.defaultMaxTokens
  if (asked <= rules.maxTokensLimit) return asked
  dropped.push(`max_tokens (lowered to ${rules.maxTokensLimit}, the model's limit)`)
  return rules.maxTokensLimit
}
