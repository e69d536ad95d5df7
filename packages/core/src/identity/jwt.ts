import { createRequire } from 'node:module'
import type * as Jose from 'jose'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { Attribution, Caller } from './caller.ts'
import type { KnownCaller } from './caller-key.ts'

/** Tokens of an identity provider (OpenID Connect, or any other that publishes its keys). */
export interface JwtSettings {
  readonly issuer: string
  readonly audience: string | readonly string[]
  /** Where its keys are published (RFC 7517). */
  readonly jwksUrl: string
  /** Which claim says what; a dotted path for one within another. */
  readonly claims: Readonly<Partial<Record<'id' | keyof Attribution | 'session', string>>>
}

/**
 * Only what is signed with a key that is published: a secret that both sides know, or no signature
 * at all, proves nothing here.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
const CLOCK_TOLERANCE_S = 30
const LONGEST_VALUE = 200

/** Whether a credential looks like such a token. */
export function looksLikeJwt(credential: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(credential)
}

/**
 * Identifies the caller of a token. Rejects with `invalid_api_key` for an invalid token, and with
 * `store_unavailable` when the issuer's keys cannot be fetched. Throws at once where the package
 * `jose` is not installed.
 *
 * @param get fetches a document; rejects when it cannot
 */
export function createJwtCheck(
  settings: JwtSettings,
  { clock, get }: { readonly clock: Clock; readonly get: (url: string) => Promise<string> },
): (token: string) => Promise<KnownCaller> {
  const jose = requireJose()
  // Keys are fetched once and kept; a token signed with one that is not known has them fetched
  // again, twice a minute at most.
  const keys = jose.createRemoteJWKSet(new URL(settings.jwksUrl), {
    [jose.customFetch]: async (url: string) =>
      new Response(await get(url), { headers: { 'content-type': 'application/json' } }),
  })
  return async (token) => {
    try {
      const { payload } = await jose.jwtVerify(token, keys, {
        issuer: settings.issuer,
        audience:
          typeof settings.audience === 'string' ? settings.audience : [...settings.audience],
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(clock.now()),
      })
      return callerOf(payload, settings)
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      const isTheirs =
        cause instanceof jose.errors.JOSEError &&
        !(cause instanceof jose.errors.JWKSTimeout || cause instanceof jose.errors.JWKSInvalid)
      if (isTheirs)
        throw new GatewayError('invalid_api_key', 'The token is not valid for this gateway.', {
          cause,
        })
      throw new GatewayError('store_unavailable', 'Tokens cannot be checked at the moment.', {
        retryAfterMs: 1_000,
        cause,
      })
    }
  }
}

/**
 * Throws `invalid_api_key` for a claim of another kind than text: a tenant that cannot be read is
 * never no tenant.
 */
function callerOf(
  payload: Readonly<Record<string, unknown>>,
  { claims }: JwtSettings,
): KnownCaller {
  const entries = Object.entries({ id: 'sub', ...claims }).flatMap(([field, path]) => {
    const value = valueAt(payload, path)
    if (value === undefined) return []
    if (
      typeof value === 'string' &&
      value.trim() !== '' &&
      value.length <= LONGEST_VALUE &&
      value.isWellFormed()
    )
      return [[field, value] as const]
    throw new GatewayError(
      'invalid_api_key',
      `The claim ${JSON.stringify(path)} of the token must be a text of 1 to ${LONGEST_VALUE} characters.`,
    )
  })
  const caller = Object.fromEntries(entries) as Partial<Caller>
  if (caller.id === undefined)
    throw new GatewayError('invalid_api_key', 'The token does not say who is calling.')
  return { ...caller, id: caller.id, credential: 'token' }
}

/**
 * The claim of that name, or the one that the dotted path leads to: names of claims are often URLs
 * with dots of their own. `undefined` where there is none, `null` where the path leads through
 * something that holds no claims.
 */
function valueAt(payload: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  let value: unknown = payload
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null) return null
    if (!Object.hasOwn(value, step)) return Array.isArray(value) ? null : undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

function requireJose(): typeof Jose {
  try {
    return createRequire(import.meta.url)('jose') as typeof Jose
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new Error('The option jwt needs the package jose: run `npm install jose`.', {
      cause: error,
    })
  }
}
