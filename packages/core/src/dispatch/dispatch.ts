import type { JsonObject, Operation, OperationContext } from '../dialects/index.ts'
import { type AttemptSummary, GatewayError, toGatewayError, withDetails } from '../errors.ts'
import type { Plan, Target } from '../routing/index.ts'
import { AnswerStream } from './answer-stream.ts'
import { attempt, type Attempt, type Committed } from './attempt.ts'
import { attemptSeveral } from './attempt-several.ts'
import { backoffMs, LONGEST_RETRY_AFTER_MS } from './backoff.ts'
import { Cancellation } from './cancellation.ts'
import { classifyFailure } from './classify.ts'
import type { DispatchEnvironment } from './environment.ts'

export interface DispatchJob {
  readonly operation: Operation
  readonly requestId: string
  readonly plan: Plan
  readonly signal: AbortSignal
  /** Filled as attempts end, the successful one included. */
  readonly attempts: AttemptSummary[]
  /** Told how to end the call from outside. */
  onStart(cancel: (reason: GatewayError) => void): void
}

/**
 * Tries the plan's targets until one commits. A failed target gives way to the next one at once; only when every target
 * has failed in a way that may pass is one of them tried again, after a wait. The client's leaving and the one deadline
 * bound it all, waits included.
 */
export async function dispatch(job: DispatchJob, environment: DispatchEnvironment): Promise<Committed> {
  const cancellation = new Cancellation(environment.clock, job.signal, job.plan.limits.timeoutMs)
  job.onStart((reason) => cancellation.cancel(reason))
  try {
    const committed = await tryTargets(job, environment, cancellation)
    if (!(committed.body instanceof AnswerStream)) cancellation.close()
    return committed
  } catch (error) {
    cancellation.close()
    throw error
  }
}

interface Candidate {
  readonly target: Target
  failures: number
  /** Earliest moment on the monotonic clock the target itself asked for; 0 when it asked for nothing. */
  notBefore: number
  retryAfterMs: number | undefined
  state: 'untried' | 'may recover' | 'out'
}

async function tryTargets(job: DispatchJob, environment: DispatchEnvironment, cancellation: Cancellation): Promise<Committed> {
  const candidates = job.plan.targets.map((target): Candidate => ({ target, failures: 0, notBefore: 0, retryAfterMs: undefined, state: 'untried' }))
  const context = contextOf(job, environment)
  const failures: GatewayError[] = []
  const upload = { isSpent: false }
  let calls = 0
  while (calls <= job.plan.limits.retries) {
    const candidate = nextCandidate(candidates)
    if (candidate === undefined) break
    if (candidate.failures > 0 && !(await waitBefore(candidate, environment, cancellation))) break
    if (cancellation.reason !== undefined) throw withAttempts(cancellation.reason, job)
    const started = environment.clock.monotonic()
    try {
      const local = job.operation.answerLocally?.(candidate.target)
      if (local !== undefined) return answered(candidate.target, local)
      const translation = job.operation.translationFor(candidate.target, context)
      const options: Attempt = { target: candidate.target, translation, limits: job.plan.limits, cancellation, upload, environment }
      const committed = await (translation.several === undefined ? attempt(options) : attemptSeveral(options, translation.several))
      job.attempts.push({ target: candidate.target.id, code: committed.refusal?.code ?? 'ok', status: committed.status, ms: elapsed(environment, started) })
      return committed
    } catch (thrown) {
      const error = toGatewayError(thrown)
      job.attempts.push(summary(candidate.target, error, elapsed(environment, started)))
      if (cancellation.reason !== undefined) throw withAttempts(cancellation.reason, job)
      failures.push(error)
      // Nothing was sent: this target cannot take the request, another one may.
      if (error.code === 'unsupported_content') {
        candidate.state = 'out'
        continue
      }
      calls += 1
      const failure = classifyFailure(error)
      if (failure === 'stop' || upload.isSpent) throw withAttempts(error, job)
      candidate.failures += 1
      candidate.retryAfterMs = error.details.retryAfterMs
      candidate.notBefore = candidate.retryAfterMs === undefined ? 0 : environment.clock.monotonic() + candidate.retryAfterMs
      candidate.state = failure === 'retry' ? 'may recover' : 'out'
    }
  }
  throw exhausted(failures, job)
}

