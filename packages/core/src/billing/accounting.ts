import { identifySession } from './agent-session.ts'
import { type Operation, outputExpected, type Usage } from '../dialects/index.ts'
import {
  type AdmitTarget,
  type AdmittedTarget,
  hidesReasoning,
  OutputAllowance,
} from '../dispatch/index.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { GatewayRequest } from '../http/index.ts'
import { attributionOf, callerKey, type KnownCaller, spellingsOf } from '../identity/index.ts'
import type { RequestRecord } from '../records/index.ts'
import {
  type Amounts,
  type Demand,
  describe,
  isBudget,
  isOfTarget,
  type Limit,
  needsBody,
  type Subject,
  type Unit,
} from '../limits/index.ts'
import { largest } from '../foundation/lists.ts'
import type { Plan, Target } from '../routing/index.ts'
import type { Runtime } from '../gateway/runtime.ts'
import { addedUp, NOTHING_USED, surchargeFor, usedBy } from './settlement.ts'

/** How much more output a stream without a bound asks for at a time. */
const MORE_OUTPUT_TOKENS = 1_024

/**
 * Takes from what a provider allows us, and from what the caller may use of it, for each call of
 * one of its targets.
 */
export function admitTargetFor(
  runtime: Runtime,
  exchange: Exchange,
  { operation, request }: Pick<Asked, 'operation' | 'request'>,
): AdmitTarget | undefined {
  const { providerLimits, limitsFor } = runtime
  const { id, caller } = exchange
  const ofCaller = limitsFor(caller).filter(isOfTarget)
  if (providerLimits.size === 0 && ofCaller.length === 0) return undefined
  const isFree = operation.isFree === true
  let calls = 0
  return async (target, keyName) => {
    const { provider, model } = target
    calls += 1
    const who = {
      ...subjectOf(exchange, { operation, request, limits: ofCaller }),
      provider: provider.name,
    }
    const own = await admitCall(runtime, exchange, {
      operation,
      isFree,
      target,
      id: `${id}-${calls}-own`,
      limits: ofCaller,
      subject: who,
    })?.catch((error: unknown) => ({ refused: toGatewayError(error) }))
    if (own !== undefined && 'refused' in own) return own
    const subject = {
      provider: keyName === undefined ? provider.name : `${provider.name}#${keyName}`,
      model,
    }
    // What has no price counts for nothing with whom it is asked of: that is its own business.
    const ofProvider = await admitCall(runtime, exchange, {
      operation,
      isFree,
      isUnpricedFree: true,
      target,
      id: `${id}-${calls}`,
      limits: providerLimits.get(provider.name) ?? [],
      subject,
    })?.catch((error: unknown) => {
      own?.settle(undefined)
      throw error
    })
    if (own === undefined || ofProvider === undefined) return own ?? ofProvider
    return {
      settle(used) {
        own.settle(used)
        ofProvider.settle(used)
      },
    }
  }
}

interface Called {
  readonly operation: Operation
  readonly isFree: boolean
  /** What has no price counts as nothing, and is not refused. */
  readonly isUnpricedFree?: boolean
  readonly target: Target
  readonly id: string
  readonly limits: readonly Limit[]
  readonly subject: Subject
}

