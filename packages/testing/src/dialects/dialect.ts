import type { IncomingHttpHeaders } from 'node:http'
import type { ResolvedAnswer } from '../answer.ts'
import type { JsonObject } from '../json.ts'
import type { RequestView } from '../request-view.ts'

/** The wire formats a fake provider can speak. */
export type DialectName =
  | 'openai-chat'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'gemini'
  | 'bedrock-converse'
  | 'cohere'

/** The endpoint of a request, from its address and body. */
export type Route =
  | { readonly operation: 'models' }
  | { readonly operation: 'answer'; readonly model?: string; readonly transport?: Transport }

/** Server-sent events, or one JSON body; `json-array` is Gemini's stream without `alt=sse`. */
export type Transport = 'json' | 'events' | 'json-array'

/** A broken rule of the dialect, as the real provider would report it. */
export interface Violation {
  readonly message: string
  /** Path of the field at fault. */
  readonly param?: string
  /** The provider's own code for it, where the dialect has one. */
  readonly code?: string
}

/** One event of a rendered stream. */
export interface RenderedEvent {
  /** Framed SSE text. */
  readonly text: string
  /**
   * `content`: a fragment of the answer. `finish`: says why the answer ended. `end`: the marker
   * that the stream is whole. `structure`: everything else.
   */
  readonly kind: 'content' | 'structure' | 'finish' | 'end'
}

export interface RenderContext {
  readonly model: string
  /** Number of this answer, from 1: what ids are made of. */
  readonly sequence: number
  /** Unix seconds. */
  readonly created: number
  /** The request. */
  readonly body: JsonObject
}

export interface ErrorFacts {
  readonly status: number
  /** @default what the provider says with this status */
  readonly message?: string | undefined
  readonly param?: string | undefined
  readonly code?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly requestId: string
}

/** Everything about a request that the rules of a dialect look at. */
export interface RequestToCheck {
  readonly body: JsonObject
  readonly model: string
  readonly headers: IncomingHttpHeaders
}

/** One wire format as the provider's side of it. */
export interface FakeDialect {
  readonly name: DialectName
  /** Path of the base URL after the origin. */
  readonly basePath: string
  /** Content type of a JSON answer. */
  readonly jsonType: string
  /** Content type of a stream. */
  readonly streamType: string
  /** Status an error inside a stream stands for, unless the script says otherwise. */
  readonly streamErrorStatus: number
  route(method: string, url: URL): Route | undefined
  /** The key the client presented. */
  keyOf(headers: IncomingHttpHeaders, url: URL): string | undefined
  /** The refusal of a request without a valid key. */
  keyError(presented: string | undefined, requestId: string): ErrorFacts
  unknownModel(model: string, requestId: string): ErrorFacts
  read(body: JsonObject, route: Route): RequestView
  /** The first rule the request breaks. */
  validate(request: RequestToCheck): Violation | undefined
  renderAnswer(answer: ResolvedAnswer, context: RenderContext): JsonObject
  renderEvents(answer: ResolvedAnswer, context: RenderContext): RenderedEvent[]
  renderError(facts: ErrorFacts): JsonObject
  /** An error as one event of a stream. */
  renderErrorEvent(facts: ErrorFacts): string
  renderModels(models: readonly string[]): JsonObject
  /** The bytes of a rendered event, where they are not its text. */
  encodeEvent?(text: string): Uint8Array
  /** Additional headers of an error. */
  errorHeaders?(facts: ErrorFacts): Record<string, string>
  /** Headers every answer carries. */
  headers(requestId: string): Record<string, string>
}
