import { resolveAnswer } from './answer.ts'
import type { FakeDialect, RenderContext, RenderedEvent, Transport } from './dialects/dialect.ts'
import { applyEventFaults } from './event-faults.ts'
import { splitMessages } from './event-stream.ts'
import { retryAfterHeaders, retryAfterMs } from './faults.ts'
import type { JsonObject } from './json.ts'
import { replayHeaders } from './recordings.ts'
import type { RawReply, ScriptedReply } from './script.ts'
import { splitEvents } from './sse-events.ts'

/** The bytes of one answer, decided before the first byte is sent. */
export interface WirePlan {
  readonly status: number
  readonly headers: Record<string, string>
  /** The body, event by event. */
  readonly pieces: Iterable<Piece>
  /** Maximum bytes of the body that are sent. */
  readonly byteLimit: number
  /** Effect after the last byte. */
  readonly ending: 'end' | 'hang' | 'fin' | 'rst'
}

export interface Piece {
  readonly bytes: Uint8Array
  /** A step of the answer begins here: a gate is passed before it. */
  readonly opensStep: boolean
}

/** Context in which a reply is planned. */
export interface PlanContext extends RenderContext {
  readonly dialect: FakeDialect
  readonly transport: Transport
  readonly requestId: string
}

/**
 * Decides everything about a reply except its timing. Throws `TypeError` for an answer the dialect
 * cannot say.
 */
export function planReply(reply: ScriptedReply, context: PlanContext): WirePlan {
  const content = contentOf(reply, context)
  const isBounded = reply.hangAfterEvents ?? reply.cutAfterEvents
  const pieces = isBounded === undefined ? content.pieces : take(content.pieces, isBounded)
  return {
    status: content.status,
    headers: {
      ...content.headers,
      ...retryAfterHeaders(reply.retryAfter),
      ...reply.headers,
      ...(reply.contentTypeLie === undefined ? {} : { 'content-type': reply.contentTypeLie }),
    },
    pieces: reply.emptyBody === true ? [] : pieces,
    byteLimit: reply.hangAfterBytes ?? reply.cutAfterBytes ?? Number.POSITIVE_INFINITY,
    ending: endingOf(reply),
  }
}

function endingOf(reply: ScriptedReply): WirePlan['ending'] {
  if (reply.hangAfterBytes !== undefined || reply.hangAfterEvents !== undefined) return 'hang'
  if (reply.cutAfterBytes !== undefined || reply.cutAfterEvents !== undefined)
    return reply.cutBy ?? 'fin'
  return 'end'
}

type Content = Pick<WirePlan, 'status' | 'headers' | 'pieces'>

function contentOf(reply: ScriptedReply, context: PlanContext): Content {
  const { dialect, requestId } = context
  const isError = reply.status !== undefined && reply.status >= 400
  if (reply.htmlErrorPage === true) return htmlPage(reply.status ?? 502)
  if (isError && reply.errorEventAfter === undefined)
    return errorAnswer(reply.status ?? 500, reply, context)
  if (reply.raw !== undefined) return rawContent(reply.raw)
  if (reply.replay !== undefined) {
    const { status, headers, body, isStream } = reply.replay
    return {
      status,
      headers: replayHeaders(headers),
      pieces: isStream
        ? steps(
            headers['content-type']?.includes('amazon.eventstream')
              ? splitMessages(body)
              : splitEvents(body),
          )
        : whole(body),
    }
  }
  const answer = resolveAnswer(reply.answer ?? { text: 'Hello from the fake provider.' })
  const facts = { ...errorFacts(reply, context), status: reply.status ?? dialect.streamErrorStatus }
  const status = isError ? 200 : (reply.status ?? 200)
  if (context.transport === 'json') {
    const json =
      reply.errorEventAfter === undefined
        ? dialect.renderAnswer(answer, context)
        : dialect.renderError(facts)
    return jsonContent(status, json, { reply, context })
  }
  const rendered = applyEventFaults(dialect.renderEvents(answer, context), reply, () =>
    dialect.renderErrorEvent(facts),
  )
  if (context.transport === 'json-array')
    return { status, headers: jsonHeaders(context), pieces: whole(jsonArray(rendered)) }
  const headers = {
    'content-type': dialect.streamType,
    'cache-control': 'no-cache',
    ...dialect.headers(requestId),
  }
  return {
    status,
    headers,
    pieces: rendered.map((event, index) =>
      toPiece(event, { before: rendered[index - 1], dialect }),
    ),
  }
}

