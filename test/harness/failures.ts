import type { DialectName, ScriptedReply } from '@postern/testing'

/** A way a provider can fail before its commit point, and what the gateway owes the client then. */
export interface FailureCase {
  readonly name: string
  readonly reply: ScriptedReply
  /**
   * `fallback`: the next target answers. `stop`: no other target is asked, the client gets
   * `status`.
   */
  readonly expected: 'fallback' | 'stop'
  /** Code of the failed attempt, for the record. */
  readonly code: string
  /** HTTP status for the client when it stops. */
  readonly status?: number
  /** Where a dialect's own error body says more than the number. */
  readonly in?: Partial<Record<DialectName, { readonly code: string; readonly status: number }>>
  /** Only for streams, or only for whole answers. */
  readonly only?: 'stream' | 'json'
}

const fallsBack = (status: number, code: string): FailureCase => ({
  name: `status ${status}`,
  reply: { status },
  expected: 'fallback',
  code,
})
const stops = (status: number, code: string, seen = status): FailureCase => ({
  name: `status ${status}`,
  reply: { status },
  expected: 'stop',
  code,
  status: seen,
})

/**
 * Faults another provider cannot mend or would hide stop at once; faults of a moment or of one
 * provider do not.
 */
export const statusCases: readonly FailureCase[] = [
  stops(400, 'provider_rejected'),
  stops(401, 'provider_credentials', 502),
  stops(403, 'provider_rejected'),
  stops(404, 'model_not_found'),
  {
    ...stops(413, 'provider_rejected'),
    in: { 'anthropic-messages': { code: 'context_length_exceeded', status: 400 } },
  },
  stops(422, 'provider_rejected'),
  fallsBack(408, 'provider_error'),
  fallsBack(409, 'provider_error'),
  fallsBack(425, 'provider_error'),
  fallsBack(429, 'rate_limit_exceeded'),
  fallsBack(498, 'provider_error'),
  fallsBack(499, 'provider_error'),
  fallsBack(500, 'provider_error'),
  fallsBack(501, 'provider_error'),
  fallsBack(502, 'provider_error'),
  fallsBack(503, 'provider_overloaded'),
  fallsBack(504, 'provider_error'),
  fallsBack(520, 'provider_error'),
  fallsBack(521, 'provider_error'),
  fallsBack(522, 'provider_error'),
  fallsBack(523, 'provider_error'),
  fallsBack(524, 'provider_error'),
  fallsBack(529, 'provider_overloaded'),
]

const eventStream = { 'content-type': 'text/event-stream' }

/** Failures other than a status. */
export const wireCases: readonly FailureCase[] = [
  {
    name: 'reset before headers',
    reply: { cutBeforeHeaders: 'rst' },
    expected: 'fallback',
    code: 'provider_unreachable',
  },
  {
    name: 'closed before headers',
    reply: { cutBeforeHeaders: 'fin' },
    expected: 'fallback',
    code: 'provider_unreachable',
  },
  {
    name: 'an HTML error page',
    reply: { htmlErrorPage: true },
    expected: 'fallback',
    code: 'provider_error',
  },
  {
    name: 'an error without a body',
    reply: { status: 500, emptyBody: true },
    expected: 'fallback',
    code: 'provider_error',
  },
  {
    name: 'an error cut in its body',
    reply: { status: 503, cutAfterBytes: 10, cutBy: 'rst' },
    expected: 'fallback',
    code: 'provider_overloaded',
  },
  {
    name: 'an empty body',
    reply: { emptyBody: true },
    expected: 'fallback',
    code: 'upstream_invalid',
    only: 'json',
  },
  {
    name: 'malformed JSON',
    reply: { malformedJson: true },
    expected: 'fallback',
    code: 'upstream_invalid',
    only: 'json',
  },
  {
    name: 'a JSON body cut by FIN',
    reply: { cutAfterBytes: 40 },
    expected: 'fallback',
    code: 'upstream_truncated',
    only: 'json',
  },
  {
    name: 'a JSON body cut by RST',
    reply: { cutAfterBytes: 40, cutBy: 'rst' },
    expected: 'fallback',
    code: 'upstream_truncated',
    only: 'json',
  },
  {
    name: 'an error inside a 200',
    reply: { errorEventAfter: 0, status: 500 },
    expected: 'fallback',
    code: 'provider_error',
  },
  {
    name: 'an overload inside a 200',
    reply: { errorEventAfter: 0, status: 503, errorCode: 'overloaded' },
    expected: 'fallback',
    code: 'provider_overloaded',
  },
  {
    name: 'JSON that is no answer',
    reply: { raw: { body: '{}' } },
    expected: 'fallback',
    code: 'upstream_invalid',
  },
  {
    name: 'JSON that is no object',
    reply: { raw: { body: '[1,2]' } },
    expected: 'fallback',
    code: 'upstream_invalid',
  },
  {
    name: 'an HTML page with status 200',
    reply: { raw: { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' } },
    expected: 'fallback',
    code: 'upstream_invalid',
    only: 'json',
  },
  {
    name: 'an HTML page with status 200',
    reply: { raw: { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' } },
    expected: 'fallback',
    code: 'upstream_truncated',
    only: 'stream',
  },
  {
    name: 'a stream that ends before its first event',
    reply: { raw: { headers: eventStream, body: '' } },
    expected: 'fallback',
    code: 'upstream_truncated',
    only: 'stream',
  },
  {
    name: 'a stream of comments only',
    reply: { raw: { headers: eventStream, body: ': keep-alive\n\n: keep-alive\n\n' } },
    expected: 'fallback',
    code: 'upstream_truncated',
    only: 'stream',
  },
  {
    name: 'a stream cut before its first event',
    reply: { cutAfterEvents: 0, cutBy: 'rst' },
    expected: 'fallback',
    code: 'upstream_truncated',
    only: 'stream',
  },
  {
    name: 'a first event that is not JSON',
    reply: { raw: { headers: eventStream, body: 'data: {"id":\n\n' } },
    expected: 'fallback',
    code: 'upstream_invalid',
    only: 'stream',
  },
  {
    name: 'a redirect',
    reply: { raw: { status: 302, headers: { location: 'http://127.0.0.1:9/' }, body: '' } },
    expected: 'fallback',
    code: 'provider_error',
  },
]
