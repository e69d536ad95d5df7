import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import type { StreamEvent } from '../../model/events.ts'
import { ChunkReader } from './stream.ts'

function testCall(quirks: Quirks = {}): CallContext {
  let ids = 0
  return {
    provider: 'acme',
    model: 'physical',
    stream: false,
    quirks,
    newId: (prefix) => `${prefix}new${++ids}`,
  }
}

function read(frames: readonly (JsonObject | string)[], quirks: Quirks = {}) {
  const reader = new ChunkReader(testCall(quirks))
  const events = frames.flatMap((data) =>
    reader.read({ event: undefined, data: typeof data === 'string' ? data : JSON.stringify(data) }),
  )
  return { events, reader, complete: reader.complete, types: events.map((event) => event.type) }
}

const chunk = (delta: JsonObject, rest: JsonObject = {}) => ({
  id: 'x',
  model: 'm',
  created: 5,
  choices: [{ index: 0, delta, ...rest }],
})
const end = (finish_reason: string) => chunk({}, { finish_reason })
const eventsOf = (delta: JsonObject) => read([chunk(delta)]).events.slice(1)

describe('events', () => {
  it('reads a plain stream', () => {
    const { events, complete } = read([
      chunk({ role: 'assistant', content: '', refusal: null }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }, { logprobs: { content: [1] } }),
      end('stop'),
      { id: 'x', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
      '[DONE]',
    ])
    expect(events).toMatchObject([
      { type: 'start', id: 'x', model: 'm', created: 5 },
      { type: 'text', choice: 0, text: 'Hel' },
      { type: 'text', choice: 0, text: 'lo' },
      { type: 'logprobs', choice: 0, value: { content: [1] } },
      { type: 'finish', choice: 0, finish: { reason: 'stop' } },
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 2 } },
    ])
    expect(complete).toBe(true)
  })

  it.each<[string, JsonObject, StreamEvent[]]>([
    [
      'reasoning_content',
      { content: null, reasoning_content: 'hm' },
      [{ type: 'reasoning', choice: 0, text: 'hm' }],
    ],
    ['reasoning', { content: '', reasoning: 'hm' }, [{ type: 'reasoning', choice: 0, text: 'hm' }]],
    [
      'thinking parts',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'ok' },
        ],
      },
      [
        { type: 'reasoning', choice: 0, text: 'hm' },
        { type: 'text', choice: 0, text: 'ok' },
      ],
    ],
    [
      'a signed detail',
      {
        reasoning_details: [
          {
            type: 'reasoning.text',
            text: 'hm',
            signature: 's',
            format: 'anthropic-claude-v1',
            index: 0,
          },
        ],
      },
      [
        { type: 'reasoning', choice: 0, text: 'hm' },
        {
          type: 'reasoning-signature',
          choice: 0,
          signature: { origin: 'anthropic-messages', value: 's' },
        },
      ],
    ],
    [
      'an encrypted detail',
      { reasoning_details: [{ type: 'reasoning.encrypted', data: 'e', format: 'f' }] },
      [
        {
          type: 'reasoning-signature',
          choice: 0,
          signature: { origin: 'f', value: 'e' },
          redacted: true,
        },
      ],
    ],
    ['a refusal', { refusal: 'no' }, [{ type: 'refusal', choice: 0, text: 'no' }]],
    [
      'annotations',
      { content: 'a', annotations: [{ type: 'url_citation' }] },
      [
        { type: 'text', choice: 0, text: 'a' },
        { type: 'annotations', choice: 0, value: [{ type: 'url_citation' }] },
      ],
    ],
    [
      'an image',
      { images: [{ image_url: { url: 'https://e.org/a.png' } }] },
      [
        {
          type: 'part',
          choice: 0,
          part: { type: 'image', source: { kind: 'url', url: 'https://e.org/a.png' } },
        },
      ],
    ],
    [
      'the old function_call',
      { function_call: { name: 'f', arguments: '{}' } },
      [
        { type: 'tool-call', choice: 0, index: 0, id: 'call_new1', name: 'f', kind: 'function' },
        { type: 'tool-arguments', choice: 0, index: 0, text: '{}' },
      ],
    ],
    ['an empty role', { role: '' }, []],
  ])('reads %s', (_name, delta, expected) => expect(eventsOf(delta)).toEqual(expected))

  it('starts with the first chunk that has a choice: a filter report before it knows no model', () => {
    const { events } = read([
      { id: '', model: '', created: 0, choices: [], prompt_filter_results: [] },
      chunk({ content: 'a' }),
    ])
    expect(events[0]).toEqual({ type: 'start', id: 'x', model: 'm', created: 5 })
  })

  it('reads a tool call that comes whole in the finish chunk', () => {
    const { events } = read([
      chunk(
        { tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] },
        { finish_reason: 'tool_calls' },
      ),
    ])
    expect(events.slice(1).map((event) => event.type)).toEqual([
      'tool-call',
      'tool-arguments',
      'finish',
    ])
  })

  it('ignores chunks without choices, deltas or usage, and anything after [DONE]', () => {
    const { types } = read([
      {},
      { choices: null },
      { choices: [null, {}] },
      chunk({}),
      '',
      '[DONE]',
      chunk({ content: 'late' }),
      '{broken',
    ])
    expect(types).toEqual(['start'])
  })

  it('keeps choices apart, a missing or odd index is the first', () => {
    const { events } = read([
      {
        choices: [
          { delta: { content: 'a' } },
          { index: 1, delta: { content: 'b' } },
          { index: -1, delta: { content: 'c' } },
        ],
      },
    ])
    expect(events.slice(1)).toEqual([
      { type: 'text', choice: 0, text: 'a' },
      { type: 'text', choice: 1, text: 'b' },
      { type: 'text', choice: 0, text: 'c' },
    ])
  })
})

