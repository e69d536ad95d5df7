import type { OperationContext, StreamRelay } from '../dialects/index.ts'
import { AnswerStream } from './answer-stream.ts'
import type { Attempt, UpstreamResponse } from './attempt-options.ts'
import { attemptTimeoutMs, longestUsualMs } from './attempt-timeout.ts'
import { usageOfAttempt } from './attempt-usage.ts'
import { answered, attempt } from './attempt.ts'
import { Cancellation } from './cancellation.ts'
import { type Candidate, Candidates, type TargetPermit } from './candidates.ts'
import { classifyFailure, classifyOutcome, classifyPace, mayBeBilled } from './classify.ts'
import { KEY_FAILURES, leaveAlone, LONGEST_COOL_DOWN_MS } from './cool-down.ts'
import type { DispatchDeps } from './deps.ts'
import type { DispatchJob } from './dispatch-job.ts'
import { exhausted, unavailable, withAttempts } from './final-error.ts'
import {
  elapsed,
  type HedgedCall,
  placeIn,
  summarised,
  summary,
  waitBefore,
} from './hedged-call.ts'
import { canContinue, contextOf, LOCAL, NO_ROOM } from './job-context.ts'
import { restAskedMs } from './rate-limit-headers.ts'
import { splitRequest } from './split-request.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Priority } from '../health/index.ts'

/**
 * Attempts that may have been billed after which no target is called again; targets not called yet
 * still are.
 */
const MOST_BILLED_FAILURES = 2

/** One request on its way through its targets. */
export class Failover {
  readonly #job: DispatchJob
  readonly #deps: DispatchDeps
  readonly #cancellation: Cancellation
  readonly #candidates: Candidates
  readonly #context: OperationContext
  readonly #failures: GatewayError[] = []
  readonly #upload = { isSpent: false }
  readonly #priority: Priority
  #calls = 0
  #billedFailures = 0

  constructor(job: DispatchJob, deps: DispatchDeps, cancellation: Cancellation) {
    this.#job = job
    this.#deps = deps
    this.#cancellation = cancellation
    this.#candidates = new Candidates(job.plan.targets, deps)
    this.#context = contextOf(job, deps)
    this.#priority = job.priority ?? 'interactive'
  }

