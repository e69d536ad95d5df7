import type { StreamEvent } from './events.ts'
import type { Finish } from './finish.ts'
import type { ChatRequest } from './request.ts'
import type { Usage } from './usage.ts'
import type { SseFrame } from '../wire/sse.ts'
import type { GatewayError } from '../../errors.ts'

export interface RenderContext extends AnswerContext {
  /** The request: some dialects repeat it in the answer. */
  readonly request: ChatRequest
  /** Estimated input tokens, for dialects that report them before the provider does. */
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
  /** End of a complete stream. */
  end(): string
  /**
   * End of a broken stream: an error event, and nothing that looks like an end.
   */
  fail(error: GatewayError): string
}

/** Reads the events of a provider's stream. Stateful: one per answer. */
export interface StreamReader {
  /**
   * The events of one SSE frame, in order; empty for keep-alives. A malformed frame gives one
   * `error` event.
   */
  read(frame: SseFrame): readonly StreamEvent[]
  /** The provider has ended the answer; an end of the stream before that is a truncation. */
  readonly complete: boolean
  /** See `StreamRelay.endGraceMs`. */
  readonly endGraceMs: number | undefined
}

/**
 * Reasoning of a stream so far: `outputEstimate` holds all of it, or leaves out parts that cannot
 * be read.
 */
export type ReasoningSeen = 'shown' | 'concealed' | undefined

/** Observed facts of an answer, for settlement. */
export interface Observation {
  readonly usage: Usage | undefined
  /**
   * Estimated output tokens so far: the only count when a stream ends before the provider reports
   * one.
   */
  readonly outputEstimate?: number
  readonly reasoningSeen?: ReasoningSeen
  /**
   * For a stream written by several targets in turn: text and usage of the current one.
   */
  readonly ownShare?: Observation | undefined
  /** One per choice that ended. */
  readonly finishes: readonly Finish[]
}
