import type { Clock } from '../clock.ts'
import { asError, describeThrown, GatewayError, isGatewayError } from '../errors.ts'
import type { HostFunction } from './host-functions.ts'
import { isolated, isThenable } from './isolated.ts'
import type { Logger } from '../log.ts'

/**
 * Longest time that `identify` and `adminGuard` may take: a login that is slower would hold every
 * request.
 */
export const HOST_ANSWER_DEADLINE_MS = 10_000
const LOGGED_AGAIN_MS = 60_000

interface HostCallsOptions {
  readonly clock: Clock
  readonly log: Pick<Logger, 'error' | 'warn'>
}

/**
 * Calls functions of the host application. A function that throws, rejects, never settles or
 * answers nonsense is logged once a minute by its name; it never ends the process, never leaves a
 * rejection unhandled and never holds a request for longer than `HOST_ANSWER_DEADLINE_MS`.
 */
export class HostCalls {
  readonly #options: HostCallsOptions
  /** By the name of the function: when its last failure was logged, and how many came since. */
  readonly #failures = new Map<string, { loggedAt: number; since: number }>()
  readonly #said = new Set<string>()

  constructor(options: HostCallsOptions) {
    this.#options = options
  }

  /**
   * Passes a value on. The result of the function is not waited for, and its failure does not reach
   * the caller.
   */
  notify<Value>(name: HostFunction, callback: (value: Value) => unknown, value: Value): void {
    isolated(
      () => callback(value),
      (cause) => this.fail(name, cause),
    )
  }

  /** The same as a function; `undefined` where the option is not set. */
  notifier<Value>(
    name: HostFunction,
    callback: ((value: Value) => unknown) | undefined,
  ): ((value: Value) => void) | undefined {
    return callback && ((value) => this.notify(name, callback, value))
  }

  /**
   * Asks for a decision that cannot wait. Only `true` is a yes; `false`, `null` and `undefined` are
   * a no, anything else is a logged no.
   */
  decide<Value>(name: HostFunction, callback: (value: Value) => unknown, value: Value): boolean {
    const answer = isolated(
      () => callback(value),
      (cause) => this.fail(name, cause),
    )
    if (answer !== true && answer !== false && answer !== null && answer !== undefined)
      this.fail(
        name,
        new TypeError(
          `The option ${name} answered ${describeKind(answer)}: it must answer true or false at once.`,
        ),
      )
    return answer === true
  }

  /**
   * Asks a function for a credential, under a deadline. Rejects with the cause where it fails,
   * takes too long, or answers what `isGood` does not accept; that is logged.
   */
  async credential<Value>(
    name: HostFunction,
    call: () => unknown,
    isGood: (answer: unknown) => answer is Value,
  ): Promise<Value> {
    try {
      const answer = await this.#within(name, call())
      if (isGood(answer)) return answer
      throw new TypeError(
        `The option ${name} answered ${describeKind(answer)}, which is no credential.`,
      )
    } catch (cause) {
      this.fail(name, cause)
      throw asError(cause)
    }
  }

  /**
   * Asks a function that the request depends on. An answer at once is given back as it is; a
   * promise is raced against the deadline and the client. Throws or rejects with `identify_failed`,
   * with `client_closed` when the client left, or with the `GatewayError` that the function threw
   * on purpose.
   */
  ask(name: HostFunction, call: () => unknown, request: { readonly signal: AbortSignal }): unknown {
    try {
      const answer = call()
      if (!isThenable(answer)) return answer
      return this.#within(name, answer, request.signal).catch((cause: unknown) => {
        throw this.refusal(name, cause)
      })
    } catch (cause) {
      throw this.refusal(name, cause)
    }
  }

  /**
   * Why a request whose caller depends on this function is refused. Logs what is not a refusal of
   * the host's own.
   */
  refusal(name: HostFunction, cause: unknown): GatewayError {
    if (isGatewayError(cause)) return cause
    this.fail(name, cause)
    return new GatewayError(
      'identify_failed',
      'The login of the host application failed. This is not about your key; the operator must see to it.',
      { cause: describeThrown(cause) },
    )
  }

  /** Logs a failure once a minute for each function. */
  fail(name: HostFunction, cause: unknown): void {
    const now = this.#options.clock.monotonic()
    const known = this.#failures.get(name)
    if (known !== undefined && now - known.loggedAt < LOGGED_AGAIN_MS) {
      known.since += 1
      return
    }
    this.#failures.set(name, { loggedAt: now, since: 0 })
    this.#options.log.error('host callback failed', {
      callback: name,
      cause: describeThrown(cause),
      ...(known !== undefined && known.since > 0 && { notLogged: known.since }),
    })
  }

  /** Logs a warning once in the life of the gateway. */
  warnOnce(message: string): void {
    if (this.#said.has(message)) return
    this.#said.add(message)
    this.#options.log.warn(message)
  }

  /**
   * The answer, or a rejection at the deadline or when the client leaves, whichever comes first.
   */
  #within(name: HostFunction, answer: unknown, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.clear()
        signal?.removeEventListener('abort', onLeave)
      }
      const fail = (cause: unknown): void => {
        end()
        reject(cause)
      }
      const onLeave = (): void =>
        fail(
          new GatewayError(
            'client_closed',
            'The client closed the connection before it was identified.',
          ),
        )
      const timer = this.#options.clock.setTimer(
        () =>
          fail(
            new Error(`The option ${name} did not answer within ${HOST_ANSWER_DEADLINE_MS} ms.`),
          ),
        HOST_ANSWER_DEADLINE_MS,
      )
      signal?.addEventListener('abort', onLeave)
      if (signal?.aborted === true) onLeave()
      const listen = async (): Promise<void> => {
        try {
          // Through a promise of ours: a thenable may settle twice, late, or throw.
          resolve(await answer)
          end()
        } catch (cause) {
          fail(cause)
        }
      }
      void listen()
    })
  }
}

/** A value in words that show nothing of what it holds. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value)
  if (value === '') return 'an empty string'
  if (typeof value === 'object')
    return Array.isArray(value) ? 'a list' : value instanceof Promise ? 'a promise' : 'an object'
  return `a ${typeof value}`
}
