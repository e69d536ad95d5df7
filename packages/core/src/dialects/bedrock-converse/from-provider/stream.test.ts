import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { EventStreamSplitter } from './event-stream.ts'
import { encodeEvent, encodeException, encodeFrame } from './frames.fake.ts'
import { ConverseReader } from './stream.ts'

function readAll(frames: readonly Uint8Array[]) {
  let ids = 0
  const call: CallContext = {
    provider: 'cloud',
    model: 'm',
    stream: true,
    quirks: {},
    newId: (prefix) => `${prefix}${++ids}`,
  }
  const reader = new ConverseReader(call)
  const splitter = new EventStreamSplitter(1_000_000)
  const events = frames.flatMap((frame) =>
    splitter.push(frame).flatMap((cut) => [...reader.read(cut)]),
  )
  return { events, complete: reader.complete }
}

const start = encodeEvent('messageStart', { role: 'assistant', p: 'abcdefgh' })
const delta = (contentBlockIndex: number, value: JsonObject) =>
  encodeEvent('contentBlockDelta', { contentBlockIndex, delta: value, p: 'abc' })
const text = (index: number, value: string) => delta(index, { text: value })
const thought = (index: number, value: JsonObject) => delta(index, { reasoningContent: value })
const input = (index: number, value: string) => delta(index, { toolUse: { input: value } })
const open = (contentBlockIndex: number, value: JsonObject) =>
  encodeEvent('contentBlockStart', { contentBlockIndex, start: value, p: 'a' })
const tool = (index: number, name: string, more: JsonObject = {}) =>
  open(index, { toolUse: { toolUseId: `tooluse_${name}`, name, ...more } })
const stop = (contentBlockIndex: number) => encodeEvent('contentBlockStop', { contentBlockIndex })
const ended = (stopReason: string, more: JsonObject = {}) =>
  encodeEvent('messageStop', { stopReason, ...more })
const metadata = encodeEvent('metadata', {
  usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
  metrics: { latencyMs: 1 },
})

const toolEvents = (events: readonly StreamEvent[]) =>
  events.filter((event) => event.type.startsWith('tool-'))
