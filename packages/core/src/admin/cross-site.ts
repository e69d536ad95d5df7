import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'

const BEARER = /^bearer\s+\S/i
const JSON_TYPE = /^application\/json\s*(?:;|$)/i

/**
 * Refuses what another site may have made an administrator's browser send. A browser adds cookies
 * and client certificates to such a request by itself, but no `Authorization: Bearer`, so a request
 * with one needs no further proof. Any other request must be JSON, which a form cannot send, and
 * must come from a page of the same origin.
 */
export function refuseCrossSite(request: GatewayRequest): void {
  if (BEARER.test(request.header('authorization') ?? '')) return
  const contentType = request.header('content-type') ?? ''
  if (!JSON_TYPE.test(contentType)) {
    throw new GatewayError(
      'invalid_request',
      `A change without a bearer token takes "content-type: application/json", not ${JSON.stringify(contentType.slice(0, 100))}.`,
      { status: 415, param: 'content-type' },
    )
  }
  if (!isSameOrigin(request)) {
    throw new GatewayError(
      'permission_denied',
      'A change without a bearer token must come from a page of the same origin: neither Sec-Fetch-Site nor Origin says that this one does. Programs send "Authorization: Bearer <admin token>" instead.',
    )
  }
}

/**
 * `Sec-Fetch-Site` is set by the browser alone; browsers that do not know it, and plain http, send
 * `Origin`.
 */
function isSameOrigin(request: GatewayRequest): boolean {
  const site = request.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = request.header('origin')
  const host = request.header('host')
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false
  const { protocol, host: from } = new URL(origin)
  // Pages within applications have schemes of their own, and may name any host behind them.
  if (protocol !== 'https:' && protocol !== 'http:') return false
  // The default port of a scheme is left out of the one, and may stand in the other.
  return (
    URL.canParse(`${protocol}//${host}`) &&
    new URL(`${protocol}//${host}`).host === from &&
    from !== ''
  )
}
