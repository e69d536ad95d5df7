import crypto, { randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { HostCalls } from '../foundation/host-calls.ts'
import type { GatewayRequest } from '../http/index.ts'
import { attributes, type Caller, type HostIdentify } from './caller.ts'
import type { KnownCaller } from './caller-key.ts'
import { readHostCaller } from './host-caller.ts'
import { looksLikeJwt } from './jwt.ts'
import type { ManagedKeys } from './managed-keys.ts'

export interface IdentityOptions {
  readonly auth: 'keys' | 'none'
  readonly keys: readonly { readonly key: string; readonly caller: Caller }[]
  /** Keys that are made while the gateway runs. */
  readonly ring?: Pick<ManagedKeys, 'find'> | undefined
  /** Tokens of an identity provider. */
  readonly jwt?: ((token: string) => Promise<KnownCaller>) | undefined
  /** The host's own login: the caller it names wins over every header. See `hostLogin`. */
  readonly login?: ((request: GatewayRequest) => Promise<KnownCaller | undefined>) | undefined
}

/** Identifies the caller. Rejects with 401 before a byte of the body is read. */
export type Identify = (request: GatewayRequest) => KnownCaller | Promise<KnownCaller>

/** Prefix of keys made by the gateway. */
const MADE_KEY = 'pk_'

const ANONYMOUS: KnownCaller = Object.freeze({ id: 'anonymous', credential: 'none' })

/**
 * Keys are looked up by a digest under a secret of this process: neither a dump of the table nor
 * the time of a look-up tells anything about a key. The digest never leaves the process, so SHA-256
 * over secret and key serves as well as an HMAC, which Node computes four times slower.
 */
export function createIdentify(options: IdentityOptions): Identify {
  const { ring, jwt } = options
  const secret = randomBytes(32).toString('base64')
  const digest = (key: string): string => crypto.hash('sha256', secret + key, 'base64')
  const callers = new Map(
    options.keys.map(({ key, caller }) => [
      digest(key),
      Object.freeze<KnownCaller>({ ...caller, credential: 'key' }),
    ]),
  )
  const byKey = (request: GatewayRequest): KnownCaller | Promise<KnownCaller> => {
    if (request.search !== '') refuseKeyInUrl(request.search)
    const key = presentedKey(request)
    const caller = key === undefined ? undefined : callers.get(digest(key))
    if (caller !== undefined) return caller
    if (key !== undefined && jwt !== undefined && looksLikeJwt(key)) return jwt(key)
    if (key !== undefined && ring !== undefined && key.startsWith(MADE_KEY))
      return ring.find(key).then((found) => found ?? nobody(key))
    return nobody(key)
  }
  const nobody = (key: string | undefined): KnownCaller => {
    if (options.auth === 'none') return ANONYMOUS
    if (key === undefined)
      throw new GatewayError(
        'missing_api_key',
        'No API key was sent. Send a virtual key of this gateway as "Authorization: Bearer <key>".',
      )
    throw new GatewayError('invalid_api_key', 'The API key is not valid for this gateway.')
  }
  const named = (caller: KnownCaller, request: GatewayRequest): KnownCaller =>
    caller.mayName === undefined ? caller : { ...caller, ...saidOf(caller.mayName, request) }
  const identified = (request: GatewayRequest): KnownCaller | Promise<KnownCaller> => {
    const caller = byKey(request)
    return caller instanceof Promise
      ? caller.then((found) => named(found, request))
      : named(caller, request)
  }
  const { login } = options
  if (login === undefined) return identified
  return async (request) => {
    const caller = await login(request)
    return caller === undefined ? identified(request) : named(caller, request)
  }
}

/** Prefixes of keys of gateways and of the large providers. */
const LOOKS_LIKE_KEY = /^(?:pk_|sk-|AIza|eyJ)/

/**
 * URLs are logged on the way: a key sent in a URL has to be replaced.
 */
function refuseKeyInUrl(search: string): void {
  for (const [name, value] of new URLSearchParams(search)) {
    if (LOOKS_LIKE_KEY.test(value))
      throw new GatewayError(
        'invalid_request',
        `The parameter ${JSON.stringify(name.slice(0, 40))} of the URL holds a key, which logs on the way may have kept: replace that key, and send keys as "Authorization: Bearer <key>".`,
        { param: name.slice(0, 40) },
      )
  }
}

const SAID = /^[\w .:@/-]{1,200}$/

/**
 * Attributes that a permitted caller sets in headers. Throws for values that cannot be counted by.
 */
function saidOf(names: NonNullable<Caller['mayName']>, request: GatewayRequest): Partial<Caller> {
  const entries = names.flatMap((name) => {
    // Grants of a store may have been written by other code: an id is never named by its caller.
    if (!attributes.includes(name)) return []
    const value = request.header(`x-postern-${name}`)
    if (value === undefined) return []
    if (!SAID.test(value))
      throw new GatewayError(
        'invalid_request',
        `The header x-postern-${name} holds more than 200 characters, or some that no name has.`,
        { param: `x-postern-${name}` },
      )
    return [[name, value] as const]
  })
  return Object.fromEntries(entries)
}

/** The login of the host, closed against whatever it answers: only a caller with an id is one. */
export function hostLogin(
  identify: HostIdentify<never>,
  hostCalls: HostCalls,
): (request: GatewayRequest) => Promise<KnownCaller | undefined> {
  const ask = identify as HostIdentify<unknown>
  const onNumber = (field: string): void =>
    hostCalls.warnOnce(
      `The option identify answers numbers as ${field}: they are turned into strings. Return String(${field}) to be sure of the spelling.`,
    )
  return async (request) => {
    const answer = await hostCalls.ask('identify', () => ask(request.host), request)
    try {
      return readHostCaller(answer, onNumber)
    } catch (cause) {
      throw hostCalls.refusal('identify', cause)
    }
  }
}

/**
 * Where official SDKs put a key: OpenAI, Anthropic, Azure and Gemini each have their own header.
 */
function presentedKey(request: GatewayRequest): string | undefined {
  const authorization = request.header('authorization')
  const bearer =
    authorization === undefined ? undefined : /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1]
  // A Basic login of a proxy in between is not meant for us; a key beside it is.
  return (
    bearer ??
    request.header('x-api-key') ??
    request.header('api-key') ??
    request.header('x-goog-api-key') ??
    (authorization === undefined ? undefined : '')
  )
}

/** A key for this process only, for a gateway without configured keys. */
export function developmentKey(): string {
  return `pk_dev_${randomBytes(24).toString('base64url')}`
}
