import type { Trace } from './trace.ts'

function event(data: { type: string; [field: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

function start(usage: object): string {
  return event({
    type: 'message_start',
    message: {
      id: 'msg_s',
      type: 'message',
      role: 'assistant',
      model: 'synthetic',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  })
}

function blockStart(index: number, content_block: object): string {
  return event({ type: 'content_block_start', index, content_block })
}

function delta(index: number, type: string, fields: object): string {
  return event({ type: 'content_block_delta', index, delta: { type, ...fields } })
}

function blockStop(index: number): string {
  return event({ type: 'content_block_stop', index })
}

function text(index: number, ...fragments: string[]): string {
  return [
    blockStart(index, { type: 'text', text: '' }),
    ...fragments.map((fragment) => delta(index, 'text_delta', { text: fragment })),
    blockStop(index),
  ].join('')
}

function tool(
  index: number,
  call: { id: string; name: string; fragments: readonly string[] },
): string {
  const { id, name, fragments } = call
  return [
    blockStart(index, { type: 'tool_use', id, name, input: {} }),
    ...fragments.map((partial_json) => delta(index, 'input_json_delta', { partial_json })),
    blockStop(index),
  ].join('')
}

function end(stop_reason: string, usage: object): string {
  return (
    event({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage }) +
    event({ type: 'message_stop' })
  )
}

const ping = event({ type: 'ping' })
const opening = start({
  input_tokens: 12,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 1,
})
const usage = { input: 12, output: 20 }
const paris = { id: 'toolu_p', name: 'get_weather', arguments: { city: 'Paris' } }
const rome = { id: 'toolu_r', name: 'get_weather', arguments: { city: 'Rome' } }

/** Streams and one whole answer of Anthropic Messages. */
export const anthropicTraces: readonly Trace[] = [
  {
    name: 'anthropic-usage-cumulative',
    covers:
      'message_delta repeats and corrects the counts of message_start; cache tokens count as input',
    body: [
      start({
        input_tokens: 10,
        cache_creation_input_tokens: 30,
        cache_read_input_tokens: 200,
        output_tokens: 4,
      }),
      text(0, 'Hi'),
      end('end_turn', {
        input_tokens: 25,
        cache_creation_input_tokens: 30,
        cache_read_input_tokens: 200,
        output_tokens: 9,
        output_tokens_details: { thinking_tokens: 3 },
      }),
    ].join(''),
    expected: {
      text: 'Hi',
      usage: { input: 255, output: 9, cached: 200, cacheWrite: 30, reasoning: 3 },
    },
  },
  {
    name: 'anthropic-usage-output-only',
    covers: 'message_delta has output tokens only; the rest stays as message_start said',
    body: [
      start({
        input_tokens: 10,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 5,
        output_tokens: 1,
      }),
      text(0, 'Hi'),
      end('end_turn', { output_tokens: 6 }),
    ].join(''),
    expected: { text: 'Hi', usage: { input: 15, output: 6, cached: 5 } },
  },
  {
    name: 'anthropic-parallel-tools-after-text',
    covers: 'block indexes 1 and 2 are calls 0 and 1; an empty first fragment; pings inside blocks',
    body: [
      opening,
      text(0, 'Let me', ' look.'),
      ping,
      tool(1, { id: 'toolu_p', name: 'get_weather', fragments: ['', '{"ci', 'ty": "Paris"}'] }),
      tool(2, { id: 'toolu_r', name: 'get_weather', fragments: ['', '{"city": "Rome"}'] }),
      end('tool_use', { output_tokens: 20 }),
    ].join(''),
    expected: { text: 'Let me look.', toolCalls: [paris, rome], finish: 'tool_calls', usage },
  },
  {
    name: 'anthropic-tool-no-arguments',
    covers: 'one call with an empty fragment only, one with none at all',
    body: [
      opening,
      tool(0, { id: 'toolu_a', name: 'now', fragments: [''] }),
      tool(1, { id: 'toolu_b', name: 'today', fragments: [] }),
      end('tool_use', { output_tokens: 20 }),
    ].join(''),
    expected: {
      toolCalls: [
        { id: 'toolu_a', name: 'now', arguments: {} },
        { id: 'toolu_b', name: 'today', arguments: {} },
      ],
      finish: 'tool_calls',
      usage,
    },
  },
  {
    name: 'anthropic-server-tool-between',
    covers: 'blocks of a server tool are no calls of the client and leave no gap in the numbering',
    body: [
      opening,
      blockStart(0, { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }),
      delta(0, 'input_json_delta', { partial_json: '{"query":"x"}' }),
      blockStop(0),
      blockStart(1, { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }),
      blockStop(1),
      text(2, 'Found.'),
      tool(3, { id: 'toolu_p', name: 'get_weather', fragments: ['{"city":"Paris"}'] }),
      end('tool_use', { output_tokens: 20 }),
    ].join(''),
    expected: { text: 'Found.', toolCalls: [paris], finish: 'tool_calls', usage },
  },
  {
    name: 'anthropic-thinking-signed',
    covers:
      'thinking with a signature that comes in its own delta, then redacted thinking, then a call',
    body: [
      opening,
      blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, 'thinking_delta', { thinking: 'Paris,' }),
      delta(0, 'thinking_delta', { thinking: ' then.' }),
      delta(0, 'signature_delta', { signature: 'Eq/+AbC==' }),
      blockStop(0),
      blockStart(1, { type: 'redacted_thinking', data: 'EmwKAhgB+/==' }),
      blockStop(1),
      tool(2, { id: 'toolu_p', name: 'get_weather', fragments: ['{"city":"Paris"}'] }),
      end('tool_use', { output_tokens: 20 }),
    ].join(''),
    expected: {
      reasoning: 'Paris, then.',
      signatures: ['Eq/+AbC==', 'EmwKAhgB+/=='],
      toolCalls: [paris],
      finish: 'tool_calls',
      usage,
    },
  },
  {
    name: 'anthropic-thinking-signature-only',
    covers: 'thinking that is signed and not shown',
    body: [
      opening,
      blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, 'signature_delta', { signature: 'EpwB/+==' }),
      blockStop(0),
      text(1, 'Yes.'),
      end('end_turn', { output_tokens: 20 }),
    ].join(''),
    expected: { text: 'Yes.', signatures: ['EpwB/+=='], usage },
  },
  {
    name: 'anthropic-multibyte-crlf',
    covers: 'multi-byte characters, CRLF line ends, comments, spaces inside the JSON',
    body: [
      opening,
      ': comment\n\n',
      text(0, 'Grüße, ', '世界 ', '👋🏽'),
      end('max_tokens', { output_tokens: 20 }),
    ]
      .join('')
      .replaceAll('}\n\n', '   }\n\n')
      .replaceAll('\n', '\r\n'),
    expected: { text: 'Grüße, 世界 👋🏽', finish: 'length', usage },
  },
  {
    name: 'anthropic-refusal',
    covers: 'stop reason refusal',
    body: [opening, text(0, 'I '), end('refusal', { output_tokens: 20 })].join(''),
    expected: { text: 'I ', finish: 'content_filter', usage },
  },
  {
    name: 'anthropic-context-window-exceeded',
    covers: 'stop reason model_context_window_exceeded',
    body: [
      opening,
      text(0, 'Long'),
      end('model_context_window_exceeded', { output_tokens: 20 }),
    ].join(''),
    expected: { text: 'Long', finish: 'length', usage },
  },
  {
    name: 'anthropic-unknown-events',
    covers: 'an unknown event, an unknown block and an unknown delta are skipped',
    body: [
      opening,
      event({ type: 'message_note', note: 'new' }),
      blockStart(0, { type: 'hologram', data: 'x' }),
      delta(0, 'hologram_delta', { data: 'y' }),
      blockStop(0),
      text(1, 'Hi'),
      end('end_turn', { output_tokens: 20 }),
    ].join(''),
    expected: { text: 'Hi', usage },
  },
  {
    name: 'anthropic-error-first',
    covers: 'the first event of a 200 is overloaded_error',
    body: event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    expected: { finish: undefined, outcome: 'error' },
  },
  {
    name: 'anthropic-error-later',
    covers: 'an error after content',
    body: [
      opening,
      blockStart(0, { type: 'text', text: '' }),
      delta(0, 'text_delta', { text: 'Half an' }),
      event({ type: 'error', error: { type: 'api_error', message: 'Internal server error' } }),
    ].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'error' },
  },
  {
    name: 'anthropic-ends-inside-block',
    covers: 'the body ends regularly in the middle of a block',
    body: [
      opening,
      blockStart(0, { type: 'text', text: '' }),
      delta(0, 'text_delta', { text: 'Half an' }),
    ].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'truncated' },
  },
  {
    name: 'anthropic-ends-without-message-delta',
    covers: 'the blocks are whole, and nothing says why the message ended',
    body: [opening, text(0, 'Half an')].join(''),
    expected: { text: 'Half an', finish: undefined, outcome: 'truncated' },
  },
  {
    name: 'anthropic-json-thinking-and-tool',
    covers: 'a whole answer with signed thinking, text and a call without arguments',
    kind: 'json',
    body: JSON.stringify({
      id: 'msg_s',
      type: 'message',
      role: 'assistant',
      model: 'synthetic',
      content: [
        { type: 'thinking', thinking: 'What time?', signature: 'Sig+/==' },
        { type: 'text', text: 'Let me see.' },
        { type: 'tool_use', id: 'toolu_n', name: 'now', input: {} },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: 12,
        cache_creation_input_tokens: 3,
        cache_read_input_tokens: 5,
        output_tokens: 20,
      },
    }),
    expected: {
      text: 'Let me see.',
      reasoning: 'What time?',
      signatures: ['Sig+/=='],
      toolCalls: [{ id: 'toolu_n', name: 'now', arguments: {} }],
      finish: 'tool_calls',
      usage: { input: 20, output: 20, cached: 5, cacheWrite: 3 },
    },
  },
]
