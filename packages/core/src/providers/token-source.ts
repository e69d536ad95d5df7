import { GatewayError } from '../errors.ts'

/** A token from the user's own code, asked for on every call: it is theirs to cache. */
export type TokenSource = () => string | Promise<string>

/** Characters of an HTTP header value; a token has no others. */
const HEADER_VALUE = /^[\x21-\x7e]+$/

export function isToken(value: unknown): value is string {
  return typeof value === 'string' && HEADER_VALUE.test(value)
}

/**
 * The token for one call. Rejects with `provider_credentials` when the source gives none, or
 * something no header can carry.
 */
export async function askForToken(source: TokenSource, provider: string): Promise<string> {
  const message = `The function that gives the token of ${provider} (option token) did not give one.`
  let value: unknown
  try {
    value = await source()
  } catch (cause) {
    // Our own sources know better what went wrong.
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('provider_credentials', message, { provider, cause })
  }
  if (isToken(value)) return value
  throw new GatewayError('provider_credentials', message, { provider })
}