/** `undefined` where none of the limits concerns the call. */
function admitCall(
  runtime: Runtime,
  { degraded }: Exchange,
  { operation, isFree, isUnpricedFree, target, id, limits, subject }: Called,
): Promise<AdmittedTarget> | undefined {
  const isPriced = !isFree && limits.some(({ unit }) => unit === 'usd')
  const priced = (used: Usage, isHard = false): number | undefined =>
    isPriced
      ? (addedUp(
          runtime.priceOf(target.id, used),
          surchargeFor(runtime, operation, { target: target.id, isHard }),
        ) ?? (isUnpricedFree === true ? 0 : undefined))
      : 0
  const estimate = (own: readonly Limit[]): Amounts => {
    if (isUnpricedFree !== true) refuseUncounted(operation, own)
    const amounts = estimateOf(operation)
    const isHard = isUnpricedFree !== true && own.some(isHardBudget)
    // What is not paid by the token has no price that is known here.
    const isUnknown = isPriced && isUnpricedFree !== true && operation.estimateInput === undefined
    const unpriced = { target: target.id, isByToken: !isUnknown && target.id.includes('/') }
    return {
      ...amounts,
      unpriced,
      nanoDollars: isUnknown ? undefined : priced(withCacheWrites(amounts, operation), isHard),
    }
  }
  // What a provider allows paces calls, and saves nothing.
  return runtime
    .admit(limits, { id, degraded, subject, estimate, takesAll: isUnpricedFree === true })
    ?.then(({ settle }) => ({
      settle(used = NOTHING_USED) {
        settle({
          inputTokens: used.inputTokens,
          outputTokens: used.outputTokens,
          nanoDollars: used === NOTHING_USED ? 0 : (priced(used) ?? 0),
        })
      },
    }))
}

/** Who and what the request is; which session it belongs to only where that is counted. */
function subjectOf(
  { caller, route }: Exchange,
  {
    operation,
    request,
    limits,
  }: Pick<Asked, 'operation' | 'request'> & { readonly limits: readonly Limit[] },
): Subject {
  const isSession = limits.some(
    ({ scope, only }) => scope.includes('session') || only.has('session'),
  )
  return {
    key: caller && callerKey(caller),
    ...attributionOf(caller),
    route,
    model: operation.model,
    ...(isSession && { session: identifySession(caller, operation, request) }),
  }
}

/**
 * What it may take: its input, and the largest output it asks for.
 *
 * @param most tokens of output after which the gateway ends the answer, unless more can be reserved
 *   by then
 */
function estimateOf(
  operation: Operation,
  most = Number.POSITIVE_INFINITY,
): Pick<Amounts, 'inputTokens' | 'outputTokens' | 'choices'> {
  const inputTokens = operation.estimateInput?.() ?? operation.inputBytesEstimate?.() ?? 0
  const choices = operation.outputAsked?.().choices
  return {
    inputTokens,
    outputTokens: Math.min(most, outputExpected(operation)),
    ...(choices !== undefined && { choices }),
  }
}

/** What a request takes of a limit of requests or concurrency does not depend on its amounts. */
const NO_AMOUNTS: Amounts = Object.freeze({ inputTokens: 0, outputTokens: 0, nanoDollars: 0 })

/**
 * Counts a request against the limits of requests, and of concurrency where `units` have it, that
 * can be checked before its body is read: the body costs CPU, and a caller gets no more of it than
 * its rate allows. Limits that tell routes, models, sessions or providers apart wait for `admit`,
 * which does not count these again. Does nothing the second time. Rejects with 429 or 503, and has
 * taken nothing then.
 */
export async function countEarly(
  runtime: Runtime,
  exchange: Exchange,
  units: ReadonlySet<Unit>,
): Promise<void> {
  const { caller, id, degraded } = exchange
  if (exchange.counted !== undefined || exchange.admitted !== undefined) return
  const limits = runtime.limitsFor(caller).filter((limit) => isCountedEarly(limit, units))
  if (limits.length === 0) return
  const subject = { key: caller && callerKey(caller), ...attributionOf(caller) }
  const admitted = await runtime.admit(limits, {
    id: `${id}-body`,
    degraded,
    subject,
    estimate: () => NO_AMOUNTS,
  })
  if (admitted !== undefined) exchange.counted = { units, admitted }
}

/** Told by what the limit is: those of a caller may be read again meanwhile. */
function isCountedEarly(limit: Limit, units: ReadonlySet<Unit>): boolean {
  return units.has(limit.unit) && !needsBody(limit)
}

/** Gives back what is given back at the end of a request, and counts what it has used. */
export function settleLimits(runtime: Runtime, exchange: Exchange): void {
  exchange.admitted?.settle(usedBy(runtime, exchange))
  exchange.counted?.admitted.settle(NO_AMOUNTS)
}

/**
 * `x-ratelimit-*` of all limits: where both have told of requests, of those of which fewer are
 * left.
 */
