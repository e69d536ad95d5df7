import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { StreamEvent } from '../../model/events.ts'
import { AnswerReader } from './stream.ts'

function reader(): AnswerReader {
  let ids = 0
  const call: CallContext = {
    provider: 'gemini',
    model: 'm',
    stream: true,
    quirks: {},
    newId: (prefix) => `${prefix}${++ids}`,
  }
  return new AnswerReader(call)
}

function read(chunks: readonly unknown[], of = reader()): StreamEvent[] {
  return chunks
    .flatMap((chunk) => of.read({ event: undefined, data: JSON.stringify(chunk) }))
    .filter((event) => event.type !== 'start')
}

const candidate = (parts: unknown[], more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
})
const signature = (value: string) => ({ origin: 'gemini', value })

describe('text and reasoning', () => {
  it('start with the head of the answer, once', () => {
    const of = reader()
    const chunk = {
      ...candidate([{ text: 'a' }]),
      responseId: 'r1',
      modelVersion: 'gemini-3',
      createTime: '2026-05-04T20:01:02.264968Z',
    }
    expect(of.read({ event: undefined, data: JSON.stringify(chunk) })).toEqual([
      { type: 'start', id: 'r1', model: 'gemini-3', created: 1_777_924_862 },
      { type: 'text', choice: 0, text: 'a' },
    ])
    expect(of.read({ event: undefined, data: JSON.stringify(chunk) })).toEqual([
      { type: 'text', choice: 0, text: 'a' },
    ])
  })

  it('stay separate, with signatures in any place', () => {
    expect(
      read([
        candidate([
          { text: 'think', thought: true, thoughtSignature: 's1' },
          { text: 'say', thoughtSignature: 's2' },
        ]),
        candidate([{ text: '', thoughtSignature: 's3' }, { text: '' }, {}], {
          finishReason: 'STOP',
        }),
      ]),
    ).toEqual([
      { type: 'reasoning', choice: 0, text: 'think' },
      { type: 'reasoning-signature', choice: 0, signature: signature('s1') },
      { type: 'text', choice: 0, text: 'say' },
      { type: 'reasoning-signature', choice: 0, signature: signature('s2') },
      { type: 'reasoning-signature', choice: 0, signature: signature('s3') },
      { type: 'finish', choice: 0, finish: { reason: 'stop' } },
    ])
  })

  it('may be media or what only this provider understands', () => {
    expect(
      read([
        candidate([
          { inlineData: { mimeType: 'image/png', data: 'AA' }, thoughtSignature: 's1' },
          { inlineData: { mimeType: 'image/png', data: 'BB' }, thought: true },
          { inlineData: { mimeType: 'audio/L16;rate=24000', data: 'CC' } },
          { inlineData: { mimeType: 'application/pdf', data: 'DD' } },
          { executableCode: { language: 'PYTHON', code: '1' } },
        ]),
      ]),
    ).toEqual([
      {
        type: 'part',
        choice: 0,
        part: { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA' } },
      },
      { type: 'reasoning-signature', choice: 0, signature: signature('s1') },
      { type: 'part', choice: 0, part: { type: 'audio', format: 'L16', data: 'CC' } },
      {
        type: 'part',
        choice: 0,
        part: { type: 'file', source: { kind: 'data', mediaType: 'application/pdf', data: 'DD' } },
      },
      {
        type: 'part',
        choice: 0,
        part: {
          type: 'extension',
          dialect: 'gemini',
          value: { executableCode: { language: 'PYTHON', code: '1' } },
        },
      },
    ])
  })
})

describe('tool calls', () => {
  it('are numbered densely across chunks, for each candidate', () => {
    const call = (name: string) => ({ functionCall: { name, args: { x: name } } })
    const events = read([
      candidate([call('a'), call('b')]),
      {
        candidates: [
          { content: { parts: [call('c')] }, index: 0 },
          { content: { parts: [call('d')] }, index: 1 },
        ],
      },
    ])
    expect(
      events
        .filter((event) => event.type === 'tool-call')
        .map(({ choice, index, id, name }) => [choice, index, id, name]),
    ).toEqual([
      [0, 0, 'call_gm_1', 'a'],
      [0, 1, 'call_gm_2', 'b'],
      [0, 2, 'call_gm_3', 'c'],
      [1, 0, 'call_gm_4', 'd'],
    ])
    expect(
      events.filter((event) => event.type === 'tool-arguments').map(({ text }) => text),
    ).toEqual(['{"x":"a"}', '{"x":"b"}', '{"x":"c"}', '{"x":"d"}'])
  })

  it('without args keep their id and signature and get an empty object', () => {
    expect(
      read([candidate([{ functionCall: { id: 'own', name: 'now' }, thoughtSignature: 's1' }])]),
    ).toEqual([
      {
        type: 'tool-call',
        choice: 0,
        index: 0,
        id: 'own',
        name: 'now',
        kind: 'function',
        signature: signature('s1'),
      },
      { type: 'tool-arguments', choice: 0, index: 0, text: '{}' },
    ])
  })

  it('make the finish tool_calls when they came in an earlier chunk', () => {
    const events = read([
      candidate([{ functionCall: { name: 'now' } }]),
      candidate([{ text: '' }], { finishReason: 'STOP' }),
    ])
    expect(events.at(-1)).toEqual({ type: 'finish', choice: 0, finish: { reason: 'tool_calls' } })
  })

  it('stream their arguments, and end with the candidate when no end was said', () => {
    const piece = (partialArgs: unknown[], willContinue?: boolean, more: object = {}) =>
      candidate([{ functionCall: { partialArgs, willContinue, ...more } }])
    const events = read([
      candidate([{ functionCall: { name: 'a', willContinue: true } }]),
      piece([{ jsonPath: '$.x', stringValue: 'Bos', willContinue: true }], true),
      piece(
        [
          { jsonPath: '$.x', stringValue: 'ton' },
          { jsonPath: '$.y', numberValue: 1 },
        ],
        true,
      ),
      candidate([{ functionCall: { name: 'b', id: 'own', willContinue: true } }]),
      piece([{ jsonPath: '$.z', boolValue: true }], true, { name: 'b', id: 'own' }),
      candidate([], { finishReason: 'STOP' }),
      candidate([{ functionCall: {} }]),
    ])
    const asText = (wanted: number) =>
      events.flatMap((event) =>
        event.type === 'tool-arguments' && event.index === wanted ? [event.text] : [],
      )
    expect(asText(0)).toEqual(['{"x":"Bos', 'ton","y":1', '}'])
    expect(asText(1)).toEqual(['{"z":true', '}'])
    expect(events.at(-1)).toEqual({ type: 'finish', choice: 0, finish: { reason: 'tool_calls' } })
  })

  it('may come in pieces that are whole at once', () => {
    const events = read([
      candidate([
        { functionCall: { name: 'a', partialArgs: [{ jsonPath: '$.x', numberValue: 1 }] } },
      ]),
    ])
    expect(
      events.flatMap((event) => (event.type === 'tool-arguments' ? [event.text] : [])).join(''),
    ).toBe('{"x":1}')
  })

  it('fail when their pieces are out of order', () => {
    const of = reader()
    const pieces = [
      { jsonPath: '$.a', numberValue: 1 },
      { jsonPath: '$.a', numberValue: 2 },
    ]
    const events = read(
      [candidate([{ functionCall: { name: 'a', partialArgs: pieces } }], { finishReason: 'STOP' })],
      of,
    )
    expect(events.map((event) => event.type)).toEqual(['tool-call', 'error'])
    expect(events.at(-1)).toMatchObject({ error: { code: 'upstream_invalid' } })
    expect(of.complete).toBe(false)
  })
})

describe('the end', () => {
  it('is there when every candidate seen has a finish reason', () => {
    const of = reader()
    expect(of.complete).toBe(false)
    read([{ usageMetadata: { promptTokenCount: 1 } }], of)
    expect(of.complete).toBe(false)
    read(
      [
        {
          candidates: [
            { index: 1, finishReason: 'STOP' },
            { index: 0, finishReason: 'FINISH_REASON_UNSPECIFIED' },
          ],
        },
      ],
      of,
    )
    expect(of.complete).toBe(false)
    expect(read([candidate([], { finishReason: 'MAX_TOKENS' })], of)).toEqual([
      { type: 'finish', choice: 0, finish: { reason: 'length' } },
    ])
    expect(of.complete).toBe(true)
    expect(read([candidate([], { finishReason: 'STOP' })], of)).toEqual([])
  })

  it('is there when the prompt was refused', () => {
    const of = reader()
    expect(
      read(
        [{ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } }],
        of,
      ),
    ).toMatchObject([
      { type: 'finish', choice: 0, finish: { reason: 'content_filter', native: 'SAFETY' } },
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 0 } },
    ])
    expect(of.complete).toBe(true)
  })

  it('brings citations and log probabilities', () => {
    const groundingMetadata = { groundingChunks: [{ web: { uri: 'https://a.test', title: 'A' } }] }
    expect(
      read([
        candidate([{ text: 'abc' }], {
          groundingMetadata,
          logprobsResult: { chosenCandidates: [{ token: 'abc', logProbability: -1 }] },
        }),
        candidate([], { finishReason: 'STOP', groundingMetadata }),
      ]).map((event) => event.type),
    ).toEqual(['text', 'logprobs', 'annotations', 'finish'])
  })

  it('counts are totals, one event for each frame that has them', () => {
    const counts = [4, 7, 9].map((candidatesTokenCount) => ({
      usageMetadata: { promptTokenCount: 2, candidatesTokenCount },
    }))
    const totals = read(counts).flatMap((event) =>
      event.type === 'usage' ? [event.usage.outputTokens] : [],
    )
    expect(totals).toEqual([4, 7, 9])
  })
})