function errorAnswer(status: number, reply: ScriptedReply, context: PlanContext): Content {
  const facts = { ...errorFacts(reply, context), status }
  const body = reply.errorBody ?? context.dialect.renderError(facts)
  const headers = { ...jsonHeaders(context), ...context.dialect.errorHeaders?.(facts) }
  return typeof body === 'string'
    ? { status, headers, pieces: whole(body) }
    : { ...jsonContent(status, body, { reply, context }), headers }
}

function errorFacts(reply: ScriptedReply, context: PlanContext) {
  return {
    message: reply.errorMessage,
    code: reply.errorCode,
    retryAfterMs: retryAfterMs(reply.retryAfter),
    requestId: context.requestId,
  }
}

function jsonContent(
  status: number,
  json: JsonObject,
  from: { reply: ScriptedReply; context: PlanContext },
): Content {
  const text = JSON.stringify(json)
  return {
    status,
    headers: jsonHeaders(from.context),
    pieces: whole(from.reply.malformedJson === true ? text.slice(0, text.length / 2) : text),
  }
}

function jsonHeaders({ dialect, requestId }: PlanContext): Record<string, string> {
  return { 'content-type': dialect.jsonType, ...dialect.headers(requestId) }
}

function htmlPage(status: number): Content {
  const page = `<!DOCTYPE html>\n<html><head><title>${status} Bad Gateway</title></head>\n<body><center><h1>${status} Bad Gateway</h1></center><hr><center>proxy</center></body></html>\n`
  return { status, headers: { 'content-type': 'text/html' }, pieces: whole(page) }
}

function rawContent({ status = 200, headers, body }: RawReply): Content {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array
  const type = { 'content-type': 'application/json', ...headers }
  if (!isWhole) return { status, headers: type, pieces: lazySteps(body) }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return {
    status,
    headers: type,
    pieces: type['content-type'].includes('event-stream')
      ? steps(splitEvents(bytes))
      : whole(bytes),
  }
}

/** Consecutive events up to a fragment of the answer are one step. */
function toPiece(
  event: RenderedEvent,
  at: { readonly before: RenderedEvent | undefined; readonly dialect: FakeDialect },
): Piece {
  const bytes = at.dialect.encodeEvent?.(event.text) ?? Buffer.from(event.text)
  return { bytes, opensStep: at.before === undefined || at.before.kind === 'content' }
}

function whole(body: string | Uint8Array): Piece[] {
  return [{ bytes: typeof body === 'string' ? Buffer.from(body) : body, opensStep: true }]
}

function steps(events: readonly Uint8Array[]): Piece[] {
  return events.map((bytes) => ({ bytes, opensStep: true }))
}

function* lazySteps(body: Iterable<string | Uint8Array>): Generator<Piece> {
  for (const item of body)
    yield { bytes: typeof item === 'string' ? Buffer.from(item) : item, opensStep: true }
}

function* take(pieces: Iterable<Piece>, count: number): Generator<Piece> {
  let left = count
  if (left <= 0) return
  for (const piece of pieces) {
    yield piece
    left -= 1
    if (left <= 0) return
  }
}

/** Gemini's stream without `alt=sse`: the same objects as one JSON array. */
function jsonArray(events: readonly RenderedEvent[]): string {
  return `[${events.map((event) => event.text.slice(event.text.indexOf('data: ') + 'data: '.length).trimEnd()).join(',\r\n')}]`
}
