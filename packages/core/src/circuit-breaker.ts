import type { Clock } from './clock.ts'
import { SlidingCounts } from './sliding-counts.ts'

/** When a circuit opens, and for how long. */
export interface BreakerRules {
  /** So many failures in a row open it. */
  readonly consecutiveFailures: number
  /** Or this share of the calls of the last `windowMs`, once there are `minimumCalls` of them. */
  readonly failureRatio: number
  readonly minimumCalls: number
  readonly windowMs: number
  /** The first time; every further time in a row that much longer, up to `longestOpenMs`. */
  readonly openMs: number
  readonly longestOpenMs: number
  /** Where nobody else is left to ask, an open circuit lets one call through as often as this. */
  readonly forcedProbeMs: number
}

export const BREAKER_RULES: BreakerRules = {
  consecutiveFailures: 5,
  failureRatio: 0.5,
  minimumCalls: 20,
  windowMs: 10_000,
  openMs: 30_000,
  longestOpenMs: 300_000,
  forcedProbeMs: 5_000,
}

/** How a call ended, as far as the health of whoever was called goes. What a client does says nothing about it. */
export type CallOutcome = 'succeeded' | 'failed' | 'neutral'

/** The right to make one call. Told exactly once how it ended; what is told later changes nothing. */
export interface CallPermit {
  end(outcome: CallOutcome): void
}

export type CircuitState = 'closed' | 'open' | 'half-open'

/**
 * Keeps calls from whom they cannot reach: closed while calls succeed, open after they failed, and after a while
 * half-open, when exactly one call finds out whether it may close again. Calls are counted when they have ended, streams
 * included: whoever answers and then breaks off has failed.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #rules: BreakerRules
  readonly #onChange: (state: CircuitState) => void
  #state: CircuitState = 'closed'
  #failuresInARow = 0
  #openings = 0
  #openUntil = 0
  #lastProbe = Number.NEGATIVE_INFINITY
  /** Of late, and those of them that failed. */
  readonly #calls: SlidingCounts

  constructor(clock: Clock, onChange: (state: CircuitState) => void, rules: BreakerRules = BREAKER_RULES) {
    this.#clock = clock
    this.#rules = rules
    this.#onChange = onChange
    this.#calls = new SlidingCounts(clock, rules.windowMs)
  }

  get state(): CircuitState {
    return this.#state
  }

  /** When the next call may be made, on the monotonic clock; 0 while every call may. */
  get opensAt(): number {
    return this.#state === 'closed' ? 0 : this.#openUntil
  }

  /** The right to call now; `undefined` while the circuit is open, or its one probe is under way. */
  enter(): CallPermit | undefined {
    if (this.#state === 'closed') return new Permit(this.#onCounted)
    if (this.#state === 'half-open' || this.#clock.monotonic() < this.#openUntil) return undefined
    return this.#probe()
  }

  /** The right to call although the circuit is open, for want of anybody else; `undefined` when somebody has just tried. */
  force(): CallPermit | undefined {
    if (this.#state !== 'open') return this.enter()
    return this.#clock.monotonic() - this.#lastProbe < this.#rules.forcedProbeMs ? undefined : this.#probe()
  }

  /** Earliest moment at which `force` may give the right, on the monotonic clock. */
  get forcibleAt(): number {
    return this.#state === 'closed' ? 0 : Math.min(this.#openUntil, this.#lastProbe + this.#rules.forcedProbeMs)
  }

  /** Somebody else has found out that it has to be open, for so long. What is open already stays as it is. */
  adoptOpen(forMs: number): void {
    if (this.#state !== 'closed') return
    this.#openUntil = this.#clock.monotonic() + forMs
    this.#lastProbe = this.#clock.monotonic()
    this.#state = 'open'
  }

  /** Somebody else has found out that it may close. */
  adoptClosed(): void {
    if (this.#state !== 'open') return
    this.#openings = 0
    this.#failuresInARow = 0
    this.#calls.clear()
    this.#state = 'closed'
  }

  /** How long it stays open from now; 0 while it is closed. */
  get opensInMs(): number {
    return this.#state === 'closed' ? 0 : Math.max(0, this.#openUntil - this.#clock.monotonic())
  }

  #probe(): CallPermit {
    this.#change('half-open')
    this.#lastProbe = this.#clock.monotonic()
    return new Permit(this.#onProbed)
  }

  readonly #onProbed = (outcome: CallOutcome): void => {
    if (outcome === 'succeeded') this.#close()
    else if (outcome === 'failed') this.#open()
    // Nothing was found out: the next one may.
    else this.#change('open')
  }

  readonly #onCounted = (outcome: CallOutcome): void => {
    // What was called before the circuit opened is known by now.
    if (outcome === 'neutral' || this.#state !== 'closed') return
    this.#calls.add({ all: 1, some: outcome === 'failed' ? 1 : 0 })
    this.#failuresInARow = outcome === 'failed' ? this.#failuresInARow + 1 : 0
    if (outcome === 'succeeded') return
    if (this.#failuresInARow >= this.#rules.consecutiveFailures || this.#isRatioReached()) this.#open()
  }

  #isRatioReached(): boolean {
    const { all, some } = this.#calls.sums
    return all >= this.#rules.minimumCalls && some >= all * this.#rules.failureRatio
  }

  #open(): void {
    const now = this.#clock.monotonic()
    this.#openings += 1
    this.#openUntil = now + Math.min(this.#rules.openMs * this.#openings, this.#rules.longestOpenMs)
    this.#lastProbe = now
    this.#change('open')
  }

  #close(): void {
    this.#openings = 0
    this.#failuresInARow = 0
    this.#calls.clear()
    this.#change('closed')
  }

  #change(state: CircuitState): void {
    if (state === this.#state) return
    this.#state = state
    this.#onChange(state)
  }
}

class Permit implements CallPermit {
  readonly #onEnd: (outcome: CallOutcome) => void
  #hasEnded = false

  constructor(onEnd: (outcome: CallOutcome) => void) {
    this.#onEnd = onEnd
  }

  end(outcome: CallOutcome): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#onEnd(outcome)
  }
}
