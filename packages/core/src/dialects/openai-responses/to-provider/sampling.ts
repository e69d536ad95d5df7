import type { Sampling } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import type { RequestContext } from './context.ts'

const SMALLEST_OUTPUT = 16

/** Value of `include` that requests log probabilities. */
const LOGPROBS = 'message.output_text.logprobs'

export interface SamplingPlan {
  readonly fields: JsonObject
  readonly include: readonly string[]
}

/**
 * Sampling fields that the model accepts at the requested effort. Fields that the dialect lacks are
 * reported.
 */
export function planSampling(
  sampling: Sampling,
  effort: string | undefined,
  context: RequestContext,
): SamplingPlan {
  reportUnknown(sampling, context)
  const { maxOutputTokens } = sampling
  const fields: JsonObject =
    maxOutputTokens === undefined
      ? {}
      : { max_output_tokens: outputLimit(maxOutputTokens, context) }
  const { temperature, topP, topLogprobs } = sampling
  const wantsLogprobs = sampling.logprobs === true
  if (!takesSampling(effort, context)) {
    const lost = {
      temperature,
      top_p: topP,
      logprobs: wantsLogprobs || undefined,
      top_logprobs: topLogprobs,
    }
    for (const [field, value] of Object.entries(lost))
      if (value !== undefined) context.dropped.add(`${field} (fixed while the model reasons)`)
    return { fields, include: [] }
  }
  if (temperature !== undefined) fields.temperature = temperature
  if (topP !== undefined) fields.top_p = topP
  if (topLogprobs !== undefined) fields.top_logprobs = topLogprobs
  return { fields, include: wantsLogprobs ? [LOGPROBS] : [] }
}

function takesSampling(effort: string | undefined, { rules }: RequestContext): boolean {
  if (rules.sampling !== 'without-reasoning') return rules.sampling === 'always'
  return effort === undefined ? !rules.reasonsUnasked : effort === 'none'
}

function outputLimit(tokens: number, { dropped }: RequestContext): number {
  if (tokens >= SMALLEST_OUTPUT) return tokens
  dropped.add(`max_tokens (raised to ${SMALLEST_OUTPUT}, the least the provider takes)`)
  return SMALLEST_OUTPUT
}

function reportUnknown(sampling: Sampling, { call, dropped }: RequestContext): void {
  if (sampling.n !== undefined && sampling.n > 1)
    dropped.add(refuseOrDrop(call, 'n', 'more than one choice'))
  if (sampling.topK !== undefined) dropped.add('top_k')
  if (sampling.frequencyPenalty) dropped.add('frequency_penalty')
  if (sampling.presencePenalty) dropped.add('presence_penalty')
  if (sampling.seed !== undefined) dropped.add('seed')
  if (sampling.stop !== undefined && sampling.stop.length > 0) dropped.add('stop')
  if (sampling.logitBias !== undefined && Object.keys(sampling.logitBias).length > 0)
    dropped.add('logit_bias')
}
