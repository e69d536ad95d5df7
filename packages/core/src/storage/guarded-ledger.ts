import { type BreakerRules, CircuitBreaker, type CircuitState } from '../circuit-breaker.ts'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { Draw, Ledger, Reservation, ReservationRequest, ReserveAnswer, SettleAnswer } from './ledger.ts'

/** How long a store may take for one call. */
export const STORE_DEADLINE_MS = 50

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

export interface GuardOptions {
  readonly clock: Clock
  /** Told when the store is given up, and when it is used again. */
  readonly onChange: (state: CircuitState, cause: unknown) => void
}

/**
 * A ledger that never keeps anybody waiting: each call has a deadline, and after some that failed there are none for a
 * while. Rejects with `store_unavailable`; what that means for a request is decided by whoever asked.
 */
export class GuardedLedger implements Ledger {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #breaker: CircuitBreaker
  #lastCause: unknown

  constructor(ledger: Ledger, { clock, onChange }: GuardOptions) {
    this.#ledger = ledger
    this.#clock = clock
    this.#breaker = new CircuitBreaker(clock, (state) => onChange(state, this.#lastCause), STORE_BREAKER_RULES)
  }

  get state(): CircuitState {
    return this.#breaker.state
  }

  reserve(request: ReservationRequest): Promise<ReserveAnswer> {
    // A store that answers too late may have counted what nobody will settle: it is given back at once.
    return this.#call(
      () => this.#ledger.reserve(request),
      (late) => {
        if (late.status === 'reserved') this.#ledger.settle(late.reservation, request.draws.map(() => 0)).catch(() => undefined)
      },
    )
  }

  settle(reservation: Reservation, actuals: readonly number[]): Promise<SettleAnswer> {
    return this.#call(() => this.#ledger.settle(reservation, actuals))
  }

  read(draws: readonly Draw[]): Promise<readonly number[]> {
    return this.#call(() => this.#ledger.read(draws))
  }

  reset(draws: readonly Draw[]): Promise<void> {
    return this.#call(() => this.#ledger.reset(draws))
  }

  #call<T>(ask: () => Promise<T>, onLate?: (answer: T) => void): Promise<T> {
    const permit = this.#breaker.enter()
    if (permit === undefined) return Promise.reject(unavailable(this.#lastCause))
    return new Promise((resolve, reject) => {
      let isOver = false
      const fail = (cause: unknown): void => {
        if (isOver) return
        isOver = true
        timer.clear()
        this.#lastCause = cause
        permit.end('failed')
        reject(unavailable(cause))
      }
      const timer = this.#clock.setTimer(() => fail(new Error(`The store did not answer within ${STORE_DEADLINE_MS} ms.`)), STORE_DEADLINE_MS)
      const succeed = (answer: T): void => {
        if (isOver) onLate?.(answer)
        timer.clear()
        permit.end('succeeded')
        resolve(answer)
      }
      ask().then(succeed, fail)
    })
  }
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError('store_unavailable', 'The store that counts limits is not available at the moment.', { retryAfterMs: STORE_BREAKER_RULES.openMs, cause })
}
