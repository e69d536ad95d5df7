import type { OperationContext, StreamRelay } from '../dialects/index.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Target } from '../routing/index.ts'
import { AnswerStream } from './answer-stream.ts'
import { answered, attempt, type Attempt, type Committed } from './attempt.ts'
import { attemptSeveral } from './split-request.ts'
import { attemptTimeoutMs, longestUsualMs } from './attempt-timeout.ts'
import { usageOfAttempt } from './attempt-usage.ts'
import { Cancellation } from './cancellation.ts'
import { type Candidate, Candidates, type Lane } from './candidates.ts'
import { classifyFailure, mayBeBilled, outcomeOf, paceOf } from './classify.ts'
import type { DispatchJob } from './dispatch.ts'
import type { DispatchEnvironment } from './deps.ts'
import { exhausted, unavailable, withAttempts } from './final-error.ts'
import type { TrafficLane } from '../health/pacer.ts'
import { elapsed, placeIn, type Racer, summarised, summary, waitBefore } from './hedged-call.ts'
import { restAskedMs } from './rate-limit-headers.ts'

/**
 * After so many attempts that may have been billed no target is called again; one that was not
 * called yet still is.
 */
const MOST_BILLED_FAILURES = 2
/**
 * A key whose account is used up, or which is refused, is left alone for so long; a reload of the
 * configuration is what mends it.
 */
const PARKED_MS = 60_000

/** One request on its way through its targets. */
export class Run {
  readonly #job: DispatchJob
  readonly #environment: DispatchEnvironment
  readonly #cancellation: Cancellation
  readonly #candidates: Candidates
  readonly #context: OperationContext
  readonly #failures: GatewayError[] = []
  readonly #upload = { isSpent: false }
  readonly #traffic: TrafficLane
  #calls = 0
  #billedFailures = 0

  constructor(job: DispatchJob, environment: DispatchEnvironment, cancellation: Cancellation) {
    this.#job = job
    this.#environment = environment
    this.#cancellation = cancellation
    this.#candidates = new Candidates(job.plan.targets, environment)
    this.#context = contextOf(job, environment)
    this.#traffic = job.lane ?? 'interactive'
  }

