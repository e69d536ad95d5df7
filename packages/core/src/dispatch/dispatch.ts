import type { JsonObject, Operation, OperationContext } from '../dialects/index.ts'
import { type AttemptSummary, GatewayError, toGatewayError, withDetails } from '../errors.ts'
import type { Plan, Target } from '../routing/index.ts'
import { AnswerStream } from './answer-stream.ts'
import { attempt, type Attempt, type Committed } from './attempt.ts'
import { attemptSeveral } from './attempt-several.ts'
import { backoffMs } from './backoff.ts'
import { Cancellation } from './cancellation.ts'
import { type Candidate, Candidates, type Lane } from './candidates.ts'
import { classifyFailure, mayBeBilled, outcomeOf } from './classify.ts'
import type { DispatchEnvironment } from './environment.ts'

export interface DispatchJob {
  readonly operation: Operation
  readonly requestId: string
  readonly plan: Plan
  readonly signal: AbortSignal
  /** Filled as attempts end, the successful one included. */
  readonly attempts: AttemptSummary[]
  /** What was decided otherwise than usual, because something is not as it should be: `circuit-open`, `retry-budget`, ... */
  readonly degraded: Set<string>
  /** Told how to end the call from outside. */
  onStart(cancel: (reason: GatewayError) => void): void
}

/**
 * Tries the plan's targets until one commits. A failed target gives way to the next one at once; only when every target
 * has failed in a way that may pass is one of them tried again, after a wait and within the budget of retries. Targets
 * that are known to fail are passed over. The client's leaving and the one deadline bound it all, waits included.
 */
export async function dispatch(job: DispatchJob, environment: DispatchEnvironment): Promise<Committed> {
  const cancellation = new Cancellation(environment.clock, job.signal, job.plan.limits.timeoutMs)
  job.onStart((reason) => cancellation.cancel(reason))
  try {
    const committed = await new Run(job, environment, cancellation).tryTargets()
    if (!(committed.body instanceof AnswerStream)) cancellation.close()
    return committed
  } catch (error) {
    cancellation.close()
    throw error
  }
}

/** An attempt that may have been billed is made good once, by one more: after that the answer is that it failed. */
const MOST_BILLED_FAILURES = 2
/** A key whose account is used up, or which is refused, is left alone for so long; a reload of the configuration is what mends it. */
const PARKED_MS = 60_000

/** One request on its way through its targets. */
class Run {
  readonly #job: DispatchJob
  readonly #environment: DispatchEnvironment
  readonly #cancellation: Cancellation
  readonly #candidates: Candidates
  readonly #context: OperationContext
  readonly #failures: GatewayError[] = []
  readonly #upload = { isSpent: false }
  #calls = 0
  #billedFailures = 0

  constructor(job: DispatchJob, environment: DispatchEnvironment, cancellation: Cancellation) {
    this.#job = job
    this.#environment = environment
    this.#cancellation = cancellation
    this.#candidates = new Candidates(job.plan.targets, environment)
    this.#context = contextOf(job, environment)
  }

  async tryTargets(): Promise<Committed> {
    this.#environment.retryBudget.deposit()
    while (this.#calls <= this.#job.plan.limits.retries) {
      const lane = await this.#nextLane()
      if (lane === 'none') break
      if (lane === undefined) continue
      const outcome = await this.#call(lane)
      if (!(outcome instanceof GatewayError)) {
        this.#tellOfPassedOver(lane.candidate)
        return outcome
      }
      if (this.#billedFailures >= MOST_BILLED_FAILURES) break
    }
    this.#tellOfPassedOver()
    throw this.#failures.length > 0 ? exhausted(this.#failures, this.#job) : unavailable(this.#candidates, this.#job)
  }

  #tellOfPassedOver(answering?: Candidate): void {
    for (const { target, isCooling } of this.#candidates.passedOver) {
      if (target !== answering?.target.id) this.#job.degraded.add(isCooling ? 'target-cooling' : 'circuit-open')
    }
  }

