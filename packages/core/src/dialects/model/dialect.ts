import type { GatewayError } from '../../errors.ts'
import type { Conversation, Part } from './conversation.ts'
import type { EmbeddingFormat } from '../embeddings/index.ts'
import type { Answer, StreamEvent } from './events.ts'
import type { Finish } from './finish.ts'
import type { OutputBounds } from './output-bounds.ts'
import type { Powers } from './powers.ts'
import type { RerankFormat } from '../rerank/index.ts'
import type { FrameSplitter, SseFrame } from '../wire/sse.ts'
import type { NameRule } from '../tool-fit/index.ts'
import type { Usage } from './usage.ts'

/** A JSON object as it came off the wire. */
export type JsonObject = Record<string, unknown>

/**
 * A client's request, read as far as routing needs; the conversation is read only when somebody
 * asks for it.
 */
export interface ChatRequest {
  /** `model` as the client wrote it: a route, `provider/model`, or a bare model id. */
  readonly model: string
  readonly stream: boolean
  /** Content type of the stream the client wants, where it is not server-sent events. */
  readonly streamType?: string
  /** The client asked for the usage of a stream. */
  readonly includeUsage: boolean
  /** The request as it came. Never mutated. */
  readonly body: JsonObject
  /** The bytes `body` was parsed from; absent when the host's parser ran first. */
  readonly bytes: Uint8Array | undefined
  /**
   * Client headers that a provider of the same dialect gets as they are (`anthropic-beta`),
   * lower-case names.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Reads and validates the whole conversation; throws `GatewayError` with `param`. Computed once.
   */
  conversation(): Conversation
}

/** What a client sent, as the endpoint table and the edge hand it over. */
export interface ClientRequest {
  readonly body: JsonObject
  /** The bytes `body` was parsed from; absent when the host's parser ran first. */
  readonly bytes: Uint8Array | undefined
  /** Values of the path's named pieces, percent-decoded: `{ model: 'gemini-3-pro' }`. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** `name` in lower case. */
  header(name: string): string | undefined
}

/** What a caller may use. */
export interface UsableModels {
  readonly routes: readonly string[]
  /** `provider/model` */
  readonly models: readonly string[]
  /** Unix seconds. */
  readonly created: number
}

/**
 * The list of models in the words of a dialect. All clients ask at nearly the same paths; headers
 * tell them apart.
 */
export interface ModelList {
  isAskedBy(request: { readonly path: string; header(name: string): string | undefined }): boolean
  render(usable: UsableModels): JsonObject
  /** One entry of the list. */
  renderOne(id: string, created: number): JsonObject
}

/** How clients speak to us. */
export interface ServerSide {
  readonly modelList?: ModelList
  /** Where its requests bound their output. */
  readonly outputBounds: OutputBounds
  /**
   * Throws `GatewayError('invalid_request', ..., { param })` for a request no target could take.
   */
  parse(request: ClientRequest): ChatRequest
  renderAnswer(answer: Answer, context: RenderContext): JsonObject
  /**
   * Whether an answer of this dialect has a place for the part; what has none is named in
   * `x-postern-dropped`.
   */
  holds(part: Part): boolean
  openRenderer(context: RenderContext): StreamRenderer
  renderError(error: GatewayError, requestId: string): JsonObject
  /**
   * What a stream says while there is nothing to say, so that nobody on the way takes it for dead:
   * a whole event or comment.
   */
  readonly heartbeat?: string
  /** Headers of every answer, lower case; Anthropic's SDK reads `request-id`. */
  answerHeaders?(requestId: string): Readonly<Record<string, string>>
}

export interface RenderContext extends AnswerContext {
  /** What is answered: some dialects repeat it in the answer. */
  readonly request: ChatRequest
  /** Tokens of the input, roughly: for dialects that tell them before the provider does. */
  readonly estimateInput?: () => number
}

export interface AnswerContext {
  /** Id of the answer when the provider gave none. */
  readonly requestId: string
  /** Physical model, when the provider's answer does not name it. */
  readonly model: string
  /** Unix seconds. */
  readonly created: number
  /** Send the usage of a stream to the client. */
  readonly includeUsage: boolean
}

