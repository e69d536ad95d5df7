import type { Clock } from '../../clock.ts'
import { GatewayError } from '../../errors.ts'
import type { AwsKeys } from './sigv4.ts'

/** A Bedrock API key; in the environment it is `AWS_BEARER_TOKEN_BEDROCK`. */
export interface AwsBearerToken {
  readonly bearerToken: string
  /** When it ends, as a date or in milliseconds since the epoch. */
  readonly expiration?: Date | number | undefined
}

/** A key pair, as the credential providers of the AWS SDK return it. */
export interface AwsKeyPair extends AwsKeys {
  /** When it ends, as a date or in milliseconds since the epoch. */
  readonly expiration?: Date | number | undefined
}

/** Credentials: an API key sent as it is, or a key pair that signs requests. */
export type AwsCredentials = AwsBearerToken | AwsKeyPair

/** Credentials that change: any credential provider of the AWS SDK is one. */
export type AwsCredentialsFunction = () => AwsCredentials | Promise<AwsCredentials>

/**
 * Credentials are refreshed this long before they end, so that none expires on its way.
 */
const RENEWAL_MARGIN_MS = 60_000
/** Credentials without an end are refreshed after this long. */
const DEFAULT_LIFETIME_MS = 5 * 60_000
/** While credentials are still good, a source that failed is left alone for this long. */
const RETRY_AFTER_FAILURE_MS = 5_000

export interface AwsCredentialSourceOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Name of the provider, for messages. */
  readonly provider: string
  /** Told of every credential before it is used. */
  readonly onRenewal: (credentials: AwsCredentials) => void
}

/**
 * Holds the credentials a function returns until they end; requests that need new ones at once
 * share one call.
 */
export class AwsCredentialSource {
  readonly #ask: AwsCredentialsFunction
  readonly #options: AwsCredentialSourceOptions
  #held: { readonly credentials: AwsCredentials; readonly endsAt: number } | undefined
  #renewAt = Number.NEGATIVE_INFINITY
  #pending: Promise<AwsCredentials> | undefined

  constructor(ask: AwsCredentialsFunction, options: AwsCredentialSourceOptions) {
    this.#ask = ask
    this.#options = options
  }

  /** Rejects with `provider_credentials` when there are none to be had. */
  current(): AwsCredentials | Promise<AwsCredentials> {
    if (this.#held !== undefined && this.#options.clock.now() < this.#renewAt)
      return this.#held.credentials
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #renew(): Promise<AwsCredentials> {
    const { clock, onRenewal } = this.#options
    try {
      const credentials = checked(await this.#ask())
      const endsAt = endOf(credentials) ?? clock.now() + DEFAULT_LIFETIME_MS + RENEWAL_MARGIN_MS
      onRenewal(credentials)
      this.#held = { credentials, endsAt }
      this.#renewAt = endsAt - RENEWAL_MARGIN_MS
      return credentials
    } catch (error) {
      const held = this.#held
      if (held !== undefined && clock.now() < held.endsAt) {
        this.#renewAt = Math.min(clock.now() + RETRY_AFTER_FAILURE_MS, held.endsAt)
        return held.credentials
      }
      throw this.#unavailable(error)
    }
  }

  #unavailable(cause: unknown): GatewayError {
    const { provider } = this.#options
    return new GatewayError(
      'provider_credentials',
      `${provider}: the gateway could not get its AWS credentials. This is not about your key; the operator must see to them.`,
      { provider, cause },
    )
  }
}

/**
 * Functions are the user's own code: their answer is checked, because a request signed with nothing
 * is refused without a reason.
 */
function checked(credentials: unknown): AwsCredentials {
  if (isAwsCredentials(credentials)) return credentials
  throw new TypeError(
    'The credentials function returned neither { bearerToken } nor { accessKeyId, secretAccessKey }.',
  )
}

export function isAwsCredentials(value: unknown): value is AwsCredentials {
  if (typeof value !== 'object' || value === null) return false
  const { bearerToken, accessKeyId, secretAccessKey, sessionToken } = value as Readonly<
    Record<string, unknown>
  >
  if (bearerToken !== undefined) return isText(bearerToken)
  return (
    isText(accessKeyId) &&
    isText(secretAccessKey) &&
    (sessionToken === undefined || isText(sessionToken))
  )
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function endOf({ expiration }: AwsCredentials): number | undefined {
  const end = expiration === undefined ? Number.NaN : Number(expiration)
  return Number.isFinite(end) ? end : undefined
}
