import type { BuiltRequest, CallContext } from './call.ts'
import type { JsonObject } from './json-object.ts'
import type { ChatRequest } from './request.ts'
import type { Observation, RenderContext } from './stream.ts'
import type { GatewayError } from '../../errors.ts'

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
  /** Output for the client: the provider's own bytes unless something was repaired. */
  readonly body: Uint8Array | string
  /** Parts of the answer without a place in the client's dialect, as `BuiltRequest.dropped`. */
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
   * Text of the assistant so far, when there is only text: another target could continue it.
   */
  readonly said?: string | undefined
  /** End of a whole stream that the provider did not send. */
  end(): string
  /**
   * End of a stream that the gateway cuts here, as a provider does at its output bound: finish
   * reason `length` in the words of the dialect. Only of a stream that was opened as one that may
   * be cut; absent where there are no such words. `undefined`, and nothing has happened, where
   * everything has been said: what the provider ends with is still to come.
   *
   * @param inputTokens told where the provider has not said it yet
   */
  cut?(inputTokens: number): string | undefined
  /**
   * End of a broken stream: an error event, and nothing that looks like an end. `undefined` where
   * no byte could say it (audio, files): the connection is cut.
   */
  fail(error: GatewayError): string | undefined
}
