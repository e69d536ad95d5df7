import type { ReasoningRequest } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'

export interface ThinkingPlan {
  readonly thinking?: JsonObject
  /** For `output_config.effort`. */
  readonly effort?: string
}

export interface ThinkingSituation {
  readonly maxTokens: number
  /** The model is made to call a tool; it may not think then. */
  readonly toolIsForced: boolean
  readonly unsignedToolLoop: boolean
}

/** The client's scale, least first. */
const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/** Thinking tokens that stand for an effort on models that count them. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 49_152,
}
const SMALLEST_BUDGET = 1024
/** Share of `max_tokens` thinking may take; the rest is for the answer. */
const LARGEST_SHARE = 0.8

/** Plans `thinking` and `output_config.effort`; what the model has no setting for is reported. */
export function planThinking(
  request: ReasoningRequest | undefined,
  situation: ThinkingSituation,
  context: RequestContext,
): ThinkingPlan {
  const { rules, dropped } = context
  const { effort, budgetTokens } = request ?? {}
  if (effort === undefined && budgetTokens === undefined) return {}
  if (
    effort === 'none' ||
    (effort === undefined && budgetTokens !== undefined && budgetTokens <= 0)
  )
    return withoutThinking(context)
  if (effort !== undefined && !EFFORTS.includes(effort)) {
    dropped.push('reasoning_effort (unknown effort)')
    return {}
  }
  if (rules.thinking === 'unsupported') {
    dropped.push('reasoning_effort (the model does not think)')
    return {}
  }
  return rules.thinking === 'adaptive'
    ? adaptiveThinking(effort, situation, context)
    : budgetedThinking(budgetTokens ?? BUDGETS[effort ?? ''] ?? SMALLEST_BUDGET, situation, context)
}

function withoutThinking({ rules, dropped }: RequestContext): ThinkingPlan {
  switch (rules.thinkingOff) {
    case 'omit':
      return {}
    case 'disabled':
      return { thinking: { type: 'disabled' } }
    case 'between_tools':
      dropped.push('reasoning_effort (the model thinks between tool calls at least)')
      return { thinking: { type: 'between_tools' } }
    case 'never': {
      dropped.push('reasoning_effort (the model always thinks)')
      const effort = rules.efforts[0]
      return effort === undefined ? {} : { effort }
    }
  }
}

function adaptiveThinking(
  effort: string | undefined,
  situation: ThinkingSituation,
  context: RequestContext,
): ThinkingPlan {
  const level = effort === undefined ? undefined : nearestEffort(effort, context)
  if (effort === undefined)
    context.dropped.push('reasoning (the model sets its own thinking budget)')
  const plan = level === undefined ? {} : { effort: level }
  if (!situation.toolIsForced) return { thinking: { type: 'adaptive' }, ...plan }
  if (context.rules.thinkingOff === 'omit')
    context.dropped.push('reasoning_effort (no thinking while a tool is forced)')
  return plan
}

/** The strongest effort the model has that is not above the one asked for, else its weakest. */
function nearestEffort(effort: string, { rules, dropped }: RequestContext): string | undefined {
  const asked = EFFORTS.indexOf(effort)
  const nearest =
    rules.efforts.findLast((level) => EFFORTS.indexOf(level) <= asked) ?? rules.efforts[0]
  if (nearest !== effort) dropped.push(`reasoning_effort (sent as ${nearest})`)
  return nearest
}

function budgetedThinking(
  wanted: number,
  situation: ThinkingSituation,
  context: RequestContext,
): ThinkingPlan {
  const { dropped } = context
  const budget = Math.max(
    SMALLEST_BUDGET,
    Math.min(Math.floor(wanted), Math.floor(situation.maxTokens * LARGEST_SHARE)),
  )
  if (situation.toolIsForced) dropped.push('reasoning_effort (no thinking while a tool is forced)')
  else if (situation.unsignedToolLoop)
    dropped.push('reasoning_effort (the tool calls before were made without signed thinking)')
  else if (budget >= situation.maxTokens)
    dropped.push('reasoning_effort (the output limit leaves no room for thinking)')
  else return { thinking: { type: 'enabled', budget_tokens: budget } }
  return {}
}