/** Turns events into the bytes of the client's stream. Stateful: one per answer. */
export interface StreamRenderer {
  /** SSE text of one event, `''` when it adds nothing. Never called with `error`. */
  event(event: StreamEvent): string
  /** What a complete stream ends with. */
  end(): string
  /**
   * What a broken stream ends with, whatever came before: an error event, and nothing that looks
   * like an end.
   */
  fail(error: GatewayError): string
}

/** What the tools of a request may be, for a provider to take them. */
export interface ToolRules {
  readonly names: NameRule
  /** Tools of free text are understood, or the dialect has its own way to offer them. */
  readonly customTools: boolean
}

/** How we speak to a provider of this dialect. */
export interface ClientSide {
  /**
   * Proofs of reasoning hold for the account that they were issued to, not for every account of the
   * provider.
   */
  readonly proofsAreOfAccount?: boolean
  /** Tools beyond these rules are made fit before `buildRequest`, and restored in the answer. */
  toolRules(call: Pick<CallContext, 'quirks' | 'model'>): ToolRules
  /**
   * Storage of a cloud that files may be in, unless the quirk `fileSchemes` says otherwise: `s3`.
   * Absent: none, and such files are refused before `buildRequest`.
   */
  readonly storageSchemes?: readonly string[]
  /**
   * Fields by which a provider's tool is known and sent on, whatever dialect the client speaks.
   * Absent: only its own clients can offer one.
   */
  readonly carriedTools?: ReadonlySet<string>
  /**
   * Throws `GatewayError('unsupported_content', ..., { param })` for a part the provider cannot
   * take.
   */
  buildRequest(conversation: Conversation, call: CallContext): BuiltRequest
  /**
   * Throws `GatewayError('upstream_invalid')` when the body is no answer, or the error the body
   * carries.
   */
  readAnswer(body: JsonObject, call: CallContext): Answer
  openReader(call: CallContext): StreamReader
  /** How the bytes of a stream are cut into frames; server-sent events unless given. */
  openSplitter?(maxEventBytes: number): FrameSplitter
  /** `accept` of a streaming request; `text/event-stream` unless given. */
  readonly streamType?: string
  /**
   * Where answers say what is left of a limit, and when there is more; `x-ratelimit-*` unless
   * given.
   */
  readonly limitHeaders?: readonly LimitHeaders[]
  /**
   * The error of a non-2xx answer. `body` may be JSON, HTML, or empty; it is already decoded and
   * bounded.
   */
  readError(response: ErrorResponse): GatewayError
}

/** Names of two headers, lower case: what is left, and when there is more. */
export type LimitHeaders = readonly [remaining: string, reset: string]

export interface CallContext {
  /** The provider's configured name, for messages. */
  readonly provider: string
  /**
   * Whose proofs these are, where several providers speak one dialect: `name`, with `#key` where
   * the key is another account. Absent for the first of them.
   */
  readonly issuer?: string | undefined
  /** The provider's own model id. */
  readonly model: string
  readonly stream: boolean
  /** What this provider does differently from its dialect; data of the catalogue. */
  readonly quirks: Quirks
  /**
   * The route allows leaving out parts and tools the target cannot take; otherwise they are
   * refused.
   */
  readonly dropUnsupported?: boolean
  /** Unix seconds of the call, for answers that do not say when they were made. */
  readonly created?: number
  /** A new unique id with this prefix; injected so that tests are deterministic. */
  newId(prefix: string): string
}

/**
 * Deviations of a service from the dialect it speaks. Absent means: as the dialect says. Shared
 * code asks for these, never for a provider's name.
 */
