import {
  adaptiveThinking,
  budgetedThinking,
  readWantedThinking,
  type ThinkingPlan,
  type ThinkingSituation,
  withoutThinking,
} from '../../claude/thinking.ts'
import type { ReasoningRequest } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'

/** Plans `thinking` and `output_config.effort`; what the model has no setting for is reported. */
export function planThinking(
  request: ReasoningRequest | undefined,
  situation: ThinkingSituation,
  { rules, dropped }: RequestContext,
): ThinkingPlan {
  const wanted = readWantedThinking(request, dropped)
  if (wanted === undefined) return {}
  if (wanted === 'off') return withoutThinking(rules, dropped)
  switch (rules.thinking) {
    case 'unsupported':
      dropped.push('reasoning_effort (the model does not think)')
      return {}
    case 'adaptive':
      return adaptiveThinking(
        wanted.effort,
        { rules, toolIsForced: situation.toolIsForced },
        dropped,
      )
    case 'budget':
      return budgetedThinking(wanted.budget, situation, dropped)
  }
}
