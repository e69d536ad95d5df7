/**
 * Credentials of any kind: the provider's own goes along in a header, and a client's must never
 * reach it.
 */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'key',
  'access_token',
  'oauth_token',
  'bearer_token',
])

/**
 * Fields that change what the answer looks like (`fields` could leave the usage out), and who pays
 * for it.
 */
const OURS: ReadonlySet<string> = new Set(['alt', 'fields', 'callback', 'userproject'])

/**
 * The query a provider gets: the client's own, without credentials and without what would change
 * the shape of the answer. Streams are always asked for as server-sent events. What a client might
 * miss is added to `dropped`.
 */
export function relayedQuery(
  query: URLSearchParams,
  options: { readonly stream: boolean; readonly dropped: string[] },
): string {
  const kept = new URLSearchParams(options.stream ? { alt: 'sse' } : {})
  for (const [name, value] of query) {
    // The API takes every one of its system parameters with a dollar sign as well.
    const plain = (name.startsWith('$') ? name.slice(1) : name).toLowerCase()
    if (CREDENTIALS.has(plain)) continue
    if (!OURS.has(plain)) kept.append(name, value)
    else if (plain !== 'alt') options.dropped.push(`query.${name}`)
  }
  return kept.size === 0 ? '' : `?${kept.toString()}`
}
