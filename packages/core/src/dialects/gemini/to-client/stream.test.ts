import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { parseFrames } from '../../wire/sse.ts'
import { renderContext, streamRequest } from '../from-client/request.fake.ts'
import { encodeSignature } from './foreign-signature.ts'
import { ChunkRenderer } from './stream.ts'

type Form = 'events' | 'array'

const open = (form: Form = 'events') => new ChunkRenderer(renderContext(streamRequest(form)))
const written = (events: readonly StreamEvent[], renderer = open()) =>
  events.map((event) => renderer.event(event)).join('')
const chunksOf = (text: string) =>
  parseFrames(Buffer.from(text)).map(({ data }) => JSON.parse(data) as JsonObject)

/** The parts of every chunk, the last one's included. */
function stream(events: readonly StreamEvent[]): {
  readonly parts: unknown[]
  readonly last: JsonObject
} {
  const renderer = open()
  const chunks = chunksOf(written(events, renderer) + renderer.end())
  const contents = chunks.map(
    (chunk) => (chunk['candidates'] as { content: { parts: unknown[] } }[])[0]?.content.parts ?? [],
  )
  return { parts: contents.flat(), last: chunks.at(-1) ?? {} }
}

const text = (value: string, choice = 0): StreamEvent => ({ type: 'text', choice, text: value })
const call = (index: number, more: object = {}): StreamEvent => ({
  type: 'tool-call',
  choice: 0,
  index,
  id: `id${index}`,
  name: `f${index}`,
  kind: 'function',
  ...more,
})
const args = (index: number, value: string): StreamEvent => ({
  type: 'tool-arguments',
  choice: 0,
  index,
  text: value,
})
const finish = (reason: 'stop' | 'tool_calls' | 'length' = 'stop', choice = 0): StreamEvent => ({
  type: 'finish',
  choice,
  finish: { reason },
})
const failure = new GatewayError('upstream_truncated', 'acme ended its stream early.')

describe('the chunks of a stream', () => {
  it('are those of the API, to the byte', () => {
    const renderer = open()
    expect(renderer.event({ type: 'start', id: 'r1', model: 'm-1' })).toBe('')
    expect(renderer.event(text('Hi "you"'))).toBe(
      'data: {"candidates":[{"content":{"parts":[{"text":"Hi \\"you\\""}],"role":"model"},"index":0}],"modelVersion":"m-1","responseId":"r1"}\n\n',
    )
    expect(renderer.event(finish())).toBe('')
    expect(renderer.event({ type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } })).toBe('')
    expect(renderer.end()).toBe(
      'data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3},"modelVersion":"m-1","responseId":"r1"}\n\n',
    )
  })

  it('each hold a content with a role and a part, without which the official chat forgets the turn', () => {
    const renderer = open()
    const logprobs = { content: [{ token: 'a', logprob: -1, top_logprobs: [] }] }
    const events: StreamEvent[] = [
      text('a'),
      { type: 'logprobs', choice: 0, value: logprobs },
      { type: 'logprobs', choice: 0, value: null },
      finish(),
    ]
    const chunks = chunksOf(written(events, renderer) + renderer.end())
    expect(chunks).toHaveLength(3)
    for (const chunk of chunks)
      expect(chunk).toMatchObject({
        candidates: [
          { content: { role: 'model', parts: [{ text: expect.any(String) as string }] } },
        ],
      })
    expect(chunks[1]).toMatchObject({
      candidates: [{ logprobsResult: { chosenCandidates: [{ token: 'a', logProbability: -1 }] } }],
    })
  })

  it('are elements of an array for who did not ask for events', () => {
    const renderer = open('array')
    const body = written([text('a'), text('b\n'), finish()], renderer) + renderer.end()
    expect(body.startsWith('[{"candidates"')).toBe(true)
    expect(JSON.parse(body)).toMatchObject([
      { candidates: [{ index: 0 }] },
      { candidates: [{ content: { parts: [{ text: 'b\n' }] } }] },
      { candidates: [{ finishReason: 'STOP' }] },
    ])
  })

  it('count several candidates apart, and end them together', () => {
    const renderer = open()
    const chunks = chunksOf(
      written([text('b', 1), text('a'), finish('length', 1), finish()], renderer) + renderer.end(),
    )
    expect(chunks[0]).toMatchObject({ candidates: [{ index: 1 }] })
    expect(chunks[2]).toMatchObject({
      candidates: [
        { index: 0, finishReason: 'STOP' },
        { index: 1, finishReason: 'MAX_TOKENS' },
      ],
    })
    expect(chunks).toHaveLength(3)
  })

  it('hold the usage once, the last one', () => {
    const usage = (outputTokens: number): StreamEvent => ({
      type: 'usage',
      usage: { inputTokens: 1, outputTokens },
    })
    const { last } = stream([usage(1), text('a'), usage(2), finish(), usage(3)])
    expect(last['usageMetadata']).toMatchObject({ candidatesTokenCount: 3 })
  })
})