export interface Quirks {
  /**
   * Answers follow the dialect to the letter: bytes are forwarded unread where nothing needs a
   * look.
   */
  readonly exact?: boolean
  /**
   * A router to many models: signatures that other providers issued are understood by those behind
   * it.
   */
  readonly relaysSignatures?: boolean
  /** `stream_options` is refused. */
  readonly noStreamOptions?: boolean
  /** Choices end without a `finish_reason`; `[DONE]` alone says the stream is whole. */
  readonly noFinish?: boolean
  /**
   * Request field that bounds the output, where the dialect has two (`max_tokens` unless said
   * otherwise).
   */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** Request fields the service refuses; they are removed and reported. */
  readonly dropFields?: readonly string[]
  /** Request fields that go by another name. */
  readonly fieldNames?: Readonly<Record<string, string>>
  /**
   * Reasoning in the history is refused; with `exact` it always is, for the original API has no
   * field for it.
   */
  readonly refusesReasoning?: boolean
  /**
   * Form in which the service reads reasoning of earlier turns: a field of the message, or parts of
   * its content. Absent, reasoning goes back as `reasoning_content`, and a client's own fields stay
   * as they are.
   */
  readonly reasoningField?: ReasoningField
  /**
   * Models that read reasoning of earlier turns, as parts of their names; every other model refuses
   * it. @default all
   */
  readonly reasoningModels?: readonly string[]
  /**
   * Text that stands for reasoning that was not kept, where the service refuses a history without.
   */
  readonly reasoningFiller?: ReasoningFiller
  /** Role `developer` is understood; for every other service such messages are sent as `system`. */
  readonly developerRole?: boolean
  /**
   * Only one system message is taken, and only as the first: `true`, or parts of the names of
   * models this holds for.
   */
  readonly oneSystem?: boolean | readonly string[]
  /**
   * `merge`: neighbours of one role are joined. `bridge`: a short assistant message is put between
   * a tool's result and a user message.
   */
  readonly alternates?: 'merge' | 'bridge'
  /**
   * The only fields a message may have, beside `role` and `content`: `tool_calls`, or `tool:name`
   * for messages of one role.
   */
  readonly messageFields?: readonly string[]
  /** Roles of messages whose `content` must be a string. */
  readonly stringContent?: readonly ('system' | 'user' | 'assistant' | 'tool')[]
  /** `content` beside tool calls where there is no text: `null` unless given. */
  readonly contentWithCalls?: 'empty' | 'space'
  /**
   * Pictures and files may stand in the result of a tool; for every other service they follow in a
   * message of the user.
   */
  readonly toolMedia?: boolean
  /**
   * Tools of type `custom` are understood; for every other service they are offered as functions of
   * one string.
   */
  readonly customTools?: boolean
  /**
   * Names of tools, where they differ from the dialect's rule; longer ones are sent shortened and
   * restored in the answer.
   */
  readonly toolNames?: { readonly max?: number; readonly startsWithLetter?: boolean }
  /**
   * `complete`: every function has `parameters`. `same-strict`: all tools are strict or none is.
   */
  readonly toolSchema?: 'complete' | 'same-strict'
  /**
   * Whether the model can be made to call a tool: `never`, `not-named` (any tool, but none by
   * name), or only without thinking, with the fields that switch it off.
   */
  readonly forcedTools?: 'never' | 'not-named' | { readonly thinkingOff: JsonObject }
  /** Models whose function tools are served by another dialect that the provider speaks. */
  readonly toolsDialect?: ToolsDialect
  /** Ids of tool calls have nine letters and digits. */
  readonly shortToolIds?: boolean
  /** Longest id of a tool call, in characters; longer ones are sent as their digest. */
  readonly toolIdLength?: number
  /**
   * A last message of the assistant, to be continued, is refused unless it carries `prefix: true`.
   */
  readonly marksPrefill?: boolean
  /**
   * A last message of the assistant is gone on with, not answered: a stream that broke can be
   * continued here. With `marksPrefill` it always is.
   */
  readonly continuesTurn?: boolean
  /**
   * What requests can do beyond asking one model for what its tokens pay for: refused where a key
   * or a budget is held to that. Empty: nothing, so that all of it is let through. @default what
   * the catalogue says
   */
  readonly powers?: Powers
  /**
   * Goes on and charges after its client has left: its answers are read to their end, for a minute
   * at most, so that their usage is known.
   */
  readonly billsAfterDisconnect?: boolean
  /**
   * How much of its reasoning its models show: with `hidden`, an answer broken off costs its whole
   * reservation. @default what is known of the model by its name
   */
  readonly reasoning?: 'none' | 'shown' | 'hidden'
  /** Where its embeddings, otherwise modelled on OpenAI's, go by other names. */
  readonly embeddings?: EmbeddingQuirks
  /** Storage of a cloud that it reads files from: `gs`, `s3`. */
  readonly fileSchemes?: readonly string[]
  /** Embeddings are predictions (`:predict`), as in Google's cloud. */
  readonly predictsEmbeddings?: boolean
  /** Where its reranking goes by other names. */
  readonly rerank?: RerankQuirks
}

