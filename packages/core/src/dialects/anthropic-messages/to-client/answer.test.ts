import { describe, expect, it } from 'vitest'
import type { Part } from '../../model/conversation.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import { conversationOf, renderContext } from '../from-client/request.fake.ts'
import { renderAnswer } from './answer.ts'

const rendered = (choice: Partial<AnswerChoice>, answer: Partial<Answer> = {}) =>
  renderAnswer(
    { choices: [{ parts: [], finish: { reason: 'stop' }, ...choice }], ...answer },
    renderContext(),
  )
const contentOf = (...parts: Part[]) => rendered({ parts }).content

it('a whole message', () => {
  const usage = {
    inputTokens: 100,
    outputTokens: 20,
    cachedTokens: 60,
    cacheWriteTokens: 10,
    reasoningTokens: 5,
  }
  expect(
    rendered({ parts: [{ type: 'text', text: 'Hi' }] }, { id: 'msg_1', model: 'claude', usage }),
  ).toEqual({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    stop_details: null,
    usage: {
      input_tokens: 30,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 60,
      output_tokens: 20,
      output_tokens_details: { thinking_tokens: 5 },
    },
  })
})

it('what the provider did not say is filled in', () => {
  expect(rendered({})).toMatchObject({
    id: 'msg_req_1',
    model: 'physical',
    content: [],
    usage: {
      input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 0,
    },
  })
  expect(rendered({}).usage).not.toHaveProperty('output_tokens_details')
})

it('nastiest 3: input excludes the cache, and is never negative', () => {
  const mapUsage = (inputTokens: number, cachedTokens: number) =>
    rendered({}, { usage: { inputTokens, outputTokens: 1, cachedTokens } }).usage
  expect(mapUsage(8855, 8851)).toMatchObject({ input_tokens: 4, cache_read_input_tokens: 8851 })
  expect(mapUsage(5, 8)).toMatchObject({ input_tokens: 0 })
})

describe('content', () => {
  it('stands in the order the model wrote it', () => {
    expect(
      contentOf(
        {
          type: 'reasoning',
          text: 'hm',
          signature: { origin: 'anthropic-messages', value: 'S+/==' },
        },
        {
          type: 'reasoning',
          text: '',
          signature: { origin: 'anthropic-messages', value: 'R+/==' },
          redacted: true,
        },
        { type: 'text', text: 'a' },
        {
          type: 'tool-call',
          id: 'call_1',
          name: 'look',
          arguments: '{"city":"Paris"}',
          kind: 'function',
        },
        { type: 'tool-call', id: 'functions.now:1', name: 'now', arguments: '', kind: 'function' },
      ),
    ).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'S+/==' },
      { type: 'redacted_thinking', data: 'R+/==' },
      { type: 'text', text: 'a' },
      { type: 'tool_use', id: 'call_1', name: 'look', input: { city: 'Paris' } },
      { type: 'tool_use', id: expect.stringMatching(/^[a-zA-Z0-9_-]+$/), name: 'now', input: {} },
    ])
  })

  it('input is an object, whatever a model wrote', () => {
    const call = (text: string, kind: 'function' | 'custom' = 'function') =>
      contentOf({ type: 'tool-call', id: 'a', name: 'f', arguments: text, kind })
    expect(call('[1]')).toEqual([
      { type: 'tool_use', id: 'a', name: 'f', input: { arguments: [1] } },
    ])
    expect(call('{"a":')).toEqual([
      { type: 'tool_use', id: 'a', name: 'f', input: { arguments: '{"a":' } },
    ])
    expect(call('*** Begin', 'custom')).toEqual([
      { type: 'tool_use', id: 'a', name: 'postern_custom_f', input: { input: '*** Begin' } },
    ])
  })

  it('a refusal is no text', () => {
    expect(
      rendered({
        parts: [
          { type: 'refusal', text: 'I will ' },
          { type: 'refusal', text: 'not.' },
        ],
      }),
    ).toMatchObject({
      content: [],
      stop_reason: 'refusal',
      stop_details: { explanation: 'I will not.' },
    })
  })

  it('what only another dialect understands is left out', () => {
    const own = { type: 'web_search_tool_result', content: [] }
    expect(
      contentOf(
        { type: 'extension', dialect: 'gemini', value: {} },
        { type: 'image', source: { kind: 'url', url: 'u' } },
        { type: 'extension', dialect: 'anthropic-messages', value: own },
      ),
    ).toEqual([own])
  })

  it('cites the pages an answer names, at the text they belong to', () => {
    const page = (url: string, start_index: number) => ({
      type: 'url_citation',
      url_citation: { url, title: 'T', start_index, end_index: start_index + 1 },
    })
    const { content } = rendered({
      parts: [
        { type: 'text', text: 'first' },
        { type: 'text', text: 'second' },
        { type: 'text', text: '' },
      ],
      annotations: [page('https://a', 1), page('https://b', 6), { type: 'file_citation' }],
    })
    expect(content).toEqual([
      {
        type: 'text',
        text: 'first',
        citations: [
          expect.objectContaining({
            type: 'web_search_result_location',
            url: 'https://a',
            title: 'T',
          }),
        ],
      },
      { type: 'text', text: 'second', citations: [expect.objectContaining({ url: 'https://b' })] },
    ])
    // They prove nothing, so nothing is lost when they come back.
    expect(conversationOf({ messages: [{ role: 'assistant', content }] })).toMatchObject({
      messages: [{ parts: [{ text: 'first' }, { text: 'second' }] }],
      extensions: {},
    })
  })
})

