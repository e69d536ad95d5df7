import type { Clock } from '../clock.ts'
import {
  BREAKER_RULES,
  type BreakerRules,
  type CallPermit,
  CircuitBreaker,
  type CircuitState,
  PROVIDER_BREAKER_RULES,
} from './circuit-breaker.ts'
import { largest } from '../foundation/lists.ts'
import { Pacer } from './pacer.ts'

/** Told when a circuit changes. */
export type OnCircuitChange = (target: string, state: CircuitState, openForMs: number) => void

/** Clients name models freely: more of them are not remembered. */
const MAX_TARGETS = 2_000

/** Ends the id of a provider as a whole, beside those of its targets. */
const ALL_MODELS = '/*'

/** Health of every target that was called, shared by all requests of a gateway. */
export class TargetHealth {
  readonly #clock: Clock
  readonly #onChange: OnCircuitChange
  readonly #isOff: boolean
  readonly #targets = new Map<string, TargetCondition>()
  /** Ids by name; there are as many as providers in the configuration. */
  readonly #providerIds = new Map<string, string>()
  /** Told when a target asks to be left alone. */
  onCoolDown: ((target: string, ms: number) => void) | undefined

  /** @param options `isOff`: no health is kept, and no target is skipped */
  constructor(clock: Clock, onChange: OnCircuitChange, options: { readonly isOff?: boolean } = {}) {
    this.#clock = clock
    this.#onChange = onChange
    this.#isOff = options.isOff === true
  }

  /** The condition of a provider as a whole. Its id is put together once, not for every request. */
  ofProvider(provider: string): TargetCondition {
    let id = this.#providerIds.get(provider)
    if (id === undefined) {
      id = `${provider}${ALL_MODELS}`
      this.#providerIds.set(provider, id)
    }
    return this.of(id)
  }

  of(target: string): TargetCondition {
    const known = this.#targets.get(target)
    if (known !== undefined) return known
    if (this.#targets.size >= MAX_TARGETS) this.#forgetOne()
    const rules = target.endsWith(ALL_MODELS) ? PROVIDER_BREAKER_RULES : BREAKER_RULES
    const condition: TargetCondition = new TargetCondition(this.#clock, {
      rules,
      onChange: (state) => this.#onChange(target, state, condition.opensInMs),
      onCoolDown: (ms) => this.onCoolDown?.(target, ms),
    })
    if (!this.#isOff) this.#targets.set(target, condition)
    return condition
  }

  /** Targets whose circuit is not closed. */
  get unavailable(): string[] {
    return [...this.#targets]
      .filter(([, { state }]) => state !== 'closed')
      .map(([target]) => target)
  }

  /**
   * Whether a call of it would be let through now: a circuit that is open lets one through when its
   * time is over.
   */
  isCallable(target: string): boolean {
    const condition = this.#targets.get(target)
    return condition === undefined || (condition.opensInMs === 0 && condition.coolsForMs === 0)
  }

  #forgetOne(): void {
    for (const [target, { isAtRest }] of this.#targets) {
      if (!isAtRest) continue
      this.#targets.delete(target)
      return
    }
  }
}

/** Kind of a measured time: time to first content of a stream, or a whole answer. */
export type Timed = 'stream' | 'whole'

interface ConditionOptions {
  readonly rules: BreakerRules
  readonly onChange: (state: CircuitState) => void
  readonly onCoolDown: (ms: number) => void
}

/**
 * The condition of one target: its circuit, the wait it asked for, and how long it takes to begin.
 */
export class TargetCondition {
  readonly #clock: Clock
  readonly #breaker: CircuitBreaker
  readonly pacer: Pacer
  readonly #latencies: Readonly<Record<Timed, Latencies>> = {
    stream: new Latencies(),
    whole: new Latencies(),
  }
  readonly #onCoolDown: (ms: number) => void
  #coolUntil = 0

  constructor(clock: Clock, options: ConditionOptions) {
    this.#clock = clock
    this.#onCoolDown = options.onCoolDown
    this.#breaker = new CircuitBreaker(clock, options.onChange, options.rules)
    this.pacer = new Pacer(clock)
  }

  get state(): CircuitState {
    return this.#breaker.state
  }

  /** Nothing about it would be missed. */
  get isAtRest(): boolean {
    return this.#breaker.state === 'closed' && this.coolsForMs === 0
  }

  /** How long it asked to be left alone, from now. */
  get coolsForMs(): number {
    return this.#coolUntil === 0 ? 0 : Math.max(0, this.#coolUntil - this.#clock.monotonic())
  }

  /** Milliseconds until a forced probe of the open circuit is allowed. */
  get forcibleInMs(): number {
    return Math.max(0, this.#breaker.forcibleAt - this.#clock.monotonic())
  }

  /** The right to call now, if the circuit gives it. */
  enter(part?: string): CallPermit | undefined {
    return this.#breaker.enter(part)
  }

  /** The right to probe an open circuit when no other target is left. */
  force(part?: string): CallPermit | undefined {
    return this.#breaker.force(part)
  }

  /** It has asked to be left alone for so long. */
  coolDown(ms: number): void {
    const before = this.coolsForMs
    this.adoptCoolDown(ms)
    if (ms > before) this.#onCoolDown(ms)
  }

  /** Another instance received a cool-down from the provider. */
  adoptCoolDown(ms: number): void {
    this.#coolUntil = Math.max(this.#coolUntil, this.#clock.monotonic() + ms)
  }

  /** Another instance opened the circuit. */
  adoptOpen(forMs: number): void {
    this.#breaker.adoptOpen(forMs)
  }

  /** Another instance closed the circuit. */
  adoptClosed(): void {
    this.#breaker.adoptClosed()
  }

  /** How long its circuit stays open from now. */
  get opensInMs(): number {
    return this.#breaker.opensInMs
  }

  /** It took so long to the commit point of an answer. */
  observe(timed: Timed, ms: number): void {
    this.#latencies[timed].add(ms)
  }

  /** The slowest of the last answers; `undefined` while none is known. */
  slowestMs(timed: Timed): number | undefined {
    return this.#latencies[timed].slowestMs
  }

  /** 95 of 100 answers came within this time; `undefined` while too few are known. */
  p95Ms(timed: Timed): number | undefined {
    return this.#latencies[timed].p95Ms
  }

  /** The same, up to a few answers old: cheap enough for every request. */
  roughP95Ms(timed: Timed): number | undefined {
    return this.#latencies[timed].roughP95Ms
  }
}

const MOST_LATENCIES = 64
const FEWEST_LATENCIES = 10

/** The last ones. */
class Latencies {
  readonly #values: number[] = []
  #next = 0
  #rough: number | undefined
  #addedSinceRough = 0

  add(ms: number): void {
    this.#addedSinceRough += 1
    this.#values[this.#next] = ms
    this.#next = (this.#next + 1) % MOST_LATENCIES
  }

  get roughP95Ms(): number | undefined {
    if (this.#rough === undefined || this.#addedSinceRough >= FEWEST_LATENCIES) {
      this.#rough = this.p95Ms
      this.#addedSinceRough = 0
    }
    return this.#rough
  }

  get slowestMs(): number | undefined {
    return this.#values.length === 0 ? undefined : largest(this.#values)
  }

  get p95Ms(): number | undefined {
    const { length } = this.#values
    if (length < FEWEST_LATENCIES) return undefined
    return this.#values.toSorted((a, b) => a - b)[Math.min(length - 1, Math.floor(length * 0.95))]
  }
}