  async tryTargets(): Promise<UpstreamResponse> {
    this.#deps.retryBudget.deposit()
    while (this.#calls <= this.#job.plan.limits.retries) {
      const step = this.#candidates.next()
      if (step === undefined) break
      const isRetry = 'candidate' in step && step.candidate.failures > 0
      if (isRetry && this.#billedFailures >= MOST_BILLED_FAILURES) break
      if (!(await this.#affordsAnother())) break
      const targetPermit =
        'targetPermit' in step ? step.targetPermit : await this.#waitFor(step.candidate)
      if (targetPermit === 'none') break
      if (targetPermit === undefined) continue
      const outcome = await this.#call(targetPermit)
      if (!(outcome instanceof GatewayError)) {
        this.#tellOfPassedOver(targetPermit.candidate)
        return outcome
      }
    }
    this.#tellOfPassedOver()
    throw this.#failures.length > 0
      ? exhausted(this.#failures, this.#job)
      : unavailable(this.#candidates, this.#job)
  }

  /** Whether the budget has room for a call in addition to those that may have been billed. */
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
   * `undefined` when the candidate became unavailable: another one may not be. `none` when there is
   * no time to wait.
   */
  async #waitFor(candidate: Candidate): Promise<TargetPermit | 'none' | undefined> {
    if (candidate.failures > 0 && !this.#deps.retryBudget.withdraw()) {
      this.#job.degraded.add('retry-budget')
      candidate.state = 'out'
      return undefined
    }
    if (!(await waitBefore(candidate, this.#deps, this.#cancellation))) return 'none'
    if (this.#cancellation.reason !== undefined)
      throw withAttempts(this.#cancellation.reason, this.#job)
    const targetPermit = this.#candidates.enter(candidate)
    if (targetPermit === undefined && candidate.failures > 0) candidate.state = 'out'
    return targetPermit
  }

  /**
   * The answer, or the failure after which something else may be tried. Throws what ends the
   * request.
   */
  #call(targetPermit: TargetPermit): Promise<UpstreamResponse | GatewayError> {
    if (this.#cancellation.reason !== undefined) {
      targetPermit.permit.end('neutral')
      throw withAttempts(this.#cancellation.reason, this.#job)
    }
    const delayMs = this.#hedgeDelayMs(targetPermit)
    if (delayMs === undefined)
      return this.#finish({
        targetPermit,
        cancellation: this.#cancellation,
        started: this.#deps.clock.monotonic(),
        progress: {},
        hasLost: false,
      })
    return this.#race(targetPermit, delayMs)
  }

  #hedgeDelayMs({ condition }: TargetPermit): number | undefined {
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
  #race(first: TargetPermit, delayMs: number): Promise<UpstreamResponse | GatewayError> {
    const { clock } = this.#deps
    const hedgedCalls: HedgedCall[] = []
    let running = 0
    this.#cancellation.wait((reason) =>
      hedgedCalls.forEach((hedgedCall) => hedgedCall.cancellation.cancel(reason)),
    )
    return new Promise((resolve, reject) => {
      let isDecided = false
      const loseOthers = (winner: HedgedCall): void => {
        isDecided = true
        timer.clear()
        for (const hedgedCall of hedgedCalls) if (hedgedCall !== winner) this.#lose(hedgedCall)
      }
      const enter = async (targetPermit: TargetPermit): Promise<void> => {
        const hedgedCall: HedgedCall = {
          targetPermit,
          cancellation: new Cancellation(clock, undefined, this.#cancellation.remainingMs),
          started: clock.monotonic(),
          progress: {},
          hasLost: false,
        }
        hedgedCalls.push(hedgedCall)
        running += 1
        const outcome = await this.#finish(hedgedCall).catch((error: unknown) => ({
          end: error as Error,
        }))
        running -= 1
        hedgedCall.hasEnded = true
        if (hedgedCall.hasLost || (outcome instanceof GatewayError && running > 0)) return
        loseOthers(hedgedCall)
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

  /** Ends a hedged call that lost: another target was faster, or the request has ended. */
  #lose(hedgedCall: HedgedCall): void {
    if (hedgedCall.hasEnded === true || hedgedCall.hasLost) return
    hedgedCall.hasLost = true
    const lost = new GatewayError('hedge_lost', 'Another target was faster.', {
      sent: hedgedCall.progress.sentAt !== undefined,
    })
    this.#end(hedgedCall, lost)
    this.#job.attempts.push(summary(hedgedCall, lost, elapsed(this.#deps, hedgedCall.started)))
    hedgedCall.cancellation.cancel(lost)
  }

  async #finish(hedgedCall: HedgedCall): Promise<UpstreamResponse | GatewayError> {
    const { targetPermit, cancellation, started } = hedgedCall
    try {
      const place = targetPermit.condition.pacer.enter(this.#priority, this.#job.owner)
      if (place !== undefined) await placeIn(place, cancellation)
      hedgedCall.placedAt = this.#deps.clock.monotonic()
      if (!(await this.#isAdmitted(hedgedCall))) return NO_ROOM
      return this.#commit(hedgedCall, await this.#begin(hedgedCall))
    } catch (thrown) {
      const error = toGatewayError(thrown)
      if (cancellation !== this.#cancellation) cancellation.close()
      this.#end(hedgedCall, error)
      if (hedgedCall.hasLost) return error
      this.#job.attempts.push(summary(hedgedCall, error, elapsed(this.#deps, started)))
      return this.#afterFailure(targetPermit, error, elapsed(this.#deps, started))
    }
  }

  /**
   * Whether the provider's limits have room for the call. Where they have not, the target is left
   * alone until they have.
   */
  async #isAdmitted(hedgedCall: HedgedCall): Promise<boolean> {
    const { targetPermit, cancellation } = hedgedCall
    try {
      const admitted = await this.#job.targetAdmission?.(targetPermit.target, targetPermit.keyName)
      if (admitted === undefined || !('refused' in admitted)) {
        hedgedCall.admitted = admitted
        return true
      }
      this.#end(hedgedCall, LOCAL)
      if (cancellation !== this.#cancellation) cancellation.close()
      targetPermit.candidate.state = 'out'
      this.#failures.push(admitted.refused)
      this.#job.degraded.add('target-limited')
      return false
    } catch (thrown) {
      const error = toGatewayError(thrown)
      if (error.code === 'internal_error') throw error
      this.#end(hedgedCall, LOCAL)
      if (cancellation !== this.#cancellation) cancellation.close()
      targetPermit.condition.coolDown(
        Math.min(error.details.retryAfterMs ?? LONGEST_COOL_DOWN_MS, LONGEST_COOL_DOWN_MS),
      )
      return false
    }
  }

  /** Reports the outcome of the call to the health of its target, once. */
  #end(hedgedCall: HedgedCall, error: GatewayError | undefined): void {
    const { permit, condition } = hedgedCall.targetPermit
    permit.end(this.#isOverdue(hedgedCall, error) ? 'failed' : classifyOutcome(error))
    this.#settle(
      hedgedCall,
      error === undefined || hedgedCall.observation !== undefined || mayBeBilled(error),
    )
    const { placedAt } = hedgedCall
    if (placedAt === undefined) return
    hedgedCall.placedAt = undefined
    condition.pacer.leave(this.#priority, classifyPace(error), placedAt)
  }

  /**
   * The request's deadline ended a whole answer that had taken longer than its target usually does:
   * that is an ailment of the target.
   */
  #isOverdue({ placedAt, targetPermit }: HedgedCall, error: GatewayError | undefined): boolean {
    if (error?.code !== 'deadline_exceeded' || placedAt === undefined || this.#job.operation.stream)
      return false
    return elapsed(this.#deps, placedAt) >= longestUsualMs(targetPermit.condition)
  }

  /** Counts what the call has used or may have cost, once. */
  #settle(hedgedCall: HedgedCall, mayCost: boolean): void {
    if (hedgedCall.isSettled === true) return
    hedgedCall.isSettled = true
    const { targetPermit, progress, observation, admitted } = hedgedCall
    const { operation, usages, reservedOutput } = this.#job
    const used = mayCost
      ? usageOfAttempt({
          operation,
          target: targetPermit.target,
          progress,
          observation,
          nowMs: this.#deps.clock.monotonic(),
          reserved: reservedOutput,
        })
      : undefined
    if (used !== undefined) {
      hedgedCall.usage = {
        target: targetPermit.target.id,
        isOfAnswer: observation !== undefined && !hedgedCall.hasLost,
        ...used,
      }
      usages.push(hedgedCall.usage)
    }
    admitted?.settle(used?.usage)
  }

  /** @param continues a stream that broke, which the target is to go on with */
  #begin(
    hedgedCall: HedgedCall,
    continues?: StreamRelay,
  ): Promise<UpstreamResponse> | UpstreamResponse {
    const { cancellation } = hedgedCall
    const { operation, plan } = this.#job
    const { target } = hedgedCall.targetPermit
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
      progress: hedgedCall.progress,
      streamBudget: this.#job.streamBudget,
      deps: this.#deps,
      ...this.#patienceWith(hedgedCall),
      onHeaders: (headers) => {
        const restMs = restAskedMs(
          headers,
          this.#deps.clock.now(),
          target.dialects[0]?.providerSide.limitHeaders,
        )
        if (restMs > 0)
          hedgedCall.targetPermit.condition.coolDown(Math.min(restMs, LONGEST_COOL_DOWN_MS))
      },
      onBreak: (relay, failure) => this.#goOn(hedgedCall, relay, failure),
      onStreamEnd: (failure) => {
        this.#end(hedgedCall, failure)
        // The stream has closed its own.
        if (cancellation !== this.#cancellation && !hedgedCall.hasLost) this.#cancellation.close()
      },
    }
    return translation.several === undefined
      ? attempt(options)
      : splitRequest(options, translation.several)
  }

  #patienceWith({
    targetPermit,
    cancellation,
  }: HedgedCall): Pick<Attempt, 'hasAlternative' | 'attemptTimeoutMs'> {
    const hasAlternative =
      this.#calls < this.#job.plan.limits.retries &&
      !this.#upload.isSpent &&
      this.#candidates.hasOther(targetPermit.candidate)
    const clock = {
      limit: this.#job.plan.limits.attemptTimeoutMs,
      condition: targetPermit.condition,
      remainingMs: cancellation.remainingMs,
      hasAlternative,
    }
    return { hasAlternative, attemptTimeoutMs: attemptTimeoutMs(clock) }
  }

  #commit(hedgedCall: HedgedCall, committed: UpstreamResponse): UpstreamResponse {
    const { cancellation, started, targetPermit } = hedgedCall
    const { target, condition } = targetPermit
    const { operation } = this.#job
    hedgedCall.observation = committed.refusal === undefined ? committed.observation : undefined
    if (hedgedCall.hasLost) {
      if (committed.body instanceof AnswerStream) void committed.body.return()
      throw new GatewayError('hedge_lost', 'Another target was faster.')
    }
    const isStream = committed.body instanceof AnswerStream
    if (!isStream && cancellation !== this.#cancellation) cancellation.close()
    if (committed.isLocal === true) {
      this.#end(hedgedCall, LOCAL)
      return committed
    }
    const ms = elapsed(this.#deps, started)
    condition.observe(operation.stream ? 'stream' : 'whole', ms)
    if (!isStream) this.#end(hedgedCall, committed.refusal)
    this.#job.attempts.push({
      target: target.id,
      ...(targetPermit.keyName !== undefined && { key: targetPermit.keyName }),
      code: committed.refusal?.code ?? 'ok',
      status: committed.status,
      ms,
      billed: committed.refusal === undefined ? 'yes' : 'no',
    })
    return committed
  }

  /**
   * The stream of another target from where this one broke off, when the route allows it and a
   * target can.
   */
  #goOn(
    hedgedCall: HedgedCall,
    relay: StreamRelay,
    failure: GatewayError,
  ): Promise<AnswerStream | undefined> | undefined {
    const { plan, attempts } = this.#job
    if (
      plan.limits.continueStreams !== true ||
      relay.said === undefined ||
      classifyOutcome(failure) !== 'failed'
    )
      return undefined
    this.#end(hedgedCall, failure)
    hedgedCall.targetPermit.candidate.state = 'out'
    const at = attempts.findLastIndex(
      ({ target, code }) => code === 'ok' && target === hedgedCall.targetPermit.target.id,
    )
    const broken = attempts[at]
    if (broken !== undefined)
      attempts[at] = {
        ...broken,
        code: failure.code,
        ...(hedgedCall.usage !== undefined && { usage: summarised(hedgedCall.usage) }),
      }
    return this.#continue(hedgedCall, relay)
  }

  async #continue(
    { targetPermit: { candidate }, cancellation }: HedgedCall,
    relay: StreamRelay,
  ): Promise<AnswerStream | undefined> {
    const { attempts, degraded, plan } = this.#job
    while (
      this.#calls < plan.limits.retries &&
      cancellation.reason === undefined &&
      (await this.#affordsAnother())
    ) {
      const targetPermit = this.#candidates.another(candidate, canContinue)
      if (targetPermit === undefined) return undefined
      const hedgedCall: HedgedCall = {
        targetPermit,
        cancellation,
        started: this.#deps.clock.monotonic(),
        progress: {},
        hasLost: false,
      }
      this.#calls += 1
      try {
        const place = targetPermit.condition.pacer.enter(this.#priority, this.#job.owner)
        if (place !== undefined) await placeIn(place, cancellation)
        hedgedCall.placedAt = this.#deps.clock.monotonic()
        if (!(await this.#isAdmitted(hedgedCall))) continue
        const { body } = this.#commit(hedgedCall, await this.#begin(hedgedCall, relay))
        degraded.add('stream-continued')
        return body instanceof AnswerStream ? body : undefined
      } catch (thrown) {
        const error = toGatewayError(thrown)
        this.#end(hedgedCall, error)
        attempts.push(summary(hedgedCall, error, elapsed(this.#deps, hedgedCall.started)))
        leaveAlone(targetPermit, error)
        targetPermit.candidate.state = 'out'
      }
    }
    return undefined
  }

  #afterFailure(targetPermit: TargetPermit, error: GatewayError, ms: number): GatewayError {
    const { plan } = this.#job
    const { candidate } = targetPermit
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
    if (error.code === 'attempt_timeout') targetPermit.condition.observe('whole', ms)
    leaveAlone(targetPermit, error)
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
        : this.#deps.clock.monotonic() + candidate.retryAfterMs
    candidate.state = failure === 'retry' ? 'may recover' : 'out'
    return error
  }
}