describe('parts of a stream', () => {
  it('end a thought with its proof, wherever it came from', () => {
    const foreign = { origin: 'anthropic-messages', value: 'EqQB' }
    const sign = (
      signature: { origin: string; value: string },
      redacted?: boolean,
    ): StreamEvent => ({
      type: 'reasoning-signature',
      choice: 0,
      signature,
      ...(redacted ? { redacted } : {}),
    })
    const think = (value: string): StreamEvent => ({ type: 'reasoning', choice: 0, text: value })
    const { parts } = stream([
      think('a'),
      think('b'),
      sign(foreign),
      sign(foreign, true),
      think('c'),
      sign({ origin: 'gemini', value: 'S1' }),
      text('d'),
      sign({ origin: 'gemini', value: 'S2' }),
      finish(),
    ])
    expect(parts.slice(0, -1)).toEqual([
      { text: 'a', thought: true },
      { text: 'b', thought: true },
      { text: '', thought: true, thoughtSignature: encodeSignature(foreign) },
      { text: '', thought: true, thoughtSignature: encodeSignature(foreign, true) },
      { text: 'c', thought: true },
      { text: '', thought: true, thoughtSignature: 'S1' },
      { text: 'd' },
      { text: '', thoughtSignature: 'S2' },
    ])
  })

  it('may be media and refusals', () => {
    const image: StreamEvent = {
      type: 'part',
      choice: 0,
      part: { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA' } },
    }
    const other: StreamEvent = {
      type: 'part',
      choice: 0,
      part: { type: 'extension', dialect: 'anthropic-messages', value: {} },
    }
    expect(
      stream([image, other, { type: 'refusal', choice: 0, text: 'no' }, finish()]).parts,
    ).toEqual([{ inlineData: { mimeType: 'image/png', data: 'AA' } }, { text: 'no' }, { text: '' }])
  })

  it('are cited in the last chunk', () => {
    const citation = {
      type: 'url_citation',
      url_citation: { url: 'https://a.test', title: 'A', start_index: 0, end_index: 2 },
    }
    const { last } = stream([
      text('é'),
      text('b'),
      { type: 'annotations', choice: 0, value: [citation] },
      finish(),
    ])
    expect(last).toMatchObject({
      candidates: [
        {
          groundingMetadata: {
            groundingSupports: [{ segment: { startIndex: 0, endIndex: 3, text: 'éb' } }],
          },
        },
      ],
    })
  })
})

describe('calls', () => {
  it('nasty 4: of which several stream at once are each whole, in order', () => {
    const signature = { origin: 'gemini', value: 'S1' }
    const { parts, last } = stream([
      text('so'),
      call(0, { signature }),
      call(1),
      args(0, '{"a"'),
      args(1, '{"b":'),
      args(0, ':1}'),
      args(1, '2}'),
      call(2),
      finish('tool_calls'),
    ])
    expect(parts).toEqual([
      { text: 'so' },
      { functionCall: { id: 'id0', name: 'f0', args: { a: 1 } }, thoughtSignature: 'S1' },
      { functionCall: { id: 'id1', name: 'f1', args: { b: 2 } } },
      { functionCall: { id: 'id2', name: 'f2', args: {} } },
    ])
    expect(last).toMatchObject({ candidates: [{ finishReason: 'STOP' }] })
  })

  it('are not whole because they parse', () => {
    const renderer = open()
    expect(written([call(0), args(0, '{"a":1}'), text('later')], renderer)).toBe('')
    expect(renderer.fail(failure)).not.toContain('functionCall')
    expect(
      stream([call(0), args(0, '{"a":1}'), args(0, ',"b":2}'), finish('tool_calls')]).last,
    ).toMatchObject({ candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }] })
  })

  it('keep the order in which the model wrote', () => {
    const { parts } = stream([call(0), args(0, '{}'), text('later'), call(1), finish('tool_calls')])
    expect(parts).toMatchObject([
      { functionCall: { name: 'f0' } },
      { text: 'later' },
      { functionCall: { name: 'f1' } },
    ])
  })

  it('cut short by the limit are left out', () => {
    const { parts, last } = stream([text('a'), call(0), args(0, '{"a":"unfin'), finish('length')])
    expect(parts).toEqual([{ text: 'a' }, { text: '' }])
    expect(last).toMatchObject({ candidates: [{ finishReason: 'MAX_TOKENS' }] })
  })
})

describe('a stream that broke', () => {
  it.each<[string, StreamEvent[]]>([
    ['before its first chunk', []],
    ['in the middle', [text('a')]],
    ['after its finish', [text('a'), finish()]],
  ])('%s ends with an error in both forms and has no finish', (_, events) => {
    for (const form of ['events', 'array'] as const) {
      const renderer = open(form)
      const body = written(events, renderer) + renderer.fail(failure)
      expect(body).not.toContain('finishReason')
      const chunks = form === 'array' ? (JSON.parse(body) as JsonObject[]) : chunksOf(body)
      expect(chunks.at(-1)).toMatchObject({
        error: { code: 502, status: 'UNAVAILABLE', message: 'acme ended its stream early.' },
      })
    }
  })
})
