import type { Sampling } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'
import { fieldAt } from './own-fields.ts'
import type { ThinkingPlan } from './thinking.ts'

export interface SamplingPlan {
  readonly inferenceConfig: JsonObject
  /** Fields of the model's own. */
  readonly ownFields: JsonObject
}

/** `inferenceConfig`, and top_k where the model has its own field for it. */
export function planSampling(
  sampling: Sampling,
  beside: ThinkingPlan['sampling'],
  context: RequestContext,
): SamplingPlan {
  reportUnknown(sampling, context)
  const { maxOutputTokens, temperature, topP, topK } = allowed(sampling, beside, context)
  const stop = stopSequences(sampling.stop ?? [], context)
  return {
    inferenceConfig: {
      ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
      ...(temperature === undefined ? {} : { temperature: bounded(temperature, context) }),
      ...(topP === undefined ? {} : { topP }),
      ...(stop.length === 0 ? {} : { stopSequences: stop }),
    },
    ownFields: ownTopK(topK, context),
  }
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

function ownTopK(topK: number | undefined, { rules, dropped }: RequestContext): JsonObject {
  if (topK === undefined) return {}
  if (rules.topKPath !== undefined) return fieldAt(rules.topKPath, topK)
  dropped.push('top_k')
  return {}
}

type Chosen = Pick<Sampling, 'maxOutputTokens' | 'temperature' | 'topP' | 'topK'>

/**
 * While it thinks, a model takes no temperature but the default and no top_k, and `topP` only from
 * here up.
 */
const LOWEST_TOP_P_WHILE_THINKING = 0.95

function allowed(
  sampling: Sampling,
  beside: ThinkingPlan['sampling'],
  { rules, dropped }: RequestContext,
): Chosen {
  const { maxOutputTokens, temperature, topP, topK } = sampling
  if (beside === 'nothing') {
    reportChosen(
      { maxOutputTokens, temperature, topP, topK },
      'not with this reasoning effort',
      dropped,
    )
    return {}
  }
  if (rules.sampling === 'none') {
    reportChosen({ temperature, topP, topK }, 'the model samples its own way', dropped)
    return { maxOutputTokens }
  }
  if (beside === 'while thinking') {
    const keptTopP = topP !== undefined && topP >= LOWEST_TOP_P_WHILE_THINKING ? topP : undefined
    reportChosen(
      { temperature, topP: keptTopP === undefined ? topP : undefined, topK },
      'fixed while the model thinks',
      dropped,
    )
    return { maxOutputTokens, topP: keptTopP }
  }
  if (rules.sampling === 'all' || temperature === undefined || topP === undefined)
    return { maxOutputTokens, temperature, topP, topK }
  // 1 is what the model does anyway, so the other one carries the client's wish.
  const keepTopP = temperature === 1
  dropped.push(keepTopP ? 'temperature (not with top_p)' : 'top_p (not with temperature)')
  return keepTopP ? { maxOutputTokens, topP, topK } : { maxOutputTokens, temperature, topK }
}

function reportChosen(chosen: Chosen, reason: string, dropped: string[]): void {
  if (chosen.maxOutputTokens !== undefined) dropped.push(`max_tokens (${reason})`)
  if (chosen.temperature !== undefined) dropped.push(`temperature (${reason})`)
  if (chosen.topP !== undefined) dropped.push(`top_p (${reason})`)
  if (chosen.topK !== undefined) dropped.push(`top_k (${reason})`)
}

/** The service's own range, whatever the model. */
function bounded(temperature: number, { dropped }: RequestContext): number {
  if (temperature <= 1) return Math.max(temperature, 0)
  dropped.push('temperature (lowered to 1)')
  return 1
}