  async tryTargets(): Promise<Committed> {
    this.#environment.retryBudget.deposit()
    while (this.#calls <= this.#job.plan.limits.retries) {
      const step = this.#candidates.next()
      if (
        step === undefined ||
        ('candidate' in step &&
          step.candidate.failures > 0 &&
          this.#billedFailures >= MOST_BILLED_FAILURES)
      )
        break
      if (!(await this.#affordsAnother())) break
      const lane = 'lane' in step ? step.lane : await this.#waitFor(step.candidate)
      if (lane === 'none') break
      if (lane === undefined) continue
      const outcome = await this.#call(lane)
      if (!(outcome instanceof GatewayError)) {
        this.#tellOfPassedOver(lane.candidate)
        return outcome
      }
    }
    this.#tellOfPassedOver()
    throw this.#failures.length > 0
      ? exhausted(this.#failures, this.#job)
      : unavailable(this.#candidates, this.#job)
  }

  /** Whether the budget has room for a call besides those that may have been billed. */
  #affordsAnother(): Promise<boolean> | true {
    const { usages, affordsAnother } = this.#job
    return usages.length === 0 || affordsAnother === undefined || affordsAnother(0)
  }

  #tellOfPassedOver(answering?: Candidate): void {
    for (const { target, isCooling } of this.#candidates.passedOver) {
      if (target !== answering?.target.id)
        this.#job.degraded.add(isCooling ? 'target-cooling' : 'circuit-open')
    }
  }

  /**
   * `undefined` when what was waited for is not to be had: somebody else may be. `none` when there
   * is no time to wait.
   */
  async #waitFor(candidate: Candidate): Promise<Lane | 'none' | undefined> {
    if (candidate.failures > 0 && !this.#environment.retryBudget.withdraw()) {
      this.#job.degraded.add('retry-budget')
      candidate.state = 'out'
      return undefined
    }
    if (!(await waitBefore(candidate, this.#environment, this.#cancellation))) return 'none'
    if (this.#cancellation.reason !== undefined)
      throw withAttempts(this.#cancellation.reason, this.#job)
    const lane = this.#candidates.enter(candidate)
    if (lane === undefined && candidate.failures > 0) candidate.state = 'out'
    return lane
  }

  /**
   * The answer, or the failure after which something else may be tried. Throws what ends the
   * request.
   */
  #call(lane: Lane): Promise<Committed | GatewayError> {
    if (this.#cancellation.reason !== undefined) {
      lane.permit.end('neutral')
      throw withAttempts(this.#cancellation.reason, this.#job)
    }
    const delayMs = this.#hedgeDelayMs(lane)
    if (delayMs === undefined)
      return this.#finish({
        lane,
        cancellation: this.#cancellation,
        started: this.#environment.clock.monotonic(),
        progress: {},
        hasLost: false,
      })
    return this.#race(lane, delayMs)
  }

  #hedgeDelayMs({ condition }: Lane): number | undefined {
    const { plan, operation } = this.#job
    const { hedgeAfterMs } = plan.limits
    if (hedgeAfterMs === undefined || plan.targets.length < 2) return undefined
    return hedgeAfterMs === 'p95'
      ? condition.p95Ms(operation.stream ? 'stream' : 'whole')
      : hedgeAfterMs
  }

  /**
   * Asks one target and, when it takes too long, another one as well: the first to answer is taken,
   * the other call ends.
   */
  #race(first: Lane, delayMs: number): Promise<Committed | GatewayError> {
    const { clock } = this.#environment
    const racers: Racer[] = []
    let running = 0
    this.#cancellation.wait((reason) =>
      racers.forEach((racer) => racer.cancellation.cancel(reason)),
    )
    return new Promise((resolve, reject) => {
      let isDecided = false
      const loseOthers = (winner: Racer): void => {
        isDecided = true
        timer.clear()
        for (const racer of racers) if (racer !== winner) this.#lose(racer)
      }
      const enter = async (lane: Lane): Promise<void> => {
        const racer: Racer = {
          lane,
          cancellation: new Cancellation(clock, undefined, this.#cancellation.remainingMs),
          started: clock.monotonic(),
          progress: {},
          hasLost: false,
        }
        racers.push(racer)
        running += 1
        const outcome = await this.#finish(racer).catch((error: unknown) => ({
          end: error as Error,
        }))
        running -= 1
        racer.hasEnded = true
        if (racer.hasLost || (outcome instanceof GatewayError && running > 0)) return
        loseOthers(racer)
        if ('end' in outcome) reject(outcome.end)
        else resolve(outcome)
      }
      const enterOther = (isAffordable: boolean): void => {
        const other =
          !isAffordable ||
          isDecided ||
          this.#cancellation.reason !== undefined ||
          this.#upload.isSpent
            ? undefined
            : this.#candidates.another(first.candidate)
        if (other !== undefined) void enter(other)
      }
      const timer = clock.setTimer(() => {
        if (this.#job.affordsAnother === undefined) enterOther(true)
        else void this.#job.affordsAnother(running).then(enterOther)
      }, delayMs)
      void enter(first)
    })
  }

  /** Somebody else was faster, or the request has ended. */
  #lose(racer: Racer): void {
    if (racer.hasEnded === true || racer.hasLost) return
    racer.hasLost = true
    const lost = new GatewayError('hedge_lost', 'Another target was faster.', {
      sent: racer.progress.sentAt !== undefined,
    })
    this.#end(racer, lost)
    this.#job.attempts.push(summary(racer, lost, elapsed(this.#environment, racer.started)))
    racer.cancellation.cancel(lost)
  }

