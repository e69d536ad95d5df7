import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { MessageReader } from './stream.ts'

function open(): MessageReader {
  let ids = 0
  const call: CallContext = {
    provider: 'claude',
    model: 'm',
    stream: true,
    quirks: {},
    newId: (prefix) => `${prefix}${++ids}`,
  }
  return new MessageReader(call)
}

function readAll(events: readonly JsonObject[], reader = open()) {
  const read = events.flatMap((event) =>
    reader.read({ event: String(event.type), data: JSON.stringify(event) }),
  )
  return { events: read, complete: reader.complete }
}

const start: JsonObject = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude-x', usage: { input_tokens: 10, output_tokens: 1 } },
}
const block = (index: number, content_block: JsonObject): JsonObject => ({
  type: 'content_block_start',
  index,
  content_block,
})
const delta = (index: number, value: JsonObject): JsonObject => ({
  type: 'content_block_delta',
  index,
  delta: value,
})
const text = (index: number, value: string) => delta(index, { type: 'text_delta', text: value })
const input = (index: number, partial_json: string) =>
  delta(index, { type: 'input_json_delta', partial_json })
const stop = (index: number): JsonObject => ({ type: 'content_block_stop', index })
const tool = (index: number, name: string, value: JsonObject = {}) =>
  block(index, { type: 'tool_use', id: `toolu_${name}`, name, input: value })
const ended = (stop_reason: string, usage?: JsonObject): JsonObject[] => [
  {
    type: 'message_delta',
    delta: { stop_reason, stop_sequence: null },
    usage: usage ?? { output_tokens: 7 },
  },
  { type: 'message_stop' },
]
const typesOf = (events: readonly StreamEvent[]) => events.map((event) => event.type)
const toolEvents = (events: readonly StreamEvent[]) =>
  events.filter((event) => event.type.startsWith('tool-'))

