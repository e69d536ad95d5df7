import type { Trace } from './trace.ts'

/** Numbers the events of one stream without gaps, as the API does. */
function stream(
  ...events: readonly { readonly type: string; readonly [field: string]: unknown }[]
): string {
  return events
    .map(
      ({ type, ...fields }, at) =>
        `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: at, ...fields })}\n\n`,
    )
    .join('')
}

const head = {
  id: 'resp_s',
  object: 'response',
  created_at: 1_700_000_000,
  model: 'synthetic',
  error: null,
  incomplete_details: null,
}
const begun = { ...head, status: 'in_progress', output: [], usage: null }
const created = { type: 'response.created', response: begun }
const inProgress = { type: 'response.in_progress', response: begun }
const counts = {
  input_tokens: 30,
  input_tokens_details: { cached_tokens: 10 },
  output_tokens: 12,
  output_tokens_details: { reasoning_tokens: 4 },
  total_tokens: 42,
}
const usage = { input: 30, output: 12, cached: 10, reasoning: 4 }

function ended(output: readonly object[], rest: object = {}) {
  return {
    type: 'response.completed',
    response: { ...head, status: 'completed', output, usage: counts, ...rest },
  }
}

function messageItem(text: string, id = 'msg_s') {
  return {
    id,
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  }
}

function message(output_index: number, text: string, ...fragments: string[]) {
  const at = { output_index, item_id: 'msg_s', content_index: 0 }
  return [
    {
      type: 'response.output_item.added',
      output_index,
      item: { ...messageItem(''), status: 'in_progress', content: [] },
    },
    {
      type: 'response.content_part.added',
      ...at,
      part: { type: 'output_text', text: '', annotations: [] },
    },
    ...fragments.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.output_text.done', ...at, text },
    {
      type: 'response.content_part.done',
      ...at,
      part: { type: 'output_text', text, annotations: [] },
    },
    { type: 'response.output_item.done', output_index, item: messageItem(text) },
  ]
}

function callItem(call_id: string, city: string, id = `fc_${call_id}`) {
  return {
    id,
    type: 'function_call',
    status: 'completed',
    call_id,
    name: 'get_weather',
    arguments: JSON.stringify({ city }),
  }
}

const paris = { id: 'call_p', name: 'get_weather', arguments: { city: 'Paris' } }
const rome = { id: 'call_r', name: 'get_weather', arguments: { city: 'Rome' } }
const error = { code: 'rate_limit_exceeded', message: 'Slow down.' }
const failed = {
  type: 'response.failed',
  response: { ...head, status: 'failed', output: [], error },
}

