import type { Clock, Timer } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { type BreakerRules, CircuitBreaker, type CircuitState } from '../health/index.ts'
import type {
  Charge,
  InstanceLease,
  LimitStore,
  Reservation,
  ReservationRequest,
  ReserveAnswer,
  SettleAnswer,
} from './limit-store.ts'
import { LoopDeadlines } from './loop-deadlines.ts'

/** How long a store may keep a request waiting. */
const DEADLINE_MS = 50
/**
 * How long a store that is being opened is waited for: a connection with TLS takes longer than any
 * call after it.
 */
const OPENING_DEADLINE_MS = 2_000
/** Deadline of calls that no request waits for. */
const SETTLE_DEADLINE_MS = 1_000

/** A store that is back is used again within a second. */
export const STORE_BREAKER_RULES: BreakerRules = {
  consecutiveFailures: 5,
  failureRatio: 0.5,
  minimumCalls: 20,
  windowMs: 10_000,
  openMs: 1_000,
  longestOpenMs: 1_000,
  forcedProbeMs: 1_000,
}

/** An unused counter. */
const PROBE: Charge = Object.freeze({
  kind: 'period',
  key: 'probe',
  amount: 0,
  limit: 0,
  startsAt: 0,
  endsAt: Number.POSITIVE_INFINITY,
})

export interface GuardOptions {
  readonly clock: Clock
  /** See `Store.opening`. */
  readonly opening?: Promise<void> | undefined
  /** Told when one counter cannot be used, though the store answers. */
  readonly onCounterFailure: (cause: unknown) => void
  /** Told when the store is given up, and when it is used again. */
  readonly onChange: (state: CircuitState, cause: unknown) => void
}

/**
 * The store was asked, and what it has done is not known: the answer was lost, late or an error.
 */
export class StoreSilent extends GatewayError {}

/**
 * A limit store with a deadline and a circuit breaker around each call. Rejects with
 * `store_unavailable`; the caller applies the fail mode.
 */
export class GuardedLimitStore implements LimitStore {
  readonly #limitStore: LimitStore
  readonly #breaker: CircuitBreaker
  readonly #deadlines: LoopDeadlines
  #opening: Promise<void> | undefined
  readonly #onCounterFailure: (cause: unknown) => void
  /** Absent where the store knows no instances. */
  readonly renew: LimitStore['renew']
  readonly giveBack: LimitStore['giveBack']
  #lastCause: unknown

  constructor(
    limitStore: LimitStore,
    { clock, opening, onChange, onCounterFailure }: GuardOptions,
  ) {
    this.#onCounterFailure = onCounterFailure
    this.#limitStore = limitStore
    this.#deadlines = new LoopDeadlines(clock)
    this.#opening = opening && this.#opened(opening, clock)
    if (limitStore.renew !== undefined)
      this.renew = (lease: InstanceLease) =>
        this.#call(() => limitStore.renew?.(lease) as Promise<boolean>, {
          deadlineMs: SETTLE_DEADLINE_MS,
        })
    // A request may wait for it.
    if (limitStore.giveBack !== undefined)
      this.giveBack = () => this.#call(() => limitStore.giveBack?.() as Promise<number>)
    this.#breaker = new CircuitBreaker(
      clock,
      (state) => onChange(state, this.#lastCause),
      STORE_BREAKER_RULES,
    )
  }

  get state(): CircuitState {
    return this.#breaker.state
  }

  /**
   * Finds out whether the store answers, with as many calls as it takes to open the circuit.
   * Rejects where it does not.
   */
  async probe(): Promise<void> {
    for (let call = 1; ; call++) {
      try {
        await this.#call(() => this.#limitStore.read([PROBE]))
        return
      } catch (error) {
        if (call === STORE_BREAKER_RULES.consecutiveFailures || this.state !== 'closed') throw error
      }
    }
  }

  reserve(request: ReservationRequest): Promise<ReserveAnswer> {
    // A store that answers too late may have counted a reservation that no request will settle:
    // give it back at once.
    return this.#call(() => this.#limitStore.reserve(request), {
      onLate: (late) => {
        if (late.status === 'reserved')
          this.#limitStore
            .settle(
              late.reservation,
              request.charges.map(() => 0),
            )
            .catch(() => undefined)
      },
    })
  }

  settle(reservation: Reservation, actuals: readonly number[]): Promise<SettleAnswer> {
    return this.#call(() => this.#limitStore.settle(reservation, actuals), {
      deadlineMs: SETTLE_DEADLINE_MS,
    })
  }

  read(charges: readonly Charge[]): Promise<readonly number[]> {
    return this.#call(() => this.#limitStore.read(charges))
  }

  reset(charges: readonly Charge[]): Promise<void> {
    return this.#call(() => this.#limitStore.reset(charges))
  }

  /**
   * Waits for the connection: no request is refused because it is not open yet.
   */
  async #opened(opening: Promise<void>, clock: Clock): Promise<void> {
    let timer: Timer | undefined
    const deadline = new Promise<void>(
      (resolve) => void (timer = clock.setTimer(resolve, OPENING_DEADLINE_MS)),
    )
    await Promise.race([opening, deadline])
    timer?.clear()
    this.#opening = undefined
  }

  #call<T>(
    ask: () => Promise<T>,
    options: { readonly onLate?: (answer: T) => void; readonly deadlineMs?: number } = {},
  ): Promise<T> {
    return this.#opening === undefined
      ? this.#callNow(ask, options)
      : this.#opening.then(() => this.#callNow(ask, options))
  }

  #callNow<T>(
    ask: () => Promise<T>,
    {
      onLate,
      deadlineMs = DEADLINE_MS,
    }: { readonly onLate?: (answer: T) => void; readonly deadlineMs?: number },
  ): Promise<T> {
    const permit = this.#breaker.enter()
    if (permit === undefined)
      return Promise.reject(
        new GatewayError('store_unavailable', UNAVAILABLE, detailsOf(this.#lastCause)),
      )
    return new Promise((resolve, reject) => {
      let isOver = false
      const fail = (cause: unknown): void => {
        if (isOver) return
        isOver = true
        cancelDeadline()
        const isOfCounter =
          (cause as { readonly isOfCounter?: unknown } | undefined)?.isOfCounter === true
        if (isOfCounter) this.#onCounterFailure(cause)
        else this.#lastCause = cause
        permit.end(isOfCounter ? 'neutral' : 'failed')
        // A counter refuses before anything is written.
        reject(
          new (isOfCounter ? GatewayError : StoreSilent)(
            'store_unavailable',
            UNAVAILABLE,
            detailsOf(cause),
          ),
        )
      }
      const cancelDeadline = this.#deadlines.after(deadlineMs, () =>
        fail(new Error(`The store did not answer within ${deadlineMs} ms.`)),
      )
      const succeed = (answer: T): void => {
        if (isOver) onLate?.(answer)
        cancelDeadline()
        permit.end('succeeded')
        resolve(answer)
      }
      ask().then(succeed, fail)
    })
  }
}

const UNAVAILABLE = 'The store that counts limits is not available at the moment.'

function detailsOf(cause: unknown): { readonly retryAfterMs: number; readonly cause: unknown } {
  return { retryAfterMs: STORE_BREAKER_RULES.openMs, cause }
}
