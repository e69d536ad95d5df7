import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { conversationOf, renderContext } from '../from-client/request.fake.ts'
import { readMessageStream } from './message-stream.fake.ts'
import { renderAnswer } from './answer.ts'
import { MessageRenderer } from './stream.ts'

const text = (value: string, choice = 0): StreamEvent => ({ type: 'text', choice, text: value })
const thought = (value: string): StreamEvent => ({ type: 'reasoning', choice: 0, text: value })
const signed = (value: string, origin = 'anthropic-messages', redacted = false): StreamEvent => ({
  type: 'reasoning-signature',
  choice: 0,
  signature: { origin, value },
  ...(redacted ? { redacted } : {}),
})
const call = (
  index: number,
  id: string,
  more: Partial<Extract<StreamEvent, { type: 'tool-call' }>> = {},
): StreamEvent => ({
  type: 'tool-call',
  choice: 0,
  index,
  id,
  name: `f${index}`,
  kind: 'function',
  ...more,
})
const input = (index: number, value: string): StreamEvent => ({
  type: 'tool-arguments',
  choice: 0,
  index,
  text: value,
})
const finish = (reason: 'stop' | 'tool_calls' | 'length' = 'stop'): StreamEvent => ({
  type: 'finish',
  choice: 0,
  finish: { reason },
})
const start: StreamEvent = { type: 'start', id: 'msg_1', model: 'claude' }
const usage = (inputTokens: number, outputTokens: number): StreamEvent => ({
  type: 'usage',
  usage: { inputTokens, outputTokens, cachedTokens: 1 },
})

function render(events: readonly StreamEvent[]) {
  const renderer = new MessageRenderer(renderContext())
  const steps = events.map((event) => renderer.event(event))
  const output = steps.join('') + renderer.end()
  return { steps, output, ...readMessageStream(output) }
}

const contentOf = (...events: StreamEvent[]) => render([start, ...events]).message.content

it('nastiest 4: every event has its name, and they come in order', () => {
  const { output, message, types } = render([
    start,
    usage(10, 1),
    text('Hel'),
    text('lo'),
    finish(),
    usage(10, 7),
  ])
  expect(types).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
  expect(message).toEqual({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text: 'Hello' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    stop_details: null,
    usage: {
      input_tokens: 9,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 1,
      output_tokens: 7,
    },
  })
  expect(output).toContain(
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n',
  )
})

it('each token leaves as it comes', () => {
  const { steps } = render([
    start,
    text('a'),
    text('b'),
    thought('c'),
    call(0, 'x'),
    input(0, '{'),
    input(0, '}'),
  ])
  expect(steps[0]).toBe('')
  expect(steps.slice(1).every((step) => step !== '')).toBe(true)
})

it('message_start tells the usage so far, message_delta the last one, and nothing is added (nastiest 2)', () => {
  const { output, message } = render([
    start,
    usage(10, 1),
    text('a'),
    usage(12, 5),
    finish(),
    usage(13, 9),
  ])
  expect(output.slice(0, output.indexOf('\n\n'))).toContain('"input_tokens":9,')
  expect(message.usage).toMatchObject({ input_tokens: 12, output_tokens: 9 })
})

it('an empty answer is still a message', () => {
  expect(render([finish()])).toMatchObject({
    message: { id: 'msg_req_1', model: 'physical', content: [], stop_reason: 'end_turn' },
  })
  expect(render([]).types).toEqual(['message_start', 'message_delta', 'message_stop'])
})

