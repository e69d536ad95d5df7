import type { Clock } from '../clock.ts'

/** Dependencies of providers whose credentials expire. */
export interface ProviderDeps {
  readonly clock: Clock
  readonly fetchToken: FetchToken
  /** Asks a function of the host for a credential. Absent: it is called as it is. */
  readonly askHost?: AskHost
}

/**
 * Asks under a deadline. Rejects with the cause where the function fails, or answers what `isGood`
 * does not accept.
 */
export type AskHost = <Value>(
  option: 'provider.token' | 'provider.credentials',
  call: () => unknown,
  isGood: (answer: unknown) => answer is Value,
) => Promise<Value>

/**
 * Makes the call that exchanges a credential for a token, under a deadline of its own. Rejects with
 * a `GatewayError` when no answer came; any status is an answer.
 */
export type FetchToken = (request: TokenRequest) => Promise<TokenAnswer>

/** A `POST`. */
export interface TokenRequest {
  /** `https://host[:port]` */
  readonly origin: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface TokenAnswer {
  readonly status: number
  /** Whatever came, JSON or not; bounded. */
  readonly body: string
}
