import type { EmbeddingFormat } from '../embeddings/format.ts'
import type { BuiltRequest, CallContext, ErrorResponse, LimitHeaders } from './call.ts'
import type { Conversation, Part } from './conversation.ts'
import type { Answer } from './events.ts'
import type { JsonObject } from './json-object.ts'
import type { OutputBounds } from './output-bounds.ts'
import type { Quirks } from './quirks.ts'
import type { ToolRules } from './tool-rules.ts'
import type { Relay } from './relay.ts'
import type { ChatRequest, ClientRequest } from './request.ts'
import type { RenderContext, StreamReader, StreamRenderer } from './stream.ts'
import type { RerankFormat } from '../rerank/format.ts'
import type { FrameSplitter } from '../wire/sse.ts'
import type { GatewayError } from '../../errors.ts'

/** Models and routes that a caller may use. */
export interface UsableModels {
  readonly routes: readonly string[]
  /** `provider/model` */
  readonly models: readonly string[]
  /** Unix seconds. */
  readonly created: number
}

/**
 * The list of models in the format of a dialect. All clients use nearly the same paths; their
 * headers tell them apart.
 */
export interface ModelList {
  isAskedBy(request: { readonly path: string; header(name: string): string | undefined }): boolean
  render(usable: UsableModels): JsonObject
  /** One entry of the list. */
  renderOne(id: string, created: number): JsonObject
}

/** The client's side of a dialect: parses requests, renders answers and errors. */
export interface ClientSide {
  readonly modelList?: ModelList
  /** Where its requests bound their output. */
  readonly outputBounds: OutputBounds
  /**
   * Throws `GatewayError('invalid_request', ..., { param })` for a request no target could take.
   */
  parse(request: ClientRequest): ChatRequest
  renderAnswer(answer: Answer, context: RenderContext): JsonObject
  /**
   * Whether an answer of this dialect has a place for the part; other parts are named in
   * `x-postern-dropped`.
   */
  holds(part: Part): boolean
  openRenderer(context: RenderContext): StreamRenderer
  renderError(error: GatewayError, requestId: string): JsonObject
  /**
   * Heartbeat that keeps a silent stream open through proxies: a whole event or comment.
   */
  readonly heartbeat?: string
  /** Headers of every answer, lower case; Anthropic's SDK reads `request-id`. */
  answerHeaders?(requestId: string): Readonly<Record<string, string>>
}

/** The provider's side of a dialect: builds requests, reads answers and errors. */
export interface ProviderSide {
  /**
   * Proofs of reasoning hold for the account that they were issued to, not for every account of the
   * provider.
   */
  readonly proofsAreOfAccount?: boolean
  /** Tools outside these rules are adapted before `buildRequest`, and restored in the answer. */
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
  /** Cuts the bytes of a stream into frames. @default server-sent events */
  openSplitter?(maxEventBytes: number): FrameSplitter
  /** `accept` of a streaming request; `text/event-stream` unless given. */
  readonly streamType?: string
  /**
   * Headers with the remaining quota of each limit and its reset. @default `x-ratelimit-*`
   */
  readonly limitHeaders?: readonly LimitHeaders[]
  /**
   * The error of a non-2xx answer. `body` may be JSON, HTML, or empty; it is already decoded and
   * bounded.
   */
  readError(response: ErrorResponse): GatewayError
}

/** A wire format: its two sides, and the relay for when client and provider both speak it. */
export interface Dialect {
  readonly name: string
  readonly clientSide?: ClientSide
  readonly providerSide: ProviderSide
  readonly relay?: Relay
  /** Format of this model's embeddings; `undefined` when it has none. */
  embeddings?(model: string, quirks: Quirks): EmbeddingFormat | undefined
  /** Format of this model's reranking; `undefined` when it has none. */
  rerank?(model: string): RerankFormat | undefined
}
