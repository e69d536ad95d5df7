import {
  adaptiveThinking,
  budgetedThinking,
  effortOfBudget,
  nearestEffort,
  readWantedThinking,
  type ThinkingPlan,
  type ThinkingSituation,
  thinksWith,
  type WantedThinking,
  withoutThinking,
} from '../../claude/thinking.ts'
import type { ReasoningRequest } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'
import type { Thinking } from './models.ts'
import { fieldAt } from './own-fields.ts'

export interface ConversePlan {
  /** Fields of the model's own. */
  readonly ownFields: JsonObject
  /** For `outputConfig`. */
  readonly effort?: string
  /** Fields that the model accepts together with it. */
  readonly sampling: 'as usual' | 'while thinking' | 'nothing'
}

const NOTHING: ConversePlan = { ownFields: {}, sampling: 'as usual' }

/** Plans how the model is asked to think; what it has no setting for is reported. */
export function planThinking(
  request: ReasoningRequest | undefined,
  situation: ThinkingSituation,
  { rules: { thinking }, dropped }: RequestContext,
): ConversePlan {
  const wanted = readWantedThinking(request, dropped)
  if (wanted === undefined) return NOTHING
  if (wanted === 'off') return planWithout(thinking, dropped)
  switch (thinking.kind) {
    case 'none':
      dropped.push('reasoning_effort (the model takes none)')
      return NOTHING
    case 'always':
      dropped.push('reasoning_effort (the model thinks as it likes)')
      return NOTHING
    case 'budget':
      return toConversePlan(budgetedThinking(wanted.budget, situation, dropped))
    case 'adaptive': {
      const { toolIsForced } = situation
      return toConversePlan(
        adaptiveThinking(wanted.effort, { rules: thinking, toolIsForced }, dropped),
      )
    }
    case 'config': {
      const level = reportedEffort(wanted, thinking.efforts, dropped)
      return {
        ownFields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: level } },
        sampling: level === thinking.efforts.at(-1) ? 'nothing' : 'as usual',
      }
    }
    case 'effort':
      return {
        ownFields: fieldAt(thinking.path, reportedEffort(wanted, thinking.efforts, dropped)),
        sampling: 'as usual',
      }
  }
}

function planWithout(thinking: Thinking, dropped: string[]): ConversePlan {
  switch (thinking.kind) {
    case 'none':
    case 'budget':
    case 'config':
      return NOTHING
    case 'always':
      dropped.push('reasoning_effort (the model always thinks)')
      return NOTHING
    case 'effort': {
      const least = thinking.efforts[0] ?? 'low'
      if (least !== 'none') dropped.push('reasoning_effort (the model always thinks)')
      return { ...NOTHING, ownFields: fieldAt(thinking.path, least) }
    }
    case 'adaptive':
      return toConversePlan(withoutThinking(thinking, dropped))
  }
}

function toConversePlan(plan: ThinkingPlan): ConversePlan {
  const { thinking, effort } = plan
  return {
    ownFields: thinking === undefined ? {} : { thinking },
    ...(effort === undefined ? {} : { effort }),
    sampling: thinksWith(plan) ? 'while thinking' : 'as usual',
  }
}

/** The effort sent to a model that takes no budget; one other than asked for is reported. */
function reportedEffort(
  { effort, budget }: WantedThinking,
  efforts: readonly string[],
  dropped: string[],
): string {
  const nearest = nearestEffort(effort ?? effortOfBudget(budget), efforts)
  if (effort === undefined)
    dropped.push(`reasoning (the thinking budget is sent as the effort ${nearest})`)
  else if (nearest !== effort) dropped.push(`reasoning_effort (sent as ${nearest})`)
  return nearest
}
