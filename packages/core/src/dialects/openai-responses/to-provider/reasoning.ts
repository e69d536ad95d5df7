import type { ReasoningRequest } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'
import { EFFORTS } from './models.ts'

/**
 * Up to how many thinking tokens an effort stands for, least first; more than the last is `high`.
 */
const budgets: readonly (readonly [number, string])[] = [
  [0, 'none'],
  [4096, 'low'],
  [12_288, 'medium'],
]

/** `reasoning.effort` as the model takes it; `undefined` leaves it to the model. */
export function effortOf(
  request: ReasoningRequest | undefined,
  context: RequestContext,
): string | undefined {
  const asked = request?.effort ?? effortOfBudget(request?.budgetTokens, context)
  if (asked === undefined) return undefined
  const { rules, dropped } = context
  if (rules.reasons === false) {
    if (asked !== 'none') dropped.add('reasoning_effort (the model does not reason)')
    return undefined
  }
  if (!EFFORTS.includes(asked) || EFFORTS.indexOf(asked) >= EFFORTS.indexOf(rules.lowestEffort))
    return asked
  dropped.add(`reasoning_effort (sent as ${rules.lowestEffort})`)
  return rules.lowestEffort
}

function effortOfBudget(
  tokens: number | undefined,
  { dropped }: RequestContext,
): string | undefined {
  if (tokens === undefined) return undefined
  const effort = budgets.find(([limit]) => tokens <= limit)?.[1] ?? 'high'
  if (tokens > 0) dropped.add(`reasoning budget in tokens (sent as effort ${effort})`)
  return effort
}