describe('MessageReader', () => {
  it('reads a plain answer', () => {
    const { events, complete } = readAll([
      start,
      block(0, { type: 'text', text: '' }),
      text(0, 'Hel'),
      text(0, ''),
      { type: 'ping' },
      text(0, 'lo'),
      stop(0),
      ...ended('end_turn'),
    ])
    expect(events).toEqual([
      { type: 'start', id: 'msg_1', model: 'claude-x' },
      { type: 'usage', usage: expect.objectContaining({ inputTokens: 10, outputTokens: 1 }) },
      { type: 'text', choice: 0, text: 'Hel' },
      { type: 'text', choice: 0, text: 'lo' },
      { type: 'finish', choice: 0, finish: { reason: 'stop' } },
      { type: 'usage', usage: expect.objectContaining({ inputTokens: 10, outputTokens: 7 }) },
    ])
    expect(complete).toBe(true)
  })

  it('takes the last usage as the total', () => {
    const { events } = readAll([
      start,
      ...ended('end_turn', { input_tokens: 500, cache_read_input_tokens: 100, output_tokens: 40 }),
    ])
    expect(events.findLast((event) => event.type === 'usage')).toMatchObject({
      usage: { inputTokens: 600, outputTokens: 40, cachedTokens: 100 },
    })
  })

  it('is complete only after message_stop, with a reason', () => {
    const whole = [
      start,
      block(0, { type: 'text', text: '' }),
      text(0, 'a'),
      stop(0),
      ...ended('end_turn'),
    ]
    for (let length = 0; length < whole.length; length += 1)
      expect(readAll(whole.slice(0, length)).complete).toBe(false)
    expect(readAll([start, { type: 'message_stop' }]).complete).toBe(false)
    expect(
      readAll([
        start,
        { type: 'message_delta', delta: { stop_reason: null }, usage: {} },
        { type: 'message_stop' },
      ]).complete,
    ).toBe(false)
  })

  it('counts calls from 0 whatever their blocks are numbered', () => {
    const { events } = readAll([
      start,
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      stop(0),
      block(1, { type: 'text', text: '' }),
      stop(1),
      tool(2, 'a'),
      tool(5, 'b'),
      input(5, '{"b"'),
      input(2, '{"a"'),
      input(2, ':1}'),
      input(5, ':2}'),
      stop(2),
      stop(5),
      ...ended('tool_use'),
    ])
    expect(toolEvents(events)).toEqual([
      { type: 'tool-call', choice: 0, index: 0, id: 'toolu_a', name: 'a', kind: 'function' },
      { type: 'tool-call', choice: 0, index: 1, id: 'toolu_b', name: 'b', kind: 'function' },
      { type: 'tool-arguments', choice: 0, index: 1, text: '{"b"' },
      { type: 'tool-arguments', choice: 0, index: 0, text: '{"a"' },
      { type: 'tool-arguments', choice: 0, index: 0, text: ':1}' },
      { type: 'tool-arguments', choice: 0, index: 1, text: ':2}' },
    ])
    expect(events).toContainEqual({ type: 'finish', choice: 0, finish: { reason: 'tool_calls' } })
  })

  it('gives a call without input {}', () => {
    const expected = { type: 'tool-arguments', choice: 0, index: 0, text: '{}' }
    expect(
      readAll([start, tool(1, 'a'), input(1, ''), stop(1), ...ended('tool_use')]).events,
    ).toContainEqual(expected)
    expect(readAll([start, tool(1, 'a'), ...ended('tool_use')]).events).toContainEqual(expected)
  })

  it('takes input that came with the start', () => {
    expect(
      readAll([start, tool(0, 'a', { x: 1 }), stop(0), ...ended('tool_use')]).events,
    ).toContainEqual(expect.objectContaining({ text: '{"x":1}' }))
  })

  it('names a call that came without an id', () => {
    expect(
      readAll([start, block(0, { type: 'tool_use', name: 'a', input: {} })]).events,
    ).toContainEqual(expect.objectContaining({ id: 'toolu_1' }))
  })

  it('turns a custom tool back into free text', () => {
    const { events } = readAll([
      start,
      tool(0, 'postern_custom_patch'),
      input(0, '{"input":"*** \\u00e9'),
      input(0, '"}'),
      stop(0),
      ...ended('tool_use'),
    ])
    expect(toolEvents(events)).toEqual([
      {
        type: 'tool-call',
        choice: 0,
        index: 0,
        id: 'toolu_postern_custom_patch',
        name: 'patch',
        kind: 'custom',
      },
      { type: 'tool-arguments', choice: 0, index: 0, text: '*** é' },
    ])
  })

  it('turns the JSON answer back into text, once, and ends with stop', () => {
    const answer = (index: number) => [
      tool(index, 'postern_json_answer'),
      input(index, '{"city":'),
      input(index, '"Bern"}'),
      stop(index),
    ]
    const { events, complete } = readAll([start, ...answer(0), ...answer(1), ...ended('tool_use')])
    expect(
      events
        .filter((event) => event.type === 'text')
        .map((event) => event.text)
        .join(''),
    ).toBe('{"city":"Bern"}')
    expect(toolEvents(events)).toEqual([])
    expect(events).toContainEqual({ type: 'finish', choice: 0, finish: { reason: 'stop' } })
    expect(complete).toBe(true)
    expect(readAll([start, tool(0, 'postern_json_answer'), stop(0)]).events).toContainEqual({
      type: 'text',
      choice: 0,
      text: '{}',
    })
  })

  it('keeps signatures to the byte, also of thinking without text', () => {
    const value = 'Eq+/==\u2028é'
    const signature = { origin: 'anthropic-messages', value }
    const { events } = readAll([
      start,
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'Hm.' }),
      delta(0, { type: 'signature_delta', signature: value }),
      stop(0),
      block(1, { type: 'redacted_thinking', data: value }),
      stop(1),
      block(2, { type: 'thinking', thinking: '', signature: '' }),
      delta(2, { type: 'signature_delta', signature: value }),
      stop(2),
    ])
    expect(events.slice(2)).toEqual([
      { type: 'reasoning', choice: 0, text: 'Hm.' },
      { type: 'reasoning-signature', choice: 0, signature },
      { type: 'reasoning-signature', choice: 0, signature, redacted: true },
      { type: 'reasoning-signature', choice: 0, signature },
    ])
  })

  it("hands on the provider's own tools whole, never as calls", () => {
    const { events } = readAll([
      start,
      block(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      input(0, '{"query":'),
      input(0, '"x"}'),
      stop(0),
      block(1, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
      stop(1),
      tool(2, 'a'),
      stop(2),
    ])
    expect(events.filter((event) => event.type === 'part').map((event) => event.part)).toEqual([
      {
        type: 'extension',
        dialect: 'anthropic-messages',
        value: { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } },
      },
      {
        type: 'extension',
        dialect: 'anthropic-messages',
        value: { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
      },
    ])
    expect(toolEvents(events)).toMatchObject([{ index: 0, name: 'a' }, { text: '{}' }])
  })

  it('points citations at their passage of the whole text', () => {
    const citation = { type: 'web_search_result_location', url: 'https://a', title: 'A' }
    const { events } = readAll([
      start,
      block(0, { type: 'text', text: 'See ' }),
      stop(0),
      block(1, { type: 'text', text: '', citations: [] }),
      delta(1, { type: 'citations_delta', citation }),
      text(1, 'this'),
      stop(1),
    ])
    expect(events.at(-1)).toEqual({
      type: 'annotations',
      choice: 0,
      value: [
        {
          type: 'url_citation',
          url_citation: { url: 'https://a', title: 'A', start_index: 4, end_index: 8 },
        },
      ],
    })
  })

  it('begins once when message_start is repeated or spliced in', () => {
    const again = {
      ...start,
      message: { id: 'msg_2', model: 'other', usage: { input_tokens: 12, output_tokens: 1 } },
    }
    const { events, complete } = readAll([
      start,
      start,
      tool(0, 'a'),
      again,
      tool(0, 'b'),
      stop(0),
      ...ended('tool_use'),
    ])
    expect(events.filter((event) => event.type === 'start')).toEqual([
      { type: 'start', id: 'msg_1', model: 'claude-x' },
    ])
    expect(toolEvents(events)).toMatchObject([
      { index: 0, name: 'a' },
      { index: 0, text: '{}' },
      { index: 1, name: 'b' },
      { index: 1, text: '{}' },
    ])
    expect(events.findLast((event) => event.type === 'usage')).toMatchObject({
      usage: { inputTokens: 12 },
    })
    expect(complete).toBe(true)
  })

  it('ends once, and not on a usage update', () => {
    const { events } = readAll([
      start,
      { type: 'message_delta', delta: {}, usage: { output_tokens: 3 } },
      ...ended('end_turn').slice(0, 1),
      ...ended('max_tokens'),
    ])
    expect(typesOf(events)).toEqual(['start', 'usage', 'usage', 'finish', 'usage', 'usage'])
    expect(events[3]).toMatchObject({ finish: { reason: 'stop' } })
  })
})

