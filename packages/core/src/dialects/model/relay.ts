import type { BuiltRequest, CallContext } from './call.ts'
import type { JsonObject } from './json-object.ts'
import type { ChatRequest } from './request.ts'
import type { Observation, RenderContext } from './stream.ts'
import type { GatewayError } from '../../errors.ts'

/** Relay between two sides of the same dialect: bytes pass through and are observed. */
export interface Relay {
  /**
   * Whether the request has to be translated for this provider, because its tools have to be
   * adapted. Absent: never.
   */
  needsTranslation?(request: ChatRequest, call: CallContext): boolean
  buildRequest(request: ChatRequest, call: CallContext): BuiltRequest
  /**
   * Checks and, where the provider deviates, repairs a whole answer. Throws as
   * `ProviderSide.readAnswer` does.
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
  /** Body for the client: the provider's own bytes unless something was repaired. */
  readonly body: Uint8Array | string
  /** Parts of the answer without a place in the client's dialect, as `BuiltRequest.dropped`. */
  readonly dropped?: readonly string[]
}

/**
 * Takes an upstream's bytes as they arrive and returns those the client may see: whole events, in
 * its dialect.
 */
export interface StreamRelay extends Observation {
  /** Bytes to forward now; `undefined` when the chunk completed no event the client sees. */
  push(chunk: Uint8Array): Uint8Array | string | undefined
  /**
   * Called when the upstream has ended. Returns the last, unterminated event (some servers omit its
   * blank line).
   */
  flush(): Uint8Array | string | undefined
  /**
   * Number of events of the answer so far, without comments and pings. Each one resets the idle
   * timeout.
   */
  readonly events: number
  /**
   * Whether the provider has sent a part of the answer: text, reasoning, a refusal, a tool call,
   * media. That is the commit point; a role, an empty block or choice, usage and a finish reason
   * are not. Absent where every event is content.
   */
  readonly hasContent?: boolean
  /** The provider's error, when the stream carried one; nothing of it was forwarded. */
  readonly error: GatewayError | undefined
  /** Whether the answer is complete; read when the upstream has ended. */
  readonly complete: boolean
  /**
   * Set once the provider has ended its stream, even while its connection stays open: milliseconds
   * in which usage may still follow, 0 where the dialect has nothing after its end. `undefined`
   * before, and where only the end of the connection ends the stream.
   */
  readonly endGraceMs: number | undefined
  /**
   * Text of the assistant so far, when there is only text: another target could continue it.
   */
  readonly said?: string | undefined
  /** The end of a complete stream, where the provider did not send one. */
  end(): string
  /**
   * Ends a stream as a provider does at its output bound: with the dialect's finish reason for
   * `length`. Only for streams opened with `isCuttable`; absent where the dialect has no such
   * reason. Returns `undefined`, without effect, where the answer is already complete and only the
   * provider's own end is missing.
   *
   * @param inputTokens reported where the provider has not reported its own count yet
   */
  cut?(inputTokens: number): string | undefined
  /**
   * End of a broken stream: an error event, and nothing that looks like an end. `undefined` where
   * the format has no error event (audio, files): the connection is cut.
   */
  fail(error: GatewayError): string | undefined
}