  /** `undefined` when what was waited for is not to be had: somebody else may be. */
  async #nextLane(): Promise<Lane | 'none' | undefined> {
    const step = this.#candidates.next()
    if (step === undefined) return 'none'
    if ('lane' in step) return step.lane
    const { candidate } = step
    if (candidate.failures > 0 && !this.#environment.retryBudget.withdraw()) {
      this.#job.degraded.add('retry-budget')
      candidate.state = 'out'
      return undefined
    }
    if (!(await waitBefore(candidate, this.#environment, this.#cancellation))) return 'none'
    if (this.#cancellation.reason !== undefined) throw withAttempts(this.#cancellation.reason, this.#job)
    const lane = this.#candidates.enter(candidate)
    if (lane === undefined && candidate.failures > 0) candidate.state = 'out'
    return lane
  }

  /** The answer, or the failure after which something else may be tried. Throws what ends the request. */
  async #call(lane: Lane): Promise<Committed | GatewayError> {
    const { clock } = this.#environment
    if (this.#cancellation.reason !== undefined) {
      lane.permit.end('neutral')
      throw withAttempts(this.#cancellation.reason, this.#job)
    }
    const started = clock.monotonic()
    try {
      const committed = await this.#attempt(lane)
      if (committed === undefined) throw new TypeError('An attempt came to nothing.')
      return committed
    } catch (thrown) {
      const error = toGatewayError(thrown)
      lane.permit.end(outcomeOf(error))
      this.#job.attempts.push(summary(lane.target, error, elapsed(this.#environment, started)))
      return this.#afterFailure(lane.candidate, lane, error)
    }
  }

  async #attempt(lane: Lane): Promise<Committed> {
    const { operation, plan } = this.#job
    const { target, permit, condition } = lane
    const started = this.#environment.clock.monotonic()
    const local = operation.answerLocally?.(target)
    if (local !== undefined) {
      permit.end('neutral')
      return answered(target, local)
    }
    const translation = operation.translationFor(target, this.#context)
    const options: Attempt = {
      target,
      translation,
      limits: plan.limits,
      cancellation: this.#cancellation,
      upload: this.#upload,
      environment: this.#environment,
      onStreamEnd: (failure) => permit.end(outcomeOf(failure)),
    }
    const committed = await (translation.several === undefined ? attempt(options) : attemptSeveral(options, translation.several))
    const ms = elapsed(this.#environment, started)
    condition.observe(operation.stream ? 'stream' : 'whole', ms)
    if (!(committed.body instanceof AnswerStream)) permit.end(outcomeOf(committed.refusal))
    this.#job.attempts.push({ target: target.id, code: committed.refusal?.code ?? 'ok', status: committed.status, ms, billed: committed.refusal === undefined ? 'yes' : 'no' })
    return committed
  }

  #afterFailure(candidate: Candidate, lane: Lane, error: GatewayError): GatewayError {
    const { plan } = this.#job
    if (this.#cancellation.reason !== undefined) throw withAttempts(this.#cancellation.reason, this.#job)
    this.#failures.push(error)
    // Nothing was sent: this target cannot take the request, another one may.
    if (error.code === 'unsupported_content') {
      candidate.state = 'out'
      return error
    }
    this.#calls += 1
    if (mayBeBilled(error)) this.#billedFailures += 1
    this.#leaveAlone(lane, error)
    const isOfKey = KEY_FAILURES.has(error.code) && this.#candidates.hasOtherKey(candidate)
    const failure = isOfKey ? 'retry' : classifyFailure(error, plan.limits.fallbackOn)
    if (failure === 'stop' || this.#upload.isSpent) throw withAttempts(error, this.#job)
    // With another key the target has not been tried yet.
    if (isOfKey) return error
    candidate.failures += 1
    candidate.retryAfterMs = error.details.retryAfterMs
    candidate.notBefore = candidate.retryAfterMs === undefined ? 0 : this.#environment.clock.monotonic() + candidate.retryAfterMs
    candidate.state = failure === 'retry' ? 'may recover' : 'out'
    return error
  }

  /** What the provider said about its limits holds for every request. */
  #leaveAlone({ condition, keyCondition }: Lane, { code, details }: GatewayError): void {
    if (code === 'rate_limit_exceeded' && details.retryAfterMs !== undefined) condition.coolDown(Math.min(details.retryAfterMs, LONGEST_COOL_DOWN_MS))
    const isPooled = keyCondition !== condition
    if (isPooled && (code === 'insufficient_quota' || code === 'provider_credentials')) keyCondition.coolDown(PARKED_MS)
  }
}

/** What another key of the same provider may mend. */
const KEY_FAILURES: ReadonlySet<string> = new Set(['rate_limit_exceeded', 'insufficient_quota', 'provider_credentials'])
/** Whatever a provider says: some ask for a day. */
const LONGEST_COOL_DOWN_MS = 5 * 60_000

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
  return { target: target.id, code: error.code, ...(status === undefined ? {} : { status }), ms, billed: mayBeBilled(error) ? 'unknown' : 'no' }
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

/** Nobody was asked: every target is known to fail, or has asked to be left alone. */
function unavailable(candidates: Candidates, job: DispatchJob): GatewayError {
  const { passedOver, nextInMs } = candidates
  if (passedOver.length === 0) return new GatewayError('internal_error', 'The plan has no target.')
  const isLimited = passedOver.every(({ isCooling }) => isCooling)
  const list = passedOver.map(({ target, isCooling }) => `${target} ${isCooling ? 'asked to be left alone for a while' : 'has failed too often of late'}`).join('; ')
  return new GatewayError(isLimited ? 'rate_limit_exceeded' : 'targets_unavailable', `No target can be called now: ${list}.`, {
    ...(nextInMs === undefined ? {} : { retryAfterMs: nextInMs }),
    attempts: [...job.attempts],
    headers: NO_RETRY,
  })
}
