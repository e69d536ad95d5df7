import type { FinishReason, ScriptedUsage } from '../answer.ts'
import type { DialectName } from '../dialects/dialect.ts'
import type { JsonObject } from '../json.ts'
import type { Recording } from '../recordings.ts'

/**
 * The meaning of an answer, in one accounting for all dialects; written by hand for every synthetic
 * recording.
 */
export interface Meaning {
  readonly text: string
  /** Reasoning shown, `''` without any. */
  readonly reasoning: string
  /** Signatures of reasoning and of tool calls, in order, byte for byte. */
  readonly signatures: readonly string[]
  readonly toolCalls: readonly MeantToolCall[]
  /** `undefined` when the answer does not say why it ended. */
  readonly finish: FinishReason | undefined
  /**
   * `input` includes the prompt cache, `output` includes reasoning; `undefined` when the answer
   * does not say. A detail that is absent here is zero or unsaid.
   */
  readonly usage: ScriptedUsage | undefined
  /**
   * `complete`: a whole answer. `truncated`: it ends before it is whole, and must never look whole.
   * `error`: the provider reports an error in it; `text` is what came before.
   */
  readonly outcome: 'complete' | 'truncated' | 'error'
}

export interface MeantToolCall {
  /** `undefined` where the provider sends none: any id will do, if it is unique. */
  readonly id: string | undefined
  readonly name: string
  readonly arguments: JsonObject
}

/** A recording of our own making: small, nasty, and with its meaning. */
export interface SyntheticRecording extends Recording {
  readonly synthetic: true
  readonly dialect: DialectName
  /** The rules it covers, in a sentence. */
  readonly covers: string
  readonly expected: Meaning
}

/**
 * One trace as it is written down; `expected` names what differs from an empty, complete answer
 * that says `stop`.
 */
export interface Trace {
  readonly name: string
  readonly covers: string
  readonly body: string | Uint8Array
  /** @default a stream; `json` is a whole answer */
  readonly kind?: 'json'
  readonly expected: Partial<Meaning>
}