/** What needs no call is as good as an answer, and leaves no attempt. */
function answered(target: Target, body: JsonObject): Committed {
  return { target, dropped: [], headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), observation: { usage: undefined, finishes: [] }, status: 200 }
}

function contextOf(job: DispatchJob, environment: DispatchEnvironment): OperationContext {
  return {
    requestId: job.requestId,
    created: Math.floor(environment.clock.now() / 1000),
    newId: environment.newId,
    maxEventBytes: job.plan.limits.eventLimitBytes,
    dropUnsupported: job.plan.limits.dropUnsupported,
  }
}

/** The first target not tried yet; after that the one that may be back first. */
function nextCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const untried = candidates.find((candidate) => candidate.state === 'untried')
  if (untried !== undefined) return untried
  const waiting = candidates.filter((candidate) => candidate.state === 'may recover' && (candidate.retryAfterMs ?? 0) <= LONGEST_RETRY_AFTER_MS)
  return waiting.sort((a, b) => a.notBefore - b.notBefore || a.failures - b.failures)[0]
}

/**
 * False when the wait would outlast the deadline: then the failure at hand is the better answer, now. A request that
 * ends meanwhile ends the wait, and says so in `cancellation.reason`.
 */
async function waitBefore(candidate: Candidate, environment: DispatchEnvironment, cancellation: Cancellation): Promise<boolean> {
  const ms = backoffMs({ attempt: candidate.failures - 1, retryAfterMs: candidate.notBefore - environment.clock.monotonic(), random: environment.random })
  if (ms >= cancellation.remainingMs) return false
  await cancellation.sleep(ms).catch(() => undefined)
  return true
}

function elapsed(environment: DispatchEnvironment, started: number): number {
  return Math.round(environment.clock.monotonic() - started)
}

function summary(target: Target, error: GatewayError, ms: number): AttemptSummary {
  const status = error.details.upstreamStatus
  return { target: target.id, code: error.code, ...(status === undefined ? {} : { status }), ms }
}

/** The gateway has decided or retried already: a client that retries too would multiply the load on a failing provider. */
const NO_RETRY = { 'x-should-retry': 'false' }

/** Another process may still answer what a closing gateway cannot; nothing else is mended by asking again. */
function withAttempts(error: GatewayError, job: DispatchJob): GatewayError {
  return withDetails(error, { attempts: [...job.attempts], ...(error.code === 'gateway_closed' ? {} : { headers: NO_RETRY }) })
}

/** Every attempt failed. The last failure gives the status; when all were refusals for now, the shortest wait is passed on. */
function exhausted(failures: readonly GatewayError[], job: DispatchJob): GatewayError {
  // A target that could not take the request says less than one that failed to answer it.
  const last = failures.findLast((failure) => failure.code !== 'unsupported_content') ?? failures.at(-1)
  if (last === undefined) return new GatewayError('internal_error', 'The plan has no target.')
  if (last.code === 'unsupported_content') return withAttempts(last, job)
  const waits = failures.map((failure) => failure.details.retryAfterMs).filter((wait) => wait !== undefined)
  const list = job.attempts.map((item) => `${item.target}: ${item.code} after ${item.ms} ms`).join('; ')
  const message = job.attempts.length === 1 ? last.message : `All ${job.attempts.length} attempts failed (${list}). Last: ${last.message}`
  return new GatewayError(last.code, message, {
    ...last.details,
    attempts: [...job.attempts],
    ...(waits.length === 0 ? {} : { retryAfterMs: Math.min(...waits) }),
    headers: NO_RETRY,
  })
}
