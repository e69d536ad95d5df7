import { GatewayError } from '../../errors.ts'

/** Query parameters in which clients send a key; the client's key must not reach a provider. */
const CREDENTIALS: readonly string[] = ['key', 'api_key', 'api-key', 'apikey', 'access_token']
/** RFC 3986, section 3.4, and what browsers leave as it is. */
const QUERY = /^[\w\-.~!$&'()*+,;=:@/?%|[\]{}^`\\"<>]*$/
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i

/**
 * The query as it came, its `?` included, without credentials and without the names in `taken`,
 * which were meant for us. Throws `invalid_request` for what is no query.
 */
export function forwardedQuery(search: string, taken: readonly string[] = []): string {
  if (search === '' || search === '?') return ''
  const query = search.slice(1)
  if (!QUERY.test(query) || BROKEN_ESCAPE.test(query))
    throw new GatewayError(
      'invalid_request',
      'The query of the address has characters that must be percent-encoded.',
    )
  const kept = query.split('&').filter((pair) => {
    const name = nameOf(pair)
    return !CREDENTIALS.includes(name) && !taken.includes(name)
  })
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}

function nameOf(pair: string): string {
  const name = pair.split('=', 1)[0] ?? ''
  try {
    return decodeURIComponent(name).trim().toLowerCase()
  } catch (error) {
    // Escapes that are no UTF-8 spell no name we look for.
    if (error instanceof URIError) return name
    throw error
  }
}
