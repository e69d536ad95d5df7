import type { DialectName } from '../dialects/dialect.ts'
import { anthropicTraces } from './anthropic-messages.ts'
import { bedrockTraces } from './bedrock-converse.ts'
import { cohereTraces } from './cohere.ts'
import { geminiTraces } from './gemini.ts'
import { openaiServerTraces } from './openai-chat-servers.ts'
import { openaiToolTraces } from './openai-chat-tools.ts'
import { responsesTraces } from './openai-responses.ts'
import type { SyntheticRecording, Trace } from './trace.ts'

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
