import type { FinishReason, ScriptedUsage } from './answer.ts'
import type { DialectName } from './dialects/dialect.ts'
import type { JsonObject } from './json.ts'
import type { Recording } from './recordings.ts'
import { anthropicTraces } from './synthetic-anthropic-messages.ts'
import { bedrockTraces } from './synthetic-bedrock-converse.ts'
import { cohereTraces } from './synthetic-cohere.ts'
import { geminiTraces } from './synthetic-gemini.ts'
import { openaiServerTraces } from './synthetic-openai-chat-servers.ts'
import { openaiToolTraces } from './synthetic-openai-chat-tools.ts'
import { responsesTraces } from './synthetic-openai-responses.ts'

/**
 * What an answer means, in one accounting for all dialects; written by hand for every synthetic
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

/**
 * Every synthetic recording, or those of one dialect. They cover the rules of framing, tool-call
 * assembly, usage, finish and errors that real providers taught, without a single byte of theirs.
 *
 * ```ts
 * for (const trace of syntheticRecordings('gemini')) {
 *   provider.reply({ replay: trace, writeSizes: { seed: 1 } })
 *   // ask through the gateway, compare with trace.expected
 * }
 * ```
 */
export function syntheticRecordings(dialect?: DialectName): SyntheticRecording[] {
  const all = [
    ...[...openaiToolTraces, ...openaiServerTraces].map((trace) =>
      recordingOf(trace, 'openai-chat'),
    ),
    ...responsesTraces.map((trace) => recordingOf(trace, 'openai-responses')),
    ...anthropicTraces.map((trace) => recordingOf(trace, 'anthropic-messages')),
    ...geminiTraces.map((trace) => recordingOf(trace, 'gemini')),
    ...bedrockTraces.map((trace) => recordingOf(trace, 'bedrock-converse')),
    ...cohereTraces.map((trace) => recordingOf(trace, 'cohere')),
  ]
  return dialect === undefined ? all : all.filter((recording) => recording.dialect === dialect)
}

const streamTypes: Readonly<Partial<Record<DialectName, string>>> = {
  'bedrock-converse': 'application/vnd.amazon.eventstream',
}

function recordingOf(trace: Trace, dialect: DialectName): SyntheticRecording {
  const isStream = trace.kind !== 'json'
  return {
    synthetic: true,
    name: trace.name,
    dialect,
    provider: 'synthetic',
    covers: trace.covers,
    isStream,
    status: 200,
    headers: {
      'content-type': isStream ? (streamTypes[dialect] ?? 'text/event-stream') : 'application/json',
    },
    body: typeof trace.body === 'string' ? Buffer.from(trace.body) : Buffer.from(trace.body),
    request: undefined,
    expected: {
      text: '',
      reasoning: '',
      signatures: [],
      toolCalls: [],
      finish: 'stop',
      usage: undefined,
      outcome: 'complete',
      ...trace.expected,
    },
  }
}
