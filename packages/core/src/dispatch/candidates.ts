import { smallest } from '../foundation/lists.ts'
import type { CallPermit, TargetCondition } from '../health/index.ts'
import type { ProviderKey } from '../providers/index.ts'
import type { Target } from '../routing/index.ts'
import { LONGEST_RETRY_AFTER_MS } from './backoff.ts'
import type { DispatchDeps } from './deps.ts'

/** A target of the plan, and what became of it in this request. */
export interface Candidate {
  readonly target: Target
  failures: number
  /**
   * Earliest moment on the monotonic clock the target itself asked for; 0 when it asked for
   * nothing.
   */
  notBefore: number
  retryAfterMs: number | undefined
  state: 'untried' | 'may recover' | 'out'
}

/** A way to a target: the key that is used, and the right to use it. */
export interface TargetPermit {
  readonly candidate: Candidate
  /** The target with the chosen key. */
  readonly target: Target
  readonly condition: TargetCondition
  /** Of the key, whichever model it is used for; the same as `condition` where there is one key. */
  readonly keyCondition: TargetCondition
  /** The right to call the target, and its provider as a whole. */
  permit: CallPermit
  /** Name of the key, where the provider has several. */
  readonly keyName?: string
}

/** The next step: call now, or call `candidate` after a wait. */
export type Step = { readonly targetPermit: TargetPermit } | { readonly candidate: Candidate }

const NONE: readonly never[] = []

/** The targets of one request in the light of what is known of them. */
export class Candidates {
  readonly #deps: DispatchDeps
  readonly #candidates: readonly Candidate[]
  /** Candidates that could not be called in their turn. */
  #passedOver: Candidate[] = []

