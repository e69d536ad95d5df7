import type { ReasoningRequest } from '../model/conversation.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { ClaudeRules } from './model-rules.ts'

/** Fields that request thinking from a model. */
export interface ThinkingPlan {
  /** The model's field `thinking`. */
  readonly thinking?: JsonObject
  /** Effort, where the model takes one. */
  readonly effort?: string
}

export interface ThinkingSituation {
  /** `undefined` when the client set no limit and the provider requires none. */
  readonly maxTokens: number | undefined
  /** The model is made to call a tool; some may not think then. */
  readonly toolIsForced: boolean
  readonly unsignedToolLoop: boolean
}

/** The client's scale, least first. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

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
/** Share of the output limit thinking may take; the rest is for the answer. */
const LARGEST_SHARE = 0.8

/** The thinking a client asked for. */
export interface WantedThinking {
  /** `undefined` when the client counted tokens. */
  readonly effort: string | undefined
  /** Thinking tokens, counted by the client or standing for its effort. */
  readonly budget: number
}

/**
 * Reads the client's wish: `undefined` without one, `off` for no thinking. An unknown effort is
 * reported and counts as no wish.
 */
export function readWantedThinking(
  request: ReasoningRequest | undefined,
  dropped: string[],
): WantedThinking | 'off' | undefined {
  const { effort, budgetTokens } = request ?? {}
  if (effort === undefined) {
    if (budgetTokens === undefined) return undefined
    return budgetTokens <= 0 ? 'off' : { effort, budget: budgetTokens }
  }
  if (effort === 'none') return 'off'
  if (EFFORTS.includes(effort))
    return { effort, budget: budgetTokens ?? BUDGETS[effort] ?? SMALLEST_BUDGET }
  dropped.push('reasoning_effort (unknown effort)')
  return undefined
}

/** The least effort whose budget holds these thinking tokens. */
export function effortOfBudget(tokens: number): string {
  return EFFORTS.find((effort) => tokens <= (BUDGETS[effort] ?? -1)) ?? 'max'
}

/** The strongest effort of the model that is not above the one asked for, else its weakest. */
export function nearestEffort(effort: string, efforts: readonly string[]): string {
  const asked = EFFORTS.indexOf(effort)
  return (
    efforts.findLast((level) => level !== 'none' && EFFORTS.indexOf(level) <= asked) ??
    efforts[0] ??
    effort
  )
}

/** Turns thinking off as far as the model allows that. */
export function withoutThinking(
  { thinkingOff, efforts }: Pick<ClaudeRules, 'thinkingOff' | 'efforts'>,
  dropped: string[],
): ThinkingPlan {
  switch (thinkingOff) {
    case 'omit':
      return {}
    case 'disabled':
      return { thinking: { type: 'disabled' } }
    case 'between_tools':
      dropped.push('reasoning_effort (the model thinks between tool calls at least)')
      return { thinking: { type: 'between_tools' } }
    case 'never':
      dropped.push('reasoning_effort (the model always thinks)')
      return efforts[0] === undefined ? {} : { effort: efforts[0] }
  }
}

interface AdaptiveSituation {
  readonly rules: Pick<ClaudeRules, 'thinkingOff' | 'efforts'>
  readonly toolIsForced: boolean
}

/** Thinking that the model measures out itself; `effort` is the one asked for. */
export function adaptiveThinking(
  effort: string | undefined,
  { rules, toolIsForced }: AdaptiveSituation,
  dropped: string[],
): ThinkingPlan {
  const plan: { effort?: string } = {}
  if (effort === undefined) dropped.push('reasoning (the model sets its own thinking budget)')
  else {
    plan.effort = nearestEffort(effort, rules.efforts)
    if (plan.effort !== effort) dropped.push(`reasoning_effort (sent as ${plan.effort})`)
  }
  if (!toolIsForced) return { thinking: { type: 'adaptive' }, ...plan }
  if (rules.thinkingOff === 'omit')
    dropped.push('reasoning_effort (no thinking while a tool is forced)')
  return plan
}

/** Thinking with a token budget, which leaves room for the answer. */
export function budgetedThinking(
  wanted: number,
  situation: ThinkingSituation,
  dropped: string[],
): ThinkingPlan {
  const { maxTokens = Number.POSITIVE_INFINITY } = situation
  const budget = Math.max(
    SMALLEST_BUDGET,
    Math.min(Math.floor(wanted), Math.floor(maxTokens * LARGEST_SHARE)),
  )
  if (situation.toolIsForced) dropped.push('reasoning_effort (no thinking while a tool is forced)')
  else if (situation.unsignedToolLoop)
    dropped.push('reasoning_effort (the tool calls before were made without signed thinking)')
  else if (budget >= maxTokens)
    dropped.push('reasoning_effort (the output limit leaves no room for thinking)')
  else return { thinking: { type: 'enabled', budget_tokens: budget } }
  return {}
}

/** Whether the plan makes the model think, which narrows its sampling. */
export function thinksWith({ thinking }: ThinkingPlan): boolean {
  return thinking?.type === 'enabled' || thinking?.type === 'adaptive'
}
