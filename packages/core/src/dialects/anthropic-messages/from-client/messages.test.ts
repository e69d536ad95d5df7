import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { callContext, conversationOf } from './request.fake.ts'
import { buildRequest } from '../to-provider/request.ts'

const read = (...messages: JsonObject[]) => conversationOf({ messages }).messages

describe('system', () => {
  it.each([
    ['text', 'Be brief.', [{ type: 'text', text: 'Be brief.' }]],
    [
      'blocks',
      [
        { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'b' },
      ],
      [
        { type: 'text', text: 'a', cacheHint: {} },
        { type: 'text', text: 'b' },
      ],
    ],
  ])('as %s is one message before all others', (_how, system, parts) => {
    expect(conversationOf({ system }).messages).toEqual([
      { role: 'system', parts },
      { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
    ])
  })

  it.each([undefined, null, '', []])('%j is none', (system) => {
    expect(conversationOf({ system }).messages).toHaveLength(1)
  })

  it('Claude Code: the billing header changes with every request, and stays out of the prompt of other providers', () => {
    const billing = 'x-anthropic-billing-header: cc_version=2.1.329; cch=ab12;'
    const { messages, extensions } = conversationOf({
      system: [
        { type: 'text', text: billing },
        { type: 'text', text: 'You are Claude Code.' },
      ],
    })
    expect(messages[0]).toEqual({
      role: 'system',
      parts: [{ type: 'text', text: 'You are Claude Code.' }],
    })
    expect(extensions).toEqual({ 'system.x-anthropic-billing-header': billing })
    expect(conversationOf({ system: [{ type: 'text', text: billing }] }).messages).toHaveLength(1)
  })

  it('in the middle of the conversation stays where it is (version 2026-10-21)', () => {
    expect(
      read(
        { role: 'user', content: 'a' },
        { role: 'system', content: 'b' },
        { role: 'assistant', content: 'c' },
        { role: 'system', content: [{ type: 'text', text: 'd' }] },
      ),
    ).toEqual([
      { role: 'user', parts: [{ type: 'text', text: 'a' }] },
      { role: 'system', parts: [{ type: 'text', text: 'b' }] },
      { role: 'assistant', parts: [{ type: 'text', text: 'c' }] },
      { role: 'system', parts: [{ type: 'text', text: 'd' }] },
    ])
  })
})

describe('a turn of the user', () => {
  it('gives the results of tools first, as a message of their own, with their content', () => {
    const image = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
    }
    const reference = { type: 'tool_reference', tool_name: 'look' }
    const results = [
      { type: 'tool_result', tool_use_id: 'a', content: 'sunny' },
      {
        type: 'tool_result',
        tool_use_id: 'b',
        content: [{ type: 'text', text: 'see' }, image, reference],
        is_error: true,
        cache_control: { type: 'ephemeral' },
      },
      { type: 'tool_result', tool_use_id: 'c' },
      { type: 'tool_result', tool_use_id: 'd', content: '', is_error: false },
    ]
    expect(read({ role: 'user', content: [{ type: 'text', text: 'go on' }, ...results] })).toEqual([
      {
        role: 'tool',
        parts: [
          { type: 'tool-result', id: 'a', content: [{ type: 'text', text: 'sunny' }] },
          {
            type: 'tool-result',
            id: 'b',
            isError: true,
            cacheHint: {},
            content: [
              { type: 'text', text: 'see' },
              { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' } },
              { type: 'extension', dialect: 'anthropic-messages', value: reference },
            ],
          },
          { type: 'tool-result', id: 'c', content: [] },
          { type: 'tool-result', id: 'd', content: [] },
        ],
      },
      { role: 'user', parts: [{ type: 'text', text: 'go on' }] },
    ])
  })

  it('nastiest 10: results split over two messages are still the results of one turn', () => {
    const result = (id: string) => ({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: id, content: id }],
    })
    const calls = ['a', 'b'].map((id) => ({ type: 'tool_use', id, name: 'f', input: {} }))
    const conversation = conversationOf({
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: calls },
        result('b'),
        result('a'),
      ],
    })
    expect(conversation.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
    ])
    const built = buildRequest(conversation, callContext()).body as { messages: unknown[] }
    expect(built.messages.at(-1)).toEqual({
      role: 'user',
      content: ['a', 'b'].map((id) => ({ type: 'tool_result', tool_use_id: id, content: id })),
    })
  })

  it('that says nothing is none', () => {
    expect(read({ role: 'user', content: 'a' }, { role: 'user', content: [] })).toHaveLength(1)
  })
})

