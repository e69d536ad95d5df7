import { buildLimitHeaders } from '../billing/index.ts'
import type { Exchange } from './exchange.ts'

/** Nothing was decided about the request: `@postern/client` may ask the provider itself. */
export const MAY_BE_BYPASSED = { 'x-postern-bypass': 'allowed' }

export function answerHeaders(exchange: Exchange): Record<string, string> {
  const headers: Record<string, string> = {
    'x-postern-request-id': exchange.id,
    'x-request-id': exchange.trace.hostRequestId ?? exchange.id,
    ...buildLimitHeaders(exchange),
  }
  if (exchange.route !== undefined) headers['x-postern-route'] = headerValue(exchange.route)
  if (exchange.target !== undefined) headers['x-postern-target'] = headerValue(exchange.target)
  if (exchange.attempts.length > 0) headers['x-postern-attempts'] = String(exchange.attempts.length)
  if (exchange.degraded.size > 0) headers['x-postern-degraded'] = [...exchange.degraded].join(', ')
  if (exchange.dropped.length > 0)
    headers['x-postern-dropped'] = headerValue(exchange.dropped.join(', '))
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