export function buildLimitHeaders({
  admitted,
  counted,
}: Exchange): Readonly<Record<string, string>> | undefined {
  if (counted === undefined || admitted === undefined)
    return counted?.admitted.headers ?? admitted?.headers
  const [early, late] = [counted.admitted.headers, admitted.headers]
  const left = (headers: Readonly<Record<string, string>>): number =>
    Number(headers['x-ratelimit-remaining-requests'] ?? Number.POSITIVE_INFINITY)
  return left(early) < left(late) ? { ...late, ...early } : { ...early, ...late }
}

interface Asked {
  readonly operation: Operation
  readonly plan: Plan
  readonly request: GatewayRequest
}

/** A request that was let in, as it may be made. */
export interface Affordable {
  readonly operation: Operation
  readonly plan: Plan
}

/** Fewer tokens of output are no answer, and some providers take no smaller bound. */
const LEAST_OUTPUT_TOKENS = 16
/** Others take from the same budgets meanwhile: what was left a moment ago may be less now. */
const MOST_ROUNDS = 8

/**
 * Takes from every limit that concerns the request, or rejects and has taken nothing. Where a
 * budget has too little left for it, the targets that are too expensive are left out
 * (`fallbackOn: ['budget_exceeded']` of the route), a stream that shows what it writes begins with
 * what is left, and any other request is bounded to that where its route says so
 * (`overBudget: 'bound'`).
 */
export async function admit(
  runtime: Runtime,
  exchange: Exchange,
  asked: Asked,
): Promise<Affordable> {
  const all = runtime.limitsFor(exchange.caller)
  // Per-target limits are checked when a target is called.
  const { counted } = exchange
  const untaken =
    counted === undefined ? all : all.filter((limit) => !isCountedEarly(limit, counted.units))
  const limits = untaken.some(isOfTarget) ? untaken.filter((limit) => !isOfTarget(limit)) : untaken
  let { operation, plan } = asked
  if (limits.length === 0) return { operation, plan }
  let most: number | undefined
  for (let round = 1; ; round++) {
    try {
      exchange.admitted = await runtime.admit(
        limits,
        demandOf(runtime, exchange, { ...asked, operation, plan, limits, most }),
      )
      return { operation, plan }
    } catch (thrown) {
      const cheaper =
        isOverBudget(thrown) && plan.limits.fallbackOn?.has('budget_exceeded') === true
          ? withoutDearest(plan, runtime, operation)
          : undefined
      const left =
        cheaper === undefined && round < MOST_ROUNDS ? outputLeft(thrown, operation) : undefined
      if (cheaper !== undefined) {
        plan = cheaper
        exchange.degraded.add('budget')
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
        exchange.degraded.add('output-bounded')
      } else throw thrown
    }
  }
}

/** A stream that the gateway ends when no more can be reserved for it. */
function isCuttable({ stream, isCuttable: hasEnd }: Operation): boolean {
  return stream && hasEnd === true
}

/** Tokens of output, over all choices, with which a refused request would have been let in. */
function outputLeft(thrown: unknown, { outputAsked }: Operation): number | undefined {
  const most = thrown instanceof GatewayError ? thrown.details.mostOutputTokens : undefined
  return most === undefined || most < LEAST_OUTPUT_TOKENS
    ? undefined
    : most * (outputAsked?.().choices ?? 1)
}

function isOverBudget(thrown: unknown): boolean {
  return thrown instanceof GatewayError && thrown.code === 'budget_exceeded'
}

/** The plan without its dearest target; `undefined` where none would be left. */
function withoutDearest(plan: Plan, { priceOf }: Runtime, operation: Operation): Plan | undefined {
  const amounts = estimateOf(operation)
  const prices = plan.targets.map(({ id }) => priceOf(id, amounts) ?? Number.POSITIVE_INFINITY)
  const most = largest(prices)
  const targets = plan.targets.filter((_, at) => (prices[at] ?? 0) < most)
  return targets.length === 0 ? undefined : { ...plan, targets }
}

