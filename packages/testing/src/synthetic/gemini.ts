import type { Trace } from './trace.ts'

interface Counts {
  readonly out?: number
  readonly thoughts?: number
}

function generation(
  parts: readonly object[] | undefined,
  rest: { finish?: string } & Counts = {},
): object {
  const { finish, out = 0, thoughts } = rest
  return {
    candidates: [
      {
        ...(parts === undefined ? {} : { content: { parts, role: 'model' } }),
        ...(finish === undefined ? {} : { finishReason: finish }),
        index: 0,
      },
    ],
    ...meta(out, thoughts),
  }
}

function meta(out: number, thoughts?: number): object {
  return {
    usageMetadata: {
      promptTokenCount: 10,
      ...(out === 0 ? {} : { candidatesTokenCount: out }),
      totalTokenCount: 10 + out + (thoughts ?? 0),
      ...(thoughts === undefined ? {} : { thoughtsTokenCount: thoughts }),
    },
    modelVersion: 'synthetic',
    responseId: 'resp_s',
  }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`
}

function chunk(
  parts: readonly object[] | undefined,
  rest: { finish?: string } & Counts = {},
): string {
  return event(generation(parts, rest))
}

function call(name: string, args?: object): { functionCall: object } {
  return { functionCall: { name, ...(args === undefined ? {} : { args }) } }
}

const paris = { id: undefined, name: 'get_weather', arguments: { city: 'Paris' } }
const rome = { id: undefined, name: 'get_weather', arguments: { city: 'Rome' } }
const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...meta(0) }

/** Streams and whole answers of Gemini generateContent. */
export const geminiTraces: readonly Trace[] = [
  {
    name: 'gemini-usage-on-every-chunk',
    covers: 'cumulative usage on every chunk, CRLF line ends, empty keep-alive lines',
    body: [
      chunk([{ text: 'One' }], { out: 1 }),
      '\r\n',
      chunk([{ text: ' two' }], { out: 2 }),
      chunk([{ text: ' three' }], { out: 3, finish: 'STOP' }),
    ].join(''),
    expected: { text: 'One two three', usage: { input: 10, output: 3 } },
  },
  {
    name: 'gemini-thoughts',
    covers:
      'thought parts are reasoning, their tokens count as output; the signature sits on an empty last text part',
    body: [
      chunk([{ text: 'Two and', thought: true }], { thoughts: 4 }),
      chunk([{ text: ' two.', thought: true }], { thoughts: 7 }),
      chunk([{ text: 'Four.' }], { out: 2, thoughts: 7 }),
      chunk([{ text: '', thoughtSignature: 'Ci+/A==' }], { out: 2, thoughts: 7, finish: 'STOP' }),
    ].join(''),
    expected: {
      text: 'Four.',
      reasoning: 'Two and two.',
      signatures: ['Ci+/A=='],
      usage: { input: 10, output: 9, reasoning: 7 },
    },
  },
  {
    name: 'gemini-tool-stop-in-later-chunk',
    covers: 'the call and STOP come in different chunks',
    body: [
      chunk([{ ...call('get_weather', { city: 'Paris' }), thoughtSignature: 'CsIG==' }], {
        out: 5,
      }),
      chunk([{ text: '' }], { out: 5, finish: 'STOP' }),
    ].join(''),
    expected: {
      toolCalls: [paris],
      signatures: ['CsIG=='],
      finish: 'tool_calls',
      usage: { input: 10, output: 5 },
    },
  },
  {
    name: 'gemini-parallel-tools-over-chunks',
    covers: 'two calls of one name in two chunks, no ids, only the first is signed',
    body: [
      chunk([{ ...call('get_weather', { city: 'Paris' }), thoughtSignature: 'First==' }], {
        out: 5,
      }),
      chunk([call('get_weather', { city: 'Rome' })], { out: 9, finish: 'STOP' }),
    ].join(''),
    expected: {
      toolCalls: [paris, rome],
      signatures: ['First=='],
      finish: 'tool_calls',
      usage: { input: 10, output: 9 },
    },
  },
  {
    name: 'gemini-parallel-tools-in-one-chunk',
    covers: 'two calls in one chunk, with ids of their own',
    body: chunk(
      [
        { functionCall: { id: 'fc_1', name: 'get_weather', args: { city: 'Paris' } } },
        { functionCall: { id: 'fc_2', name: 'get_weather', args: { city: 'Rome' } } },
      ],
      {
        out: 9,
        finish: 'STOP',
      },
    ),
    expected: {
      toolCalls: [
        { ...paris, id: 'fc_1' },
        { ...rome, id: 'fc_2' },
      ],
      finish: 'tool_calls',
      usage: { input: 10, output: 9 },
    },
  },
  {
    name: 'gemini-tool-no-arguments',
    covers: 'a call without args, in one chunk, with its signature',
    body: [
      chunk([{ text: 'Reading.', thought: true }], { thoughts: 3 }),
      chunk([{ ...call('now'), thoughtSignature: 'Sig/+==' }], {
        out: 2,
        thoughts: 3,
        finish: 'STOP',
      }),
    ].join(''),
    expected: {
      reasoning: 'Reading.',
      toolCalls: [{ id: undefined, name: 'now', arguments: {} }],
      signatures: ['Sig/+=='],
      finish: 'tool_calls',
      usage: { input: 10, output: 5, reasoning: 3 },
    },
  },
  {
    name: 'gemini-tool-partial-arguments',
    covers:
      'arguments streamed as partialArgs by JSON path, the call ended by an empty functionCall',
    body: [
      chunk([{ functionCall: { name: 'get_weather', willContinue: true } }]),
      chunk([
        {
          functionCall: {
            partialArgs: [{ jsonPath: '$.city', stringValue: 'Pa', willContinue: true }],
            willContinue: true,
          },
        },
      ]),
      chunk([
        {
          functionCall: {
            partialArgs: [{ jsonPath: '$.city', stringValue: 'ris' }],
            willContinue: true,
          },
        },
      ]),
      chunk([
        {
          functionCall: {
            partialArgs: [{ jsonPath: '$.days', numberValue: 3 }],
            willContinue: true,
          },
        },
      ]),
      chunk([{ functionCall: {} }]),
      chunk([{ text: '' }], { out: 8, finish: 'STOP' }),
    ].join(''),
    expected: {
      toolCalls: [{ id: undefined, name: 'get_weather', arguments: { city: 'Paris', days: 3 } }],
      finish: 'tool_calls',
      usage: { input: 10, output: 8 },
    },
  },
  {
    name: 'gemini-candidate-without-parts',
    covers: 'a candidate without content, MAX_TOKENS eaten by thinking',
    body: [
      chunk([{ text: 'Hm', thought: true }], { thoughts: 50 }),
      chunk(undefined, { thoughts: 64, finish: 'MAX_TOKENS' }),
    ].join(''),
    expected: {
      reasoning: 'Hm',
      finish: 'length',
      usage: { input: 10, output: 64, reasoning: 64 },
    },
  },
  {
    name: 'gemini-prompt-blocked',
    covers: 'no candidates, the prompt was blocked',
    body: event(blocked),
    expected: { finish: 'content_filter', usage: { input: 10, output: 0 } },
  },
  {
    name: 'gemini-safety',
    covers: 'SAFETY after some text',
    body: [
      chunk([{ text: 'I ' }], { out: 1 }),
      chunk(undefined, { out: 1, finish: 'SAFETY' }),
    ].join(''),
    expected: { text: 'I ', finish: 'content_filter', usage: { input: 10, output: 1 } },
  },
  {
    name: 'gemini-multibyte-comments',
    covers: 'multi-byte characters, comments, JSON over several lines',
    body: [
      ': keep-alive\r\n\r\n',
      chunk([{ text: 'Grüße, ' }], { out: 2 }),
      `data: ${JSON.stringify(generation([{ text: '世界 👋🏽' }], { out: 4, finish: 'STOP' }), null, 1).replaceAll('\n', '\r\ndata: ')}\r\n\r\n`,
    ].join(''),
    expected: { text: 'Grüße, 世界 👋🏽', usage: { input: 10, output: 4 } },
  },
  {
    name: 'gemini-double-finish',
    covers: 'STOP twice, with the same totals',
    body: [
      chunk([{ text: 'Hi' }], { out: 1, finish: 'STOP' }),
      chunk([{ text: '' }], { out: 1, finish: 'STOP' }),
    ].join(''),
    expected: { text: 'Hi', usage: { input: 10, output: 1 } },
  },
  {
    name: 'gemini-error-first',
    covers: 'the first event of a 200 is an error',
    body: event({
      error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' },
    }),
    expected: { finish: undefined, outcome: 'error' },
  },
  {
    name: 'gemini-error-later',
    covers: 'an error after content',
    body: [
      chunk([{ text: 'Half an' }], { out: 2 }),
      event({
        error: { code: 500, message: 'An internal error has occurred.', status: 'INTERNAL' },
      }),
    ].join(''),
    expected: {
      text: 'Half an',
      finish: undefined,
      usage: { input: 10, output: 2 },
      outcome: 'error',
    },
  },
  {
    name: 'gemini-ends-without-finish',
    covers: 'the body ends regularly before a finish reason',
    body: chunk([{ text: 'Half an' }], { out: 2 }),
    expected: {
      text: 'Half an',
      finish: undefined,
      usage: { input: 10, output: 2 },
      outcome: 'truncated',
    },
  },
  {
    name: 'gemini-json-parallel-tools',
    covers: 'a whole answer with two calls, only the first signed, finish STOP',
    kind: 'json',
    body: JSON.stringify(
      generation(
        [
          { ...call('get_weather', { city: 'Paris' }), thoughtSignature: 'Whole==' },
          call('get_weather', { city: 'Rome' }),
        ],
        { out: 9, thoughts: 11, finish: 'STOP' },
      ),
      null,
      2,
    ),
    expected: {
      toolCalls: [paris, rome],
      signatures: ['Whole=='],
      finish: 'tool_calls',
      usage: { input: 10, output: 20, reasoning: 11 },
    },
  },
  {
    name: 'gemini-json-prompt-blocked',
    covers: 'a whole answer without candidates',
    kind: 'json',
    body: JSON.stringify(blocked),
    expected: { finish: 'content_filter', usage: { input: 10, output: 0 } },
  },
]
