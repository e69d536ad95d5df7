import type {
  BuiltRequest,
  JsonObject,
  Observation,
  StreamRelay,
  Translation,
} from '../dialects/index.ts'
import { GatewayError, redacted, withDetails } from '../errors.ts'
import { ACCEPT_ENCODING } from '../http/index.ts'
import { parseOutside } from '../json/parse.ts'
import { ANSWER_LIMITS } from '../json/scan.ts'
import { jsonText } from '../json/stringify.ts'
import type { Target } from '../routing/index.ts'
import type { FirstContentBy } from './answer-stream-options.ts'
import { AnswerStream } from './answer-stream.ts'
import type { Attempt, UpstreamResponse } from './attempt-options.ts'
import { noteContent } from './attempt-usage.ts'
import { retryAfterMs } from './backoff.ts'
import { isEvents, lookAtBody, withHead } from './body-label.ts'
import type { Cancellation } from './cancellation.ts'
import { describeCause, transportError } from './classify.ts'
import { decodedCall } from './decoded-call.ts'
import type { ResponseHead, UpstreamCall, UpstreamRequest } from './transport.ts'
import { untilContent } from './until-content.ts'
import { boundWithoutClient, finishesWithoutClient } from './without-client.ts'

/** An answer that needs no call is as good as any, and leaves no attempt. */
export function answered(target: Target, body: JsonObject): UpstreamResponse {
  return {
    target,
    dropped: [],
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    observation: { usage: undefined, finishes: [] },
    status: 200,
    isLocal: true,
  }
}

/**
 * Calls the target and waits for its commit point: the whole answer, or the first content of a
 * stream.
 */
export async function attempt(options: Attempt): Promise<UpstreamResponse> {
  const { target, cancellation, limits } = options
  const built = options.translation.buildRequest()
  let call: UpstreamCall | undefined
  let response: ResponseHead | undefined
  let isSent = false
  let firstContentBy: FirstContentBy | undefined
  let forget: (() => void) | undefined
  try {
    const outgoing = outgoingRequest(options, built)
    const ready = outgoing instanceof Promise ? await prepared(outgoing, cancellation) : outgoing
    cancellation.startPhase('connect_timeout', limits.connectTimeoutMs)
    const sent = options.deps.transport.send({
      ...ready,
      onConnected: () => {
        isSent = true
        options.progress.sentAt ??= options.deps.clock.monotonic()
        firstContentBy = startAnswerClock(options, built)
      },
    })
    call = sent
    cancellation.wait((error) => {
      if (
        isSent &&
        error.code === 'client_closed' &&
        finishesWithoutClient(target.provider, limits)
      )
        forget = boundWithoutClient({ call: sent, cancellation, clock: options.deps.clock }, error)
      else sent.abort(error)
    })
    response = await call.response
    options.onHeaders(response.headers)
    call = decodedCall(call, response, limits.answerLimitBytes)
    const { lost = [], ...answer } =
      response.status < 200 || response.status > 299
        ? await readRefusal(call, response, options)
        : await readAnswer(call, { response, firstContentBy }, options)
    return {
      target,
      dropped: lost.length === 0 ? built.dropped : [...built.dropped, ...lost],
      status: response.status,
      headers: clientHeaders(options, response),
      ...answer,
    }
  } catch (error) {
    const failure = failureOf(error, options, { isSent, response })
    call?.abort(failure)
    throw failure
  } finally {
    cancellation.endPhase()
    forget?.()
  }
}

/** The failure of an attempt, without secrets of its provider. */
function failureOf(
  error: unknown,
  { target: { provider } }: Attempt,
  { isSent, response }: { readonly isSent: boolean; readonly response: ResponseHead | undefined },
): GatewayError {
  const known = transportError(error, { answered: response !== undefined })
  const { cause } = known.details
  return withDetails(
    redacted(known, (text) => provider.redact(text)),
    {
      // Written to the log: a parser's complaint quotes the text it read.
      ...(cause !== undefined && { cause: provider.redact(describeCause(cause)) }),
      provider: provider.name,
      sent: isSent,
      ...(response === undefined ? {} : { upstreamStatus: response.status }),
    },
  )
}