/** Traces of OpenAI Responses, written by hand: what its events do that a reader must bear. */
export const responsesTraces: readonly Trace[] = [
  {
    name: 'openai-responses-text',
    covers: 'an answer in fragments, with cached and reasoning tokens counted inside.',
    body: stream(
      created,
      inProgress,
      ...message(0, 'Grüße, 世界!', 'Grü', 'ße, ', '世界!'),
      ended([messageItem('Grüße, 世界!')]),
    ),
    expected: { text: 'Grüße, 世界!', usage },
  },
  {
    name: 'openai-responses-done-without-deltas',
    covers: 'The event that ends an item carries all of it, also when no delta came before.',
    body: stream(
      created,
      ...message(0, 'Whole.'),
      {
        type: 'response.output_item.added',
        output_index: 1,
        item: { ...callItem('call_p', 'Paris'), arguments: '' },
      },
      { type: 'response.output_item.done', output_index: 1, item: callItem('call_p', 'Paris') },
      ended([messageItem('Whole.'), callItem('call_p', 'Paris')]),
    ),
    expected: { text: 'Whole.', toolCalls: [paris], finish: 'tool_calls', usage },
  },
  {
    name: 'openai-responses-rotating-item-ids',
    covers: 'the id of an item changes between its events; its output_index does not.',
    body: stream(
      created,
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...callItem('call_p', 'Paris', 'a1'), arguments: '' },
      },
      {
        type: 'response.output_item.added',
        output_index: 1,
        item: { ...callItem('call_r', 'Rome', 'b1'), arguments: '' },
      },
      {
        type: 'response.function_call_arguments.delta',
        output_index: 1,
        item_id: 'b2',
        delta: '{"city":',
      },
      {
        type: 'response.function_call_arguments.delta',
        output_index: 0,
        item_id: 'a2',
        delta: '{"city":"Paris"}',
      },
      {
        type: 'response.function_call_arguments.delta',
        output_index: 1,
        item_id: 'b3',
        delta: '"Rome"}',
      },
      {
        type: 'response.function_call_arguments.done',
        output_index: 0,
        item_id: 'a3',
        arguments: '{"city":"Paris"}',
      },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: callItem('call_p', 'Paris', 'a4'),
      },
      {
        type: 'response.function_call_arguments.done',
        output_index: 1,
        item_id: 'b4',
        arguments: '{"city":"Rome"}',
      },
      {
        type: 'response.output_item.done',
        output_index: 1,
        item: callItem('call_r', 'Rome', 'b5'),
      },
      ended([callItem('call_p', 'Paris', 'a6'), callItem('call_r', 'Rome', 'b6')]),
    ),
    expected: { toolCalls: [paris, rome], finish: 'tool_calls', usage },
  },
  {
    name: 'openai-responses-reasoning-text',
    covers: 'open models stream the reasoning itself instead of a summary.',
    body: stream(
      created,
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { id: 'rs_s', type: 'reasoning', summary: [], content: [] },
      },
      {
        type: 'response.reasoning_text.delta',
        output_index: 0,
        item_id: 'rs_s',
        content_index: 0,
        delta: 'Let me ',
      },
      {
        type: 'response.reasoning_text.delta',
        output_index: 0,
        item_id: 'rs_s',
        content_index: 0,
        delta: 'see.',
      },
      {
        type: 'response.reasoning_text.done',
        output_index: 0,
        item_id: 'rs_s',
        content_index: 0,
        text: 'Let me see.',
      },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: {
          id: 'rs_s',
          type: 'reasoning',
          summary: [],
          content: [{ type: 'reasoning_text', text: 'Let me see.' }],
        },
      },
      ...message(1, 'Yes.', 'Yes.'),
      ended([
        {
          id: 'rs_s',
          type: 'reasoning',
          summary: [],
          content: [{ type: 'reasoning_text', text: 'Let me see.' }],
        },
        messageItem('Yes.'),
      ]),
    ),
    expected: { text: 'Yes.', reasoning: 'Let me see.', usage },
  },
  {
    name: 'openai-responses-incomplete',
    covers: 'an answer cut off by its limit is whole as a stream, and says so.',
    body: stream(created, ...message(0, 'Once upon', 'Once', ' upon'), {
      type: 'response.incomplete',
      response: {
        ...head,
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [messageItem('Once upon')],
        usage: counts,
      },
    }),
    expected: { text: 'Once upon', finish: 'length', usage },
  },
  {
    name: 'openai-responses-failed-first',
    covers:
      'a quota error that comes as an event after a 200, nested and followed by response.failed.',
    body: stream(
      created,
      inProgress,
      { type: 'error', error: { type: 'tokens', ...error, param: null } },
      failed,
    ),
    expected: { outcome: 'error', finish: undefined },
  },
  {
    name: 'openai-responses-failed-later',
    covers: 'a flat error event after part of the answer.',
    body: stream(
      created,
      ...message(0, 'Half', 'Half').slice(0, 3),
      { type: 'error', code: 'server_error', message: 'It broke.', param: null },
      failed,
    ),
    expected: { text: 'Half', outcome: 'error', finish: undefined },
  },
  {
    name: 'openai-responses-ends-early',
    covers: 'a stream that ends without its last event.',
    body: stream(created, ...message(0, 'Half', 'Half')),
    expected: { text: 'Half', outcome: 'truncated', finish: undefined },
  },
  {
    name: 'openai-responses-json-refusal',
    covers: 'A refusal beside no text in a whole answer.',
    kind: 'json',
    body: JSON.stringify({
      ...head,
      status: 'completed',
      output: [
        {
          id: 'msg_s',
          type: 'message',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'refusal', refusal: 'I cannot.' }],
        },
      ],
      usage: counts,
    }),
    expected: { usage },
  },
]