  async #finish(racer: Racer): Promise<Committed | GatewayError> {
    const { lane, cancellation, started } = racer
    try {
      const place = lane.condition.pacer.enter(this.#traffic, this.#job.owner)
      if (place !== undefined) await placeIn(place, cancellation)
      racer.placedAt = this.#environment.clock.monotonic()
      if (!(await this.#isAdmitted(racer))) return NO_ROOM
      return this.#commit(racer, await this.#begin(racer))
    } catch (thrown) {
      const error = toGatewayError(thrown)
      if (cancellation !== this.#cancellation) cancellation.close()
      this.#end(racer, error)
      if (racer.hasLost) return error
      this.#job.attempts.push(summary(racer, error, elapsed(this.#environment, started)))
      return this.#afterFailure(lane, error, elapsed(this.#environment, started))
    }
  }

  /**
   * Whether the provider's limits have room for the call. Where they have not, the target is left
   * alone until they have.
   */
  async #isAdmitted(racer: Racer): Promise<boolean> {
    const { lane, cancellation } = racer
    try {
      const admitted = await this.#job.admitTarget?.(lane.target, lane.keyName)
      if (admitted === undefined || !('refused' in admitted)) {
        racer.admitted = admitted
        return true
      }
      this.#end(racer, LOCAL)
      if (cancellation !== this.#cancellation) cancellation.close()
      lane.candidate.state = 'out'
      this.#failures.push(admitted.refused)
      this.#job.degraded.add('target-limited')
      return false
    } catch (thrown) {
      const error = toGatewayError(thrown)
      if (error.code === 'internal_error') throw error
      this.#end(racer, LOCAL)
      if (cancellation !== this.#cancellation) cancellation.close()
      lane.condition.coolDown(
        Math.min(error.details.retryAfterMs ?? LONGEST_COOL_DOWN_MS, LONGEST_COOL_DOWN_MS),
      )
      return false
    }
  }

  /** What the call came to is told to whoever keeps count of its target; more than once is once. */
  #end(racer: Racer, error: GatewayError | undefined): void {
    const { permit, condition } = racer.lane
    permit.end(this.#isOverdue(racer, error) ? 'failed' : outcomeOf(error))
    this.#settle(
      racer,
      error === undefined || racer.observation !== undefined || mayBeBilled(error),
    )
    const { placedAt } = racer
    if (placedAt === undefined) return
    racer.placedAt = undefined
    condition.pacer.leave(this.#traffic, paceOf(error), placedAt)
  }

  /**
   * The request's deadline ended a whole answer that had taken longer than its target usually does:
   * that is an ailment of the target.
   */
  #isOverdue({ placedAt, lane }: Racer, error: GatewayError | undefined): boolean {
    if (error?.code !== 'deadline_exceeded' || placedAt === undefined || this.#job.operation.stream)
      return false
    return elapsed(this.#environment, placedAt) >= longestUsualMs(lane.condition)
  }

  /** Counts what the call has used or may have cost, once. */
  #settle(racer: Racer, mayCost: boolean): void {
    if (racer.isSettled === true) return
    racer.isSettled = true
    const { lane, progress, observation, admitted } = racer
    const { operation, usages, reservedOutput } = this.#job
    const used = mayCost
      ? usageOfAttempt({
          operation,
          target: lane.target,
          progress,
          observation,
          nowMs: this.#environment.clock.monotonic(),
          reserved: reservedOutput,
        })
      : undefined
    if (used !== undefined) {
      racer.usage = {
        target: lane.target.id,
        isOfAnswer: observation !== undefined && !racer.hasLost,
        ...used,
      }
      usages.push(racer.usage)
    }
    admitted?.settle(used?.usage)
  }

  /** @param continues a stream that broke, which the target is to go on with */
  #begin(racer: Racer, continues?: StreamRelay): Promise<Committed> | Committed {
    const { cancellation } = racer
    const { operation, plan } = this.#job
    const { target } = racer.lane
    const local = operation.answerLocally?.(target)
    if (local !== undefined) return answered(target, local)
    const translation = operation.translationFor(
      target,
      continues === undefined ? this.#context : { ...this.#context, continues },
    )
    const options: Attempt = {
      target,
      translation,
      limits: plan.limits,
      traceHeaders: this.#job.traceHeaders,
      cancellation,
      upload: this.#upload,
      progress: racer.progress,
      allowance: this.#job.allowance,
      environment: this.#environment,
      ...this.#patienceWith(racer),
      onHeaders: (headers) => {
        const restMs = restAskedMs(
          headers,
          this.#environment.clock.now(),
          target.dialects[0]?.client.limitHeaders,
        )
        if (restMs > 0) racer.lane.condition.coolDown(Math.min(restMs, LONGEST_COOL_DOWN_MS))
      },
      onBreak: (relay, failure) => this.#goOn(racer, relay, failure),
      onStreamEnd: (failure) => {
        this.#end(racer, failure)
        // The stream has closed its own.
        if (cancellation !== this.#cancellation && !racer.hasLost) this.#cancellation.close()
      },
    }
    return translation.several === undefined
      ? attempt(options)
      : attemptSeveral(options, translation.several)
  }

  #patienceWith({
    lane,
    cancellation,
  }: Racer): Pick<Attempt, 'hasAlternative' | 'attemptTimeoutMs'> {
    const hasAlternative =
      this.#calls < this.#job.plan.limits.retries &&
      !this.#upload.isSpent &&
      this.#candidates.hasOther(lane.candidate)
    const clock = {
      limit: this.#job.plan.limits.attemptTimeoutMs,
      condition: lane.condition,
      remainingMs: cancellation.remainingMs,
      hasAlternative,
    }
    return { hasAlternative, attemptTimeoutMs: attemptTimeoutMs(clock) }
  }

  #commit(racer: Racer, committed: Committed): Committed {
    const { cancellation, started, lane } = racer
    const { target, condition } = lane
    const { operation } = this.#job
    racer.observation = committed.refusal === undefined ? committed.observation : undefined
    if (racer.hasLost) {
      if (committed.body instanceof AnswerStream) void committed.body.return()
      throw new GatewayError('hedge_lost', 'Another target was faster.')
    }
    const isStream = committed.body instanceof AnswerStream
    if (!isStream && cancellation !== this.#cancellation) cancellation.close()
    if (committed.isLocal === true) {
      this.#end(racer, LOCAL)
      return committed
    }
    const ms = elapsed(this.#environment, started)
    condition.observe(operation.stream ? 'stream' : 'whole', ms)
    if (!isStream) this.#end(racer, committed.refusal)
    this.#job.attempts.push({
      target: target.id,
      ...(lane.keyName !== undefined && { key: lane.keyName }),
      code: committed.refusal?.code ?? 'ok',
      status: committed.status,
      ms,
      billed: committed.refusal === undefined ? 'yes' : 'no',
    })
    return committed
  }

  /**
   * Somebody else's stream from where this one broke off, where the route wants that and a target
   * can do it.
   */
  #goOn(
    racer: Racer,
    relay: StreamRelay,
    failure: GatewayError,
  ): Promise<AnswerStream | undefined> | undefined {
    const { plan, attempts } = this.#job
    if (
      plan.limits.continueStreams !== true ||
      relay.said === undefined ||
      outcomeOf(failure) !== 'failed'
    )
      return undefined
    this.#end(racer, failure)
    racer.lane.candidate.state = 'out'
    const at = attempts.findLastIndex(
      ({ target, code }) => code === 'ok' && target === racer.lane.target.id,
    )
    const broken = attempts[at]
    if (broken !== undefined)
      attempts[at] = {
        ...broken,
        code: failure.code,
        ...(racer.usage !== undefined && { usage: summarised(racer.usage) }),
      }
    return this.#continue(racer, relay)
  }