describe('failures', () => {
  it.each([
    ['malformed JSON', undefined, '{"candidates":[', 'upstream_invalid'],
    ['no object', undefined, '[1]', 'upstream_invalid'],
    [
      'an error object',
      undefined,
      '{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}',
      'provider_overloaded',
    ],
    [
      'an error event',
      'error',
      '{"status":"RESOURCE_EXHAUSTED","message":"slow down"}',
      'rate_limit_exceeded',
    ],
    ['an error line', 'error', 'it broke', 'provider_error'],
  ])('%s gives one error event and nothing after it', (_, event, data, code) => {
    const of = reader()
    expect(of.read({ event, data })).toMatchObject([{ type: 'error', error: { code } }])
    expect(
      of.read({
        event: undefined,
        data: JSON.stringify(candidate([{ text: 'x' }], { finishReason: 'STOP' })),
      }),
    ).toEqual([])
    expect(of.complete).toBe(false)
  })

  it.each([[''], ['[DONE]']])('%j is no event', (data) => {
    expect(reader().read({ event: undefined, data })).toEqual([])
  })

  it('unknown shapes are skipped', () => {
    const odd = [
      { candidates: [null, 7, {}] },
      { candidates: 'x' },
      candidate([null, 5]),
      { candidates: [{ content: null }] },
      { promptFeedback: {} },
      { usageMetadata: 3 },
      { error: null },
    ]
    expect(read(odd)).toEqual([])
  })
})
