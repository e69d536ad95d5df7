import type { Operation } from '../dialects/index.ts'
import { hidesReasoning } from '../dispatch/index.ts'
import { GatewayError } from '../errors.ts'
import { largest } from '../foundation/lists.ts'
import { type Demand, isOfTarget, type Limit } from '../limits/index.ts'
import type { Plan } from '../routing/index.ts'
import { isCountedEarly } from './count-early.ts'
import type { BilledRequest, BillingDeps } from './deps.ts'
import { estimateReservation, estimateTokens } from './estimate.ts'
import { isCuttable } from './stream-budget.ts'
import { type ParsedRequest, subjectOf } from './subject.ts'

interface PlannedRequest extends ParsedRequest {
  readonly plan: Plan
}

/** An admitted request, possibly bounded or with fewer targets. */
export interface Affordable {
  readonly operation: Operation
  readonly plan: Plan
}

/** Fewer output tokens are no useful answer, and some providers refuse a smaller bound. */
const LEAST_OUTPUT_TOKENS = 16

/** Rounds of admission: other requests take from the same budgets at the same time. */
const MOST_ROUNDS = 8

/**
 * Takes from every limit that concerns the request, or rejects and has taken nothing. Where a
 * budget has too little left for it, the targets that are too expensive are left out
 * (`fallbackOn: ['budget_exceeded']` of the route), a stream that shows what it writes begins with
 * what is left, and any other request is bounded to that where its route says so
 * (`overBudget: 'bound'`).
 */
export async function admit(
  deps: BillingDeps,
  billed: BilledRequest,
  asked: PlannedRequest,
): Promise<Affordable> {
  const all = deps.limitsFor(billed.caller)
  // Per-target limits are checked when a target is called.
  const { counted } = billed
  const untaken =
    counted === undefined ? all : all.filter((limit) => !isCountedEarly(limit, counted.units))
  const limits = untaken.some(isOfTarget) ? untaken.filter((limit) => !isOfTarget(limit)) : untaken
  let { operation, plan } = asked
  if (limits.length === 0) return { operation, plan }
  let most: number | undefined
  for (let round = 1; ; round++) {
    try {
      billed.admitted = await deps.admit(
        limits,
        demandOf(deps, billed, { ...asked, operation, plan, limits, most }),
      )
      return { operation, plan }
    } catch (thrown) {
      const cheaper =
        isOverBudget(thrown) && plan.limits.fallbackOn?.has('budget_exceeded') === true
          ? withoutDearest(plan, deps, operation)
          : undefined
      const left =
        cheaper === undefined && round < MOST_ROUNDS ? outputLeft(thrown, operation) : undefined
      if (cheaper !== undefined) {
        plan = cheaper
        billed.degraded.add('budget')
      } else if (
        left !== undefined &&
        isCuttable(operation) &&
        !plan.targets.some((target) => hidesReasoning(operation, target))
      )
        most = left
      else if (
        left !== undefined &&
        plan.limits.overBudget === 'bound' &&
        operation.bounded !== undefined
      ) {
        operation = operation.bounded(left)
        billed.degraded.add('output-bounded')
      } else throw thrown
    }
  }
}

/** Tokens of output, over all choices, with which a refused request would have been let in. */
function outputLeft(thrown: unknown, { requestedOutput }: Operation): number | undefined {
  const most = thrown instanceof GatewayError ? thrown.details.mostOutputTokens : undefined
  return most === undefined || most < LEAST_OUTPUT_TOKENS
    ? undefined
    : most * (requestedOutput?.().choices ?? 1)
}

function isOverBudget(thrown: unknown): boolean {
  return thrown instanceof GatewayError && thrown.code === 'budget_exceeded'
}

/** The plan without its dearest target; `undefined` where none would be left. */
function withoutDearest(
  plan: Plan,
  { priceOf }: BillingDeps,
  operation: Operation,
): Plan | undefined {
  const amounts = estimateTokens(operation)
  const prices = plan.targets.map(({ id }) => priceOf(id, amounts) ?? Number.POSITIVE_INFINITY)
  const most = largest(prices)
  const targets = plan.targets.filter((_, at) => (prices[at] ?? 0) < most)
  return targets.length === 0 ? undefined : { ...plan, targets }
}

function demandOf(
  deps: BillingDeps,
  billed: BilledRequest,
  {
    operation,
    plan,
    limits,
    request,
    most,
  }: PlannedRequest & { readonly limits: readonly Limit[]; readonly most: number | undefined },
): Demand {
  const targets = plan.targets.map(({ id }) => id)
  return {
    id: billed.id,
    degraded: billed.degraded,
    subject: subjectOf(billed, { operation, request, limits }),
    estimate: (own) => estimateReservation(deps, { operation, targets, most }, own),
  }
}
