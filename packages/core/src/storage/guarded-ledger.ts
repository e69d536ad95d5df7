import { type BreakerRules, CircuitBreaker, type CircuitState } from '../circuit-breaker.ts'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { Draw, Ledger, Reservation, ReservationRequest, ReserveAnswer, SettleAnswer } from './ledger.ts'

/** How long a store may keep a request waiting. */
const DEADLINE_MS = 50
/** So much of it is for answers that are here already, and that an event loop that was held has not read yet. */
const FORBEARANCE_MS = 5
/** How long it may take for what nobody waits for. */
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
      {
        onLate: (late) => {
          if (late.status === 'reserved') this.#ledger.settle(late.reservation, request.draws.map(() => 0)).catch(() => undefined)
        },
      },
    )
  }

  settle(reservation: Reservation, actuals: readonly number[]): Promise<SettleAnswer> {
    return this.#call(() => this.#ledger.settle(reservation, actuals), { deadlineMs: SETTLE_DEADLINE_MS })
  }

  read(draws: readonly Draw[]): Promise<readonly number[]> {
    return this.#call(() => this.#ledger.read(draws))
  }

  reset(draws: readonly Draw[]): Promise<void> {
    return this.#call(() => this.#ledger.reset(draws))
  }

  #call<T>(ask: () => Promise<T>, { onLate, deadlineMs = DEADLINE_MS }: { readonly onLate?: (answer: T) => void; readonly deadlineMs?: number } = {}): Promise<T> {
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
      const giveUp = (): void => fail(new Error(`The store did not answer within ${deadlineMs} ms.`))
      let timer = this.#clock.setTimer(() => void (timer = this.#clock.setTimer(giveUp, FORBEARANCE_MS)), deadlineMs - FORBEARANCE_MS)
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