describe('blocks', () => {
  it('A2, nastiest 5: thinking and its signature, byte for byte, with text or without', () => {
    expect(
      contentOf(
        thought('Par'),
        thought('is'),
        signed('Eq/+=='),
        signed('Only+=='),
        signed('Red+==', undefined, true),
        text('Yes.'),
      ),
    ).toEqual([
      { type: 'thinking', thinking: 'Paris', signature: 'Eq/+==' },
      { type: 'thinking', thinking: '', signature: 'Only+==' },
      { type: 'redacted_thinking', data: 'Red+==' },
      { type: 'text', text: 'Yes.' },
    ])
  })

  it('follow each other as the model wrote them', () => {
    const kinds = contentOf(
      text('a'),
      thought('b'),
      text('c'),
      thought('d'),
      signed('s'),
      thought('e'),
    ) as JsonObject[]
    expect(kinds.map((block) => block.thinking ?? block.text)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('nastiest 6, A11: calls without input have {}', () => {
    expect(contentOf(call(0, 'a'), call(1, 'b'), input(1, '{}'), finish('tool_calls'))).toEqual([
      { type: 'tool_use', id: 'a', name: 'f0', input: {} },
      { type: 'tool_use', id: 'b', name: 'f1', input: {} },
    ])
  })

  it('writes interleaved calls as separate blocks, and streams the first call immediately', () => {
    const events = [
      text('so'),
      call(0, 'a'),
      input(0, '{"a"'),
      call(1, 'b'),
      input(1, '{"b":'),
      input(0, ':1'),
      call(2, 'c'),
      input(2, '{}'),
      input(1, '2}'),
      input(0, '}'),
    ]
    const { steps, message } = render([start, ...events, finish('tool_calls')])
    expect(message).toMatchObject({
      stop_reason: 'tool_use',
      content: [
        { type: 'text', text: 'so' },
        { type: 'tool_use', id: 'a', input: { a: 1 } },
        { type: 'tool_use', id: 'b', input: { b: 2 } },
        { type: 'tool_use', id: 'c', input: {} },
      ],
    })
    expect([3, 6, 10].every((at) => steps[at]?.includes('input_json_delta'))).toBe(true)
    expect([4, 5, 7, 8, 9].every((at) => steps[at] === '')).toBe(true)
  })

  it('nastiest 7: count from the first on, whatever stands before the calls', () => {
    const { output } = render([
      start,
      thought('t'),
      text('a'),
      call(0, 'x'),
      input(0, '{}'),
      call(1, 'y'),
      finish('tool_calls'),
    ])
    const starts = [
      ...output.matchAll(/"content_block_start","index":(\d+),"content_block":\{"type":"(\w+)"/g),
    ].map(([, index, type]) => `${index} ${type}`)
    expect(starts).toEqual(['0 thinking', '1 text', '2 tool_use', '3 tool_use'])
  })

  it('continues arguments that already parse', () => {
    expect(
      contentOf(
        call(0, 'a'),
        input(0, '{"a":1}'),
        text('meanwhile'),
        input(0, '  '),
        finish('tool_calls'),
      ),
    ).toEqual([
      { type: 'tool_use', id: 'a', name: 'f0', input: { a: 1 } },
      { type: 'text', text: 'meanwhile' },
    ])
  })

  it('behind a call keep their order', () => {
    expect(
      contentOf(
        call(0, 'a'),
        input(0, '{}'),
        text('x'),
        text('y'),
        thought('t'),
        signed('s'),
        call(1, 'b'),
        text('z'),
        input(1, '{}'),
        finish(),
      ),
    ).toEqual([
      { type: 'tool_use', id: 'a', name: 'f0', input: {} },
      { type: 'text', text: 'xy' },
      { type: 'thinking', thinking: 't', signature: 's' },
      { type: 'tool_use', id: 'b', name: 'f1', input: {} },
      { type: 'text', text: 'z' },
    ])
  })

  it('of free text are one string, streamed', () => {
    const { steps, message } = render([
      start,
      call(0, 'a', { kind: 'custom', name: 'patch' }),
      input(0, '*** "Be'),
      input(0, 'gin\u{1f600}'.slice(0, 4)),
      input(0, '\u{1f600}'.slice(1)),
      call(1, 'b', { kind: 'custom', name: 'patch' }),
      input(1, 'x'),
      finish(),
    ])
    expect(message.content).toEqual([
      {
        type: 'tool_use',
        id: 'a',
        name: 'postern_custom_patch',
        input: { input: '*** "Begin\u{1f600}' },
      },
      { type: 'tool_use', id: 'b', name: 'postern_custom_patch', input: { input: 'x' } },
    ])
    expect(steps[2]).toContain('input_json_delta')
  })

  it('that only this dialect knows are written whole, those of others are not', () => {
    const value = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } }
    const part = (dialect: string): StreamEvent => ({
      type: 'part',
      choice: 0,
      part: { type: 'extension', dialect, value },
    })
    expect(contentOf(text('a'), part('anthropic-messages'), part('gemini'), text('b'))).toEqual([
      { type: 'text', text: 'a' },
      value,
      { type: 'text', text: 'b' },
    ])
  })

  it('cite where the text is still open', () => {
    const cited: StreamEvent = {
      type: 'annotations',
      choice: 0,
      value: [{ type: 'url_citation', url_citation: { url: 'https://a', title: 'T' } }],
    }
    expect(contentOf(cited, text('a'), cited, thought('t'), cited)).toMatchObject([
      { type: 'text', citations: [{ url: 'https://a', title: 'T' }] },
      { type: 'thinking' },
    ])
  })

  it('of other choices, empty fragments and what comes after the end are left out', () => {
    expect(
      contentOf(
        text(''),
        thought(''),
        text('a'),
        text('b', 1),
        { type: 'logprobs', choice: 0, value: {} },
        finish(),
        text('late'),
      ),
    ).toEqual([{ type: 'text', text: 'a' }])
  })
})

it('a refusal ends the message with its words', () => {
  const refusal = (words: string): StreamEvent => ({ type: 'refusal', choice: 0, text: words })
  expect(render([start, refusal('I will '), refusal('not.'), finish()]).message).toMatchObject({
    content: [],
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', category: null, explanation: 'I will not.' },
  })
})

describe('a stream that breaks', () => {
  it('ends with an error event and nothing that looks like an end', () => {
    const renderer = new MessageRenderer(renderContext())
    const output =
      [start, text('Half an')].map((event) => renderer.event(event)).join('') +
      renderer.fail(new GatewayError('provider_overloaded', 'Overloaded'))
    const { types, error } = readMessageStream(output)
    expect(types.at(-1)).toBe('error')
    expect(types).not.toContain('message_delta')
    expect(error).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
      request_id: 'req_1',
    })
  })

  it('does not show what was held back', () => {
    const renderer = new MessageRenderer(renderContext())
    const output =
      [start, call(0, 'a'), call(1, 'b'), input(1, '{"x":1}')]
        .map((event) => renderer.event(event))
        .join('') + renderer.fail(new GatewayError('provider_error', 'm'))
    expect(output).not.toContain('"b"')
  })

  it('that holds too much behind a call is broken off', () => {
    const renderer = new MessageRenderer(renderContext())
    for (const event of [start, call(0, 'a'), call(1, 'b')]) renderer.event(event)
    const chunk = input(1, 'x'.repeat(1 << 20))
    expect(() => {
      for (let at = 0; at < 40; at++) renderer.event(chunk)
    }).toThrow(expect.objectContaining({ code: 'answer_too_large' }))
  })
})

