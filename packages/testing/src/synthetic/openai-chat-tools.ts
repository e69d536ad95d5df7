import type { Trace } from './trace.ts'

/** A chunk with one choice, as an event. */
function chunk(delta: object, rest: { finish?: string; [field: string]: unknown } = {}): string {
  const { finish = null, ...fields } = rest
  const body = {
    id: 'chatcmpl-s',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'synthetic',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...fields,
  }
  return `data: ${JSON.stringify(body)}\n\n`
}

const role = chunk({ role: 'assistant', content: null })
const done = 'data: [DONE]\n\n'

/** Opening delta of a call. */
function call(index: number, { id, name }: { id: string; name: string }, args = ''): object {
  return { tool_calls: [{ index, id, type: 'function', function: { name, arguments: args } }] }
}

/** Later delta of a call. */
function more(index: number, args: string): object {
  return { tool_calls: [{ index, function: { arguments: args } }] }
}

const paris = { id: 'call_p', name: 'get_weather', arguments: { city: 'Paris' } }
const rome = { id: 'call_r', name: 'get_weather', arguments: { city: 'Rome' } }

/**
 * Streamed tool calls of OpenAI chat completions and of the servers that are nearly compatible with
 * it.
 */
export const openaiToolTraces: readonly Trace[] = [
  {
    name: 'openai-tool-index-starts-at-one',
    covers: 'the first tool index is 1, because a block index of another dialect leaked',
    body: [
      role,
      chunk(call(1, { id: 'call_p', name: 'get_weather' })),
      chunk(more(1, '{"city":')),
      chunk(more(1, '"Paris"}')),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-index-sparse',
    covers: 'indexes 0 and 3, with nothing between',
    body: [
      role,
      chunk(call(0, { id: 'call_p', name: 'get_weather' }, '{"city":"Paris"}')),
      chunk(call(3, { id: 'call_r', name: 'get_weather' }, '{"city":"Rome"}')),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris, rome], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-index-reused',
    covers: 'two calls with their own ids share index 0',
    body: [
      role,
      chunk(call(0, { id: 'call_p', name: 'get_weather' })),
      chunk(more(0, '{"city":"Paris"}')),
      chunk(call(0, { id: 'call_r', name: 'get_weather' })),
      chunk(more(0, '{"city":"Rome"}')),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris, rome], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-index-missing',
    covers: 'no index at all; an id opens a call, what has none continues the last one',
    body: [
      role,
      chunk({
        tool_calls: [
          { id: 'call_p', type: 'function', function: { name: 'get_weather', arguments: '' } },
        ],
      }),
      chunk({ tool_calls: [{ function: { arguments: '{"city":"Paris"}' } }] }),
      chunk({
        tool_calls: [
          {
            id: 'call_r',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"city"' },
          },
        ],
      }),
      chunk({ tool_calls: [{ function: { arguments: ':"Rome"}' } }] }),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris, rome], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-parallel-interleaved',
    covers: 'the fragments of two parallel calls alternate',
    body: [
      role,
      chunk(call(0, { id: 'call_p', name: 'get_weather' })),
      chunk(call(1, { id: 'call_r', name: 'get_weather' })),
      chunk(more(0, '{"city":')),
      chunk(more(1, '{"city":')),
      chunk({
        tool_calls: [
          { index: 1, function: { arguments: '"Rome"}' } },
          { index: 0, function: { arguments: '"Paris"}' } },
        ],
      }),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris, rome], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-late-name',
    covers: 'the first delta has id and arguments, the name comes later; the type is missing',
    body: [
      role,
      chunk({ tool_calls: [{ index: 0, id: 'call_p', function: { arguments: '{"ci' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { name: 'get_weather', arguments: 'ty":' } }] }),
      chunk(more(0, '"Paris"}')),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-empty-fields-later',
    covers: 'later deltas repeat id, name, type and role as empty strings or null',
    body: [
      chunk({ role: '', ...call(0, { id: 'call_p', name: 'get_weather' }) }),
      chunk({
        role: '',
        tool_calls: [
          { index: 0, id: '', type: null, function: { name: '', arguments: '{"city":' } },
        ],
      }),
      chunk({
        tool_calls: [
          { index: 0, id: null, type: '', function: { name: null, arguments: '"Paris"}' } },
        ],
      }),
      chunk({ role: null, content: '' }, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-empty-ids',
    covers: 'two parallel calls whose ids are empty strings',
    body: [
      role,
      chunk({
        tool_calls: [
          {
            index: 0,
            id: '',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
          },
        ],
      }),
      chunk({
        tool_calls: [
          {
            index: 1,
            id: '',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"city":"Rome"}' },
          },
        ],
      }),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: {
      toolCalls: [
        { ...paris, id: undefined },
        { ...rome, id: undefined },
      ],
      finish: 'tool_calls',
    },
  },
  {
    name: 'openai-tool-arguments-in-finish-chunk',
    covers:
      'the whole call arrives in the chunk that says why the answer ended; its usage is there as well',
    body: [
      role,
      chunk(call(0, { id: 'a1b2c3d4e', name: 'get_weather' }, '{"city":"Paris"}'), {
        finish: 'tool_calls',
        usage: { prompt_tokens: 31, completion_tokens: 12, total_tokens: 43 },
      }),
      done,
    ].join(''),
    expected: {
      toolCalls: [{ ...paris, id: 'a1b2c3d4e' }],
      finish: 'tool_calls',
      usage: { input: 31, output: 12 },
    },
  },
  {
    name: 'openai-tool-stop-instead-of-tool-calls',
    covers: 'the finish reason is stop although there is a call',
    body: [
      role,
      chunk(call(0, { id: 'call_p', name: 'get_weather' }, '{"city":"Paris"}')),
      chunk({}, { finish: 'stop' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-no-arguments',
    covers: 'a call without arguments has an empty string of them',
    body: [
      role,
      chunk(call(0, { id: 'call_n', name: 'now' })),
      chunk(more(0, '')),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [{ id: 'call_n', name: 'now', arguments: {} }], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-arguments-parse-early',
    covers: 'the first fragment already is valid JSON, and the rest is white space',
    body: [
      role,
      chunk(call(0, { id: 'call_p', name: 'get_weather' }, '{"city":"Paris"}')),
      chunk(more(0, '  ')),
      chunk(more(0, '\n')),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: { toolCalls: [paris], finish: 'tool_calls' },
  },
  {
    name: 'openai-tool-arguments-multibyte',
    covers: 'characters of two, three and four bytes inside arguments',
    body: [
      role,
      chunk(call(0, { id: 'call_m', name: 'get_weather' })),
      chunk(more(0, '{"city":"Zürich 東京')),
      chunk(more(0, ' 🏔️"}')),
      chunk({}, { finish: 'tool_calls' }),
      done,
    ].join(''),
    expected: {
      toolCalls: [{ id: 'call_m', name: 'get_weather', arguments: { city: 'Zürich 東京 🏔️' } }],
      finish: 'tool_calls',
    },
  },
]