describe('finish and usage', () => {
  const tool = chunk({
    tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }],
  })
  const finishes = (frames: JsonObject[], quirks?: Quirks) =>
    read(frames, quirks).events.flatMap((event) => (event.type === 'finish' ? [event.finish] : []))

  it('is one finish where a service repeats it', () => {
    expect(
      finishes([
        end('stop'),
        { ...end('stop'), usage: { prompt_tokens: 1, completion_tokens: 1 } },
      ]),
    ).toEqual([{ reason: 'stop' }])
  })

  it('does not take empty and null for an end', () => {
    expect(read([end(''), chunk({ content: 'a' }, { finish_reason: null })]).complete).toBe(false)
  })

  it('corrects stop after tool calls, only that, and not where a service means it', () => {
    expect(finishes([tool, end('stop')])).toEqual([{ reason: 'tool_calls' }])
    expect(finishes([tool, end('length')])).toEqual([{ reason: 'length' }])
    expect(finishes([tool, end('stop')], { exact: true })).toEqual([{ reason: 'stop' }])
  })

  it("keeps the provider's own word", () => {
    expect(finishes([end('model_length')])).toEqual([{ reason: 'length', native: 'model_length' }])
    expect(
      finishes([chunk({}, { finish_reason: 'stop', native_finish_reason: 'end_turn' })]),
    ).toEqual([{ reason: 'stop', native: 'end_turn' }])
  })

  it('reads usage from any chunk', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2 }
    for (const frame of [
      { ...chunk({ content: 'a' }), usage },
      { choices: [], usage },
      { usage },
      { ...end('stop'), x_groq: { usage } },
    ]) {
      expect(read([frame]).events.at(-1)).toMatchObject({
        type: 'usage',
        usage: { inputTokens: 1, outputTokens: 2 },
      })
    }
  })
})

describe('a stream that just ends is not whole', () => {
  it.each<[string, (JsonObject | string)[], Quirks, boolean]>([
    ['nothing at all', [], {}, false],
    ['[DONE] alone', ['[DONE]'], {}, false],
    ['text without an end', [chunk({ content: 'a' })], {}, false],
    ['[DONE] without a finish', [chunk({ content: 'a' }), '[DONE]'], {}, false],
    [
      'one of two choices',
      [
        {
          choices: [
            { index: 0, delta: {}, finish_reason: 'stop' },
            { index: 1, delta: { content: 'a' } },
          ],
        },
        '[DONE]',
      ],
      {},
      false,
    ],
    ['a finish without [DONE]', [chunk({ content: 'a' }), end('stop')], {}, true],
    ['a finish and [DONE]', [end('stop'), '[DONE]'], {}, true],
    ['noFinish: [DONE]', [chunk({ content: 'a' }), '[DONE]'], { noFinish: true }, true],
    ['noFinish: cut', [chunk({ content: 'a' })], { noFinish: true }, false],
    ['noFinish: [DONE] after nothing', ['[DONE]'], { noFinish: true }, false],
    ['an error after the finish', [end('stop'), { error: { message: 'x' } }], {}, false],
  ])('%s', (_name, frames, quirks, complete) =>
    expect(read(frames, quirks).complete).toBe(complete),
  )

  it('gives a choice without a finish the one its content implies', () => {
    const tool = chunk({ tool_calls: [{ id: 'a', function: { name: 'f' } }] })
    expect(read([chunk({ content: 'a' }), '[DONE]'], { noFinish: true }).events.at(-1)).toEqual({
      type: 'finish',
      choice: 0,
      finish: { reason: 'stop' },
    })
    expect(read([tool, '[DONE]'], { noFinish: true }).events.at(-1)).toEqual({
      type: 'finish',
      choice: 0,
      finish: { reason: 'tool_calls' },
    })
  })
})

describe('errors inside a 200', () => {
  const failure = (event: string | undefined, data: string) =>
    new ChunkReader(testCall()).read({ event, data })

  it.each([
    [
      'data with an error',
      undefined,
      '{"error":{"message":"slow down","code":429}}',
      'rate_limit_exceeded',
    ],
    [
      'an error beside choices',
      undefined,
      '{"choices":[{"delta":{},"finish_reason":"error"}],"error":{"code":502,"message":"gone"}}',
      'provider_error',
    ],
    [
      'event: error with an envelope',
      'error',
      '{"error":{"message":"busy","type":"overloaded_error"}}',
      'provider_overloaded',
    ],
    [
      'event: error with the error itself',
      'error',
      '{"message":"busy","type":"overloaded_error"}',
      'provider_overloaded',
    ],
    ['event: error with a string', 'error', '{"error":"out of memory"}', 'provider_error'],
    ['a bare error: line', 'error', 'context length exceeded', 'context_length_exceeded'],
    ['event: error that says nothing', 'error', '{}', 'provider_error'],
    ['broken JSON', undefined, '{"choices":[', 'upstream_invalid'],
    ['JSON that is no object', undefined, '42', 'upstream_invalid'],
  ])('%s', (_name, event, data, code) => {
    expect(failure(event, data)).toEqual([
      { type: 'error', error: expect.objectContaining({ code }) },
    ])
  })

  it('says nothing after an error', () => {
    expect(
      read([chunk({ content: 'a' }), { error: { message: 'x' } }, end('stop'), '[DONE]']).types,
    ).toEqual(['start', 'text', 'error'])
  })
})
