import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { GatewayError } from '../../errors.ts'
import type { ProviderDeps } from '../deps.ts'
import type { IssuedToken } from '../token-cache.ts'

/**
 * Google's credentials as their JSON file says them: a service account, or one of the other types.
 */
export interface GoogleCredentials {
  readonly type?: string
  readonly client_email?: string
  readonly private_key?: string
  readonly private_key_id?: string
  readonly token_uri?: string
  readonly project_id?: string
  readonly [field: string]: unknown
}

/** A service account whose key can sign. Neither printing nor serialising it shows the key. */
export class ServiceAccount {
  readonly email: string
  readonly tokenUrl: string
  readonly #keyId: string | undefined
  readonly #key: KeyObject

  /** Throws a `TypeError` that says what is wrong, without repeating it. */
  constructor({
    client_email: email,
    private_key: key,
    private_key_id: keyId,
    token_uri: tokenUrl = DEFAULT_TOKEN_URL,
  }: GoogleCredentials) {
    if (typeof email !== 'string' || email === '') throw new TypeError('It has no client_email.')
    if (!isTokenUrl(tokenUrl)) throw new TypeError('Its token_uri is not an https URL.')
    this.email = email
    this.tokenUrl = tokenUrl
    this.#keyId = typeof keyId === 'string' ? keyId : undefined
    this.#key = rsaKey(key)
    Object.freeze(this)
  }

  /**
   * The signed statement that is exchanged for a token (RFC 7523), valid for an hour from `now`.
   */
  assertion(now: number): string {
    const issuedAt = Math.floor(now / 1000)
    const claims = {
      iss: this.email,
      scope: CLOUD_SCOPE,
      aud: this.tokenUrl,
      iat: issuedAt,
      exp: issuedAt + 3600,
    }
    const header = {
      alg: 'RS256',
      typ: 'JWT',
      ...(this.#keyId === undefined ? {} : { kid: this.#keyId }),
    }
    const statement = `${encoded(header)}.${encoded(claims)}`
    return `${statement}.${sign('sha256', Buffer.from(statement), this.#key).toString('base64url')}`
  }
}

/** Scope of a token: everything the account may do. */
export const CLOUD_SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

const DEFAULT_TOKEN_URL = 'https://oauth2.googleapis.com/token'
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const DEFAULT_LIFETIME_SECONDS = 3600

/**
 * Asks for a token of the account. Rejects with `provider_credentials` when it is refused, with an
 * error that allows failover when that is unknown.
 */
export async function issueToken(
  account: ServiceAccount,
  provider: string,
  deps: ProviderDeps,
): Promise<IssuedToken> {
  const url = new URL(account.tokenUrl)
  const { status, body } = await deps.fetchToken({
    origin: url.origin,
    path: url.pathname + url.search,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: GRANT_TYPE,
      assertion: account.assertion(deps.clock.now()),
    }).toString(),
  })
  const answer = fieldsOf(body)
  const { access_token: value, expires_in: seconds } = answer
  if (status === 200 && typeof value === 'string' && value !== '') {
    return {
      value,
      lifetimeMs:
        (typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_LIFETIME_SECONDS) * 1000,
    }
  }
  throw refusal(status, answer['error'], provider)
}

function refusal(status: number, error: unknown, provider: string): GatewayError {
  // One of the words of RFC 6749; anything else a server may say there is not repeated.
  const word =
    typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : `status ${status}`
  const isRefused = status >= 400 && status < 500 && status !== 408 && status !== 429
  const message = `No token was issued for the service account of ${provider} (${word}).`
  return new GatewayError(isRefused ? 'provider_credentials' : 'provider_error', message, {
    provider,
  })
}

function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // The status says enough.
    return {}
  }
}

function rsaKey(pem: string | undefined): KeyObject {
  const key = typeof pem === 'string' ? parsedKey(pem) : undefined
  if (key?.asymmetricKeyType !== 'rsa')
    throw new TypeError('Its private_key is not an RSA key in PEM form.')
  return key
}

function parsedKey(pem: string): KeyObject | undefined {
  try {
    // Environment variables often carry the line ends of the key as two characters.
    return createPrivateKey(pem.replaceAll('\\n', '\n'))
  } catch {
    // The reason could quote the key.
    return undefined
  }
}

/**
 * The assertion is as good as a password for a while: it goes nowhere in the clear, but to a test
 * on this machine.
 */
function isTokenUrl(text: unknown): text is string {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname))
  )
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