/**
 * `thinking_parts` and `reasoning_parts` are parts of a message's content, the others fields of the
 * message.
 */
export const reasoningFields = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_parts',
  'reasoning_parts',
] as const
export type ReasoningField = (typeof reasoningFields)[number]

export interface ReasoningFiller {
  /**
   * `calls`: messages that call tools. `tools`: those, and every message of the assistant when the
   * request offers tools.
   */
  readonly on: 'calls' | 'tools'
  /** May be empty. */
  readonly text: string
  /** Parts of the names of models this holds for. @default all */
  readonly models?: readonly string[]
}

export interface ToolsDialect {
  /** Name of the dialect: `openai-responses`. */
  readonly dialect: string
  /** How the names of these models begin: `gpt-5.6`. */
  readonly models: readonly string[]
  /**
   * Models of these that need it only when the request asks for reasoning; the others unless its
   * effort is `none`.
   */
  readonly onlyWithEffort?: readonly string[]
}

export interface EmbeddingQuirks {
  /** @default 'dimensions' */
  readonly dimensionsField?: string
  /** @default 'encoding_format' */
  readonly encodingField?: string
  /** Its word for each encoding; one it has no word for is not sent. @default the client's words */
  readonly encodings?: Readonly<Partial<Record<'float' | 'base64', string>>>
  /** @default 'input_type' */
  readonly inputTypeField?: string
  /** Its word for what vectors are for. @default the client's words */
  readonly inputTypes?: Readonly<
    Partial<Record<'query' | 'document' | 'classification' | 'clustering' | 'similarity', string>>
  >
  /** Sent unless the client says otherwise. */
  readonly fixed?: JsonObject
}

export interface RerankQuirks {
  /** How many results are wanted. @default 'top_n' */
  readonly topField?: string
  /** Sent unless the client says otherwise. */
  readonly fixed?: JsonObject
}

export interface BuiltRequest {
  /** `POST` unless said otherwise. */
  readonly method?: string
  /** Path below the provider's base URL, with query if any: `/v1/messages`. */
  readonly path: string
  /** An object is sent as JSON; a stream can be sent only once, so nothing is tried after it. */
  readonly body: JsonObject | Uint8Array | AsyncIterable<Uint8Array> | undefined
  /**
   * Headers the dialect needs besides credentials, lower case; `content-type` where it is not JSON.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * What of the client's request could not be carried, as `field` or `field (reason)`. Sent as
   * `x-postern-dropped`.
   */
  readonly dropped: readonly string[]
}

export interface ErrorResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly provider: string
  readonly model: string
}

/**
 * How long usage that may follow the end of an answer is waited for, where the connection stays
 * open.
 */
export const USAGE_GRACE_MS = 1_000

/** Reads the events of a provider's stream. Stateful: one per answer. */
export interface StreamReader {
  /**
   * The events of one SSE frame, in order; empty for keep-alives. A malformed frame gives one
   * `error` event.
   */
  read(frame: SseFrame): readonly StreamEvent[]
  /** The provider has said everything; an end of the stream before that is a truncation. */
  readonly complete: boolean
  /** See `StreamRelay.endGraceMs`. */
  readonly endGraceMs: number | undefined
}

/**
 * Reasoning of a stream so far: all that came could be read, or some of it cannot, and
 * `outputEstimate` leaves it out.
 */
export type ReasoningSeen = 'shown' | 'concealed' | undefined

/** What was seen of an answer, for settlement. */
export interface Observation {
  readonly usage: Usage | undefined
  /**
   * Tokens of output seen so far, roughly: all there is to go by when a stream ends before the
   * provider says.
   */
  readonly outputEstimate?: number
  readonly reasoningSeen?: ReasoningSeen
  /**
   * Of a stream that several targets wrote one after the other: what the present one has said and
   * counted.
   */
  readonly ownShare?: Observation | undefined
  /** One per choice that ended. */
  readonly finishes: readonly Finish[]
}

