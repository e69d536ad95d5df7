import type { Sampling } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'

/** `temperature`, `top_p`, `top_k` and `stop_sequences` as the model takes them. */
export function samplingFields(
  sampling: Sampling,
  thinks: boolean,
  context: RequestContext,
): JsonObject {
  reportUnknown(sampling, context)
  const fields: JsonObject = {}
  const stop = stopSequences(sampling.stop ?? [], context)
  if (stop.length > 0) fields.stop_sequences = stop
  const { temperature, topP, topK } = allowed(sampling, thinks, context)
  if (temperature !== undefined) fields.temperature = bounded(temperature, context)
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

function reportUnknown(sampling: Sampling, { dropped }: RequestContext): void {
  if (sampling.frequencyPenalty) dropped.push('frequency_penalty')
  if (sampling.presencePenalty) dropped.push('presence_penalty')
  if (sampling.seed !== undefined) dropped.push('seed')
  if (sampling.logprobs === true) dropped.push('logprobs')
  if (sampling.topLogprobs !== undefined) dropped.push('top_logprobs')
  if (sampling.logitBias !== undefined && Object.keys(sampling.logitBias).length > 0)
    dropped.push('logit_bias')
}

function stopSequences(stop: readonly string[], { dropped }: RequestContext): readonly string[] {
  return stop.filter((sequence, index) => {
    if (sequence.trim() !== '') return true
    dropped.push(`stop[${index}] (only white space)`)
    return false
  })
}

type Chosen = Pick<Sampling, 'temperature' | 'topP' | 'topK'>

/**
 * While it thinks, a model takes no temperature but the default and no `top_k`, and `top_p` only
 * from here up.
 */
const LOWEST_TOP_P_WHILE_THINKING = 0.95

function allowed(sampling: Sampling, thinks: boolean, { rules, dropped }: RequestContext): Chosen {
  const { temperature, topP, topK } = sampling
  if (rules.sampling === 'none') {
    reportChosen(sampling, 'the model samples its own way', dropped)
    return {}
  }
  if (thinks) {
    const keepTopP = topP !== undefined && topP >= LOWEST_TOP_P_WHILE_THINKING
    reportChosen(
      { temperature, topP: keepTopP ? undefined : topP, topK },
      'fixed while the model thinks',
      dropped,
    )
    return keepTopP ? { topP } : {}
  }
  if (rules.sampling === 'all' || temperature === undefined || topP === undefined)
    return { temperature, topP, topK }
  // 1 is what the model does anyway, so the other one carries the client's wish.
  const keepTopP = temperature === 1
  dropped.push(keepTopP ? 'temperature (not with top_p)' : 'top_p (not with temperature)')
  return keepTopP ? { topP, topK } : { temperature, topK }
}

function reportChosen(chosen: Chosen, reason: string, dropped: string[]): void {
  if (chosen.temperature !== undefined) dropped.push(`temperature (${reason})`)
  if (chosen.topP !== undefined) dropped.push(`top_p (${reason})`)
  if (chosen.topK !== undefined) dropped.push(`top_k (${reason})`)
}

function bounded(temperature: number, { rules, dropped }: RequestContext): number {
  if (temperature <= rules.temperatureLimit) return Math.max(temperature, 0)
  dropped.push(`temperature (lowered to ${rules.temperatureLimit})`)
  return rules.temperatureLimit
}