describe('signatures of other providers survive the client', () => {
  it('in thinking, in calls, and when unsigned', () => {
    const events = [
      thought('hm'),
      signed('a+/=', 'bedrock-converse'),
      thought('so'),
      text('x'),
      signed('{"id":1}', 'openai-responses', true),
      call(0, 'functions.f:0', { signature: { origin: 'gemini', value: 'g+/=' } }),
      input(0, '{}'),
      call(1, 'b', { signature: { origin: 'gemini', value: 'h' } }),
      finish(),
    ]
    const content = contentOf(...events) as JsonObject[]
    expect(
      conversationOf({ messages: [{ role: 'assistant', content }] }).messages[0]?.parts,
    ).toEqual([
      { type: 'reasoning', text: 'hm', signature: { origin: 'bedrock-converse', value: 'a+/=' } },
      { type: 'reasoning', text: 'so' },
      { type: 'text', text: 'x' },
      {
        type: 'reasoning',
        text: '',
        signature: { origin: 'openai-responses', value: '{"id":1}' },
        redacted: true,
      },
      {
        type: 'tool-call',
        id: 'functions.f:0',
        name: 'f0',
        arguments: '{}',
        kind: 'function',
        signature: { origin: 'gemini', value: 'g+/=' },
      },
      {
        type: 'tool-call',
        id: 'b',
        name: 'f1',
        arguments: '{}',
        kind: 'function',
        signature: { origin: 'gemini', value: 'h' },
      },
    ])
  })
})

it('streamed or whole, an answer is the same message', () => {
  const word = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
  const block = fc.oneof(
    word.map((value) => ({ events: [text(value)], part: { type: 'text' as const, text: value } })),
    fc
      .tuple(word, fc.constantFrom('gemini', 'anthropic-messages'), word)
      .map(([value, origin, proof]) => ({
        events: [thought(value), signed(proof, origin)],
        part: { type: 'reasoning' as const, text: value, signature: { origin, value: proof } },
      })),
    fc
      .tuple(fc.dictionary(word, word, { maxKeys: 3 }), fc.constantFrom('function', 'custom'))
      .map(([value, kind]) => ({ call: JSON.stringify(value), kind })),
  )
  fc.assert(
    fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
      let calls = 0
      const scenario = blocks.map((item) => {
        if (!('call' in item)) return item
        const index = calls++
        const kind = item.kind as 'function' | 'custom'
        const events = [
          call(index, `id${index}`, { name: 'f', kind }),
          ...item.call.match(/[^]{1,3}/g)!.map((piece) => input(index, piece)),
        ]
        return {
          events,
          part: {
            type: 'tool-call' as const,
            id: `id${index}`,
            name: 'f',
            arguments: item.call,
            kind,
          },
        }
      })
      // Text that follows text is one block of a stream.
      const parts = scenario
        .map(({ part }) => part)
        .filter((part, at, all) => part.type !== 'text' || all[at - 1]?.type !== 'text')
      const events = scenario
        .filter(({ part }) => parts.includes(part))
        .flatMap((item) => item.events)
      const whole = renderAnswer(
        { id: 'msg_1', model: 'claude', choices: [{ parts, finish: { reason: 'stop' } }] },
        renderContext(),
      )
      expect(render([start, ...events, finish()]).message).toEqual(whole)
    }),
    { numRuns: 200 },
  )
})
