/** Client headers that a provider's own API may see. */
const PLAIN: ReadonlySet<string> = new Set(['content-type', 'accept'])
const FAMILIES = /^(?:anthropic|openai|x-goog)-[a-z0-9-]+$/
/** Headers that choose a key or an account: the gateway decides those. */
const OURS = /key|token|auth|secret|cookie|organization|project/

interface Headers {
  headerNames(): Iterable<string>
  header(name: string): string | undefined
}

/**
 * The client headers that are forwarded: those that describe the request or switch features of the
 * provider.
 */
export function nativeHeaders(request: Headers): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of request.headerNames()) {
    if (!PLAIN.has(name) && (!FAMILIES.test(name) || OURS.test(name))) continue
    const value = request.header(name)
    if (value !== undefined) headers[name] = value
  }
  return headers
}
