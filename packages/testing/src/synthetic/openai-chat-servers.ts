import type { Trace } from './trace.ts'

/** A chunk with one choice, as JSON. */
function json(delta: object, rest: { finish?: string; [field: string]: unknown } = {}): string {
  const { finish = null, ...fields } = rest
  return JSON.stringify({
    id: 'chatcmpl-s',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'synthetic',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...fields,
  })
}

function event(delta: object, rest: { finish?: string; [field: string]: unknown } = {}): string {
  return `data: ${json(delta, rest)}\n\n`
}

function usage(prompt: number, completion: number): { usage: object } {
  return {
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    },
  }
}

const role = event({ role: 'assistant', content: '' })
const stop = event({}, { finish: 'stop' })
const done = 'data: [DONE]\n\n'

/** Framing, usage, finish and errors of OpenAI chat streams. */
export const openaiServerTraces: readonly Trace[] = [
  {
    name: 'openai-usage-on-every-chunk',
    covers: 'cumulative usage on every chunk, CRLF line ends, comments, no [DONE]',
    body: [
      ': ping\r\n\r\n',
      ...[
        event({ role: 'assistant', content: 'One' }, usage(9, 1)),
        event({ content: ' two' }, usage(9, 2)),
        event({ content: ' three' }, { finish: 'stop', ...usage(9, 3) }),
      ].map((text) => `${text.trimEnd()}\r\n\r\n: ping\r\n\r\n`),
    ].join(''),
    expected: { text: 'One two three', usage: { input: 9, output: 3 } },
  },
  {
    name: 'openai-double-finish',
    covers: 'the finish reason comes twice, the second time with the usage',
    body: [
      ': OPENROUTER PROCESSING\n\n',
      role,
      event({ content: 'Hi' }),
      event({ content: '' }, { finish: 'stop' }),
      event({ content: '' }, { finish: 'stop', ...usage(4, 1) }),
      done,
    ].join(''),
    expected: { text: 'Hi', usage: { input: 4, output: 1 } },
  },
  {
    name: 'openai-usage-chunk-without-choices',
    covers:
      'empty choices first (a prompt filter), then in the middle, then with the usage and no choices key',
    body: [
      `data: ${JSON.stringify({ id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] })}\n\n`,
      role,
      event({ content: 'Hi' }),
      `data: ${JSON.stringify({ id: 'chatcmpl-s', object: 'chat.completion.chunk', created: 1, model: 'synthetic', choices: [] })}\n\n`,
      stop,
      `data: ${JSON.stringify({ id: 'chatcmpl-s', object: 'chat.completion.chunk', created: 1, model: 'synthetic', ...usage(6, 1) })}\n\n`,
      done,
    ].join(''),
    expected: { text: 'Hi', usage: { input: 6, output: 1 } },
  },
  {
    name: 'openai-usage-with-empty-delta',
    covers:
      'the usage on a chunk whose only choice has an empty delta; cached and reasoning tokens',
    body: [
      role,
      event({ content: 'Hi' }),
      stop,
      event(
        {},
        {
          usage: {
            prompt_tokens: 100,
            completion_tokens: 20,
            total_tokens: 120,
            prompt_tokens_details: { cached_tokens: 64 },
            completion_tokens_details: { reasoning_tokens: 15 },
          },
        },
      ),
      done,
    ].join(''),
    expected: { text: 'Hi', usage: { input: 100, output: 20, cached: 64, reasoning: 15 } },
  },
  {
    name: 'openai-content-array',
    covers: 'content is a list of parts, thinking among them',
    body: [
      event({
        role: 'assistant',
        content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Two and two' }] }],
      }),
      event({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: ' is four.' }] }] }),
      event({ content: [{ type: 'text', text: 'Four' }] }),
      event({ content: '.' }, { finish: 'stop', ...usage(8, 9) }),
      done,
    ].join(''),
    expected: { text: 'Four.', reasoning: 'Two and two is four.', usage: { input: 8, output: 9 } },
  },
  {
    name: 'openai-reasoning-content',
    covers: 'reasoning_content before content, null in between; no role at all',
    body: [
      event({ content: null, reasoning_content: 'Hm' }),
      event({ content: null, reasoning_content: 'm.' }),
      event({ content: 'Yes', reasoning_content: null }),
      stop,
      done,
    ].join(''),
    expected: { text: 'Yes', reasoning: 'Hmm.' },
  },
  {
    name: 'openai-reasoning-field',
    covers: 'the field is called reasoning, and the same text stands in reasoning_details as well',
    body: [
      event({
        role: 'assistant',
        content: '',
        reasoning: 'Hm.',
        reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', index: 0 }],
      }),
      event({ content: 'Yes' }),
      stop,
      done,
    ].join(''),
    expected: { text: 'Yes', reasoning: 'Hm.' },
  },
  {
    name: 'openai-framing',
    covers:
      'byte order mark, lone CR, data in several lines, event after data, no space after the colon, no final blank line',
    body: [
      `\uFEFFdata: ${json({ role: 'assistant', content: 'A' })}\r\r`,
      `data: ${json({ content: 'B' })}\nevent: message\nid: 7\nretry: 10\n\n`,
      `data:${json({ content: 'C' })}\n\n`,
      `data: ${JSON.stringify(JSON.parse(json({ content: 'D' })), null, 1).replaceAll('\n', '\ndata: ')}\n\n\n\n`,
      `data: ${json({}, { finish: 'stop' })}\r\n\r\n`,
      'data: [DONE]',
    ].join(''),
    expected: { text: 'ABCD' },
  },
  {
    name: 'openai-multibyte',
    covers: 'characters of two, three and four bytes, joined emoji and combining marks',
    body: [
      role,
      ...['Grüße, ', '世界', ' 👩‍👩‍👧', ' e\u0301'].map((content) => event({ content })),
      stop,
      done,
    ].join(''),
    expected: { text: 'Grüße, 世界 👩‍👩‍👧 e\u0301' },
  },
  {
    name: 'openai-large-event',
    covers: 'one event larger than any rolling buffer, the usage after it',
    body: [
      role,
      event({ content: 'x'.repeat(100_000) }),
      event({}, { finish: 'length', ...usage(3, 25_000) }),
      done,
    ].join(''),
    expected: { text: 'x'.repeat(100_000), finish: 'length', usage: { input: 3, output: 25_000 } },
  },
  {
    name: 'openai-ends-without-finish',
    covers: 'the body ends regularly in the middle of the answer',
    body: [role, event({ content: 'Half an' })].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'truncated' },
  },
  {
    name: 'openai-done-without-finish',
    covers: '[DONE] without a finish reason',
    body: [role, event({ content: 'Half an' }), done].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'truncated' },
  },
  {
    name: 'openai-error-first',
    covers: 'the first event of a 200 is an error',
    body: `data: ${JSON.stringify({ error: { message: 'The server is overloaded.', type: 'server_error', param: null, code: null } })}\n\n${done}`,
    expected: { finish: undefined, outcome: 'error' },
  },
  {
    name: 'openai-error-event-later',
    covers: 'a named error event after content',
    body: [
      role,
      event({ content: 'Half an' }),
      `event: error\ndata: ${JSON.stringify({ error: { message: 'Failed', type: 'invalid_request_error', code: 'tool_use_failed' } })}\n\n`,
    ].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'error' },
  },
  {
    name: 'openai-error-in-chunk',
    covers: 'a chunk with an error, numeric code, and a choice that says finish reason error',
    body: [
      role,
      event({ content: 'Half an' }),
      event(
        { content: '' },
        { finish: 'error', error: { code: 502, message: 'Provider disconnected' } },
      ),
    ].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'error' },
  },
  {
    name: 'openai-error-bare-line',
    covers: 'an error as a bare field of the event stream',
    body: [
      event({ content: 'Half an' }),
      `error: ${JSON.stringify({ code: 500, message: 'slot unavailable', type: 'server_error' })}\n\n`,
    ].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'error' },
  },
  {
    name: 'openai-json-tool-call-loose',
    covers:
      'a whole answer whose call has no type, an empty id, arguments as an object, and finish reason stop',
    kind: 'json',
    body: JSON.stringify({
      id: 'chatcmpl-s',
      object: 'chat.completion',
      created: 1,
      model: 'synthetic',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: '', function: { name: 'get_weather', arguments: { city: 'Paris' } } },
            ],
          },
          finish_reason: 'stop',
        },
      ],
      ...usage(30, 10),
    }),
    expected: {
      toolCalls: [{ id: undefined, name: 'get_weather', arguments: { city: 'Paris' } }],
      finish: 'tool_calls',
      usage: { input: 30, output: 10 },
    },
  },
]
