/**
 * A request as the pipeline sees it, whatever framework it came through. Getters are lazy; nothing
 * is copied.
 */
export interface GatewayRequest {
  /** Upper case. */
  readonly method: string
  /** Path below the mount point, without the query: `/v1/chat/completions`. */
  readonly path: string
  /** Query with its `?`, or `''`. */
  readonly search: string
  /** `name` in lower case; the first value when a header came more than once. */
  header(name: string): string | undefined
  /** The names of the headers, in lower case. */
  headerNames(): Iterable<string>
  /**
   * The body as the host's own parser left it, when one ran before the gateway: a parsed value, a
   * string or bytes.
   */
  readonly parsedBody?: unknown
  /**
   * The whole body. Rejects with `body_too_large` over `limit` bytes and with `client_closed` when
   * the client left.
   */
  bytes(limit: number): Promise<Uint8Array>
  /**
   * The body as it comes, once: an iteration rejects as `bytes` does, with `body_too_large` as soon
   * as `limit` is passed. A reader that stops early need not clean up: the client may send the
   * rest, and gets its answer.
   */
  stream(limit: number): AsyncIterable<Uint8Array>
  /**
   * Aborts when the client left or the host gave up; never after a complete answer. Created on
   * first use.
   */
  readonly signal: AbortSignal
  /** The gateway has no path of its own: a path that no endpoint has belongs to the host. */
  readonly sharesRoot?: boolean
  /** The host's own id of the request, where its middleware gave it one. */
  readonly requestId?: string | undefined
  /**
   * The address the request came from, as far as the host trusts what proxies say of it. Absent
   * where there is none.
   */
  readonly peer?: string | undefined
  /** How long the host's server keeps an idle connection, where that is known. */
  readonly keepAliveTimeoutMs?: number | undefined
  /** `req`, `ctx` or `c` of the host framework: only for the user's own `identify`. */
  readonly host?: unknown
}

export interface GatewayResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Record<string, string>
  /**
   * An iterable body must be iterated to its end or ended early by `return()`: that is what settles
   * the request. One that rejects has broken in a way its bytes cannot tell: the connection to the
   * client is to be cut.
   */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array | string> | null
  /**
   * No endpoint of the gateway has this path: an adapter mounted at the root may pass the request
   * on to the host.
   */
  readonly unmatched?: boolean
}

/**
 * A body that says when its client has not read for so long that the connection is of no use any
 * more.
 */
export interface AbandonableBody {
  onAbandon(callback: () => void): void
}

export function isAbandonable(body: object): body is AbandonableBody {
  return 'onAbandon' in body
}

export function isStreamBody(
  body: GatewayResponse['body'],
): body is AsyncIterable<Uint8Array | string> {
  return body !== null && typeof body === 'object' && Symbol.asyncIterator in body
}