/**
 * Times what the target owes: the first content of a stream, or the whole answer. An upload can be
 * sent only once and may take as long as the request.
 */
function startAnswerClock(
  { translation, cancellation, limits, deps, attemptTimeoutMs }: Attempt,
  { body }: BuiltRequest,
): FirstContentBy | undefined {
  const isStreamed = translation.answer === 'events'
  const limitMs = isStreamed ? limits.ttftTimeoutMs : attemptTimeoutMs
  if (limitMs === undefined || isStream(body)) {
    cancellation.endPhase()
    return undefined
  }
  cancellation.startPhase(isStreamed ? 'first_token_timeout' : 'attempt_timeout', limitMs)
  return isStreamed ? { at: deps.clock.monotonic() + limitMs, limitMs } : undefined
}

type Outgoing = Omit<UpstreamRequest, 'onConnected'>

function outgoingRequest(options: Attempt, built: BuiltRequest): Outgoing | Promise<Outgoing> {
  const { provider } = options.target
  const request = {
    method: built.method ?? 'POST',
    path: provider.basePath + built.path,
    headers: {
      'user-agent': USER_AGENT,
      ...(built.body === undefined ? {} : JSON_TYPE),
      accept: options.translation.accept,
      'accept-encoding': ACCEPT_ENCODING,
      ...options.traceHeaders,
      ...provider.headers(),
      ...built.headers,
    },
  }
  const body = bodyOf(built.body, options)
  return body instanceof Promise
    ? body.then((bytes) => addressed(options, { ...request, body: bytes }))
    : addressed(options, { ...request, body })
}

/** With the address, and signed where the provider wants that. */
function addressed(
  { target: { provider, model }, translation }: Attempt,
  request: Omit<Outgoing, 'origin'>,
): Outgoing | Promise<Outgoing> {
  const { origin } = provider
  if (provider.prepare === undefined) return { origin, ...request }
  const ready = provider.prepare({ ...request, model, stream: translation.answer === 'events' })
  return ready instanceof Promise
    ? ready.then((finished) => ({ origin, ...finished }))
    : { origin, ...ready }
}

/** Waits for credentials that come from elsewhere, no longer than anything else. */
async function prepared(
  outgoing: Promise<Outgoing>,
  cancellation: Cancellation,
): Promise<Outgoing> {
  return new Promise((resolve, reject) => {
    cancellation.wait(reject)
    outgoing.then(resolve, reject)
  })
}

/** A promise for a large body. */
function bodyOf(
  body: BuiltRequest['body'],
  { upload, deps }: Attempt,
): Outgoing['body'] | Promise<Uint8Array> {
  if (body === undefined || body instanceof Uint8Array) return body
  return isStream(body) ? sentOnce(body, upload) : jsonText(body, deps.turns)
}

function isStream(body: BuiltRequest['body']): body is AsyncIterable<Uint8Array> {
  return body !== undefined && Symbol.asyncIterator in body
}

async function* sentOnce(
  body: AsyncIterable<Uint8Array>,
  upload: Attempt['upload'],
): AsyncGenerator<Uint8Array, undefined> {
  upload.isSpent = true
  yield* body
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** Headers that describe a body which passes as it is. */
const DESCRIPTIONS = [
  'content-type',
  'content-disposition',
  'content-language',
  'etag',
  'last-modified',
]

/** Headers that clients read with the provider's own refusals. */
const RETRY_ADVICE = ['retry-after', 'retry-after-ms', 'x-should-retry']

function clientHeaders(
  { translation, target: { provider } }: Attempt,
  response: ResponseHead,
): Record<string, string> {
  const { contentType } = translation
  const kind = kindOf(translation, response)
  if (kind !== 'bytes')
    return {
      'content-type':
        contentType ??
        (kind === 'events' ? 'text/event-stream; charset=utf-8' : 'application/json'),
    }
  const headers: Record<string, string> = { ...INERT }
  for (const name of translation.relaysRefusals
    ? [...DESCRIPTIONS, ...RETRY_ADVICE]
    : DESCRIPTIONS) {
    const value = response.headers[name]
    if (typeof value === 'string') headers[name] = provider.redact(value)
  }
  return contentType === undefined ? headers : { ...headers, 'content-type': contentType }
}

/**
 * Bytes of a provider come from the host's own origin: a browser must neither guess their type nor
 * run them.
 */
const INERT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
}

