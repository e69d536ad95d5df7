import { GatewayError } from '../../errors.ts'
import type { Answer } from '../model/events.ts'
import type { Conversation, Part } from '../model/conversation.ts'
import type { BuiltRequest, CallContext, ErrorResponse } from '../model/call.ts'
import type { ChatRequest } from '../model/request.ts'
import type { ProviderSide, Dialect, ClientSide } from '../model/dialect.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { Relay, RelayedAnswer, StreamRelay } from '../model/relay.ts'
import type { RenderContext } from '../model/stream.ts'
import { CuttableRelay } from './shadow-translation.ts'
import { refuseOrDrop } from '../model/invalid.ts'
import { issuerFor, IssuerReader, withIssuer, withOwnProofs } from '../model/issuer.ts'
import { asObject, asText } from '../wire/json.ts'
import { MeteredRelay } from './metered-relay.ts'
import { type FrameSplitter, SseFrameSplitter } from '../wire/sse.ts'
import { withoutStorageFiles } from '../model/storage-files.ts'
import { fitTools, type ToolFit } from '../tool-fit/index.ts'
import { collectAnswer, wholeAnswerReader, WholeSplitter } from './whole-and-stream.ts'
import { type StreamSource, TranslatedStream } from './translated-stream.ts'

/**
 * Everything dispatch needs to make one call: the request to send and how to hand its answer to the
 * client.
 */
export interface Translation {
  /**
   * Answer of the target: one JSON document, a stream of events, bytes that pass as they
   * are (audio, files), or whichever of these the content type of its answer says.
   */
  readonly answer: 'json' | 'events' | 'bytes' | 'any'
  /**
   * Error answers pass as they are, whatever their status; only a refusal of our own credentials is
   * an error of the gateway.
   */
  readonly relaysRefusals?: boolean
  /** `accept` of the call. */
  readonly accept: string
  /** Content type the client gets; that of the provider when absent. */
  readonly contentType?: string
  /** Heartbeat of the client's stream. */
  readonly heartbeat?: string | undefined
  /**
   * Throws `GatewayError('unsupported_content', ..., { param })` for what the target cannot take.
   */
  buildRequest(): BuiltRequest
  /** For `json`. */
  readAnswer(body: JsonObject, bytes: Uint8Array): RelayedAnswer
  /**
   * For `events` and `bytes`. `contentType` is that of the provider's answer, when it names one.
   */
  openStream(contentType?: string): StreamRelay
  /**
   * Reads an answer of the kind that was not requested. Absent when such an answer is refused.
   */
  readonly mismatched?: MismatchedAnswer | undefined
  /** The error of a non-2xx answer. */
  readError(response: ErrorResponse): GatewayError
  /**
   * Set where the target needs several calls for the request: dispatch makes each of them, with
   * `json` answers, and `join` builds the client's answer when all have succeeded.
   */
  readonly several?: { readonly parts: readonly Translation[]; join(): RelayedAnswer }
}

/**
 * Some targets answer a streaming request with one JSON document, or any other with a stream of
 * events.
 */
export interface MismatchedAnswer {
  /** For `events`: the document as a stream. */
  openWhole(): StreamRelay
  /** For `json`: the events as one answer. */
  collectEvents(bytes: Uint8Array): RelayedAnswer
}

export interface TranslationOptions {
  readonly request: ChatRequest
  readonly call: CallContext
  readonly render: RenderContext
  /** Largest event a provider may send, in bytes. */
  readonly maxEventBytes: number
  /** Another target may have to continue the stream, so its content has to be parsed. */
  readonly isContinuable?: boolean | undefined
  /** A broken stream that this target continues. */
  readonly continues?: StreamRelay | undefined
  /** The gateway may have to end the stream itself. */
  readonly isCuttable?: boolean | undefined
  /** Its output is counted against limits. */
  readonly isMetered?: boolean | undefined
}

/**
 * How a request of the `from` dialect is served by a provider that speaks `to`: bytes are relayed
 * where both are the same, and go through the neutral model everywhere else.
 */
export function translate(from: Dialect, to: Dialect, options: TranslationOptions): Translation {
  const { request, call, isContinuable } = options
  const { relay } = to
  if (
    from === to &&
    relay !== undefined &&
    isContinuable !== true &&
    relay.needsTranslation?.(request, call) !== true
  )
    return new RelayTranslation(to, relay, options)
  return new ModelTranslation(from, to, options)
}

const NONE: readonly string[] = []

/**
 * Common base of both kinds. Made for every call: methods of a class cost nothing each time,
 * closures do.
 */
