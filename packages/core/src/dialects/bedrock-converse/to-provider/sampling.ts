import {
  allowedSampling,
  boundTemperature,
  reportSampling,
  reportUnknownSampling,
  type SamplingSettings,
  stopSequences,
} from '../../claude/sampling.ts'
import type { Sampling } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'
import { fieldAt } from './own-fields.ts'
import type { ConversePlan } from './thinking.ts'

export interface SamplingPlan {
  readonly inferenceConfig: JsonObject
  /** Fields of the model's own. */
  readonly ownFields: JsonObject
}

/** Highest temperature of the service, whatever the model. */
const HIGHEST_TEMPERATURE = 1

/** `inferenceConfig`, and top_k where the model has its own field for it. */
export function planSampling(
  sampling: Sampling,
  beside: ConversePlan['sampling'],
  context: RequestContext,
): SamplingPlan {
  const { dropped } = context
  reportUnknownSampling(sampling, dropped)
  const { maxOutputTokens, temperature, topP, topK } = settingsBeside(sampling, beside, context)
  const stop = stopSequences(sampling, dropped)
  return {
    inferenceConfig: {
      ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
      ...(temperature === undefined
        ? {}
        : { temperature: boundTemperature(temperature, HIGHEST_TEMPERATURE, dropped) }),
      ...(topP === undefined ? {} : { topP }),
      ...(stop.length === 0 ? {} : { stopSequences: stop }),
    },
    ownFields: ownTopK(topK, context),
  }
}

function settingsBeside(
  sampling: Sampling,
  beside: ConversePlan['sampling'],
  { rules, dropped }: RequestContext,
): SamplingSettings {
  if (beside === 'nothing') {
    reportSampling(sampling, 'not with this reasoning effort', dropped)
    return {}
  }
  const situation = { rule: rules.sampling, thinks: beside === 'while thinking' }
  const { maxOutputTokens } = sampling
  return { maxOutputTokens, ...allowedSampling(sampling, situation, dropped) }
}

function ownTopK(topK: number | undefined, { rules, dropped }: RequestContext): JsonObject {
  if (topK === undefined) return {}
  if (rules.topKPath !== undefined) return fieldAt(rules.topKPath, topK)
  dropped.push('top_k')
  return {}
}
