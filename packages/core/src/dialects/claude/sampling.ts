import type { Sampling } from '../model/conversation.ts'
import type { ClaudeRules } from './model-rules.ts'

export type SamplingSettings = Pick<Sampling, 'maxOutputTokens' | 'temperature' | 'topP' | 'topK'>

/** Reports the settings that no model of this maker has. */
export function reportUnknownSampling(sampling: Sampling, dropped: string[]): void {
  if (sampling.frequencyPenalty) dropped.push('frequency_penalty')
  if (sampling.presencePenalty) dropped.push('presence_penalty')
  if (sampling.seed !== undefined) dropped.push('seed')
  if (sampling.logprobs === true) dropped.push('logprobs')
  if (sampling.topLogprobs !== undefined) dropped.push('top_logprobs')
  if (sampling.logitBias !== undefined && Object.keys(sampling.logitBias).length > 0)
    dropped.push('logit_bias')
}

/** Stop sequences the provider takes: those with more than white space. */
export function stopSequences({ stop = [] }: Sampling, dropped: string[]): readonly string[] {
  return stop.filter((sequence, index) => {
    if (sequence.trim() !== '') return true
    dropped.push(`stop[${index}] (only white space)`)
    return false
  })
}

/**
 * While it thinks, a model takes no temperature but the default and no `top_k`, and `top_p` only
 * from here up.
 */
const LOWEST_TOP_P_WHILE_THINKING = 0.95

interface SamplingSituation {
  readonly rule: ClaudeRules['sampling']
  readonly thinks: boolean
}

/** `temperature`, `top_p` and `top_k` in the combination the model takes; the rest is reported. */
export function allowedSampling(
  { temperature, topP, topK }: Sampling,
  { rule, thinks }: SamplingSituation,
  dropped: string[],
): SamplingSettings {
  if (rule === 'none') {
    reportSampling({ temperature, topP, topK }, 'the model samples its own way', dropped)
    return {}
  }
  if (thinks) {
    const keepTopP = topP !== undefined && topP >= LOWEST_TOP_P_WHILE_THINKING
    reportSampling(
      { temperature, topP: keepTopP ? undefined : topP, topK },
      'fixed while the model thinks',
      dropped,
    )
    return keepTopP ? { topP } : {}
  }
  if (rule === 'all' || temperature === undefined || topP === undefined)
    return { temperature, topP, topK }
  // 1 is the model's default, so the other setting carries the client's intent.
  const keepTopP = temperature === 1
  dropped.push(keepTopP ? 'temperature (not with top_p)' : 'top_p (not with temperature)')
  return keepTopP ? { topP, topK } : { temperature, topK }
}

/** Reports each setting that is set, with the reason. */
export function reportSampling(
  settings: SamplingSettings,
  reason: string,
  dropped: string[],
): void {
  if (settings.maxOutputTokens !== undefined) dropped.push(`max_tokens (${reason})`)
  if (settings.temperature !== undefined) dropped.push(`temperature (${reason})`)
  if (settings.topP !== undefined) dropped.push(`top_p (${reason})`)
  if (settings.topK !== undefined) dropped.push(`top_k (${reason})`)
}

/** The temperature within 0 and the limit; a lowered one is reported. */
export function boundTemperature(temperature: number, limit: number, dropped: string[]): number {
  if (temperature <= limit) return Math.max(temperature, 0)
  dropped.push(`temperature (lowered to ${limit})`)
  return limit
}
