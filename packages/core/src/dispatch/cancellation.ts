import type { Clock, Timer } from '../clock.ts'
import { type ErrorCode, GatewayError } from '../errors.ts'

type PhaseCode = Extract<
  ErrorCode,
  'connect_timeout' | 'attempt_timeout' | 'first_token_timeout' | 'idle_timeout'
>

/**
 * Everything that can end the wait for a provider: the client leaving, the deadline of the whole
 * request, the clock of the current phase, and the gateway closing. A waiting step registers one
 * callback; it is called at most once.
 *
 * One timer serves all clocks: it is armed for the earliest moment and, when it fires early because
 * the phase moved on, armed again. Starting a phase for every streamed event therefore costs two
 * assignments, not a timer.
 */
export class Cancellation {
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  readonly #deadline: number
  readonly #deadlineMs: number
  readonly #onAbort = (): void =>
    this.cancel(new GatewayError('client_closed', 'The client closed the connection.'))
  #timer: Timer | undefined
  #timerDue = Number.POSITIVE_INFINITY
  #isForbearing = false
  #phase: PhaseCode | undefined
  #phaseMs = 0
  #phaseDue = Number.POSITIVE_INFINITY
  #waiter: ((error: GatewayError) => void) | undefined
  #lingerer: ((error: GatewayError) => void) | undefined
  /**
   * Set once nothing further may be tried. A phase that ran out does not set it: another target may
   * be faster.
   */
  reason: GatewayError | undefined

  /**
   * `signal` is that of the client; without one the request ends by `cancel` and by its deadline
   * only.
   */
  constructor(clock: Clock, signal: AbortSignal | undefined, deadlineMs: number) {
    this.#clock = clock
    this.#signal = signal
    this.#deadlineMs = deadlineMs
    this.#deadline = clock.monotonic() + deadlineMs
    if (signal?.aborted === true) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort)
  }

  /** Time left of the whole request, in milliseconds. */
  get remainingMs(): number {
    return this.#deadline - this.#clock.monotonic()
  }

  /** Registers the one current waiter; called at once when the request is over already. */
  wait(waiter: (error: GatewayError) => void): void {
    if (this.reason !== undefined) return waiter(this.reason)
    this.#waiter = waiter
    if (this.#timer === undefined) this.#arm(this.#deadline)
  }

  /** @param limitMs what the error says, where the phase is the rest of a longer limit */
  /**
   * Registers a call that goes on although its request has ended: woken once by whatever ends the
   * request after that.
   */
  linger(lingerer: (error: GatewayError) => void): void {
    this.#lingerer = lingerer
    if (this.#timer === undefined) this.#arm(this.#deadline)
  }

  startPhase(code: PhaseCode, ms: number, limitMs = ms): void {
    this.#phase = code
    this.#phaseMs = limitMs
    this.#phaseDue = this.#clock.monotonic() + ms
    const due = Math.min(this.#phaseDue, this.#deadline)
    if (due < this.#timerDue) this.#arm(due)
  }

  /** Nothing is waited for: the provider has answered, or the client is the slow side. */
  endPhase(): void {
    this.#phase = undefined
    this.#phaseDue = Number.POSITIVE_INFINITY
  }

  cancel(reason: GatewayError): void {
    const isFirst = this.reason === undefined
    this.reason ??= reason
    this.#wake(this.reason)
    if (isFirst) return
    const lingerer = this.#lingerer
    this.#lingerer = undefined
    lingerer?.(reason)
  }

  /** Waits `ms`; rejects when the request is over first. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(() => {
        this.#waiter = undefined
        resolve()
      }, ms)
      this.wait((error) => {
        timer.clear()
        reject(error)
      })
    })
  }

  /** Every timer and listener is gone after this. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#timer?.clear()
    this.#timer = undefined
    this.#waiter = undefined
    this.#lingerer = undefined
  }

  #wake(error: GatewayError): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.(error)
  }

  #arm(due: number): void {
    this.#timer?.clear()
    this.#timerDue = due
    this.#timer = this.#clock.setTimer(this.#onTimer, due - this.#clock.monotonic())
  }

  readonly #onTimer = (): void => {
    const now = this.#clock.monotonic()
    // The event loop was held: bytes that arrived meanwhile are read before a provider is blamed
    // for being late.
    if (now - this.#timerDue > HELD_MS && !this.#isForbearing) {
      this.#isForbearing = true
      this.#arm(now + FORBEARANCE_MS)
      return
    }
    this.#isForbearing = false
    if (now >= this.#deadline) {
      this.#timer = undefined
      this.cancel(
        new GatewayError(
          'deadline_exceeded',
          `The request did not finish within its deadline of ${this.#deadlineMs} ms (option timeout, POSTERN_TIMEOUT).`,
        ),
      )
      return
    }
    if (this.#phase !== undefined && now >= this.#phaseDue) {
      const error = new GatewayError(this.#phase, phaseMessages[this.#phase](this.#phaseMs))
      this.endPhase()
      this.#wake(error)
    }
    this.#arm(Math.min(this.#deadline, this.#phaseDue))
  }
}

/** A timer that fires this late means that this process was busy, not that a provider was slow. */
const HELD_MS = 250
const FORBEARANCE_MS = 50

const phaseMessages: Record<PhaseCode, (ms: number) => string> = {
  connect_timeout: (ms) =>
    `No connection to the provider within ${ms} ms (option connectTimeout, POSTERN_CONNECT_TIMEOUT).`,
  attempt_timeout: (ms) =>
    `The provider did not finish its answer within ${ms} ms (option attemptTimeout, POSTERN_ATTEMPT_TIMEOUT).`,
  first_token_timeout: (ms) =>
    `The provider sent no content within ${ms} ms (option ttftTimeout, POSTERN_TTFT_TIMEOUT).`,
  idle_timeout: (ms) =>
    `The provider's stream stood still for ${ms} ms (option idleTimeout, POSTERN_IDLE_TIMEOUT).`,
}