abstract class DialectTranslation implements Translation {
  readonly answer: 'json' | 'events'
  readonly accept: string
  readonly contentType: string
  readonly heartbeat: string | undefined
  protected readonly from: Dialect
  protected readonly to: Dialect
  protected readonly options: TranslationOptions

  constructor(from: Dialect, to: Dialect, options: TranslationOptions) {
    const { request } = options
    this.from = from
    this.to = to
    this.options = options
    this.answer = request.stream ? 'events' : 'json'
    this.accept = request.stream ? (to.providerSide.streamType ?? EVENT_STREAM) : 'application/json'
    this.contentType = request.stream
      ? (request.streamType ?? `${EVENT_STREAM}; charset=utf-8`)
      : 'application/json'
    // Only server-sent events have room for a heartbeat.
    this.heartbeat =
      request.stream && request.streamType === undefined ? from.clientSide?.heartbeat : undefined
  }

  abstract buildRequest(): BuiltRequest
  abstract readAnswer(body: JsonObject, bytes: Uint8Array): RelayedAnswer
  abstract openStream(): StreamRelay

  readError(response: ErrorResponse): GatewayError {
    return this.to.providerSide.readError(response)
  }

  /** The request as its tools were made fit for the target. */
  protected get fit(): ToolFit | undefined {
    return undefined
  }

  /** A mismatched answer is always translated. */
  get mismatched(): MismatchedAnswer | undefined {
    const { from, to, options, fit } = this
    const { providerSide } = to
    const { call, render, maxEventBytes } = options
    const { clientSide } = from
    // Other framings than server-sent events begin with bytes that look like neither.
    if (clientSide === undefined || providerSide.openSplitter !== undefined) return undefined
    return {
      openWhole: () =>
        openTranslated(
          from,
          {
            ...to,
            providerSide: {
              ...providerSide,
              openReader: () => wholeAnswerReader(providerSide, call),
              openSplitter: () => new WholeSplitter(maxEventBytes),
            },
          },
          { ...options, fit },
        ),
      collectEvents: (bytes) =>
        renderAnswer(collectAnswer(bytes, providerSide, call), {
          clientSide,
          providerSide,
          call,
          render,
          fit,
          issuer: issuerFor(to, call),
        }),
    }
  }
}

/** Same dialect on both sides: relays the bytes. */
class RelayTranslation extends DialectTranslation {
  readonly #relay: Relay

  constructor(dialect: Dialect, relay: Relay, options: TranslationOptions) {
    super(dialect, dialect, options)
    this.#relay = relay
  }

  buildRequest(): BuiltRequest {
    return this.#relay.buildRequest(this.options.request, this.options.call)
  }

  readAnswer(body: JsonObject, bytes: Uint8Array): RelayedAnswer {
    return this.#relay.readAnswer(body, bytes, this.options.call)
  }

  openStream(): StreamRelay {
    const { options, to } = this
    const stream = this.#relay.openStream(options.request, options)
    if (options.isCuttable === true)
      return stream.cut === undefined
        ? new CuttableRelay(stream, openTranslated(to, to, options))
        : stream
    return options.isMetered === true ? new MeteredRelay(stream, openSplitter(to, options)) : stream
  }
}

/** Different dialects: translates through the neutral model. */
class ModelTranslation extends DialectTranslation {
  readonly #clientSide: ClientSide
  readonly #issuer: string | undefined
  #fit: ToolFit | undefined

  constructor(from: Dialect, to: Dialect, options: TranslationOptions) {
    super(from, to, options)
    this.#clientSide = clientSideOf(from)
    this.#issuer = issuerFor(to, options.call)
  }

  protected override get fit(): ToolFit | undefined {
    return this.#fit
  }

