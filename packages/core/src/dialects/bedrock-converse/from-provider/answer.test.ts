import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { readAnswer } from './answer.ts'

const call: CallContext = {
  provider: 'cloud',
  model: 'm',
  stream: false,
  quirks: {},
  newId: (prefix) => `${prefix}new`,
}

function read(content: readonly unknown[], more: JsonObject = {}) {
  return readAnswer(
    {
      output: { message: { role: 'assistant', content } },
      stopReason: 'end_turn',
      usage: { inputTokens: 7, outputTokens: 3 },
      ...more,
    },
    call,
  )
}

const use = (name: string, input?: unknown) => ({
  toolUse: { toolUseId: `tooluse_${name}`, name, input },
})

describe('readAnswer', () => {
  it('reads text, reasoning and calls in their order', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'Eq+/==' } } },
      { reasoningContent: { redactedContent: 'Zm9v' } },
      { reasoningContent: { reasoningText: { text: 'Unsigned.' } } },
      { text: 'Let me look.' },
      { text: '' },
      use('look', { a: 1 }),
      use('go'),
    ]
    expect(read(content, { stopReason: 'tool_use' })).toEqual({
      choices: [
        {
          parts: [
            {
              type: 'reasoning',
              text: 'Hm.',
              signature: { origin: 'bedrock-converse', value: 'Eq+/==' },
            },
            {
              type: 'reasoning',
              text: '',
              signature: { origin: 'bedrock-converse', value: 'Zm9v' },
              redacted: true,
            },
            { type: 'reasoning', text: 'Unsigned.' },
            { type: 'text', text: 'Let me look.' },
            {
              type: 'tool-call',
              id: 'tooluse_look',
              name: 'look',
              arguments: '{"a":1}',
              kind: 'function',
            },
            { type: 'tool-call', id: 'tooluse_go', name: 'go', arguments: '{}', kind: 'function' },
          ],
          finish: { reason: 'tool_calls' },
        },
      ],
      usage: {
        inputTokens: 7,
        outputTokens: 3,
        cachedTokens: undefined,
        cacheWriteTokens: undefined,
        native: { inputTokens: 7, outputTokens: 3 },
      },
    })
  })

  it('turns the JSON answer back into text, once, and a custom tool into free text', () => {
    const answered = read(
      [use('postern_json_answer', { city: 'Bern' }), use('postern_json_answer', {})],
      { stopReason: 'tool_use' },
    )
    expect(answered.choices[0]).toEqual({
      parts: [{ type: 'text', text: '{"city":"Bern"}' }],
      finish: { reason: 'stop' },
    })
    const custom = read([use('postern_custom_patch', { input: '*** Begin' })], {
      stopReason: 'tool_use',
    })
    expect(custom.choices[0]?.parts).toMatchObject([
      { name: 'patch', arguments: '*** Begin', kind: 'custom' },
    ])
  })

  it('gives cited text with its annotations', () => {
    const cited = {
      citationsContent: {
        content: [{ text: 'def' }, { text: 'g' }],
        citations: [
          { title: 'A', source: 'https://a.example' },
          { title: 'B', location: { documentChar: { start: 1, end: 2 } } },
          null,
        ],
      },
    }
    expect(read([{ text: 'abc' }, cited]).choices[0]).toMatchObject({
      parts: [{ text: 'abc' }, { text: 'defg' }],
      annotations: [
        {
          type: 'url_citation',
          url_citation: { url: 'https://a.example', title: 'A', start_index: 3, end_index: 7 },
        },
        { type: 'documentChar', documentChar: { title: 'B' } },
      ],
    })
  })

  it("keeps the provider's own tools and unknown blocks whole, and reads images", () => {
    const own = [
      { toolUse: { toolUseId: 'a', name: 'nova_grounding', type: 'server_tool_use', input: {} } },
      { toolResult: { toolUseId: 'a', content: [] } },
      { hologram: {} },
    ]
    expect(read(own).choices[0]?.parts).toEqual(
      own.map((value) => ({ type: 'extension', dialect: 'bedrock-converse', value })),
    )
    expect(
      read([{ image: { format: 'jpeg', source: { bytes: 'aaaa' } } }]).choices[0]?.parts,
    ).toEqual([{ type: 'image', source: { kind: 'data', mediaType: 'image/jpeg', data: 'aaaa' } }])
  })

  it.each([
    ['end_turn', { reason: 'stop' }],
    ['stop_sequence', { reason: 'stop', native: 'stop_sequence' }],
    ['max_tokens', { reason: 'length' }],
    [
      'model_context_window_exceeded',
      { reason: 'length', native: 'model_context_window_exceeded' },
    ],
    ['guardrail_intervened', { reason: 'content_filter', native: 'guardrail_intervened' }],
    ['content_filtered', { reason: 'content_filter', native: 'content_filtered' }],
    ['something_new', { reason: 'length', native: 'something_new' }],
  ])('%s', (stopReason, finish) => {
    expect(read([{ text: 'a' }], { stopReason }).choices[0]?.finish).toEqual(finish)
  })

  it.each(['malformed_model_output', 'malformed_tool_use'])(
    '%s is an error, not a stop',
    (stopReason) => {
      expect(() => read([{ text: 'a' }], { stopReason })).toThrow(
        expect.objectContaining({ code: 'upstream_invalid' }),
      )
    },
  )

  it('counts the cache in', () => {
    const { usage } = read([{ text: 'a' }], {
      usage: {
        inputTokens: 5,
        outputTokens: 2,
        cacheReadInputTokens: 100,
        cacheWriteInputTokens: 20,
        totalTokens: 127,
      },
    })
    expect(usage).toMatchObject({
      inputTokens: 125,
      outputTokens: 2,
      cachedTokens: 100,
      cacheWriteTokens: 20,
    })
    expect(read([{ text: 'a' }], { usage: undefined }).usage).toBeUndefined()
  })

  it('throws upstream_invalid for a malformed answer, and the error a body carries', () => {
    for (const body of [{}, { output: null }, { output: { message: { content: 'a' } } }])
      expect(() => readAnswer(body, call)).toThrow(
        expect.objectContaining({ code: 'upstream_invalid' }),
      )
    expect(() =>
      readAnswer({ __type: 'ThrottlingException', message: 'Slow down.' }, call),
    ).toThrow(expect.objectContaining({ code: 'rate_limit_exceeded' }))
    expect(() => readAnswer({ message: 'Network connection lost' }, call)).toThrow(
      expect.objectContaining({ code: 'provider_error' }),
    )
    expect(read([null, 7, 'a', {}]).choices[0]?.parts).toHaveLength(1)
  })
})
