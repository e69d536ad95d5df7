import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { parseFrames } from '../../wire/sse.ts'
import { reasoningPartsOf } from '../from-provider/reasoning-details.ts'
import { ChunkReader } from '../from-provider/stream.ts'
import { ChunkRenderer } from './stream.ts'

const call: CallContext = {
  provider: 'acme',
  model: 'physical',
  stream: false,
  quirks: {},
  newId: (prefix) => `${prefix}new`,
}

const context = { requestId: 'req1', model: 'physical', created: 1700000000, includeUsage: false }

interface Chunk extends JsonObject {
  readonly choices: readonly {
    readonly index: number
    readonly delta: JsonObject
    readonly finish_reason: string | null
  }[]
}

function render(events: readonly StreamEvent[], includeUsage = false) {
  const renderer = new ChunkRenderer({ ...context, includeUsage })
  const text = events.map((event) => renderer.event(event)).join('') + renderer.end()
  const frames = parseFrames(Buffer.from(text))
  expect(frames.pop()).toEqual({ event: undefined, data: '[DONE]' })
  return { text, frames, chunks: frames.map((frame) => JSON.parse(frame.data) as Chunk) }
}
const deltasOf = (events: readonly StreamEvent[]) =>
  render(events).chunks.map((chunk) => chunk.choices[0]?.delta)

const start: StreamEvent = { type: 'start', id: 'x', model: 'm', created: 5 }
const text = (value: string, choice = 0): StreamEvent => ({ type: 'text', choice, text: value })
const stop = (choice = 0): StreamEvent => ({ type: 'finish', choice, finish: { reason: 'stop' } })
const claude = (value: string) => ({ origin: 'anthropic-messages', value })

describe('chunks', () => {
  it('look like OpenAI chunks', () => {
    expect(render([start, text('a"\n\u2028'), text('b'), stop()]).text).toBe(
      [
        'data: {"id":"x","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"a\\"\\n\u2028"},"finish_reason":null}]}',
        'data: {"id":"x","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"content":"b"},"finish_reason":null}]}',
        'data: {"id":"x","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
        'data: [DONE]\n\n',
      ].join('\n\n'),
    )
  })

  it('fill in what the provider did not say, and keep one head for all', () => {
    const { chunks } = render([text('a'), start, text('b')])
    for (const chunk of chunks)
      expect(chunk).toMatchObject({ id: 'chatcmpl-req1', created: 1700000000, model: 'physical' })
    expect(render([{ type: 'start' }, text('a')]).chunks[0]).toMatchObject({
      id: 'chatcmpl-req1',
      model: 'physical',
    })
  })

  it('name the role in the first chunk of each choice, also where it is the last', () => {
    const { chunks } = render([
      start,
      text('a', 1),
      text('b', 0),
      text('c', 1),
      stop(0),
      stop(1),
      stop(2),
    ])
    expect(chunks.map(({ choices: [choice] }) => [choice?.index, choice?.delta.role])).toEqual([
      [1, 'assistant'],
      [0, 'assistant'],
      [1, undefined],
      [0, undefined],
      [1, undefined],
      [2, 'assistant'],
    ])
  })

  it('finish each choice exactly once', () => {
    const { chunks } = render([start, text('a'), stop(), stop()])
    expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason !== null)).toHaveLength(1)
  })

  it('start a call with id, type, name and empty arguments', () => {
    expect(
      deltasOf([
        start,
        {
          type: 'tool-call',
          choice: 0,
          index: 0,
          id: 'a',
          name: 'f',
          kind: 'function',
          signature: { origin: 'gemini', value: 's' },
        },
        { type: 'tool-arguments', choice: 0, index: 0, text: '{"x":"é"}' },
        { type: 'tool-call', choice: 0, index: 1, id: 'b', name: 'c', kind: 'custom' },
        { type: 'tool-arguments', choice: 0, index: 1, text: 'in' },
      ]),
    ).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            index: 0,
            id: 'a',
            type: 'function',
            function: { name: 'f', arguments: '' },
            extra_content: { google: { thought_signature: 's' } },
          },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"x":"é"}' } }] },
      { tool_calls: [{ index: 1, id: 'b', type: 'custom', custom: { name: 'c', input: '' } }] },
      { tool_calls: [{ index: 1, custom: { input: 'in' } }] },
    ])
  })

  it('carry refusals, logprobs, annotations and images; other parts are left out', () => {
    const { chunks } = render([
      start,
      text('a'),
      { type: 'refusal', choice: 0, text: 'no' },
      { type: 'logprobs', choice: 0, value: { content: [] } },
      { type: 'annotations', choice: 0, value: [{ type: 'url_citation' }] },
      {
        type: 'part',
        choice: 0,
        part: { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA==' } },
      },
      { type: 'part', choice: 0, part: { type: 'extension', dialect: 'gemini', value: {} } },
    ])
    expect(chunks.slice(1).map((chunk) => chunk.choices[0])).toEqual([
      { index: 0, delta: { refusal: 'no' }, finish_reason: null },
      { index: 0, delta: {}, logprobs: { content: [] }, finish_reason: null },
      { index: 0, delta: { annotations: [{ type: 'url_citation' }] }, finish_reason: null },
      {
        index: 0,
        delta: {
          images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }],
        },
        finish_reason: null,
      },
    ])
  })

  it('say why a model refused, unless it has said so itself', () => {
    const finish: StreamEvent = {
      type: 'finish',
      choice: 0,
      finish: { reason: 'content_filter', native: 'refusal', detail: 'policy' },
    }
    expect(render([start, text('a'), finish]).chunks.at(-1)?.choices[0]).toEqual({
      index: 0,
      delta: { refusal: 'policy' },
      finish_reason: 'content_filter',
      native_finish_reason: 'refusal',
    })
    expect(deltasOf([start, { type: 'refusal', choice: 0, text: 'no' }, finish]).at(-1)).toEqual({})
  })
})