  buildRequest(): BuiltRequest {
    const { request, call, continues } = this.options
    const { providerSide } = this.to
    const readable = withoutStorageFiles(
      request.conversation(),
      call,
      providerSide.storageSchemes === undefined
        ? NONE
        : (call.quirks.fileSchemes ?? providerSide.storageSchemes),
    )
    const asked = readable?.conversation ?? request.conversation()
    if (this.from !== this.to) refuseIndispensable(asked, call)
    const own = withOwnProofs(asked, this.#issuer)
    this.#fit = fitTools(own, providerSide.toolRules(call))
    const conversation = this.#fit?.conversation ?? own
    const built = providerSide.buildRequest(
      continues?.said === undefined ? conversation : continuing(conversation, continues.said),
      call,
    )
    const { unread } = conversation
    if (this.#fit === undefined && readable === undefined && unread === undefined) return built
    return {
      ...built,
      dropped: [
        ...(unread ?? NONE),
        ...(readable?.dropped ?? NONE),
        ...(this.#fit?.dropped ?? NONE),
        ...built.dropped,
      ],
    }
  }

  readAnswer(body: JsonObject): RelayedAnswer {
    const { call, render } = this.options
    const { providerSide } = this.to
    return renderAnswer(providerSide.readAnswer(body, call), {
      clientSide: this.#clientSide,
      providerSide,
      call,
      render,
      fit: this.#fit,
      issuer: this.#issuer,
    })
  }

  openStream(): StreamRelay {
    return openTranslated(this.from, this.to, { ...this.options, fit: this.#fit })
  }
}

function openSplitter(
  { providerSide }: Dialect,
  { maxEventBytes }: Pick<TranslationOptions, 'maxEventBytes'>,
): FrameSplitter {
  return providerSide.openSplitter?.(maxEventBytes) ?? new SseFrameSplitter(maxEventBytes)
}

function openTranslated(
  from: Dialect,
  to: Dialect,
  options: TranslationOptions & { readonly fit?: ToolFit | undefined },
): TranslatedStream {
  const { call, render, continues, isContinuable, isMetered, fit } = options
  const issuer = issuerFor(to, call)
  const own = to.providerSide.openReader(call)
  const reader = issuer === undefined ? own : new IssuerReader(own, issuer)
  const source: StreamSource = {
    reader: fit?.reader(reader) ?? reader,
    splitter: openSplitter(to, options),
  }
  if (!(continues instanceof TranslatedStream))
    return new TranslatedStream(source, clientSideOf(from).openRenderer(render), {
      keepsText: isContinuable === true,
      isMetered: isMetered === true,
    })
  continues.continueWith(source)
  return continues
}

/**
 * Throws for a part that only the client's own dialect understands and that may not be left out.
 */
function refuseIndispensable({ messages }: Conversation, call: CallContext): void {
  for (const { parts } of messages) {
    for (const part of parts) {
      if (part.type !== 'extension' || part.indispensable === undefined) continue
      refuseOrDrop(
        {
          ...call,
          dropUnsupported: call.dropUnsupported === true && part.indispensable.always !== true,
        },
        part.indispensable.param,
        `the item type ${asText(asObject(part.value)?.type) ?? 'unknown'}`,
      )
    }
  }
}

/** The conversation with the text that the broken stream has already sent. */
function continuing(conversation: Conversation, said: string): Conversation {
  return {
    ...conversation,
    messages: [
      ...conversation.messages,
      { role: 'assistant', parts: [{ type: 'text', text: said }] },
    ],
  }
}

const EVENT_STREAM = 'text/event-stream'

function clientSideOf(dialect: Dialect): ClientSide {
  if (dialect.clientSide === undefined)
    throw new TypeError(`Dialect ${dialect.name} has no side for clients.`)
  return dialect.clientSide
}

interface Sides {
  readonly clientSide: ClientSide
  readonly providerSide: ProviderSide
  readonly call: CallContext
  readonly render: RenderContext
  readonly fit: ToolFit | undefined
  readonly issuer: string | undefined
}

function renderAnswer(read: Answer, sides: Sides): RelayedAnswer {
  const restored = sides.fit?.restore(read) ?? read
  const answer = sides.issuer === undefined ? restored : withIssuer(restored, sides.issuer)
  if (answer.choices.length === 0)
    throw new GatewayError(
      'upstream_invalid',
      `${sides.call.provider} sent an answer without a single choice.`,
    )
  return {
    body: JSON.stringify(sides.clientSide.renderAnswer(answer, sides.render)),
    usage: answer.usage,
    finishes: answer.choices.map((choice) => choice.finish),
    dropped: lostParts(answer, sides.clientSide),
  }
}

/** Parts of the answer that the client's dialect has no place for, each kind once. */
function lostParts({ choices }: Answer, clientSide: ClientSide): string[] {
  const lost = new Set<string>()
  for (const { parts } of choices)
    for (const part of parts)
      if (!clientSide.holds(part)) lost.add(`answer.${nameOf(part)} (no place in this API)`)
  return [...lost]
}

/** The kind of a part; one that only its dialect knows is named as that dialect does. */
function nameOf(part: Part): string {
  if (part.type !== 'extension') return part.type
  const value = asObject(part.value)
  return typeof value?.type === 'string' ? value.type : (Object.keys(value ?? {})[0] ?? 'part')
}