const asText = (events: readonly StreamEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('')
const usage = {
  type: 'usage',
  usage: expect.objectContaining({ inputTokens: 10, outputTokens: 5 }),
}

describe('the ten nastiest', () => {
  it.each([
    ['internalServerException', 'provider_error', 500],
    ['modelStreamErrorException', 'provider_error', 424],
    ['serviceUnavailableException', 'provider_overloaded', 503],
    ['throttlingException', 'rate_limit_exceeded', 429],
    ['validationException', 'provider_rejected', 400],
    ['modelTimeoutException', 'provider_error', 408],
    ['somethingNew', 'provider_error', 500],
  ])('1: exceptions inside a 200 stream: %s', (type, code, upstreamStatus) => {
    const exception = encodeException(type, { message: 'No more.' })
    const error = {
      type: 'error',
      error: expect.objectContaining({
        code,
        details: expect.objectContaining({ upstreamStatus, providerCode: type }),
      }),
    }
    const late = readAll([start, text(0, 'Half'), exception, text(0, 'never'), ended('end_turn')])
    expect(late).toEqual({
      events: [{ type: 'start' }, { type: 'text', choice: 0, text: 'Half' }, error],
      complete: false,
    })
    // Nothing but the error: the next target can still answer.
    expect(readAll([start, exception]).events).toEqual([error])
  })

  it('1: an error the service has no type for', () => {
    const { events } = readAll([
      start,
      encodeFrame(
        { ':message-type': 'error', ':error-code': 'BadGateway', ':error-message': 'It broke.' },
        '',
      ),
    ])
    expect(events).toEqual([
      {
        type: 'error',
        error: expect.objectContaining({ code: 'provider_error', message: 'cloud: It broke.' }),
      },
    ])
  })

  it('2: usage after stop, and before it', () => {
    const finish = { type: 'finish', choice: 0, finish: { reason: 'stop' } }
    const after = readAll([start, text(0, 'Hi'), stop(0), ended('end_turn'), metadata])
    expect(after).toEqual({
      events: [{ type: 'start' }, { type: 'text', choice: 0, text: 'Hi' }, finish, usage],
      complete: true,
    })
    const before = readAll([text(0, 'Hi'), metadata, ended('end_turn')])
    expect(before).toEqual({
      events: [{ type: 'start' }, { type: 'text', choice: 0, text: 'Hi' }, usage, finish],
      complete: true,
    })
  })

  it('3: `p` padding field in every payload', () => {
    expect(asText(readAll([start, text(0, 'a'), text(0, 'b')]).events)).toBe('ab')
  })

  it('4: text blocks have no contentBlockStart, or an empty one', () => {
    expect(
      asText(readAll([start, open(0, {}), text(0, 'a'), stop(0), text(1, 'b'), stop(1)]).events),
    ).toBe('ab')
  })

  it('5: contentBlockIndex is not the tool index, and has gaps; parallel calls interleave', () => {
    const { events } = readAll([
      start,
      text(0, 'x'),
      tool(2, 'a'),
      tool(5, 'b'),
      input(5, '{"b"'),
      input(2, '{"a"'),
      input(2, ':1}'),
      input(5, ':2}'),
      stop(2),
      stop(5),
      ended('tool_use'),
    ])
    expect(toolEvents(events)).toEqual([
      { type: 'tool-call', choice: 0, index: 0, id: 'tooluse_a', name: 'a', kind: 'function' },
      { type: 'tool-call', choice: 0, index: 1, id: 'tooluse_b', name: 'b', kind: 'function' },
      { type: 'tool-arguments', choice: 0, index: 1, text: '{"b"' },
      { type: 'tool-arguments', choice: 0, index: 0, text: '{"a"' },
      { type: 'tool-arguments', choice: 0, index: 0, text: ':1}' },
      { type: 'tool-arguments', choice: 0, index: 1, text: ':2}' },
    ])
    expect(events.at(-1)).toEqual({ type: 'finish', choice: 0, finish: { reason: 'tool_calls' } })
  })

  it('6: toolUse with no input delta, an empty one, or no stop is {}', () => {
    const expected = { type: 'tool-arguments', choice: 0, index: 0, text: '{}' }
    for (const frames of [
      [tool(0, 'a'), stop(0)],
      [tool(0, 'a'), input(0, ''), stop(0)],
      [tool(0, 'a')],
    ]) {
      expect(toolEvents(readAll([...frames, ended('tool_use')]).events)[1]).toEqual(expected)
    }
  })

  it('10: redactedContent, in one piece and in several', () => {
    const whole = 'Zm9vYmFyYmF6/+=='
    const one = readAll([start, thought(0, { redactedContent: whole }), stop(0), text(1, 'a')])
    expect(one.events[1]).toEqual({
      type: 'reasoning-signature',
      choice: 0,
      signature: { origin: 'bedrock-converse', value: whole },
      redacted: true,
    })
    const pieces = [Buffer.from('encr').toString('base64'), Buffer.from('ypted').toString('base64')]
    const several = readAll([
      start,
      ...pieces.map((piece) => thought(0, { redactedContent: piece })),
      stop(0),
    ])
    expect(several.events[1]).toMatchObject({
      signature: { value: Buffer.from('encrypted').toString('base64') },
      redacted: true,
    })
  })
})

describe('ConverseReader', () => {
  it('keeps a signature to the byte and before what follows, stopped or not', () => {
    const value = 'Eq+/==\u2028é'
    const expected: StreamEvent[] = [
      { type: 'start' },
      { type: 'reasoning', choice: 0, text: 'Hm' },
      { type: 'reasoning', choice: 0, text: '.' },
      { type: 'reasoning-signature', choice: 0, signature: { origin: 'bedrock-converse', value } },
      { type: 'text', choice: 0, text: 'Yes' },
    ]
    const thoughts = [
      thought(0, { text: 'Hm' }),
      thought(0, { text: '.' }),
      thought(0, { text: '' }),
      thought(0, { signature: value.slice(0, 3) }),
      thought(0, { signature: value.slice(3) }),
    ]
    expect(readAll([start, ...thoughts, stop(0), text(1, 'Yes')]).events).toEqual(expected)
    expect(readAll([start, ...thoughts, text(1, 'Yes')]).events).toEqual(expected)
  })

  it('signs nothing that came unsigned', () => {
    expect(readAll([start, thought(0, { text: 'Hm' }), stop(0)]).events).toEqual([
      { type: 'start' },
      { type: 'reasoning', choice: 0, text: 'Hm' },
    ])
  })

  it('is complete only after messageStop', () => {
    const whole = [start, text(0, 'a'), stop(0), ended('end_turn')]
    for (let length = 0; length < whole.length; length += 1)
      expect(readAll(whole.slice(0, length)).complete).toBe(false)
    expect(readAll(whole).complete).toBe(true)
    expect(readAll([start, text(0, 'a'), metadata]).complete).toBe(false)
  })

  it('malformed output is an error, not a stop', () => {
    for (const reason of ['malformed_model_output', 'malformed_tool_use']) {
      const { events, complete } = readAll([start, text(0, 'a'), ended(reason), metadata])
      expect(events.at(-1)).toEqual({
        type: 'error',
        error: expect.objectContaining({ code: 'upstream_invalid' }),
      })
      expect(complete).toBe(false)
    }
  })

  it('tells what guardrails did, and which sequence stopped', () => {
    expect(
      readAll([start, text(0, 'Sorry'), ended('guardrail_intervened')]).events.at(-1),
    ).toMatchObject({ finish: { reason: 'content_filter', native: 'guardrail_intervened' } })
    const stopped = ended('stop_sequence', {
      additionalModelResponseFields: { delta: { stop_sequence: 'END' } },
    })
    expect(readAll([start, text(0, 'a'), stopped]).events.at(-1)).toMatchObject({
      finish: { reason: 'stop', native: 'stop_sequence', detail: 'END' },
    })
  })

  it('gives citations the place of their text', () => {
    const citation = {
      title: 'A page',
      location: { web: { url: 'https://a.example/b', domain: 'a.example' } },
    }
    const inDocument = {
      title: 'A file',
      location: { documentPage: { documentIndex: 0, start: 1, end: 2 } },
    }
    const { events } = readAll([
      start,
      text(0, 'abc'),
      stop(0),
      text(1, 'def'),
      delta(1, { citation }),
      delta(1, { citation: inDocument }),
      stop(1),
      ended('end_turn'),
    ])
    expect(events.find((event) => event.type === 'annotations')).toEqual({
      type: 'annotations',
      choice: 0,
      value: [
        {
          type: 'url_citation',
          url_citation: {
            url: 'https://a.example/b',
            title: 'A page',
            start_index: 3,
            end_index: 6,
          },
        },
        { type: 'documentPage', documentPage: inDocument },
      ],
    })
  })

  it('turns a custom tool back into free text', () => {
    const { events } = readAll([
      start,
      tool(0, 'postern_custom_patch'),
      input(0, '{"input":"*** \\u00e9'),
      input(0, '"}'),
      stop(0),
      ended('tool_use'),
    ])
    expect(toolEvents(events)).toEqual([
      {
        type: 'tool-call',
        choice: 0,
        index: 0,
        id: 'tooluse_postern_custom_patch',
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
    const { events } = readAll([start, ...answer(0), ...answer(1), ended('tool_use')])
    expect(asText(events)).toBe('{"city":"Bern"}')
    expect(toolEvents(events)).toEqual([])
    expect(events.at(-1)).toEqual({ type: 'finish', choice: 0, finish: { reason: 'stop' } })
    expect(asText(readAll([start, tool(0, 'postern_json_answer'), stop(0)]).events)).toBe('{}')
  })

  it("hands on the provider's own tools whole, and calls none of them", () => {
    const { events } = readAll([
      start,
      tool(0, 'nova_grounding', { type: 'server_tool_use' }),
      input(0, '{"q":'),
      input(0, '"x"}'),
      stop(0),
      open(1, { toolResult: { toolUseId: 'tooluse_nova_grounding', status: 'success' } }),
      delta(1, { toolResult: [{ text: 'found ' }] }),
      delta(1, { toolResult: [{ text: 'it' }, { json: { a: 1 } }] }),
      stop(1),
      text(2, 'There.'),
      ended('end_turn'),
    ])
    const part = (value: JsonObject) => ({
      type: 'part',
      choice: 0,
      part: { type: 'extension', dialect: 'bedrock-converse', value },
    })
    expect(events.slice(1, 3)).toEqual([
      part({
        toolUse: {
          toolUseId: 'tooluse_nova_grounding',
          name: 'nova_grounding',
          type: 'server_tool_use',
          input: { q: 'x' },
        },
      }),
      part({
        toolResult: {
          toolUseId: 'tooluse_nova_grounding',
          status: 'success',
          content: [{ text: 'found it' }, { json: { a: 1 } }],
        },
      }),
    ])
    expect(events.at(-1)).toMatchObject({ finish: { reason: 'stop' } })
  })

  it('puts an image together', () => {
    const pieces = [
      Buffer.from([1, 2, 3, 4]).toString('base64'),
      Buffer.from([5]).toString('base64'),
    ]
    const { events } = readAll([
      start,
      open(0, { image: { format: 'png' } }),
      ...pieces.map((bytes) => delta(0, { image: { source: { bytes } } })),
      stop(0),
    ])
    expect(events[1]).toEqual({
      type: 'part',
      choice: 0,
      part: {
        type: 'image',
        source: {
          kind: 'data',
          mediaType: 'image/png',
          data: Buffer.from([1, 2, 3, 4, 5]).toString('base64'),
        },
      },
    })
  })

  it('names a call that came without an id', () => {
    expect(readAll([open(0, { toolUse: { name: 'a' } })]).events).toContainEqual(
      expect.objectContaining({ type: 'tool-call', id: 'tooluse_1', name: 'a' }),
    )
  })

  it('ignores unknown events and fields', () => {
    const { events } = readAll([
      start,
      encodeEvent('somethingNew', { a: 1 }),
      delta(0, { hologram: {} }),
      input(7, '{}'),
      text(0, 'a'),
      encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: null }),
    ])
    expect(events).toEqual([{ type: 'start' }, { type: 'text', choice: 0, text: 'a' }])
  })

  it('gives one error for what is not JSON, and nothing after it', () => {
    const broken = encodeFrame(
      { ':message-type': 'event', ':event-type': 'contentBlockDelta' },
      '{"delta"',
    )
    expect(readAll([start, broken, text(0, 'a'), broken]).events).toEqual([
      { type: 'error', error: expect.objectContaining({ code: 'upstream_invalid' }) },
    ])
  })
})