function demandOf(
  runtime: Runtime,
  exchange: Exchange,
  {
    operation,
    plan,
    limits,
    request,
    most,
  }: Asked & { readonly limits: readonly Limit[]; readonly most: number | undefined },
): Demand {
  const { priceOf } = runtime
  const isFree = operation.isFree === true
  const { id, degraded } = exchange
  return {
    id,
    degraded,
    subject: subjectOf(exchange, { operation, request, limits }),
    estimate(own) {
      refuseUncounted(operation, own)
      const amounts = estimateOf(operation, most)
      if (isFree) return { ...amounts, outputTokens: 0, nanoDollars: 0 }
      // What is not paid by the token (images, speech, whatever passes as it is) has no price that
      // is known here.
      if (operation.estimateInput === undefined || !own.some(({ unit }) => unit === 'usd'))
        return {
          ...amounts,
          nanoDollars: undefined,
          unpriced: {
            target: plan.targets[0]?.id ?? '',
            isByToken: operation.estimateInput !== undefined,
          },
        }
      const isHard = own.some(isHardBudget)
      // Any of the targets may answer: the dearest counts.
      const dearest = (outputTokens: number): number | undefined => {
        const usage = withCacheWrites({ inputTokens: amounts.inputTokens, outputTokens }, operation)
        const prices = plan.targets.map(({ id: target }) =>
          addedUp(priceOf(target, usage), surchargeFor(runtime, operation, { target, isHard })),
        )
        return prices.includes(undefined) ? undefined : largest(prices as number[])
      }
      const nanoDollars = dearest(amounts.outputTokens)
      if (nanoDollars !== undefined)
        return { ...amounts, nanoDollars, nanoDollarsOfInput: () => dearest(0) }
      const unknown = plan.targets.find(({ id: target }) => priceOf(target, amounts) === undefined)
      return {
        ...amounts,
        nanoDollars,
        unpriced: { target: unknown?.id ?? '', isByToken: unknown?.id.includes('/') === true },
      }
    },
  }
}

/** Clients that know this code of the provider's send the whole conversation at once. */
const KEPT_INPUT = { param: 'previous_response_id', providerCode: 'previous_response_not_found' }

/**
 * What is answered later, or goes on with what a provider keeps, is paid for and not seen here: a
 * budget would have no end.
 */
function refuseUncounted({ isDeferred, hasKeptInput }: Operation, own: readonly Limit[]): void {
  const budget = own.find(isBudget)
  if (budget === undefined) return
  const said = `The limit of ${describe(budget)} applies to this request, and what it uses cannot be counted:`
  // One in dollars knows no price of what is answered later, unless its operator says one.
  if (own.some((limit) => limit.unit !== 'usd' && isBudget(limit)) && isDeferred?.() === true)
    throw new GatewayError(
      'unpriced_parameter',
      `${said} its answer comes with another request (a batch, a job, background). Send a request that is answered at once.`,
    )
  if (hasKeptInput?.() === true)
    throw new GatewayError(
      'invalid_request',
      `${said} it goes on with an answer or a conversation that the provider keeps. Send the whole conversation in input, each item as it came; clients do with store: false.`,
      KEPT_INPUT,
    )
}

function isHardBudget({ unit, isSoft }: Limit): boolean {
  return unit === 'usd' && !isSoft
}

/** As much as it may: all of its input, where some of it is marked. */
function withCacheWrites(usage: Usage, operation: Operation): Usage {
  const lifetime = operation.cacheWrites?.()
  if (lifetime === undefined) return usage
  return {
    ...usage,
    cacheWriteTokens: usage.inputTokens,
    ...(lifetime === '1h' && { longCacheWriteTokens: usage.inputTokens }),
  }
}

/**
 * Takes what further calls of a provider need beside the reservation, which is for one: what those
 * that have ended may have cost, and as much as the reservation for each that is under way.
 * `undefined` where no hard budget applies.
 */
