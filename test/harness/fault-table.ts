import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { ScriptedReply } from '@postern/testing'
import type { Certificate } from './tls-upstream.ts'

/**
 * Result for a client whose only provider has this fault: `200 whole`, `200, then <code>`
 * for a stream that ends with an error event, or `<status> <code>`.
 */
export interface Fault {
  readonly id: string
  readonly name: string
  /** Behaviour of the provider from its first call on. */
  readonly reply?: ScriptedReply
  /** Behaviour for the first calls, before it answers as usual. */
  readonly first?: readonly ScriptedReply[]
  /**
   * In place of a provider that speaks HTTP: what happens on its connection, or what stands before
   * its address.
   */
  readonly raw?: {
    answer(socket: Socket): void
    readonly onAccept?: boolean
    readonly scheme?: string
  }
  /** No server listens. */
  readonly isRefused?: boolean
  /** Connections to it never open. */
  readonly isBlackHole?: boolean
  /** It speaks TLS, with such a certificate. */
  readonly certificate?: Certificate
  readonly gateway?: {
    readonly answerLimit?: string
    readonly eventLimit?: string
    readonly connectTimeout?: string
  }
  readonly route?: {
    readonly retries?: number
    readonly timeout?: string
    readonly ttftTimeout?: string
    readonly idleTimeout?: string
  }
  readonly json?: string
  readonly stream?: string
  /** Code in the record, when the client gets the provider's own. */
  readonly code?: string
  /** Calls the provider sees. @default any number up to three */
  readonly calls?: number
}