  constructor(targets: readonly Target[], deps: DispatchDeps) {
    this.#deps = deps
    this.#candidates = targets.map((target) => ({
      target,
      failures: 0,
      notBefore: 0,
      retryAfterMs: undefined,
      state: 'untried',
    }))
  }

  /**
   * The first target not tried yet that may be called; after that the one that may be back first;
   * at last one that is probed for want of others.
   */
  next(): Step | undefined {
    for (const candidate of this.#candidates) {
      if (candidate.state !== 'untried') continue
      const targetPermit = this.enter(candidate)
      if (targetPermit !== undefined) return { targetPermit }
      if (!this.#passedOver.includes(candidate)) this.#passedOver.push(candidate)
    }
    const waiting = this.#candidates.filter((candidate) => this.#waits(candidate))
    for (const candidate of waiting)
      if (candidate.state === 'untried')
        candidate.notBefore = this.#deps.clock.monotonic() + this.#coolsFor(candidate)
    const [first] = waiting.sort((a, b) => a.notBefore - b.notBefore || a.failures - b.failures)
    if (first !== undefined) return { candidate: first }
    for (const candidate of this.#untried) {
      const targetPermit = this.#permitFor(candidate, FORCED)
      if (targetPermit !== undefined) return { targetPermit }
    }
    return undefined
  }

  /**
   * Another target that `fits`, for a request that does not want to wait for the one it has asked.
   */
  another(asked: Candidate, fits?: (target: Target) => boolean): TargetPermit | undefined {
    for (const candidate of this.#untried) {
      if (candidate === asked || fits?.(candidate.target) === false) continue
      const targetPermit = this.enter(candidate)
      if (targetPermit !== undefined) return targetPermit
    }
    return undefined
  }

  /** A way to this target, with the right to use it. */
  enter(candidate: Candidate): TargetPermit | undefined {
    return this.#permitFor(candidate, REGULAR)
  }

  /** Whether the request has another target left that was not called yet and could be now. */
  hasOther(candidate: Candidate): boolean {
    return this.#candidates.some(
      (other) =>
        other !== candidate &&
        other.state === 'untried' &&
        this.#wholeOf(other).state === 'closed' &&
        this.#conditionsOf(other).some(
          ({ state, coolsForMs }) => state === 'closed' && coolsForMs === 0,
        ),
    )
  }

  /** Whether another key of the same provider may do what this one could not. */
  hasOtherKey({ target }: Candidate): boolean {
    return (target.provider.keys ?? []).some((key) => this.#isKeyUsable(target, key))
  }

  /**
   * Milliseconds until one of the targets that were not asked may be; `undefined` when all were.
   */
  get nextInMs(): number | undefined {
    const waits = this.#untried.map((candidate) =>
      Math.max(
        this.#wholeOf(candidate).forcibleInMs,
        smallest(
          this.#conditionsOf(candidate).map((condition) =>
            Math.max(condition.coolsForMs, condition.forcibleInMs),
          ),
        ),
      ),
    )
    return waits.length === 0 ? undefined : smallest(waits)
  }

  /** Targets that were not called although it was their turn, with why. */
  get passedOver(): readonly { readonly target: string; readonly isCooling: boolean }[] {
    if (this.#passedOver.length === 0) return NONE
    return this.#passedOver
      .filter(({ state }) => state === 'untried')
      .map((candidate) => ({
        target: candidate.target.id,
        isCooling: this.#coolsFor(candidate) > 0,
      }))
  }

  get #untried(): Candidate[] {
    return this.#candidates.filter(({ state }) => state === 'untried')
  }

  #waits(candidate: Candidate): boolean {
    if (candidate.state === 'may recover')
      return (candidate.retryAfterMs ?? 0) <= LONGEST_RETRY_AFTER_MS
    const coolsFor = candidate.state === 'untried' ? this.#coolsFor(candidate) : 0
    return coolsFor > 0 && coolsFor <= LONGEST_RETRY_AFTER_MS
  }

  /**
   * How long until the first of its keys may be used again; 0 when that is not what keeps it from
   * being called.
   */
  #coolsFor(candidate: Candidate): number {
    return smallest(this.#conditionsOf(candidate).map((condition) => condition.coolsForMs))
  }

  #wholeOf({ target }: Candidate): TargetCondition {
    return this.#deps.health.ofProvider(target.provider.name)
  }

  #conditionsOf({ target }: Candidate): TargetCondition[] {
    const { health } = this.#deps
    const { keys } = target.provider
    return keys === undefined
      ? [health.of(target.id)]
      : keys.map((key) => health.of(`${target.id}#${key.name}`))
  }

  #permitFor(candidate: Candidate, way: Way): TargetPermit | undefined {
    const whole = this.#wholeOf(candidate)
    // A probe is taken only where the target itself can be called.
    if (!way.isOpen(whole)) return undefined
    const targetPermit = this.#permitWithin(candidate, way)
    if (targetPermit === undefined) return undefined
    const permit = way.take(whole, candidate.target.model)
    if (permit === undefined) return undefined
    targetPermit.permit = new BothPermits(targetPermit.permit, permit)
    return targetPermit
  }

  #permitWithin(candidate: Candidate, way: Way): TargetPermit | undefined {
    const { target } = candidate
    const { keys } = target.provider
    if (keys !== undefined) return this.#laneThroughPool(candidate, keys, way)
    const condition = this.#deps.health.of(target.id)
    const permit = way.take(condition)
    return permit && { candidate, target, condition, keyCondition: condition, permit }
  }

  #laneThroughPool(
    candidate: Candidate,
    keys: readonly ProviderKey[],
    way: Way,
  ): TargetPermit | undefined {
    const { target } = candidate
    for (const key of this.#inTurn(keys)) {
      const keyCondition = this.#keyCondition(target, key)
      if (keyCondition.coolsForMs > 0) continue
      const condition = this.#deps.health.of(`${target.id}#${key.name}`)
      const permit = way.take(condition)
      if (permit !== undefined)
        return {
          candidate,
          target: { ...target, provider: key.provider },
          condition,
          keyCondition,
          permit,
          keyName: key.name,
        }
    }
    return undefined
  }

  /** By chance, each as often as its weight says. */
  #inTurn(keys: readonly ProviderKey[]): readonly ProviderKey[] {
    const { random } = this.#deps
    // Weighted sampling without replacement: the key with the largest u^(1/w) comes first
    // (Efraimidis and Spirakis, 2006).
    return keys
      .map((key) => ({ key, rank: random() ** (1 / key.weight) }))
      .sort((a, b) => b.rank - a.rank)
      .map(({ key }) => key)
  }

  #isKeyUsable(target: Target, key: ProviderKey): boolean {
    const condition = this.#deps.health.of(`${target.id}#${key.name}`)
    return (
      this.#keyCondition(target, key).coolsForMs === 0 &&
      condition.coolsForMs === 0 &&
      condition.state === 'closed'
    )
  }

  #keyCondition({ provider }: Target, key: ProviderKey): TargetCondition {
    return this.#deps.health.of(`${provider.name}#${key.name}`)
  }
}

/**
 * How the right to call is asked of a circuit: of that of a target, and of that of its whole
 * provider.
 */
interface Way {
  /** Whether `take` would give it. */
  isOpen(condition: TargetCondition): boolean
  /** @param part the model, where the circuit is that of its whole provider */
  take(condition: TargetCondition, part?: string): CallPermit | undefined
}

const REGULAR: Way = {
  isOpen: ({ state, opensInMs }) => state !== 'half-open' && opensInMs === 0,
  take: (condition, part) => (condition.coolsForMs > 0 ? undefined : condition.enter(part)),
}

/** Although a circuit is open, for want of another target. */
const FORCED: Way = {
  isOpen: ({ state, forcibleInMs }) => state !== 'half-open' && forcibleInMs === 0,
  take: (condition, part) => (condition.coolsForMs > 0 ? undefined : condition.force(part)),
}

class BothPermits implements CallPermit {
  readonly #one: CallPermit
  readonly #other: CallPermit

  constructor(one: CallPermit, other: CallPermit) {
    this.#one = one
    this.#other = other
  }

  end(outcome: Parameters<CallPermit['end']>[0]): void {
    this.#one.end(outcome)
    this.#other.end(outcome)
  }
}
