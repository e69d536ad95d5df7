import { type AttemptSummary, GatewayError, withDetails, withMessage } from '../errors.ts'
import { smallest } from '../foundation/lists.ts'
import type { Plan } from '../routing/index.ts'
import type { Candidates } from './candidates.ts'

/** Attempts of the request so far. */
interface Tried {
  readonly attempts: readonly AttemptSummary[]
  readonly plan: Pick<Plan, 'route'>
}

function withRoute(message: string, { plan: { route } }: Tried): string {
  return route === undefined ? message : `${message} (route ${JSON.stringify(route)})`
}

/**
 * The gateway has decided or retried already: a client that retries too would multiply the load on
 * a failing provider.
 */
const NO_RETRY = { 'x-should-retry': 'false' }

/**
 * Another process may still answer what a closing gateway cannot; nothing else is mended by asking
 * again.
 */
export function withAttempts(error: GatewayError, job: Tried): GatewayError {
  const named =
    error.code === 'deadline_exceeded' ? withMessage(error, withRoute(error.message, job)) : error
  return withDetails(named, {
    attempts: [...job.attempts],
    ...(error.code === 'gateway_closed' ? {} : { headers: NO_RETRY }),
  })
}

/**
 * Every attempt failed. The last failure gives the status; when all were refusals for now, the
 * shortest wait is passed on.
 */
export function exhausted(failures: readonly GatewayError[], job: Tried): GatewayError {
  // A target that could not take the request says less than one that failed to answer it.
  const last =
    failures.findLast((failure) => failure.code !== 'unsupported_content') ?? failures.at(-1)
  if (last === undefined) return new GatewayError('internal_error', 'The plan has no target.')
  if (last.code === 'unsupported_content') return withAttempts(last, job)
  const waits = failures
    .map((failure) => failure.details.retryAfterMs)
    .filter((wait) => wait !== undefined)
  const list = job.attempts
    .map((item) => `${item.target}: ${item.code} after ${item.ms} ms`)
    .join('; ')
  const message =
    job.attempts.length <= 1
      ? last.message
      : `All ${job.attempts.length} attempts failed (${list}). Last: ${last.message}`
  return new GatewayError(last.code, withRoute(message, job), {
    ...last.details,
    attempts: [...job.attempts],
    ...(waits.length === 0 ? {} : { retryAfterMs: smallest(waits) }),
    headers: NO_RETRY,
  })
}

/** No target was called: every circuit is open or every target is cooling down. */
export function unavailable(candidates: Candidates, job: Tried): GatewayError {
  const { passedOver, nextInMs } = candidates
  if (passedOver.length === 0) return new GatewayError('internal_error', 'The plan has no target.')
  const isLimited = passedOver.every(({ isCooling }) => isCooling)
  const list = passedOver
    .map(
      ({ target, isCooling }) =>
        `${target} ${isCooling ? 'is cooling down after a rate limit' : 'has an open circuit after recent failures'}`,
    )
    .join('; ')
  return new GatewayError(
    isLimited ? 'rate_limit_exceeded' : 'targets_unavailable',
    `No target can be called now: ${list}.`,
    {
      ...(nextInMs === undefined ? {} : { retryAfterMs: nextInMs }),
      attempts: [...job.attempts],
      headers: NO_RETRY,
    },
  )
}