const whole = '200 whole'
const both = (seen: string) => ({ json: seen, stream: seen })
const events = { 'content-type': 'text/event-stream' }
const once = { retries: 0 }
const delta = (content: string, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`
const answer = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
}
const json = (body: object): ScriptedReply => ({ raw: { body: JSON.stringify(body) } })
const head = (lines: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${lines}\r\n`
/** Says this, and hangs up. */
const says = (...pieces: (string | Buffer)[]) => ({
  answer(socket: Socket): void {
    for (const piece of pieces) socket.write(piece)
    socket.end()
  },
})
const text = JSON.stringify(answer)
/** Subject of the certificate. */
export const WHOLE_ANSWER = text

/** Endless, as far as the client reads. */
function endless(piece: string, before = ''): Iterable<string> {
  return {
    *[Symbol.iterator]() {
      yield before
      for (;;) yield piece
    },
  }
}

export const faults: readonly Fault[] = [
  {
    id: 'F-01',
    name: '429 with a short wait, then an answer',
    first: [{ status: 429, retryAfter: { milliseconds: 20 } }],
    ...both(whole),
    calls: 2,
  },
  {
    id: 'F-02',
    name: '429 without a wait',
    reply: { status: 429 },
    route: once,
    ...both('429 rate_limit_exceeded'),
  },
  {
    id: 'F-03',
    name: '429 with a wait of a day',
    reply: { status: 429, retryAfter: { seconds: 86_400 } },
    ...both('429 rate_limit_exceeded'),
    calls: 1,
  },
  {
    id: 'F-03',
    name: '429 with a wait of -1, then an answer',
    first: [{ status: 429, retryAfter: { header: '-1' } }],
    ...both(whole),
    calls: 2,
  },
  {
    id: 'F-03',
    name: '429 with a wait that is no number, then an answer',
    first: [{ status: 429, retryAfter: { header: 'NaN' } }],
    ...both(whole),
    calls: 2,
  },
  {
    id: 'F-04',
    name: '500 once, then an answer',
    first: [{ status: 500 }],
    ...both(whole),
    calls: 2,
  },
  {
    id: 'F-05',
    name: '500 for ever',
    reply: { status: 500 },
    ...both('502 provider_error'),
    calls: 2,
  },
  {
    id: 'F-06',
    name: '503',
    reply: { status: 503 },
    route: { retries: 1 },
    ...both('503 provider_overloaded'),
    calls: 2,
  },
  {
    id: 'F-07',
    name: '529 overloaded',
    reply: { status: 529 },
    route: once,
    ...both('503 provider_overloaded'),
  },
  {
    id: 'F-08',
    name: '408 once, then an answer',
    first: [{ status: 408 }],
    ...both(whole),
    calls: 2,
  },
  {
    id: 'F-08',
    name: '409 once, then an answer',
    first: [{ status: 409 }],
    ...both(whole),
    calls: 2,
  },
  {
    id: 'F-08',
    name: '425 once, then an answer',
    first: [{ status: 425 }],
    ...both(whole),
    calls: 2,
  },
  {
    id: 'F-09',
    name: '401: our key is refused',
    reply: { status: 401 },
    ...both('502 provider_credentials'),
    calls: 1,
  },
  {
    id: 'F-10',
    name: '402: the account is used up',
    reply: { status: 402 },
    ...both('429 insufficient_quota'),
    calls: 1,
  },
  {
    id: 'F-11',
    name: '400',
    reply: { status: 400 },
    ...both('400 invalid_request_error'),
    code: 'provider_rejected',
    calls: 1,
  },
  { id: 'F-12', name: '404', reply: { status: 404 }, ...both('404 model_not_found'), calls: 1 },
  {
    id: 'F-13',
    name: 'the prompt is too long',
    reply: { status: 400, errorCode: 'context_length_exceeded' },
    ...both('400 context_length_exceeded'),
    calls: 1,
  },
  {
    id: 'F-14',
    name: '451',
    reply: { status: 451 },
    ...both('451 invalid_request_error'),
    code: 'provider_rejected',
    calls: 1,
  },
  {
    id: 'F-15',
    name: 'an HTML page with status 200',
    reply: { raw: { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' } },
    route: once,
    json: '502 upstream_invalid',
    stream: '502 upstream_truncated',
  },
  {
    id: 'F-16',
    name: 'an answer said to be text/plain',
    reply: { answer: { text: 'hi' }, contentTypeLie: 'text/plain' },
    ...both(whole),
    calls: 1,
  },
  {
    id: 'F-17',
    name: '204',
    reply: { raw: { status: 204, body: '' } },
    route: once,
    json: '502 upstream_invalid',
    stream: '502 upstream_truncated',
  },
  {
    id: 'F-17',
    name: 'an empty body',
    reply: { emptyBody: true },
    route: once,
    json: '502 upstream_invalid',
    stream: '502 upstream_truncated',
  },
  ...[301, 302, 307, 308].map((status): Fault => ({
    id: 'F-18',
    name: `${status} to another host`,
    reply: { raw: { status, headers: { location: 'http://127.0.0.1:9/' }, body: '' } },
    route: once,
    ...both('502 provider_error'),
    calls: 1,
  })),

  {
    id: 'F-19',
    name: 'the connection is refused',
    isRefused: true,
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-22',
    name: 'connections never open',
    isBlackHole: true,
    gateway: { connectTimeout: '80ms' },
    route: once,
    ...both('504 connect_timeout'),
  },
  {
    id: 'F-23',
    name: 'a reset on accept',
    raw: { answer: (socket) => void socket.resetAndDestroy(), onAccept: true },
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-24',
    name: 'a certificate that signed itself',
    certificate: 'self-signed',
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-25',
    name: 'a certificate that has expired',
    certificate: 'expired',
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-26',
    name: 'a certificate of another host',
    certificate: 'of another host',
    route: once,
    ...both('502 provider_unreachable'),
  },
  { id: 'F-26', name: 'a certificate that is as it should be', certificate: 'good', json: whole },
  {
    id: 'F-27',
    name: 'a TLS handshake that never ends',
    raw: { answer: () => undefined, onAccept: true, scheme: 'https' },
    gateway: { connectTimeout: '80ms' },
    route: once,
    ...both('504 connect_timeout'),
  },
  {
    id: 'F-27',
    name: 'no TLS where TLS is expected',
    raw: { ...says('HTTP/1.1 400 Bad Request\r\n\r\n'), onAccept: true, scheme: 'https' },
    route: once,
    ...both('502 provider_unreachable'),
  },

  {
    id: 'F-29',
    name: 'nothing before the headers',
    reply: { hangBeforeHeaders: true },
    route: { ...once, timeout: '400ms', ttftTimeout: '80ms' },
    json: '504 deadline_exceeded',
    stream: '504 first_token_timeout',
  },
  {
    id: 'F-30',
    name: 'headers that never end',
    raw: { answer: (socket) => void socket.write('HTTP/1.1 200 OK\r\nx-a') },
    route: { ...once, timeout: '400ms', ttftTimeout: '80ms' },
    json: '504 deadline_exceeded',
    stream: '504 first_token_timeout',
  },
  {
    id: 'F-31',
    name: 'a header of 100 KB',
    raw: says(head(`x-large: ${'a'.repeat(100_000)}\r\n`), text),
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-32',
    name: 'ten thousand headers',
    raw: says(head(Array.from({ length: 10_000 }, (_, at) => `x-${at}: a\r\n`).join('')), text),
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-33',
    name: 'two lengths that differ',
    raw: says(head('content-length: 5\r\ncontent-length: 6\r\n'), text),
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-33',
    name: 'a length and chunks',
    raw: says(
      head('content-length: 5\r\ntransfer-encoding: chunked\r\n'),
      '5\r\nhello\r\n0\r\n\r\n',
    ),
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-33',
    name: 'no HTTP at all',
    raw: says('SSH-2.0-OpenSSH_9.2\r\n'),
    route: once,
    ...both('502 provider_unreachable'),
  },
  {
    id: 'F-34',
    name: 'an encoding that was not requested',
    raw: says(
      head(`content-encoding: gzip, gzip\r\ncontent-length: ${gzipSync(text).length}\r\n`),
      gzipSync(text),
    ),
    route: once,
    ...both('502 upstream_invalid'),
  },

  {
    id: 'F-35',
    name: 'a body shorter than announced',
    raw: says(head(`content-length: ${text.length + 10}\r\n`), text),
    route: once,
    ...both('502 upstream_truncated'),
  },
  {
    id: 'F-36',
    name: 'chunks without the last one',
    raw: says(head('transfer-encoding: chunked\r\n'), `${text.length.toString(16)}\r\n${text}\r\n`),
    route: once,
    ...both('502 upstream_truncated'),
  },
  {
    id: 'F-36',
    name: 'chunks with a wrong length',
    raw: says(head('transfer-encoding: chunked\r\n'), `zz\r\n${text}\r\n`),
    route: once,
    ...both('502 upstream_truncated'),
  },
  {
    id: 'F-37',
    name: 'JSON with something behind it',
    reply: { raw: { body: `${text} and more` } },
    route: once,
    ...both('502 upstream_invalid'),
  },
  {
    id: 'F-38',
    name: 'an endless answer',
    reply: { raw: { body: endless(' '.repeat(65_536)) } },
    gateway: { answerLimit: '1MiB' },
    json: '502 answer_too_large',
    stream: '502 upstream_invalid',
    route: once,
  },
  {
    id: 'F-39',
    name: 'a compressed answer',
    raw: says(
      head(`content-encoding: gzip\r\ncontent-length: ${gzipSync(text).length}\r\n`),
      gzipSync(text),
    ),
    ...both(whole),
  },
  {
    id: 'F-40',
    name: 'a compression bomb',
    raw: says(
      head('content-encoding: gzip\r\ntransfer-encoding: identity\r\nconnection: close\r\n'),
      gzipSync(Buffer.alloc(20_000_000)),
    ),
    route: once,
    ...both('502 upstream_invalid'),
  },
  {
    id: 'F-41',
    name: 'an answer without a choice',
    reply: json({ ...answer, choices: [] }),
    route: once,
    json: '502 upstream_invalid',
  },
  {
    id: 'F-41',
    name: 'content that is null, and no usage',
    reply: json({
      ...answer,
      choices: [{ index: 0, message: { role: 'assistant', content: null }, finish_reason: 'stop' }],
    }),
    json: whole,
    calls: 1,
  },
  {
    id: 'F-42',
    name: 'usage that cannot be',
    reply: {
      raw: {
        body: text.replace(
          /}$/,
          ',"usage":{"prompt_tokens":-1,"completion_tokens":1e309,"total_tokens":"many"}}',
        ),
      },
    },
    json: whole,
    calls: 1,
  },
  {
    id: 'F-43',
    name: 'JSON a hundred thousand levels deep',
    reply: {
      raw: { body: text.replace(/}$/, `,"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`) },
    },
    route: once,
    json: '502 upstream_invalid',
  },
  {
    id: 'F-43',
    name: 'half a surrogate, and NUL',
    reply: { raw: { body: text.replace('"hi"', '"\\ud83d\\u0000"') } },
    json: whole,
    calls: 1,
  },

  {
    id: 'F-44',
    name: 'one byte at a time',
    reply: { answer: { text: ['Grü', 'ße'] }, writeSizes: 1 },
    stream: whole,
    calls: 1,
  },
  {
    id: 'F-45',
    name: 'characters cut in two',
    reply: { answer: { text: ['Grü', 'ße, 世界'] }, splitUtf8: true },
    stream: whole,
    calls: 1,
  },
  {
    id: 'F-46',
    name: 'comments between the events',
    reply: { answer: { text: ['a', 'b'] }, comments: true },
    stream: whole,
    calls: 1,
  },
  {
    id: 'F-46',
    name: 'CRLF, a byte-order mark, `retry:` and empty events',
    reply: {
      raw: {
        headers: events,
        body: `\uFEFFretry: 5\r\n\r\n${delta('a').replaceAll('\n', '\r\n')}\r\n${delta('', 'stop').replaceAll('\n', '\r\n')}data: [DONE]\r\n\r\n`,
      },
    },
    stream: whole,
    calls: 1,
  },
  {
    id: 'F-47',
    name: 'an event that is no JSON',
    reply: { raw: { headers: events, body: `${delta('a')}data: {\n\n` } },
    stream: '200, then upstream_invalid',
    calls: 1,
  },
  {
    id: 'F-48',
    name: 'an error before the first content',
    reply: { errorEventAfter: 0, status: 503, errorCode: 'overloaded' },
    route: once,
    stream: '503 provider_overloaded',
  },
  {
    id: 'F-49',
    name: 'an error after content',
    reply: {
      answer: { text: ['a', 'b', 'c'] },
      errorEventAfter: 3,
      status: 503,
      errorCode: 'overloaded',
    },
    stream: '200, then provider_overloaded',
    calls: 1,
  },
  {
    id: 'F-50',
    name: 'an end without a finish',
    reply: { answer: { text: ['a', 'b'] }, withoutFinish: true },
    stream: '200, then upstream_truncated',
    calls: 1,
  },
  {
    id: 'F-50',
    name: 'a finish without [DONE]',
    reply: { answer: { text: ['a', 'b'] }, withoutDone: true },
    stream: whole,
    calls: 1,
  },
  {
    id: 'F-51',
    name: 'a reset in the middle',
    reply: { answer: { text: ['a', 'b', 'c'] }, cutAfterEvents: 2, cutBy: 'rst' },
    stream: '200, then upstream_truncated',
    calls: 1,
  },
  {
    id: 'F-51',
    name: 'a close in the middle',
    reply: { answer: { text: ['a', 'b', 'c'] }, cutAfterEvents: 2, cutBy: 'fin' },
    stream: '200, then upstream_truncated',
    calls: 1,
  },
  {
    id: 'F-52',
    name: 'silence in the middle',
    reply: { answer: { text: ['a', 'b', 'c'] }, hangAfterEvents: 2 },
    route: { idleTimeout: '80ms' },
    stream: '200, then idle_timeout',
    calls: 1,
  },
  {
    id: 'F-53',
    name: 'a slow stream',
    reply: { answer: { text: ['a', 'b', 'c'] }, pauseBetweenEventsMs: 5 },
    stream: whole,
    calls: 1,
  },
  {
    id: 'F-54',
    name: 'one event without an end',
    reply: { raw: { headers: events, body: endless(`data: ${'a'.repeat(65_536)}`) } },
    gateway: { eventLimit: '256KiB' },
    route: once,
    stream: '502 upstream_invalid',
  },
  {
    id: 'F-54',
    name: 'one event without an end, after content',
    reply: { raw: { headers: events, body: endless('a'.repeat(65_536), delta('a')) } },
    gateway: { eventLimit: '256KiB' },
    stream: '200, then upstream_invalid',
    calls: 1,
  },
]

/** Faults whose test is another one: where it stands, and words of its name. */
export const elsewhere: readonly {
  readonly id: string
  readonly name: string
  readonly test: string
  readonly words: string
  readonly seen: string
}[] = [
  {
    id: 'F-20',
    name: 'the name of the provider does not resolve',
    test: 'packages/core/src/dispatch/name-lookup.test.ts',
    words: 'that does not resolve makes the provider unreachable',
    seen: '502 provider_unreachable',
  },
  {
    id: 'F-21',
    name: 'its name is looked for without an end',
    test: 'packages/core/src/dispatch/name-lookup.test.ts',
    words: 'that is looked for without an end meets the connect timeout',
    seen: '504 connect_timeout',
  },
  {
    id: 'F-28',
    name: 'its IPv6 address is dead, its IPv4 address is not',
    test: 'packages/core/src/dispatch/name-lookup.test.ts',
    words: 'with an IPv6 address that is dead is reached by its IPv4 address',
    seen: '200 whole',
  },
  {
    id: 'F-55',
    name: 'the client leaves before the headers',
    test: 'test/client-leaves.test.ts',
    words: 'before the first byte',
    seen: 'the call ends, one record',
  },
  {
    id: 'F-56',
    name: 'the client leaves in the middle of a stream',
    test: 'test/client-leaves.test.ts',
    words: 'in the middle of a stream',
    seen: 'the call ends, one record with estimated usage',
  },
  {
    id: 'F-57',
    name: 'the client leaves, the provider charges for the rest',
    test: 'test/continued-streams.test.ts',
    words: 'a provider that charges for unread output',
    seen: 'with the quirk `billsAfterDisconnect`: it is read to its end for its usage',
  },
  {
    id: 'F-59',
    name: 'the client reads nothing',
    test: 'packages/core/src/dispatch/heartbeat.test.ts',
    words: 'is given up after the idle timeout',
    seen: 'its connection is closed after a minute',
  },
  {
    id: 'F-60',
    name: 'the client ends its side and reads on',
    test: 'test/client-leaves.test.ts',
    words: 'by ending its side of the connection, as HTTP servers of Node take it',
    seen: "taken for one that leaves, by Node's HTTP server",
  },
  {
    id: 'F-58',
    name: '200 clients leave large streams at once',
    test: 'bench/src/resilience/resilience.ts',
    words: '200 clients leave',
    seen: 'the event loop stays in time',
  },
  {
    id: 'F-61',
    name: 'Redis is not there at start',
    test: 'test/store-faults.test.ts',
    words:
      'at start: it starts, every process counts for itself, budgets are closed, and all of that is said once',
    seen: 'it starts; limits are local, budgets closed',
  },
  {
    id: 'F-62',
    name: 'Redis dies',
    test: 'test/store-faults.test.ts',
    words: 'is cut off',
    seen: 'no request fails for it',
  },
  {
    id: 'F-63',
    name: 'Redis comes back',
    test: 'test/store-faults.test.ts',
    words: 'and %s: no request fails for it, and it counts again when it is back',
    seen: 'it counts again within a second',
  },
  {
    id: 'F-64',
    name: 'Redis hangs',
    test: 'packages/core/src/storage/guarded-limit-store.test.ts',
    words: 'a store that hangs',
    seen: '50 ms for five calls, then none waits',
  },
  {
    id: 'F-65',
    name: 'Redis takes 200 ms',
    test: 'test/store-faults.test.ts',
    words: 'takes 200 ms for each answer',
    seen: 'as if it hung',
  },
  {
    id: 'F-66',
    name: 'Redis flaps',
    test: 'test/store-faults.test.ts',
    words: 'and flaps: at most two lines for each time',
    seen: 'a line for each change',
  },
  {
    id: 'F-67',
    name: 'Redis asks for a password',
    test: 'test/store-faults.test.ts',
    words: 'asks for a password',
    seen: 'as if it were away',
  },
  {
    id: 'F-68',
    name: 'Redis is read-only',
    test: 'test/store-faults.test.ts',
    words: 'is read-only after a failover',
    seen: 'as if it were away',
  },
  {
    id: 'F-69',
    name: 'Redis has no memory left',
    test: 'test/store-faults.test.ts',
    words: 'has no memory left',
    seen: 'as if it were away',
  },
  {
    id: 'F-70',
    name: 'a cluster that is down',
    test: 'test/store-faults.test.ts',
    words: 'a cluster',
    seen: 'as if it were away',
  },
  {
    id: 'F-71',
    name: 'keys of several slots',
    test: 'test/limit-stores.test.ts',
    words: 'keeps every key under its prefix, in one slot, with an end',
    seen: 'all are in one',
  },
  {
    id: 'F-72',
    name: 'Redis has forgotten the scripts',
    test: 'test/limit-stores.test.ts',
    words: 'does without scripts that are known, and knows them again',
    seen: 'they are sent again',
  },
  {
    id: 'F-73',
    name: 'Redis is emptied',
    test: 'test/store-faults.test.ts',
    words: 'and is emptied: everything resets, and nothing gets a credit',
    seen: 'counters reset, without credits',
  },
  {
    id: 'F-74',
    name: 'a failover loses the last writes',
    test: 'packages/testing/src/conformance/limit-store.ts',
    words: 'is lost counts what it cost',
    seen: 'what is settled afterwards counts what it cost',
  },
  {
    id: 'F-75',
    name: 'something else under our keys',
    test: 'test/store-faults.test.ts',
    words: 'and holds something else under our keys: it is logged, and fail modes hold',
    seen: 'as if it were away, and said',
  },
  {
    id: 'F-76',
    name: 'two applications on one Redis',
    test: 'test/limit-stores.test.ts',
    words: 'keeps every key under its prefix, in one slot, with an end',
    seen: 'each has its prefix',
  },
  {
    id: 'F-77',
    name: 'two instances race for one budget',
    test: 'test/instances.test.ts',
    words: 'a hundred requests at once against room for ten',
    seen: 'no more get in than there is room for',
  },
  {
    id: 'F-78',
    name: 'four processes at once, Redis in trouble',
    test: 'test/limit-store-history.test.ts',
    words: 'what several processes do to one limit store, checked against what it holds',
    seen: 'every counter adds up',
  },
  {
    id: 'F-79',
    name: 'the host is killed during streams',
    test: 'test/instance-ends.test.ts',
    words: 'an instance that ends without a word, %s',
    seen: 'places come free, reservations are given back down to their input',
  },
  {
    id: 'F-80',
    name: 'a shutdown with 200 streams',
    test: 'test/instances.test.ts',
    words: 'give back what they hold when they are closed with streams under way',
    seen: 'all is given back',
  },
  {
    id: 'F-81',
    name: 'a key is taken out during a stream',
    test: 'test/reload.test.ts',
    words: 'takes a key out, and lowers a limit, for the next request, and leaves streams alone',
    seen: 'refused at once; the stream ends as it would',
  },
  {
    id: 'F-82',
    name: 'a limit is lowered',
    test: 'test/reload.test.ts',
    words: 'takes a key out, and lowers a limit, for the next request, and leaves streams alone',
    seen: 'it holds for the next request',
  },
  {
    id: 'F-83',
    name: 'clocks that differ; daylight saving; ends of months',
    test: 'packages/testing/src/conformance/limit-store.ts',
    words: 'a period that is not the present one',
    seen: 'the clock of the store decides',
  },
  {
    id: 'F-84',
    name: 'a hundred thousand keys',
    test: 'bench/src/admission.ts',
    words: '100,000 keys',
    seen: 'found in about a microsecond',
  },
  {
    id: 'F-85',
    name: 'a broken configuration on reload',
    test: 'test/identity-and-config.test.ts',
    words: 'keeping the last valid one',
    seen: 'the last valid one stays in force',
  },
  {
    id: 'F-86',
    name: 'a broken configuration at start',
    test: 'test/identity-and-config.test.ts',
    words: 'that is wrong or missing does not start',
    seen: 'it does not start, and says where and how to mend it',
  },
  {
    id: 'F-87',
    name: 'a hundred reloads under load',
    test: 'test/reload.test.ts',
    words:
      'fails no request while its configuration is reloaded a hundred times, every third time with a mistake',
    seen: 'no request fails',
  },
  {
    id: 'F-92',
    name: "the host's body parser ran first",
    test: 'test/host-parser.test.ts',
    words: 'parser',
    seen: '200 whole',
  },
  {
    id: 'F-93',
    name: 'request bodies that lie about themselves',
    test: 'test/bad-input.test.ts',
    words: 'body',
    seen: '400 or 413, or a clean close',
  },
  {
    id: 'F-94',
    name: 'a callback of the host throws',
    test: 'test/target-health.test.ts',
    words: 'a switch that breaks',
    seen: 'as if it had not been called',
  },
  {
    id: 'F-95',
    name: 'the event loop was held',
    test: 'packages/core/src/dispatch/cancellation.test.ts',
    words: 'held',
    seen: 'no provider is blamed for it',
  },
  {
    id: 'F-96',
    name: 'no file descriptors, or hardly any memory',
    test: 'test/starved-host.test.ts',
    words: 'a host that has too little',
    seen: 'what cannot be connected is refused; it serves on',
  },
]