describe('the usage chunk', () => {
  const usage = (outputTokens: number): StreamEvent => ({
    type: 'usage',
    usage: { inputTokens: 3, outputTokens },
  })

  it('comes once, last, with the final totals, and only when asked for', () => {
    const events = [start, usage(1), text('a'), usage(2), stop(), usage(7)]
    const asked = render(events, true).chunks
    expect(asked.at(-1)).toEqual({
      id: 'x',
      object: 'chat.completion.chunk',
      created: 5,
      model: 'm',
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 7, total_tokens: 10 },
    })
    expect(asked.slice(0, -1).map((chunk) => chunk.usage)).toEqual([null, null])
    expect(render(events).text).not.toContain('usage')
  })

  it('is left out when the provider counted nothing', () => {
    expect(render([start, stop()], true).chunks).toHaveLength(1)
  })
})

describe('signed thinking', () => {
  const events: StreamEvent[] = [
    start,
    { type: 'reasoning', choice: 0, text: 'let me ' },
    { type: 'reasoning', choice: 0, text: 'think' },
    { type: 'reasoning-signature', choice: 0, signature: claude('sig-1==') },
    { type: 'reasoning-signature', choice: 0, signature: claude('encrypted'), redacted: true },
    { type: 'reasoning-signature', choice: 0, signature: claude('sig-2') },
    { type: 'reasoning', choice: 0, text: 'again' },
    { type: 'reasoning-signature', choice: 0, signature: claude('sig-3') },
    text('ok'),
    stop(),
  ]

  it('is a history a client can gather by index and send back', () => {
    const details = deltasOf(events).flatMap(
      (delta) => (delta?.reasoning_details ?? []) as JsonObject[],
    )
    const gathered: JsonObject[] = []
    for (const detail of details) {
      const entry = (gathered[detail.index as number] ??= {})
      for (const [key, value] of Object.entries(detail))
        entry[key] =
          key === 'index' || key === 'type' || entry[key] === undefined
            ? value
            : `${entry[key]}${value}`
    }
    const expected = [
      { type: 'reasoning', text: 'let me think', signature: claude('sig-1==') },
      { type: 'reasoning', text: '', signature: claude('encrypted'), redacted: true },
      { type: 'reasoning', text: '', signature: claude('sig-2') },
      { type: 'reasoning', text: 'again', signature: claude('sig-3') },
    ]
    expect(reasoningPartsOf({ reasoning_details: gathered })).toEqual(expected)
    expect(reasoningPartsOf({ reasoning_details: details })).toEqual(expected)
  })

  it('is read back as the events it was', () => {
    const reader = new ChunkReader(call)
    expect(render(events).frames.flatMap((frame) => reader.read(frame))).toEqual(events)
  })

  it('keeps a redacted block apart from unsigned text before it', () => {
    const details = deltasOf([
      start,
      { type: 'reasoning', choice: 0, text: 'a' },
      { type: 'reasoning-signature', choice: 0, signature: claude('e'), redacted: true },
    ]).flatMap((delta) => (delta?.reasoning_details ?? []) as JsonObject[])
    expect(details.map((detail) => detail.index)).toEqual([0, 1])
  })
})
