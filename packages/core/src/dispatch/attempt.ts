import type { CallContext, ChatRequest, Dialect, Observation, RenderContext, StreamRelay } from '../dialects/index.ts'
import { translate, type Translation } from '../dialects/index.ts'
import { GatewayError, withDetails, withMessage } from '../errors.ts'
import type { PlanLimits, Target } from '../routing/index.ts'
import { AnswerStream } from './answer-stream.ts'
import { retryAfterMs } from './backoff.ts'
import type { Cancellation } from './cancellation.ts'
import { transportError } from './classify.ts'
import type { DispatchEnvironment } from './environment.ts'
import type { UpstreamCall, UpstreamResponse } from './transport.ts'

/** One call to one target. */
export interface Attempt {
  readonly target: Target
  readonly translation: Translation
  readonly stream: boolean
  readonly limits: PlanLimits
  readonly cancellation: Cancellation
  readonly environment: DispatchEnvironment
}

/** The target has answered: from here on nothing is tried again. */
export interface Committed {
  readonly target: Target
  readonly dropped: readonly string[]
  readonly body: Uint8Array | string | AnswerStream
  /** Live while a stream runs. */
  readonly observation: Observation
  /** HTTP status of the provider. */
  readonly status: number
}

export interface AttemptRequest {
  readonly from: Dialect
  readonly request: ChatRequest
  readonly render: RenderContext
  readonly newId: CallContext['newId']
  readonly maxEventBytes: number
}

/** How this client's request is said to this target. */
export function translationFor(target: Target, options: AttemptRequest): Translation {
  const call: CallContext = {
    provider: target.provider.name,
    model: target.model,
    stream: options.request.stream,
    quirks: target.provider.quirks,
    newId: options.newId,
  }
  const render = { ...options.render, model: target.model }
  return translate(options.from, target.dialect, { request: options.request, call, render, maxEventBytes: options.maxEventBytes })
}

/** Calls the target and waits for its commit point: the whole answer, or the first event of a stream. */
export async function attempt(options: Attempt): Promise<Committed> {
  const { target, cancellation, limits } = options
  const built = options.translation.buildRequest()
  cancellation.startPhase('connect_timeout', limits.connectTimeoutMs)
  const call = options.environment.transport.send({
    origin: target.provider.origin,
    method: 'POST',
    path: target.provider.basePath + built.path,
    headers: {
      'user-agent': USER_AGENT,
      'content-type': 'application/json',
      accept: options.stream ? 'text/event-stream' : 'application/json',
      ...target.provider.headers(),
      ...built.headers,
    },
    body: built.body instanceof Uint8Array ? built.body : JSON.stringify(built.body),
    // A whole answer may take as long as the request's deadline; only a stream owes us a first token.
    onConnected: () => (options.stream ? cancellation.startPhase('first_token_timeout', limits.ttftTimeoutMs) : cancellation.endPhase()),
  })
  cancellation.wait((error) => call.abort(error))
  let response: UpstreamResponse | undefined
  try {
    response = await call.response
    if (response.status < 200 || response.status > 299) throw await readError(call, response, options)
    const answer = options.stream ? await openStream(call, response, options) : await readWhole(call, options)
    return { target, dropped: built.dropped, status: response.status, ...answer }
  } catch (error) {
    const known = transportError(error, { answered: response !== undefined })
    const failure = withDetails(withMessage(known, target.provider.redact(known.message)), {
      provider: target.provider.name,
      ...(response === undefined ? {} : { upstreamStatus: response.status }),
    })
    call.abort(failure)
    throw failure
  } finally {
    cancellation.endPhase()
  }
}

/** Some hosts refuse calls that do not say who makes them. */
const USER_AGENT = 'postern'

const MAX_ERROR_BODY_BYTES = 64 * 1024

async function readError(call: UpstreamCall, response: UpstreamResponse, options: Attempt): Promise<GatewayError> {
  const { provider, model, dialect } = options.target
  const body = await call.collect(MAX_ERROR_BODY_BYTES).then(
    (bytes) => Buffer.from(bytes).toString('utf8'),
    // The status alone is enough to act on.
    () => '',
  )
  const error = dialect.client.readError({ status: response.status, headers: response.headers, body, provider: provider.name, model })
  const wait = retryAfterMs(response.headers, options.environment.clock.now())
  return wait === undefined ? error : withDetails(error, { retryAfterMs: wait })
}

async function readWhole(call: UpstreamCall, options: Attempt): Promise<Pick<Committed, 'body' | 'observation'>> {
  const bytes = await call.collect(options.limits.answerLimitBytes)
  const answer = options.translation.readAnswer(parseAnswer(bytes, options), bytes)
  return { body: answer.body, observation: answer }
}

const decoder = new TextDecoder()

function parseAnswer(bytes: Uint8Array, options: Attempt): Record<string, unknown> {
  const provider = options.target.provider.name
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw new GatewayError('upstream_invalid', `${provider} answered with something that is not JSON.`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new GatewayError('upstream_invalid', `${provider} answered with JSON that is not an object.`)
}

async function openStream(call: UpstreamCall, response: UpstreamResponse, options: Attempt): Promise<Pick<Committed, 'body' | 'observation'>> {
  if (String(response.headers['content-type']).includes('application/json')) {
    // Either an error in a 200, which reading it throws, or a whole answer nobody asked for.
    await readWhole(call, options)
    throw new GatewayError('upstream_invalid', `${options.target.provider.name} answered a streaming request with a whole answer.`)
  }
  const relay = options.translation.openStream()
  const first = await firstEvent(call, relay, options)
  const stream = new AnswerStream({
    call,
    relay,
    first,
    cancellation: options.cancellation,
    idleTimeoutMs: options.limits.idleTimeoutMs,
    answerLimitBytes: options.limits.answerLimitBytes,
    provider: options.target.provider,
  })
  return { body: stream, observation: relay }
}

/** Reads up to the first event: a stream that fails before it has failed as a whole, and nobody has seen it begin. */
async function firstEvent(call: UpstreamCall, relay: StreamRelay, options: Attempt): Promise<(Uint8Array | string)[]> {
  const output: (Uint8Array | string)[] = []
  while (relay.events === 0) {
    const chunk = await call.read()
    const bytes = chunk === undefined ? relay.flush() : relay.push(chunk)
    if (bytes !== undefined) output.push(bytes)
    if (relay.error !== undefined && relay.events === 0) throw relay.error
    if (chunk === undefined && relay.events === 0) {
      throw new GatewayError('upstream_truncated', `${options.target.provider.name} ended its stream before the first event.`)
    }
  }
  return output
}