function kindOf(translation: Translation, response: ResponseHead): 'json' | 'events' | 'bytes' {
  if (translation.answer !== 'any') return translation.answer
  const type = contentTypeOf(response)
  if (type.startsWith('application/json')) return 'json'
  return type.startsWith('text/event-stream') ? 'events' : 'bytes'
}

function contentTypeOf(response: ResponseHead): string {
  return String(response.headers['content-type'] ?? '').toLowerCase()
}

/** Some hosts refuse calls that do not say who makes them. */
const USER_AGENT = 'postern'

const MAX_ERROR_BODY_BYTES = 64 * 1024

/** It is searched for our keys as a whole. */
const MAX_RELAYED_REFUSAL_BYTES = 256 * 1024

async function readError(
  call: UpstreamCall,
  response: ResponseHead,
  options: Attempt,
): Promise<GatewayError> {
  const { provider, model } = options.target
  const body = await call.collect(MAX_ERROR_BODY_BYTES).then(
    // Before a dialect decodes, joins or cuts its texts: half a key is found by nothing.
    (bytes) => provider.redact(Buffer.from(bytes).toString('utf8')),
    // The status alone is enough to act on.
    () => '',
  )
  const error = options.translation.readError({
    status: response.status,
    headers: response.headers,
    body,
    provider: provider.name,
    model,
  })
  const wait = retryAfterMs(response.headers, options.deps.clock.now())
  return wait === undefined ? error : withDetails(error, { retryAfterMs: wait })
}

/** How a target has begun to answer. */
interface Beginning {
  readonly response: ResponseHead
  readonly firstContentBy: FirstContentBy | undefined
}

/** `lost`: what of the answer the client's dialect has no place for. */
type Answer = Pick<UpstreamResponse, 'body' | 'observation' | 'refusal'> & {
  readonly lost?: readonly string[] | undefined
}

/** Statuses that have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

const NOTHING: Observation = Object.freeze({ usage: undefined, finishes: [] })

/**
 * A provider's refusal is an error, unless the client is to see it as it came. One of our own
 * credentials always is.
 */
async function readRefusal(
  call: UpstreamCall,
  response: ResponseHead,
  options: Attempt,
): Promise<Answer> {
  if (!options.translation.relaysRefusals || response.status > 599)
    throw await readError(call, response, options)
  const { provider, model } = options.target
  const body = provider.redact(
    Buffer.from(await call.collect(MAX_RELAYED_REFUSAL_BYTES)).toString('latin1'),
  )
  const text = Buffer.from(body.slice(0, MAX_ERROR_BODY_BYTES), 'latin1').toString('utf8')
  const refusal = options.translation.readError({
    status: response.status,
    headers: response.headers,
    body: text,
    provider: provider.name,
    model,
  })
  if (refusal.code === 'provider_credentials') throw refusal
  return {
    body: BODILESS.has(response.status) ? null : Buffer.from(body, 'latin1'),
    observation: NOTHING,
    refusal,
  }
}

function readAnswer(call: UpstreamCall, beginning: Beginning, options: Attempt): Promise<Answer> {
  const { response } = beginning
  const { answer } = options.translation
  if (answer === 'json' || kindOf(options.translation, response) === 'json')
    return readWhole(call, options)
  // A client that requested events must get some; only forwarded bodies may be empty.
  return answer !== 'events' && BODILESS.has(response.status)
    ? readNothing(call, options)
    : openStream(call, beginning, options)
}

async function readNothing(call: UpstreamCall, options: Attempt): Promise<Answer> {
  await call.collect(options.limits.answerLimitBytes)
  return { body: null, observation: NOTHING }
}

