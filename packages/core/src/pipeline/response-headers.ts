import { buildLimitHeaders } from '../billing/index.ts'
import type { Exchange } from './exchange.ts'

/** Names of all response headers of the gateway's own, except `x-ratelimit-*`. */
export const RESPONSE_HEADERS = {
  requestId: 'x-postern-request-id',
  hostRequestId: 'x-request-id',
  route: 'x-postern-route',
  target: 'x-postern-target',
  attempts: 'x-postern-attempts',
  degraded: 'x-postern-degraded',
  dropped: 'x-postern-dropped',
  resetsAt: 'x-postern-resets-at',
  maxOutputTokens: 'x-postern-max-output-tokens',
  bypass: 'x-postern-bypass',
  shouldRetry: 'x-should-retry',
} as const

/** Nothing was decided about the request: `@postern/client` may call the provider directly. */
export const MAY_BE_BYPASSED = { [RESPONSE_HEADERS.bypass]: 'allowed' }

/** Response headers that every answer carries, errors included. */
export function answerHeaders(exchange: Exchange): Record<string, string> {
  const headers: Record<string, string> = {
    [RESPONSE_HEADERS.requestId]: exchange.id,
    [RESPONSE_HEADERS.hostRequestId]: exchange.trace.hostRequestId ?? exchange.id,
    ...buildLimitHeaders(exchange),
  }
  if (exchange.route !== undefined) headers[RESPONSE_HEADERS.route] = headerValue(exchange.route)
  if (exchange.target !== undefined) headers[RESPONSE_HEADERS.target] = headerValue(exchange.target)
  if (exchange.attempts.length > 0)
    headers[RESPONSE_HEADERS.attempts] = String(exchange.attempts.length)
  if (exchange.degraded.size > 0)
    headers[RESPONSE_HEADERS.degraded] = [...exchange.degraded].join(', ')
  if (exchange.dropped.length > 0)
    headers[RESPONSE_HEADERS.dropped] = headerValue(exchange.dropped.join(', '))
  return headers
}

const MAX_HEADER_LENGTH = 2000

const PRINTABLE = /^[\x20-\x7e]*$/

/** Names come from clients and files: whatever a header cannot hold is percent-encoded. */
function headerValue(text: string): string {
  if (text.length <= MAX_HEADER_LENGTH && PRINTABLE.test(text)) return text
  return text
    .slice(0, MAX_HEADER_LENGTH)
    .toWellFormed()
    .replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character))
}
