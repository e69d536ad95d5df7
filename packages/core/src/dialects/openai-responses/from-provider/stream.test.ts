import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { callTo } from '../to-provider/conversation.fake.ts'
import { ResponsesReader } from './stream.ts'
import { DIALECT, encodeSignature } from '../names.ts'

function open(): ResponsesReader {
  return new ResponsesReader(callTo('m', { stream: true }))
}

function readAll(events: readonly JsonObject[], reader = open()) {
  const read = events.flatMap((event) =>
    reader.read({ event: String(event.type), data: JSON.stringify(event) }),
  )
  return { events: read, complete: reader.complete }
}

/** Meaning of events, without the start and the end of every answer. */
function contentOf(events: readonly JsonObject[]): StreamEvent[] {
  return readAll([...events, completed()]).events.filter(
    ({ type }) => type !== 'start' && type !== 'finish' && type !== 'usage',
  )
}

const usage = { input_tokens: 10, output_tokens: 5 }
const created: JsonObject = {
  type: 'response.created',
  response: { id: 'resp_1', model: 'gpt-x', created_at: 5, status: 'in_progress', output: [] },
}
const completed = (output: JsonObject[] = [], more: JsonObject = {}): JsonObject => ({
  type: 'response.completed',
  response: { id: 'resp_1', status: 'completed', output, usage, ...more },
})
const added = (output_index: number, item: JsonObject): JsonObject => ({
  type: 'response.output_item.added',
  output_index,
  item,
})
const done = (output_index: number, item: JsonObject): JsonObject => ({
  type: 'response.output_item.done',
  output_index,
  item,
})
const textDelta = (output_index: number, delta: string, more: JsonObject = {}): JsonObject => ({
  type: 'response.output_text.delta',
  output_index,
  content_index: 0,
  delta,
  ...more,
})
const argsDelta = (output_index: number, delta: string, more: JsonObject = {}): JsonObject => ({
  type: 'response.function_call_arguments.delta',
  output_index,
  delta,
  ...more,
})
const said = (text: string, more: JsonObject = {}): JsonObject => ({
  type: 'output_text',
  text,
  annotations: [],
  ...more,
})
const message = (...content: JsonObject[]): JsonObject => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content,
})
const call = (args: string, more: JsonObject = {}): JsonObject => ({
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'look',
  arguments: args,
  ...more,
})
const text = (value: string): StreamEvent => ({ type: 'text', choice: 0, text: value })
const looks = (index = 0, id = 'call_1'): StreamEvent => ({
  type: 'tool-call',
  choice: 0,
  index,
  id,
  name: 'look',
  kind: 'function',
})
const args = (value: string, index = 0): StreamEvent => ({
  type: 'tool-arguments',
  choice: 0,
  index,
  text: value,
})
const thinks = (value: string): StreamEvent => ({ type: 'reasoning', choice: 0, text: value })

