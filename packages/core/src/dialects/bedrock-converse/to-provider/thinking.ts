import type { ReasoningRequest } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'
import type { Thinking } from './models.ts'
import { fieldAt } from './own-fields.ts'

export interface ThinkingPlan {
  /** Fields of the model's own. */
  readonly ownFields: JsonObject
  /** For `outputConfig`. */
  readonly effort?: string
  /** Fields that the model accepts together with it. */
  readonly sampling: 'as usual' | 'while thinking' | 'nothing'
}

export interface ThinkingSituation {
  /** `undefined` when the client set no limit. */
  readonly maxTokens: number | undefined
  /** The model is made to call a tool; some may not think then. */
  readonly toolIsForced: boolean
  readonly unsignedToolLoop: boolean
}

/** The client's scale, least first. */
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

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

const NOTHING: ThinkingPlan = { ownFields: {}, sampling: 'as usual' }

/** Plans how the model is asked to think; what it has no setting for is reported. */
export function planThinking(
  request: ReasoningRequest | undefined,
  situation: ThinkingSituation,
  context: RequestContext,
): ThinkingPlan {
  const { dropped, rules } = context
  const { effort, budgetTokens } = request ?? {}
  if (effort === undefined && budgetTokens === undefined) return NOTHING
  if (effort !== undefined && !EFFORTS.includes(effort)) {
    dropped.push('reasoning_effort (unknown effort)')
    return NOTHING
  }
  const isOff =
    effort === 'none' || (effort === undefined && budgetTokens !== undefined && budgetTokens <= 0)
  if (isOff) return withoutThinking(rules.thinking, context)
  const wanted: Wanted = {
    effort: effort ?? effortOfBudget(budgetTokens ?? SMALLEST_BUDGET),
    isBudget: effort === undefined,
    budget: budgetTokens ?? BUDGETS[effort ?? ''] ?? SMALLEST_BUDGET,
  }
  const { thinking } = rules
  switch (thinking.kind) {
    case 'none':
      dropped.push('reasoning_effort (the model takes none)')
      return NOTHING
    case 'always':
      dropped.push('reasoning_effort (the model thinks as it likes)')
      return NOTHING
    case 'budget':
      return budgetedThinking(wanted.budget, situation, context)
    case 'adaptive':
      return adaptiveThinking(wanted, { thinking, situation, context })
    case 'config': {
      const level = nearestEffort(wanted, thinking.efforts, context)
      return {
        ownFields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: level } },
        sampling: level === thinking.efforts.at(-1) ? 'nothing' : 'as usual',
      }
    }
    case 'effort':
      return {
        ownFields: fieldAt(thinking.path, nearestEffort(wanted, thinking.efforts, context)),
        sampling: 'as usual',
      }
  }
}

interface Wanted {
  readonly effort: string
  /** The client counted tokens. */
  readonly isBudget: boolean
  readonly budget: number
}

function effortOfBudget(tokens: number): string {
  return EFFORTS.find((effort) => tokens <= (BUDGETS[effort] ?? -1)) ?? 'max'
}

function withoutThinking(thinking: Thinking, { dropped }: RequestContext): ThinkingPlan {
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
      return withoutAdaptiveThinking(thinking, dropped)
  }
}

function withoutAdaptiveThinking(
  { off, efforts }: Extract<Thinking, { kind: 'adaptive' }>,
  dropped: string[],
): ThinkingPlan {
  switch (off) {
    case 'omit':
      return NOTHING
    case 'disabled':
      return { ...NOTHING, ownFields: { thinking: { type: 'disabled' } } }
    case 'between_tools':
      dropped.push('reasoning_effort (the model thinks between tool calls at least)')
      return { ...NOTHING, ownFields: { thinking: { type: 'between_tools' } } }
    case 'never':
      dropped.push('reasoning_effort (the model always thinks)')
      return { ...NOTHING, ...(efforts[0] === undefined ? {} : { effort: efforts[0] }) }
  }
}

interface Adapting {
  readonly thinking: Extract<Thinking, { kind: 'adaptive' }>
  readonly situation: ThinkingSituation
  readonly context: RequestContext
}

function adaptiveThinking(
  wanted: Wanted,
  { thinking, situation, context }: Adapting,
): ThinkingPlan {
  if (wanted.isBudget) context.dropped.push('reasoning (the model sets its own thinking budget)')
  const effort = wanted.isBudget ? {} : { effort: nearestEffort(wanted, thinking.efforts, context) }
  if (!situation.toolIsForced)
    return { ownFields: { thinking: { type: 'adaptive' } }, ...effort, sampling: 'while thinking' }
  if (thinking.off === 'omit')
    context.dropped.push('reasoning_effort (no thinking while a tool is forced)')
  return { ...NOTHING, ...effort }
}

/** The strongest effort the model has that is not above the one asked for, else its weakest. */
function nearestEffort(
  { effort, isBudget }: Wanted,
  efforts: readonly string[],
  { dropped }: RequestContext,
): string {
  const asked = EFFORTS.indexOf(effort)
  const nearest =
    efforts.findLast((level) => level !== 'none' && EFFORTS.indexOf(level) <= asked) ??
    efforts[0] ??
    effort
  if (isBudget) dropped.push(`reasoning (the thinking budget is sent as the effort ${nearest})`)
  else if (nearest !== effort) dropped.push(`reasoning_effort (sent as ${nearest})`)
  return nearest
}

function budgetedThinking(
  wanted: number,
  situation: ThinkingSituation,
  context: RequestContext,
): ThinkingPlan {
  const { dropped } = context
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
  else
    return {
      ownFields: { thinking: { type: 'enabled', budget_tokens: budget } },
      sampling: 'while thinking',
    }
  return NOTHING
}