describe('signatures of other providers survive the client', () => {
  it.each<[string, Part[]]>([
    [
      'thinking',
      [{ type: 'reasoning', text: 'hm', signature: { origin: 'bedrock-converse', value: 'x+/=' } }],
    ],
    [
      'hidden thinking',
      [
        {
          type: 'reasoning',
          text: '',
          signature: { origin: 'openai-responses', value: '{"id":"rs_1"}' },
          redacted: true,
        },
      ],
    ],
    [
      'a signature alone',
      [{ type: 'reasoning', text: '', signature: { origin: 'gemini', value: 'x' } }],
    ],
    ['unsigned thinking', [{ type: 'reasoning', text: 'hm' }]],
    [
      'a call',
      [
        {
          type: 'tool-call',
          id: 'a',
          name: 'f',
          arguments: '{"a":1}',
          kind: 'function',
          signature: { origin: 'gemini', value: 'x+/=' },
        },
      ],
    ],
    [
      'parallel calls, the first of them signed',
      [
        { type: 'text', text: 'so' },
        {
          type: 'tool-call',
          id: 'functions.f:0',
          name: 'f',
          arguments: '{}',
          kind: 'function',
          signature: { origin: 'gemini', value: 'x' },
        },
        { type: 'tool-call', id: 'b', name: 'g', arguments: '{}', kind: 'function' },
      ],
    ],
    [
      'a custom call',
      [{ type: 'tool-call', id: 'a', name: 'patch', arguments: '*** "Begin"', kind: 'custom' }],
    ],
  ])('%s', (_what, parts) => {
    const content = contentOf(...parts)
    expect(conversationOf({ messages: [{ role: 'assistant', content }] }).messages).toEqual([
      { role: 'assistant', parts },
    ])
  })

  it('also where the client sorts its calls to the end', () => {
    const signature = { origin: 'gemini', value: 'x' }
    const blocks = contentOf(
      { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', kind: 'function', signature },
      { type: 'text', text: 'after' },
    ) as unknown[]
    const content = [blocks[0], blocks[2], blocks[1]]
    expect(
      conversationOf({ messages: [{ role: 'assistant', content }] }).messages[0]?.parts,
    ).toEqual([
      { type: 'text', text: 'after' },
      { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', kind: 'function', signature },
    ])
  })
})