describe('ResponsesReader', () => {
  it('reads a plain answer', () => {
    const { events, complete } = readAll([
      created,
      { type: 'response.in_progress', response: { id: 'resp_1', model: 'gpt-x', created_at: 5 } },
      added(0, message()),
      { type: 'response.content_part.added', output_index: 0, content_index: 0, part: said('') },
      textDelta(0, 'Hel'),
      textDelta(0, ''),
      textDelta(0, 'lo'),
      { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello' },
      {
        type: 'response.content_part.done',
        output_index: 0,
        content_index: 0,
        part: said('Hello'),
      },
      done(0, message(said('Hello'))),
      completed([message(said('Hello'))]),
    ])
    expect(events).toEqual([
      { type: 'start', id: 'resp_1', model: 'gpt-x', created: 5 },
      text('Hel'),
      text('lo'),
      { type: 'finish', choice: 0, finish: { reason: 'stop' } },
      { type: 'usage', usage: expect.objectContaining({ inputTokens: 10, outputTokens: 5 }) },
    ])
    expect(complete).toBe(true)
  })

  it('ignores events it does not know, keep-alives and what comes after the end', () => {
    const reader = open()
    expect(reader.read({ event: undefined, data: '' })).toEqual([])
    expect(reader.read({ event: undefined, data: '[DONE]' })).toEqual([])
    expect(
      readAll(
        [
          created,
          { type: 'response.compaction.compacting' },
          { type: 'keepalive' },
          { type: 'response.web_search_call.searching', output_index: 0 },
        ],
        reader,
      ).events,
    ).toEqual([])
    expect(
      readAll(
        [completed(), textDelta(0, 'late'), { type: 'error', message: 'late' }],
        reader,
      ).events.map(({ type }) => type),
    ).toEqual(['start', 'finish', 'usage'])
    expect(reader.complete).toBe(true)
  })

  it.each([
    [completed(), { reason: 'stop' }],
    [
      {
        type: 'response.incomplete',
        response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      },
      { reason: 'length' },
    ],
    [
      {
        type: 'response.incomplete',
        response: { incomplete_details: { reason: 'content_filter' } },
      },
      { reason: 'content_filter' },
    ],
    [completed([], { status: 'in_progress' }), { reason: 'stop' }],
    [completed([], { status: 'incomplete' }), { reason: 'length' }],
  ])('%j ends with %j', (event, finish) => {
    const { events, complete } = readAll([created, event])
    expect(events.find(({ type }) => type === 'finish')).toEqual({
      type: 'finish',
      choice: 0,
      finish,
    })
    expect(complete).toBe(true)
  })

  it('is complete only after the response has ended', () => {
    const reader = open()
    for (const event of [created, textDelta(0, 'a'), done(0, message(said('a')))]) {
      reader.read({ event: undefined, data: JSON.stringify(event) })
      expect(reader.complete).toBe(false)
    }
    reader.read({ event: undefined, data: '[DONE]' })
    expect(reader.complete).toBe(false)
  })
})

describe('errors', () => {
  const flat: JsonObject = {
    type: 'error',
    code: 'insufficient_quota',
    message: 'You exceeded your quota.',
    param: null,
    sequence_number: 2,
  }
  const nested: JsonObject = {
    type: 'error',
    sequence_number: 2,
    error: {
      type: 'insufficient_quota',
      code: 'insufficient_quota',
      message: 'You exceeded your quota.',
      param: null,
    },
  }
  const failed: JsonObject = {
    type: 'response.failed',
    response: {
      status: 'failed',
      error: { code: 'insufficient_quota', message: 'You exceeded your quota.' },
    },
  }

  it.each([
    ['flat', [flat, failed]],
    ['nested', [nested, failed]],
    ['alone', [failed]],
    ['without the failure', [nested]],
  ])('nastiest 1: an error event is reported once (%s)', (_, failure) => {
    const { events, complete } = readAll([created, ...failure, textDelta(0, 'more'), completed()])
    expect(events).toEqual([
      { type: 'error', error: expect.objectContaining({ code: 'insufficient_quota' }) },
    ])
    expect(complete).toBe(false)
  })

  it('nastiest 2: nothing is sent before the first content, so that another target may still answer', () => {
    const waiting = ['created', 'queued', 'in_progress'].map((word) => ({
      type: `response.${word}`,
      response: { id: 'resp_1' },
    }))
    expect(
      readAll([...waiting, added(0, message()), added(1, { type: 'reasoning', summary: [] })])
        .events,
    ).toEqual([])
  })

  it('a failed response without a word of explanation is an error too', () => {
    expect(
      readAll([created, { type: 'response.failed', response: { error: null } }]).events,
    ).toEqual([{ type: 'error', error: expect.objectContaining({ code: 'provider_error' }) }])
    expect(
      readAll([
        created,
        completed([], { status: 'failed', error: { code: 'server_error', message: 'x' } }),
      ]),
    ).toMatchObject({ events: [{ type: 'error' }], complete: false })
  })

  it.each([
    [{ event: undefined, data: '{"type":"resp' }, 'upstream_invalid'],
    [{ event: undefined, data: '"text"' }, 'upstream_invalid'],
    [{ event: 'error', data: 'overloaded' }, 'provider_error'],
    [
      { event: 'error', data: '{"message":"slow down","code":"rate_limit_exceeded"}' },
      'rate_limit_exceeded',
    ],
    [
      { event: undefined, data: '{"error":{"message":"slow down","code":429}}' },
      'rate_limit_exceeded',
    ],
  ])('%j is %s', (frame, code) => {
    const reader = open()
    expect(reader.read(frame)).toEqual([
      { type: 'error', error: expect.objectContaining({ code }) },
    ])
    expect(reader.read({ event: undefined, data: JSON.stringify(completed()) })).toEqual([])
    expect(reader.complete).toBe(false)
  })
})

describe('tool calls', () => {
  it('numbers calls on their own, and keeps parallel ones separate', () => {
    const second = { call_id: 'call_2', id: 'fc_2' }
    expect(
      contentOf([
        added(0, { type: 'reasoning' }),
        added(1, message()),
        textDelta(1, 'a'),
        added(2, call('')),
        added(3, call('', second)),
        argsDelta(2, '{"a"'),
        argsDelta(3, '{"b"'),
        argsDelta(2, ':1}'),
        argsDelta(3, ':2}'),
      ]),
    ).toEqual([
      text('a'),
      looks(),
      looks(1, 'call_2'),
      args('{"a"'),
      args('{"b"', 1),
      args(':1}'),
      args(':2}', 1),
    ])
  })

  it('nastiest 3: an item is known by its position, since its id may change in every event', () => {
    expect(
      contentOf([
        added(0, call('', { id: 'aaa' })),
        argsDelta(0, '{"a"', { item_id: 'bbb' }),
        argsDelta(0, ':1}', { item_id: 'ccc' }),
        {
          type: 'response.function_call_arguments.done',
          output_index: 0,
          item_id: 'ddd',
          arguments: '{"a":1}',
        },
        done(0, call('{"a":1}', { id: 'eee' })),
        added(1, message()),
        textDelta(1, 'x', { item_id: 'fff' }),
        done(1, { ...message(said('x')), id: 'ggg' }),
        completed([call('{"a":1}', { id: 'hhh' }), { ...message(said('x')), id: 'iii' }]),
      ]),
    ).toEqual([looks(), args('{"a"'), args(':1}'), text('x')])
  })

  it.each([
    [
      'in the event that ends its arguments',
      [
        added(0, call('')),
        { type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"a":1}' },
        done(0, call('{"a":1}')),
      ],
    ],
    ['in the event that ends it', [added(0, call('')), done(0, call('{"a":1}'))]],
    ['in the only event about it', [done(0, call('{"a":1}'))]],
    ['in the response', [added(0, call('')), completed([call('{"a":1}')])]],
    ['only in the response', [completed([call('{"a":1}')])]],
  ])('nastiest 4: a call without fragments is whole %s', (_, events) => {
    expect(contentOf([created, ...events])).toEqual([looks(), args('{"a":1}')])
  })

  it('nastiest 4: what the fragments lack at the end is filled in', () => {
    expect(contentOf([added(0, call('')), argsDelta(0, '{"a"'), done(0, call('{"a":1}'))])).toEqual(
      [looks(), args('{"a"'), args(':1}')],
    )
  })

  it.each([
    ['ended', [added(0, call('')), done(0, call(''))]],
    ['never ended', [added(0, call(''))]],
  ])('a call without arguments that %s has an empty object', (_, events) => {
    expect(contentOf(events)).toEqual([looks(), args('{}')])
  })

  it('arguments that parse early are not taken for whole', () => {
    expect(
      contentOf([added(0, call('')), argsDelta(0, '{}'), argsDelta(0, ' '), done(0, call('{} '))]),
    ).toEqual([looks(), args('{}'), args(' ')])
  })

  it('a call is sent when its name is known', () => {
    expect(
      contentOf([
        argsDelta(0, '{"a"'),
        added(0, { type: 'function_call' }),
        argsDelta(0, ':1}'),
        done(0, call('{"a":1}')),
      ]),
    ).toEqual([looks(), args('{"a":1}')])
    expect(
      contentOf([added(0, { type: 'function_call', call_id: 'call_1' }), argsDelta(0, '{}')]),
    ).toEqual([{ ...looks(), id: 'call_1', name: '' }, args('{}')])
  })

  it('reads custom calls', () => {
    const custom = (input: string): JsonObject => ({
      type: 'custom_tool_call',
      id: 'ct_1',
      call_id: 'call_1',
      name: 'look',
      input,
    })
    const inputDelta = (delta: string): JsonObject => ({
      type: 'response.custom_tool_call_input.delta',
      output_index: 0,
      delta,
    })
    const begun = { ...looks(), kind: 'custom' }
    expect(
      contentOf([
        added(0, custom('')),
        inputDelta('SEL'),
        inputDelta('ECT'),
        done(0, custom('SELECT')),
      ]),
    ).toEqual([begun, args('SEL'), args('ECT')])
    expect(
      contentOf([
        added(0, custom('')),
        { type: 'response.custom_tool_call_input.done', output_index: 0, input: 'SELECT' },
      ]),
    ).toEqual([begun, args('SELECT')])
    expect(contentOf([added(0, custom('')), done(0, custom(''))])).toEqual([begun])
  })

  it.each([
    [
      'announced',
      [added(0, call('')), added(0, call('')), argsDelta(0, '{}'), done(0, call('{}'))],
    ],
    [
      'ended',
      [
        added(0, call('')),
        argsDelta(0, '{}'),
        done(0, call('{}')),
        done(0, call('{}')),
        argsDelta(0, '{}'),
      ],
    ],
    [
      'announced after it ended',
      [
        added(0, call('')),
        argsDelta(0, '{}'),
        done(0, call('{}')),
        added(0, call('')),
        completed([call('{}')]),
      ],
    ],
  ])('a call %s twice is one call', (_, events) => {
    expect(contentOf(events)).toEqual([looks(), args('{}')])
  })

  it('tells items of one position apart', () => {
    const second = { call_id: 'call_2', id: 'fc_2' }
    expect(
      contentOf([
        added(0, message()),
        textDelta(0, 'a'),
        done(0, message(said('a'))),
        added(0, call('')),
        argsDelta(0, '{}'),
        added(0, call('', second)),
        argsDelta(0, '[]'),
      ]),
    ).toEqual([text('a'), looks(), args('{}'), looks(1, 'call_2'), args('[]', 1)])
  })

  it('tells items without a position apart by their ids', () => {
    const bare = (item: JsonObject): JsonObject => ({ type: 'response.output_item.added', item })
    const events = [
      bare({ ...message(), id: 'm' }),
      { type: 'response.output_text.delta', item_id: 'm', delta: 'a' },
      bare(call('')),
      { type: 'response.function_call_arguments.delta', item_id: 'fc_1', delta: '{}' },
      completed([{ ...message(said('ab')), id: 'm' }, call('{}')]),
    ]
    expect(contentOf(events)).toEqual([text('a'), looks(), args('{}'), text('b')])
  })

  it('says that the answer calls tools', () => {
    const { events } = readAll([created, added(0, call('')), argsDelta(0, '{}'), completed()])
    expect(events.find(({ type }) => type === 'finish')).toMatchObject({
      finish: { reason: 'tool_calls' },
    })
  })
})

describe('text', () => {
  it.each([
    [
      'in the event that ends it',
      [
        added(0, message()),
        { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello' },
        done(0, message(said('Hello'))),
      ],
    ],
    ['in the item', [done(0, message(said('Hello')))]],
    ['in the response', [added(0, message()), completed([message(said('Hello'))])]],
  ])('nastiest 4: a text without fragments is whole %s', (_, events) => {
    expect(contentOf(events)).toEqual([text('Hello')])
  })

  it('nastiest 4: a whole that contradicts its fragments adds nothing', () => {
    expect(contentOf([textDelta(0, 'Yes.'), done(0, message(said('Yes and no.')))])).toEqual([
      text('Yes.'),
    ])
  })

  it('finds an item that ends with the response by its id, where positions have moved', () => {
    expect(
      contentOf([added(2, message()), textDelta(2, 'a'), completed([message(said('ab'))])]),
    ).toEqual([text('a'), text('b')])
  })

  it('nastiest 4: every text of a message is filled in by itself', () => {
    expect(
      contentOf([
        textDelta(0, 'a'),
        textDelta(0, 'c', { content_index: 1 }),
        done(0, message(said('a'), said('cd'), said('e'))),
      ]),
    ).toEqual([text('a'), text('c'), text('d'), text('e')])
  })

  it('reads refusals', () => {
    const refusal = { type: 'refusal', choice: 0, text: 'No.' }
    const delta = {
      type: 'response.refusal.delta',
      output_index: 0,
      content_index: 0,
      delta: 'No.',
    }
    const whole = {
      type: 'response.refusal.done',
      output_index: 0,
      content_index: 0,
      refusal: 'No.',
    }
    const item = done(0, message({ type: 'refusal', refusal: 'No.' }))
    expect(contentOf([delta, whole, item])).toEqual([refusal])
    expect(contentOf([whole, item])).toEqual([refusal])
    expect(contentOf([item])).toEqual([refusal])
  })

  it('tells each annotation once, at its place in the whole answer', () => {
    const citation = (url: string) => ({
      type: 'url_citation',
      url,
      title: 'T',
      start_index: 0,
      end_index: 1,
    })
    const event = (url: string) => ({
      type: 'response.output_text.annotation.added',
      output_index: 1,
      content_index: 0,
      annotation: citation(url),
    })
    const told = (url: string) => ({
      type: 'annotations',
      choice: 0,
      value: [
        { type: 'url_citation', url_citation: { url, title: 'T', start_index: 2, end_index: 3 } },
      ],
    })
    expect(
      contentOf([
        textDelta(0, 'ab'),
        done(0, message(said('ab'))),
        textDelta(1, 'c'),
        event('u'),
        done(1, {
          ...message(said('c', { annotations: [citation('u'), citation('v')] })),
          id: 'msg_2',
        }),
      ]),
    ).toEqual([text('ab'), text('c'), told('u'), told('v')])
  })

  it('tells log probabilities once', () => {
    const token = { token: 'a', logprob: -1, top_logprobs: [] }
    const told = {
      type: 'logprobs',
      choice: 0,
      value: {
        content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }],
        refusal: null,
      },
    }
    const whole = done(0, message(said('a', { logprobs: [token] })))
    expect(contentOf([textDelta(0, 'a', { logprobs: [token] }), whole])).toEqual([text('a'), told])
    expect(contentOf([textDelta(0, 'a', { logprobs: [] }), whole])).toEqual([text('a'), told])
  })

  it('gives what only this dialect understands as it is', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const told = {
      type: 'part',
      choice: 0,
      part: { type: 'extension', dialect: DIALECT, value: search },
    }
    expect(
      contentOf([
        added(0, { ...search, status: 'in_progress' }),
        done(0, search),
        completed([search]),
      ]),
    ).toEqual([told])
    expect(
      contentOf([added(0, { ...search, status: 'in_progress' }), completed([search])]),
    ).toEqual([told])
    expect(contentOf([added(0, { ...search, status: 'in_progress' })])).toEqual([])
  })

  it('keeps a call and its result apart, which share an id', () => {
    const shell = { type: 'shell_call', id: 'sh_1', call_id: 'c' }
    const output = { type: 'shell_call_output', id: 'sho_1', call_id: 'c' }
    expect(contentOf([completed([shell, output])])).toHaveLength(2)
    expect(contentOf([done(0, shell), completed([shell, output])])).toHaveLength(2)
  })
})