describe('a stream that fails', () => {
  const overloaded = JSON.stringify({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
  })

  it.each(['error', undefined])('gives the provider error, as event %s', (event) => {
    const reader = open()
    expect(reader.read({ event, data: overloaded })).toEqual([
      { type: 'error', error: expect.objectContaining({ code: 'provider_overloaded' }) },
    ])
    expect(readAll([start, ...ended('end_turn')], reader)).toEqual({ events: [], complete: false })
  })

  it('reads errors of servers before the provider', () => {
    expect(open().read({ event: 'error', data: '{"message":"gone"}' })).toMatchObject([
      { type: 'error', error: { message: 'claude: gone' } },
    ])
    expect(open().read({ event: 'error', data: 'upstream reset' })).toMatchObject([
      { type: 'error', error: { code: 'provider_error' } },
    ])
    expect(open().read({ event: undefined, data: '{"error":{"message":"odd"}}' })).toMatchObject([
      { type: 'error', error: { message: 'claude: odd' } },
    ])
  })

  it.each(['{"type":"content_block_de', '[]', '"text"', 'null'])(
    'gives one error for %s',
    (data) => {
      const reader = open()
      expect(reader.read({ event: undefined, data })).toEqual([
        { type: 'error', error: expect.objectContaining({ code: 'upstream_invalid' }) },
      ])
      expect(reader.read({ event: undefined, data })).toEqual([])
    },
  )

  it('takes unknown events, blocks and deltas for progress', () => {
    const strange = [
      { type: 'brand_new' },
      block(0, { type: 'text', text: '' }),
      delta(0, { type: 'odd' }),
      text(9, 'lost'),
      stop(9),
      { type: 'content_block_delta', index: 0 },
    ]
    const { events, complete } = readAll([start, ...strange, ...ended('end_turn')])
    expect(typesOf(events)).toEqual(['start', 'usage', 'finish', 'usage'])
    expect(complete).toBe(true)
    expect(open().read({ event: undefined, data: '[DONE]' })).toEqual([])
    expect(open().read({ event: 'ping', data: 'whatever' })).toEqual([])
  })
})