describe('a turn of the assistant', () => {
  it('thinking and its signature come back byte for byte, before the call', () => {
    const content = [
      { type: 'thinking', thinking: ' Paris?\n', signature: 'EpwB/+ab==' },
      { type: 'redacted_thinking', data: 'Emw/+==' },
      { type: 'thinking', thinking: '', signature: 'Only+/==' },
      { type: 'text', text: 'Let me see.', citations: null },
      {
        type: 'tool_use',
        id: 'toolu_1',
        name: 'look',
        input: { city: 'Paris' },
        caller: { type: 'direct' },
      },
    ]
    const { messages, extensions } = conversationOf({ messages: [{ role: 'assistant', content }] })
    const origin = 'anthropic-messages'
    expect(messages[0]?.parts).toEqual([
      { type: 'reasoning', text: ' Paris?\n', signature: { origin, value: 'EpwB/+ab==' } },
      { type: 'reasoning', text: '', signature: { origin, value: 'Emw/+==' }, redacted: true },
      { type: 'reasoning', text: '', signature: { origin, value: 'Only+/==' } },
      { type: 'text', text: 'Let me see.' },
      {
        type: 'tool-call',
        id: 'toolu_1',
        name: 'look',
        arguments: '{"city":"Paris"}',
        kind: 'function',
      },
    ])
    expect(extensions).toEqual({})
  })

  it('unsigned thinking is still thinking; without text it is dropped', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'text', text: 'a' },
    ]
    expect(read({ role: 'assistant', content })[0]?.parts).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'a' },
    ])
  })

  it('nastiest 8: blocks of tools the provider runs are no calls of the client', () => {
    const blocks = [
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
      { type: 'container_upload', file_id: 'f' },
      { type: 'something_new', x: 1 },
    ]
    expect(read({ role: 'assistant', content: blocks })[0]?.parts).toEqual(
      blocks.map((value) => ({ type: 'extension', dialect: 'anthropic-messages', value })),
    )
  })

  it('a call without input has {} for arguments', () => {
    expect(
      read({ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'now' }] })[0]?.parts,
    ).toMatchObject([{ arguments: '{}' }])
  })

  it('additional fields of its blocks are kept by kind', () => {
    const cited = {
      type: 'text',
      text: 'a',
      citations: [{ type: 'char_location', cited_text: 'x' }],
    }
    const call = {
      type: 'tool_use',
      id: 'a',
      name: 'f',
      input: {},
      cache_control: { type: 'ephemeral' },
      caller: { type: 'code_execution_20260120', tool_id: 't' },
      toolset_name: null,
    }
    expect(
      conversationOf({ messages: [{ role: 'assistant', content: [cited, call] }] }).extensions,
    ).toEqual({
      'messages.content.citations': cited.citations,
      'messages.content.cache_control': { type: 'ephemeral' },
      'messages.content.caller': call.caller,
    })
  })
})

it.each([
  [{ role: 'tool', content: 'a' }, 'messages[0].role'],
  [{ role: 'user' }, 'messages[0].content'],
  [{ role: 'user', content: 5 }, 'messages[0].content'],
  [{ role: 'user', content: ['a'] }, 'messages[0].content[0]'],
  [{ role: 'user', content: [{ text: 'a' }] }, 'messages[0].content[0].type'],
  [{ role: 'user', content: [{ type: 'text' }] }, 'messages[0].content[0].text'],
  [
    { role: 'user', content: [{ type: 'tool_result', content: 'a' }] },
    'messages[0].content[0].tool_use_id',
  ],
  [
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 5 }] },
    'messages[0].content[0].content',
  ],
  [
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 1 }] }],
    },
    'messages[0].content[0].content[0].text',
  ],
  [
    { role: 'assistant', content: [{ type: 'tool_use', name: 'f', input: {} }] },
    'messages[0].content[0].id',
  ],
  [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', input: {} }] },
    'messages[0].content[0].name',
  ],
  [{ role: 'assistant', content: [{ type: 'redacted_thinking' }] }, 'messages[0].content[0].data'],
  [
    { role: 'assistant', content: [{ type: 'thinking', signature: 5 }] },
    'messages[0].content[0].signature',
  ],
])('%j is refused at %s', (message, param) => {
  expect(() => read(message)).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      details: expect.objectContaining({ param }),
    }),
  )
})

it.each([5, [null], [{ type: 'text' }]])(
  'a system prompt that is none (%j) is refused',
  (system) => {
    expect(() => conversationOf({ system })).toThrow(/^system/)
  },
)