describe('reasoning', () => {
  const summaryDelta = (summary_index: number, delta: string): JsonObject => ({
    type: 'response.reasoning_summary_text.delta',
    output_index: 0,
    summary_index,
    delta,
  })
  const reasoningDelta = (delta: string): JsonObject => ({
    type: 'response.reasoning_text.delta',
    output_index: 0,
    content_index: 0,
    delta,
  })
  const item = (more: JsonObject): JsonObject => ({
    type: 'reasoning',
    id: 'rs_1',
    summary: [],
    ...more,
  })
  const signature = {
    origin: DIALECT,
    value: encodeSignature({ id: 'rs_1', encryptedContent: 'whole' }),
  }

  it('nastiest 10: reads summaries by paragraph, and thoughts', () => {
    const summary = [{ text: 'One.' }, { text: 'Two.' }]
    expect(
      contentOf([
        summaryDelta(0, 'On'),
        summaryDelta(0, 'e.'),
        summaryDelta(1, 'Two'),
        summaryDelta(1, '.'),
        done(0, item({ summary })),
      ]),
    ).toEqual([thinks('On'), thinks('e.'), thinks('\n\nTwo'), thinks('.')])
    expect(contentOf([done(0, item({ summary }))])).toEqual([thinks('One.'), thinks('\n\nTwo.')])
    expect(
      contentOf([reasoningDelta('Raw'), done(0, item({ content: [{ text: 'Raw.' }] }))]),
    ).toEqual([thinks('Raw'), thinks('.')])
  })

  it.each([
    ['response.reasoning_summary_text.done', { summary_index: 0 }],
    ['response.reasoning_text.done', { content_index: 0 }],
  ])('nastiest 4: %s fills in', (type, more) => {
    expect(
      contentOf([
        { type, output_index: 0, text: 'Hm.', ...more },
        { type, output_index: 0, text: 'Hm.', ...more },
      ]),
    ).toEqual([thinks('Hm.')])
  })

  it('tells thoughts or their summary, never both', () => {
    expect(
      contentOf([
        reasoningDelta('Long.'),
        summaryDelta(0, 'Short.'),
        done(0, item({ summary: [{ text: 'Short.' }], content: [{ text: 'Long.' }] })),
      ]),
    ).toEqual([thinks('Long.')])
  })

  it('nastiest 6: takes the encrypted reasoning of the finished item, for it may grow until then', () => {
    const events = [
      added(0, item({ encrypted_content: 'half' })),
      done(0, item({ encrypted_content: 'whole' })),
    ]
    expect(contentOf(events)).toEqual([
      { type: 'reasoning-signature', choice: 0, signature, redacted: true },
    ])
    expect(
      contentOf([
        summaryDelta(0, 'Hm.'),
        done(0, item({ summary: [{ text: 'Hm.' }], encrypted_content: 'whole' })),
      ]),
    ).toEqual([thinks('Hm.'), { type: 'reasoning-signature', choice: 0, signature }])
  })

  it('reasoning that was cut off has no proof, and none is made up', () => {
    expect(contentOf([added(0, item({})), done(0, item({ encrypted_content: null }))])).toEqual([])
  })
})
