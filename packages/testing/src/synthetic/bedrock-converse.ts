import { encodeEvent, encodeException } from '../event-stream.ts'
import type { Trace } from './trace.ts'

/** Frames as the service sends them, each with the padding it adds. */
function frames(...events: readonly (readonly [type: string, payload: object])[]): Uint8Array {
  return Buffer.concat(
    events.map(([type, payload], at) => {
      const data = JSON.stringify({
        ...payload,
        p: 'abcdefghijklmnopqrstuvwxyz'.slice(0, 1 + ((at * 5) % 26)),
      })
      return type.endsWith('Exception') ? encodeException(type, data) : encodeEvent(type, data)
    }),
  )
}

type Event = readonly [type: string, payload: object]

const start: Event = ['messageStart', { role: 'assistant' }]

function delta(contentBlockIndex: number, fields: object): Event {
  return ['contentBlockDelta', { contentBlockIndex, delta: fields }]
}

function stop(contentBlockIndex: number): Event {
  return ['contentBlockStop', { contentBlockIndex }]
}

function text(index: number, ...fragments: string[]): Event[] {
  return [...fragments.map((fragment) => delta(index, { text: fragment })), stop(index)]
}

function tool(index: number, toolUseId: string, ...fragments: string[]): Event[] {
  return [
    [
      'contentBlockStart',
      { contentBlockIndex: index, start: { toolUse: { toolUseId, name: 'get_weather' } } },
    ],
    ...fragments.map((input) => delta(index, { toolUse: { input } })),
    stop(index),
  ]
}

function end(stopReason: string): Event[] {
  return [
    ['messageStop', { stopReason }],
    [
      'metadata',
      {
        metrics: { latencyMs: 10 },
        usage: {
          inputTokens: 10,
          outputTokens: 6,
          totalTokens: 36,
          cacheReadInputTokens: 15,
          cacheWriteInputTokens: 5,
        },
      },
    ],
  ]
}

const usage = { input: 30, output: 6, cached: 15, cacheWrite: 5 }
const paris = { id: 'tooluse_p', name: 'get_weather', arguments: { city: 'Paris' } }
const rome = { id: 'tooluse_r', name: 'get_weather', arguments: { city: 'Rome' } }

const exceptions = [
  'internalServerException',
  'modelStreamErrorException',
  'serviceUnavailableException',
  'throttlingException',
  'validationException',
]

/** Traces of ConverseStream, written by hand; no recording has an exception inside a stream. */
export const bedrockTraces: readonly Trace[] = [
  {
    name: 'bedrock-text',
    covers:
      'text blocks that nothing opens, usage after the stop, cached tokens counted beside the input.',
    body: frames(start, ...text(0, 'Grü', 'ße, 世界!'), ...end('end_turn')),
    expected: { text: 'Grüße, 世界!', usage },
  },
  {
    name: 'bedrock-parallel-tools',
    covers: 'block numbers are not tool numbers, and have gaps.',
    body: frames(
      start,
      ...text(0, 'Both.'),
      ...tool(2, 'tooluse_p', '{"ci', 'ty":"Paris"}'),
      ...tool(5, 'tooluse_r', '{"city":"Rome"}'),
      ...end('tool_use'),
    ),
    expected: { text: 'Both.', toolCalls: [paris, rome], finish: 'tool_calls', usage },
  },
  {
    name: 'bedrock-tool-no-arguments',
    covers: 'a call without a single delta has empty arguments.',
    body: frames(start, ...tool(0, 'tooluse_n'), ...end('tool_use')),
    expected: {
      toolCalls: [{ id: 'tooluse_n', name: 'get_weather', arguments: {} }],
      finish: 'tool_calls',
      usage,
    },
  },
  {
    name: 'bedrock-reasoning',
    covers: 'Reasoning with its signature, and reasoning that is not shown.',
    body: frames(
      start,
      delta(0, { reasoningContent: { text: 'Let me ' } }),
      delta(0, { reasoningContent: { text: 'see.' } }),
      delta(0, { reasoningContent: { signature: 'U2lnbmVk' } }),
      stop(0),
      delta(1, { reasoningContent: { redactedContent: 'SGlkZGVu' } }),
      stop(1),
      ...text(2, 'Yes.'),
      ...end('end_turn'),
    ),
    expected: {
      text: 'Yes.',
      reasoning: 'Let me see.',
      signatures: ['U2lnbmVk', 'SGlkZGVu'],
      usage,
    },
  },
  {
    name: 'bedrock-guardrail',
    covers: 'an answer a guardrail has replaced.',
    body: frames(start, ...text(0, 'Blocked.'), ...end('guardrail_intervened')),
    expected: { text: 'Blocked.', finish: 'content_filter', usage },
  },
  ...exceptions.map((type): Trace => ({
    name: `bedrock-${type}`,
    covers: `B2: ${type} inside a stream that began with a 200.`,
    body: frames(start, delta(0, { text: 'Half' }), [type, { message: 'It broke.' }]),
    expected: { text: 'Half', outcome: 'error', finish: undefined },
  })),
  {
    name: 'bedrock-exception-first',
    covers: 'an exception before anything was said.',
    body: frames(start, [
      'throttlingException',
      { message: 'Too many tokens, please wait before trying again.' },
    ]),
    expected: { outcome: 'error', finish: undefined },
  },
  {
    name: 'bedrock-ends-early',
    covers: 'a stream that ends inside a block.',
    body: frames(start, delta(0, { text: 'Half' })),
    expected: { text: 'Half', outcome: 'truncated', finish: undefined },
  },
  {
    name: 'bedrock-ends-inside-frame',
    covers: 'a stream that ends inside a frame.',
    body: frames(start, delta(0, { text: 'Half' }), delta(0, { text: ' lost' })).subarray(0, -9),
    expected: { text: 'Half', outcome: 'truncated', finish: undefined },
  },
]