/** A wire format: its two sides, and the short cut when client and provider both speak it. */
export interface Dialect {
  readonly name: string
  readonly server?: ServerSide
  readonly client: ClientSide
  readonly relay?: Relay
  /** How a provider is asked for embeddings of this model; `undefined` where it has none of it. */
  embeddings?(model: string, quirks: Quirks): EmbeddingFormat | undefined
  /** How a provider is asked to rerank by this model; `undefined` where it does not. */
  rerank?(model: string): RerankFormat | undefined
}

/** Same dialect on both sides: bytes pass through and are looked at. */
export interface Relay {
  /**
   * Whether the request has to be read and written again for this provider, because its tools have
   * to be made fit. Absent: never.
   */
  needsTranslation?(request: ChatRequest, call: CallContext): boolean
  buildRequest(request: ChatRequest, call: CallContext): BuiltRequest
  /**
   * Checks and, where the provider deviates, repairs a whole answer. Throws as
   * `ClientSide.readAnswer` does.
   */
  readAnswer(body: JsonObject, bytes: Uint8Array, call: CallContext): RelayedAnswer
  openStream(request: ChatRequest, options: RelayOptions): StreamRelay
}

export interface RelayOptions {
  readonly call: CallContext
  readonly render: RenderContext
  /** Largest event a provider may send, in bytes. */
  readonly maxEventBytes: number
  /** The gateway may have to end the stream itself: see `StreamRelay.cut`. */
  readonly isCuttable?: boolean | undefined
  /** Its output is counted against limits. */
  readonly isMetered?: boolean | undefined
}

export interface RelayedAnswer extends Observation {
  /** What the client gets: the provider's own bytes unless something was repaired. */
  readonly body: Uint8Array | string
  /** What of the answer the client's dialect has no place for, as `BuiltRequest.dropped`. */
  readonly dropped?: readonly string[]
}

/**
 * Takes an upstream's bytes as they come and gives those the client may see: whole events, in its
 * dialect.
 */
export interface StreamRelay extends Observation {
  /** Bytes to forward now; `undefined` when the chunk completed no event the client sees. */
  push(chunk: Uint8Array): Uint8Array | string | undefined
  /**
   * The upstream has ended: what the last, unterminated event (some servers omit its blank line)
   * gives the client.
   */
  flush(): Uint8Array | string | undefined
  /**
   * Events of the answer seen so far; comments and pings are none. Each one feeds the idle clock.
   */
  readonly events: number
  /**
   * Whether the provider has said a part of the answer: text, reasoning, a refusal, a tool call,
   * media. That is the commit point; a role, an empty block or choice, usage and a finish reason
   * are not. Absent where every event is content.
   */
  readonly hasContent?: boolean
  /** The provider's error, when the stream carried one; nothing of it was forwarded. */
  readonly error: GatewayError | undefined
  /** Whether the answer is whole, asked when the upstream has ended. */
  readonly complete: boolean
  /**
   * Set once the provider has said that its stream is over, whether or not its connection is:
   * milliseconds in which what belongs to the answer (usage) may still follow, 0 where the dialect
   * has nothing after its end. `undefined` before, and where only the end of the connection tells.
   */
  readonly endGraceMs: number | undefined
  /**
   * What the assistant has said so far, where that is all it has done: another target could go on
   * from there.
   */
  readonly said?: string | undefined
  /** What the client's stream ends with when it is whole and the provider did not send it. */
  end(): string
  /**
   * What the client's stream ends with when the gateway ends it here, as a provider does whose
   * bound for the output is reached: finish reason `length` in the words of the dialect. Only of a
   * stream that was opened as one that may be cut; absent where there are no such words.
   * `undefined`, and nothing has happened, where everything has been said: what the provider ends
   * with is still to come.
   *
   * @param inputTokens told where the provider has not said it yet
   */
  cut?(inputTokens: number): string | undefined
  /**
   * What the client's stream ends with when it broke: an error event, and nothing that looks like
   * an end. `undefined` where no byte could say it (audio, files): the connection is cut.
   */
  fail(error: GatewayError): string | undefined
}