  async #continue(
    { lane: { candidate }, cancellation }: Racer,
    relay: StreamRelay,
  ): Promise<AnswerStream | undefined> {
    const { attempts, degraded, plan } = this.#job
    while (
      this.#calls < plan.limits.retries &&
      cancellation.reason === undefined &&
      (await this.#affordsAnother())
    ) {
      const lane = this.#candidates.another(candidate, canContinue)
      if (lane === undefined) return undefined
      const racer: Racer = {
        lane,
        cancellation,
        started: this.#environment.clock.monotonic(),
        progress: {},
        hasLost: false,
      }
      this.#calls += 1
      try {
        const place = lane.condition.pacer.enter(this.#traffic, this.#job.owner)
        if (place !== undefined) await placeIn(place, cancellation)
        racer.placedAt = this.#environment.clock.monotonic()
        if (!(await this.#isAdmitted(racer))) continue
        const { body } = this.#commit(racer, await this.#begin(racer, relay))
        degraded.add('stream-continued')
        return body instanceof AnswerStream ? body : undefined
      } catch (thrown) {
        const error = toGatewayError(thrown)
        this.#end(racer, error)
        attempts.push(summary(racer, error, elapsed(this.#environment, racer.started)))
        this.#leaveAlone(lane, error)
        lane.candidate.state = 'out'
      }
    }
    return undefined
  }

  #afterFailure(lane: Lane, error: GatewayError, ms: number): GatewayError {
    const { plan } = this.#job
    const { candidate } = lane
    if (this.#cancellation.reason !== undefined)
      throw withAttempts(this.#cancellation.reason, this.#job)
    this.#failures.push(error)
    // Nothing was sent: this target cannot take the request, or not now; another one may.
    if (error.code === 'unsupported_content' || error.code === 'targets_unavailable') {
      candidate.state = 'out'
      return error
    }
    this.#calls += 1
    if (mayBeBilled(error)) this.#billedFailures += 1
    // A target that is slow and not hung is given longer from then on.
    if (error.code === 'attempt_timeout') lane.condition.observe('whole', ms)
    this.#leaveAlone(lane, error)
    const isOfKey = KEY_FAILURES.has(error.code) && this.#candidates.hasOtherKey(candidate)
    const failure = isOfKey ? 'retry' : classifyFailure(error, plan.limits.fallbackOn)
    if (failure === 'stop' || this.#upload.isSpent) throw withAttempts(error, this.#job)
    // With another key the target has not been tried yet.
    if (isOfKey) return error
    candidate.failures += 1
    candidate.retryAfterMs = error.details.retryAfterMs
    candidate.notBefore =
      candidate.retryAfterMs === undefined
        ? 0
        : this.#environment.clock.monotonic() + candidate.retryAfterMs
    candidate.state = failure === 'retry' ? 'may recover' : 'out'
    return error
  }

  /** What the provider said about its limits holds for every request. */
  #leaveAlone({ condition, keyCondition }: Lane, { code, details }: GatewayError): void {
    if (code === 'rate_limit_exceeded' && details.retryAfterMs !== undefined)
      condition.coolDown(Math.min(details.retryAfterMs, LONGEST_COOL_DOWN_MS))
    const isPooled = keyCondition !== condition
    if (isPooled && (code === 'insufficient_quota' || code === 'provider_credentials'))
      keyCondition.coolDown(PARKED_MS)
  }
}

/** What another key of the same provider may mend. */
const KEY_FAILURES: ReadonlySet<string> = new Set([
  'rate_limit_exceeded',
  'insufficient_quota',
  'provider_credentials',
])
/** Whatever a provider says: some ask for a day. */
const LONGEST_COOL_DOWN_MS = 5 * 60_000

function canContinue({ provider: { quirks } }: Target): boolean {
  return quirks.continuesTurn === true || quirks.marksPrefill === true
}

function contextOf(job: DispatchJob, environment: DispatchEnvironment): OperationContext {
  return {
    requestId: job.requestId,
    created: Math.floor(environment.clock.now() / 1000),
    newId: environment.newId,
    maxEventBytes: job.plan.limits.eventLimitBytes,
    dropUnsupported: job.plan.limits.dropUnsupported,
    isContinuable: job.plan.limits.continueStreams === true,
    isCuttable: job.allowance !== undefined,
    isMetered: job.isMetered === true,
  }
}

/** Nobody was called: the target has to be left alone for a while. */
const NO_ROOM = new GatewayError(
  'targets_unavailable',
  'The target has reached a limit of its provider.',
)

/** Nobody was called, so nothing was learned. */
const LOCAL = new GatewayError('client_closed', 'Answered without a call.')