export function affordsAnother(
  runtime: Runtime,
  exchange: Exchange,
): ((underWay: number) => Promise<boolean>) | undefined {
  const { admitted, degraded } = exchange
  if (admitted?.estimate === undefined || admitted.coveredOutput() === undefined) return undefined
  const { inputTokens, outputTokens, nanoDollars = 0 } = admitted.estimate
  let covered = { inputTokens: 0, outputTokens: 0, nanoDollars: 0 }
  return async (underWay) => {
    const used = usedBy(runtime, exchange)
    const needed = {
      inputTokens: Math.max(covered.inputTokens, used.inputTokens + underWay * inputTokens),
      outputTokens: Math.max(covered.outputTokens, used.outputTokens + underWay * outputTokens),
      nanoDollars: Math.max(covered.nanoDollars, (used.nanoDollars ?? 0) + underWay * nanoDollars),
    }
    const more = {
      inputTokens: needed.inputTokens - covered.inputTokens,
      outputTokens: needed.outputTokens - covered.outputTokens,
      nanoDollars: needed.nanoDollars - covered.nanoDollars,
    }
    const isAffordable =
      more.inputTokens + more.outputTokens + more.nanoDollars === 0 || (await admitted.extend(more))
    if (isAffordable) covered = needed
    else degraded.add('budget')
    return isAffordable
  }
}

/**
 * How much of a streamed answer is paid for: what was reserved, and more as it goes on. `undefined`
 * where the provider ends it in time, because the request sets a bound that is reserved as a whole,
 * and where no limit ends answers.
 */
export function outputAllowance(
  { priceOf }: Runtime,
  exchange: Exchange,
  operation: Operation,
): OutputAllowance | undefined {
  const { admitted } = exchange
  const { outputAsked } = operation
  if (!isCuttable(operation) || outputAsked === undefined || admitted === undefined)
    return undefined
  const tokens = admitted.coveredOutput()
  const asked = tokens === undefined ? undefined : outputAsked()
  if (
    tokens === undefined ||
    asked === undefined ||
    (asked.tokens !== undefined && asked.tokens * asked.choices <= tokens)
  )
    return undefined
  const more = { inputTokens: 0, outputTokens: MORE_OUTPUT_TOKENS }
  return new OutputAllowance({
    tokens,
    inputTokens: admitted.estimate?.inputTokens ?? 0,
    async askForMore() {
      const nanoDollars =
        admitted.estimate?.nanoDollars === undefined
          ? 0
          : (priceOf(exchange.target ?? '', more) ?? 0)
      return (await admitted.extend({ ...more, nanoDollars })) ? MORE_OUTPUT_TOKENS : 0
    },
  })
}

/**
 * Counts a call that went around the gateway, which may have gone beyond a limit. Only counters of
 * the caller alone are charged: a report is the word of a client, and what others share is not
 * spent by it.
 */
export function chargeReport(
  { limitsFor, charge, priceOf }: Runtime,
  caller: KnownCaller,
  { id, target = '', usage }: RequestRecord,
): void {
  const limits = limitsFor(caller).filter((limit) => isOfCallerAlone(limit, caller))
  if (limits.length === 0) return
  const used: Usage =
    usage === undefined
      ? NOTHING_USED
      : {
          inputTokens: usage.input,
          outputTokens: usage.output,
          cachedTokens: usage.cached,
          cacheWriteTokens: usage.cacheWrite,
        }
  const isPriced = limits.some(({ unit }) => unit === 'usd')
  const key = callerKey(caller)
  const subject = {
    key,
    ...attributionOf(caller),
    model: target,
    provider: target.split('/', 1).join(),
  }
  charge(
    limits,
    { id: `bypass-${key}-${id}`, subject },
    {
      inputTokens: used.inputTokens,
      outputTokens: used.outputTokens,
      nanoDollars: isPriced ? priceOf(target, used) : 0,
    },
  )
}

/** Whether no other caller has a part in the counter of the limit. */
function isOfCallerAlone({ scope, only }: Limit, caller: KnownCaller): boolean {
  if (scope.includes('key')) return true
  const { credential, id } = caller
  const own = credential === 'key' || credential === 'made' ? spellingsOf(id) : [callerKey(caller)]
  const named = only.get('key')
  return named !== undefined && [...named].every((name) => own.includes(name))
}