async function readWhole(call: UpstreamCall, options: Attempt): Promise<Answer> {
  const { translation, limits } = options
  const bytes = await call.collect(limits.answerLimitBytes)
  const { kind, start } = lookAtBody(bytes)
  if (kind === 'events' && isEvents(bytes, start) && translation.mismatched !== undefined) {
    const answer = translation.mismatched.collectEvents(bytes)
    return { body: answer.body, observation: answer, lost: answer.dropped }
  }
  const json = start === 0 ? bytes : bytes.subarray(start)
  const parsed = parseAnswer(json, options)
  const answer = translation.readAnswer(parsed instanceof Promise ? await parsed : parsed, json)
  return { body: answer.body, observation: answer, lost: answer.dropped }
}

/** A promise for a large answer. */
function parseAnswer(
  bytes: Uint8Array,
  { target: { provider }, deps }: Attempt,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const failed = (cause: unknown): never => {
    throw unreadable(provider.name, cause)
  }
  let value: unknown
  try {
    value = parseOutside(bytes, ANSWER_LIMITS, deps.turns)
  } catch (cause) {
    return failed(cause)
  }
  if (value instanceof Promise) return value.catch(failed)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new GatewayError(
    'upstream_invalid',
    `${provider.name} answered with JSON that is not an object.`,
  )
}

function unreadable(provider: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError)
    return new GatewayError(
      'upstream_invalid',
      `${provider} answered with more than can be read. ${cause.message}`,
      { cause },
    )
  return new GatewayError(
    'upstream_invalid',
    `${provider} answered with something that is not JSON.`,
    { cause },
  )
}

/**
 * The body decides how it is read, whatever its label says: compatible servers send events labelled
 * JSON and the reverse.
 */
async function openRelay(
  call: UpstreamCall,
  type: string,
  options: Attempt,
): Promise<{ call: UpstreamCall; relay: StreamRelay }> {
  const { translation, target } = options
  if (translation.answer !== 'events' || translation.accept !== 'text/event-stream')
    return { call, relay: translation.openStream(type) }
  const isLabelledJson = type.includes('json')
  let head: Uint8Array = new Uint8Array()
  for (;;) {
    const chunk = await call.read()
    if (chunk !== undefined && chunk.length > 0)
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    const { kind } = lookAtBody(head)
    if (kind === 'json') {
      const { mismatched } = translation
      if (mismatched === undefined) {
        // An error in a 200 is thrown by reading it.
        await readWhole(withHead(call, head), options)
        throw new GatewayError(
          'upstream_invalid',
          `${target.provider.name} answered a streaming request with a whole answer.`,
        )
      }
      return { call: withHead(call, head), relay: mismatched.openWhole() }
    }
    // Comments come before events more often than before JSON, and show a waiting client that there
    // is a stream.
    if (
      kind === 'events' ||
      chunk === undefined ||
      (head.length > 0 && !isLabelledJson) ||
      head.length > MAX_ERROR_BODY_BYTES
    ) {
      return {
        call: head.length === 0 ? call : withHead(call, head),
        relay: translation.openStream(type),
      }
    }
  }
}

async function openStream(
  answering: UpstreamCall,
  { response, firstContentBy }: Beginning,
  options: Attempt,
): Promise<Answer> {
  const type = contentTypeOf(response)
  const { call, relay } = await openRelay(answering, type, options)
  const { onBreak } = options
  const first = await untilContent(call, relay, options)
  noteContent(options.progress, relay, options.deps.clock.monotonic())
  const stream = new AnswerStream({
    call,
    relay,
    first,
    cancellation: options.cancellation,
    clock: options.deps.clock,
    firstContentBy,
    heartbeat: options.translation.heartbeat,
    idleTimeoutMs: options.limits.idleTimeoutMs,
    // Forwarded bytes are not held in memory, so they need no limit.
    answerLimitBytes:
      kindOf(options.translation, response) === 'bytes'
        ? Number.POSITIVE_INFINITY
        : options.limits.answerLimitBytes,
    provider: options.target.provider,
    finishesWithoutClient: finishesWithoutClient(options.target.provider, options.limits),
    streamBudget: options.streamBudget,
    progress: options.progress,
    onBreak: onBreak && ((failure) => onBreak(relay, failure)),
    onFinish: options.onStreamEnd,
  })
  return { body: stream, observation: relay }
}
