import type { ReasoningRequest } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Thinking, ThinkingLevel } from './models.ts'

/**
 * OpenAI's scale in this provider's two: the figures are those of its own OpenAI-compatible
 * endpoint.
 */
const EFFORTS: ReadonlyMap<string, { readonly level: ThinkingLevel; readonly budget: number }> =
  new Map(
    Object.entries({
      minimal: { level: 'MINIMAL', budget: 1024 },
      low: { level: 'LOW', budget: 1024 },
      medium: { level: 'MEDIUM', budget: 8192 },
      high: { level: 'HIGH', budget: 24_576 },
      xhigh: { level: 'HIGH', budget: Number.MAX_SAFE_INTEGER },
      max: { level: 'HIGH', budget: Number.MAX_SAFE_INTEGER },
    }),
  )
const LEVELS: readonly ThinkingLevel[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']

/**
 * `thinkingConfig` for what the client asked, in the way this model understands. A model that
 * cannot stop thinking thinks as little as it can; what differs from the request is added to
 * `dropped`.
 */
export function thinkingConfig(
  request: ReasoningRequest | undefined,
  thinking: Thinking,
  dropped: Set<string>,
): JsonObject | undefined {
  const { effort, budgetTokens } = request ?? {}
  if (effort === undefined && budgetTokens === undefined) return undefined
  const field = effort === undefined ? 'reasoning.budget_tokens' : 'reasoning_effort'
  if (thinking.kind === 'none') {
    if (effort !== 'none') dropped.add(`${field} (the model has no such setting)`)
    return undefined
  }
  if (
    effort === 'none' ||
    (effort === undefined && budgetTokens !== undefined && budgetTokens <= 0)
  )
    return leastThinking(thinking, field, dropped)
  const wanted = effort === undefined ? undefined : EFFORTS.get(effort)
  if (wanted === undefined && budgetTokens === undefined) {
    dropped.add('reasoning_effort (unknown value)')
    return undefined
  }
  if (thinking.kind === 'level') {
    const level = wanted?.level ?? levelOfBudget(budgetTokens ?? 0)
    return { thinkingLevel: nearestLevel(level, thinking.levels), includeThoughts: true }
  }
  const budget = Math.min(Math.max(budgetTokens ?? wanted?.budget ?? 0, thinking.min), thinking.max)
  if (budgetTokens !== undefined && budget !== budgetTokens)
    dropped.add(`reasoning.budget_tokens (${budget} used)`)
  return { thinkingBudget: budget, includeThoughts: true }
}

function leastThinking(
  thinking: Exclude<Thinking, { kind: 'none' }>,
  field: string,
  dropped: Set<string>,
): JsonObject {
  if (thinking.kind === 'budget' && thinking.canDisable) return { thinkingBudget: 0 }
  dropped.add(`${field} (the model cannot stop thinking; least used)`)
  return thinking.kind === 'budget'
    ? { thinkingBudget: thinking.min }
    : { thinkingLevel: nearestLevel('MINIMAL', thinking.levels) }
}

function levelOfBudget(tokens: number): ThinkingLevel {
  if (tokens <= 1024) return 'LOW'
  return tokens <= 8192 ? 'MEDIUM' : 'HIGH'
}

/** The same level or, where the model lacks it, the next higher one. */
function nearestLevel(level: ThinkingLevel, levels: readonly ThinkingLevel[]): ThinkingLevel {
  return (
    LEVELS.slice(LEVELS.indexOf(level)).find((candidate) => levels.includes(candidate)) ?? 'HIGH'
  )
}
