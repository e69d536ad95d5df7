import type { Clock } from '../clock.ts'
import { SlidingCounts } from './outcome-window.ts'

/** When a circuit opens, and for how long. */
export interface BreakerRules {
  /** Consecutive failures that open the circuit. */
  readonly consecutiveFailures: number
  /** Parts of the whole that must have failed more than once in that row. @default none */
  readonly fewestParts?: number
  /** Or this share of the calls of the last `windowMs`, once there are `minimumCalls` of them. */
  readonly failureRatio: number
  readonly minimumCalls: number
  readonly windowMs: number
  /** The first time; every further time in a row that much longer, up to `longestOpenMs`. */
  readonly openMs: number
  readonly longestOpenMs: number
  /** When no other target is left, an open circuit lets one call through this often. */
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

/**
 * For a provider as a whole: several of its models fail in a row and none answers meanwhile. A
 * share of failures says nothing about it, since one broken model with most of the traffic would
 * close the way to the others.
 */
export const PROVIDER_BREAKER_RULES: BreakerRules = {
  ...BREAKER_RULES,
  fewestParts: 2,
  failureRatio: Number.POSITIVE_INFINITY,
}

/**
 * How a call ended, as far as the health of its target goes. Client errors are neutral.
 */
export type CallOutcome = 'succeeded' | 'failed' | 'neutral'

/**
 * The right to make one call. The first reported outcome counts; later ones change nothing.
 */
export interface CallPermit {
  end(outcome: CallOutcome): void
}

export type CircuitState = 'closed' | 'open' | 'half-open'

/**
 * Circuit breaker for one target: closed while calls succeed, open after failures, half-open for
 * one probe. Calls are counted when they have ended, streams included: a stream that breaks off has
 * failed.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #rules: BreakerRules
  readonly #onChange: (state: CircuitState) => void
  #state: CircuitState = 'closed'
  #failuresInARow = 0
  readonly #failuresOfParts = new Map<string, number>()
  #openings = 0
  #openUntil = 0
  #lastProbe = Number.NEGATIVE_INFINITY
  /** Recent calls, and how many of them failed. */
  readonly #calls: SlidingCounts

  constructor(
    clock: Clock,
    onChange: (state: CircuitState) => void,
    rules: BreakerRules = BREAKER_RULES,
  ) {
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

  /**
   * The right to call now; `undefined` while the circuit is open, or its one probe is under way.
   *
   * @param part of the whole that is called, where the rules tell parts apart
   */
  enter(part?: string): CallPermit | undefined {
    if (this.#state === 'closed')
      return new Permit(
        part === undefined ? this.#onCounted : (outcome) => this.#count(outcome, part),
      )
    if (this.#state === 'half-open' || this.#clock.monotonic() < this.#openUntil) return undefined
    return this.#probe()
  }

  /**
   * The right to call although the circuit is open, when no other target is left; `undefined` when
   * a probe was just made.
   */
  force(part?: string): CallPermit | undefined {
    if (this.#state !== 'open') return this.enter(part)
    return this.#clock.monotonic() - this.#lastProbe < this.#rules.forcedProbeMs
      ? undefined
      : this.#probe()
  }

  /** Earliest moment at which `force` may give the right, on the monotonic clock. */
  get forcibleAt(): number {
    return this.#state === 'closed'
      ? 0
      : Math.min(this.#openUntil, this.#lastProbe + this.#rules.forcedProbeMs)
  }

  /**
   * Another instance opened this circuit for `ms`. An open circuit stays as it is.
   */
  adoptOpen(forMs: number): void {
    if (this.#state !== 'closed') return
    this.#openUntil = this.#clock.monotonic() + forMs
    this.#lastProbe = this.#clock.monotonic()
    this.#state = 'open'
  }

  /** Another instance closed this circuit. */
  adoptClosed(): void {
    if (this.#state !== 'open') return
    this.#forget()
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

  readonly #onCounted = (outcome: CallOutcome): void => this.#count(outcome)

  #count(outcome: CallOutcome, part?: string): void {
    // Calls made before the circuit opened change nothing now.
    if (outcome === 'neutral' || this.#state !== 'closed') return
    this.#calls.add({ all: 1, some: outcome === 'failed' ? 1 : 0 })
    if (outcome === 'succeeded') {
      this.#failuresInARow = 0
      this.#failuresOfParts.clear()
      return
    }
    this.#failuresInARow += 1
    if (part !== undefined) this.#countPart(part)
    const isRow =
      this.#failuresInARow >= this.#rules.consecutiveFailures &&
      this.#failedParts >= (this.#rules.fewestParts ?? 0)
    if (isRow || this.#isRatioReached()) this.#open()
  }

  #countPart(part: string): void {
    const failures = this.#failuresOfParts.get(part)
    if (failures !== undefined || this.#failuresOfParts.size < MOST_PARTS)
      this.#failuresOfParts.set(part, (failures ?? 0) + 1)
  }

  /** Parts that failed more than once in the row: a single failure may be one of the request. */
  get #failedParts(): number {
    let failed = 0
    for (const failures of this.#failuresOfParts.values()) if (failures > 1) failed += 1
    return failed
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
    this.#forget()
    this.#change('closed')
  }

  #forget(): void {
    this.#openings = 0
    this.#failuresInARow = 0
    this.#failuresOfParts.clear()
    this.#calls.clear()
  }

  #change(state: CircuitState): void {
    if (state === this.#state) return
    this.#state = state
    this.#onChange(state)
  }
}

/** Clients name models freely; a few of them are enough to know that several fail. */
const MOST_PARTS = 8

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
