import { describe, expect, it } from 'vitest'
import { readMessages } from './messages.ts'

const part = (value: unknown) => readMessages([{ role: 'user', content: [value] }])[0]?.parts[0]

describe('roles', () => {
  it('keeps system and developer messages where they are', () => {
    const messages = readMessages([
      { role: 'system', content: 'a' },
      { role: 'user', content: 'b', name: 'Ada' },
      { role: 'developer', content: [{ type: 'text', text: 'c' }] },
    ])
    expect(messages).toEqual([
      { role: 'system', parts: [{ type: 'text', text: 'a' }] },
      { role: 'user', name: 'Ada', parts: [{ type: 'text', text: 'b' }] },
      { role: 'developer', parts: [{ type: 'text', text: 'c' }] },
    ])
  })

  it('reads an assistant turn with thinking, text and parallel calls', () => {
    const [message] = readMessages([
      {
        role: 'assistant',
        content: 'looking',
        refusal: null,
        reasoning_content: 'hm',
        tool_calls: [
          {
            id: 'a',
            type: 'function',
            function: { name: 'f', arguments: '{"x":1}' },
            extra_content: { google: { thought_signature: 'sig' } },
          },
          { id: 'b', function: { name: 'g', arguments: '' } },
          { id: 'c', type: 'custom', custom: { name: 'h', input: '' } },
        ],
      },
    ])
    expect(message?.parts).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'looking' },
      {
        type: 'tool-call',
        id: 'a',
        name: 'f',
        arguments: '{"x":1}',
        kind: 'function',
        signature: { origin: 'gemini', value: 'sig' },
      },
      { type: 'tool-call', id: 'b', name: 'g', arguments: '{}', kind: 'function' },
      { type: 'tool-call', id: 'c', name: 'h', arguments: '', kind: 'custom' },
    ])
  })

  it.each([[null], [''], [undefined]])('has no parts for assistant content %s', (content) => {
    expect(readMessages([{ role: 'assistant', content }])).toEqual([
      { role: 'assistant', parts: [] },
    ])
  })

  it('reads refusals, images and audio of an assistant', () => {
    const [message] = readMessages([
      {
        role: 'assistant',
        content: [{ type: 'refusal', refusal: 'no' }],
        refusal: 'never',
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }, null],
        audio: { id: 'audio_1' },
      },
    ])
    expect(message?.parts).toEqual([
      { type: 'refusal', text: 'no' },
      { type: 'refusal', text: 'never' },
      { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' } },
      { type: 'extension', dialect: 'openai-chat', value: { audio: { id: 'audio_1' } } },
    ])
  })

  it('reads tool results', () => {
    expect(
      readMessages([
        { role: 'tool', tool_call_id: 'a', content: 'x', cache_control: { type: 'ephemeral' } },
        { role: 'tool', tool_call_id: 'b', content: '' },
        {
          role: 'tool',
          tool_call_id: 'c',
          content: [
            { type: 'text', text: 'y' },
            { type: 'image_url', image_url: { url: 'https://e.org/i.png' } },
          ],
        },
      ]).map((message) => message.parts[0]),
    ).toEqual([
      { type: 'tool-result', id: 'a', content: [{ type: 'text', text: 'x' }], cacheHint: {} },
      { type: 'tool-result', id: 'b', content: [] },
      {
        type: 'tool-result',
        id: 'c',
        content: [
          { type: 'text', text: 'y' },
          { type: 'image', source: { kind: 'url', url: 'https://e.org/i.png' } },
        ],
      },
    ])
  })

  it('pairs the old function_call form, which has no ids, by name', () => {
    const call = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } }
    const messages = readMessages([
      call,
      { role: 'function', name: 'f', content: '1' },
      call,
      { role: 'function', name: 'f', content: '2' },
    ])
    const ids = messages.flatMap((message) =>
      message.parts.map((item) => ('id' in item ? item.id : '')),
    )
    expect(ids).toEqual(['call_message_0', 'call_message_0', 'call_message_2', 'call_message_2'])
    expect(messages[1]?.role).toBe('tool')
  })
})

describe('parts', () => {
  it.each([
    [
      { type: 'image_url', image_url: { url: 'data:image/PNG;base64,QUJD', detail: 'low' } },
      {
        type: 'image',
        source: { kind: 'data', mediaType: 'image/png', data: 'QUJD' },
        detail: 'low',
      },
    ],
    [
      { type: 'image_url', image_url: { url: 'HTTPS://e.org/a.png' } },
      { type: 'image', source: { kind: 'url', url: 'HTTPS://e.org/a.png' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'data:image/svg+xml;charset=utf-8;base64,QQ==' } },
      { type: 'image', source: { kind: 'data', mediaType: 'image/svg+xml', data: 'QQ==' } },
    ],
    [
      { type: 'input_audio', input_audio: { data: 'QQ==', format: 'wav' } },
      { type: 'audio', data: 'QQ==', format: 'wav' },
    ],
    [
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBE', filename: 'a.pdf' } },
      {
        type: 'file',
        name: 'a.pdf',
        source: { kind: 'data', mediaType: 'application/pdf', data: 'JVBE' },
      },
    ],
    [
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'file', source: { kind: 'id', id: 'file-1' } },
    ],
    [
      { type: 'text', text: '', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: '', cacheHint: { ttl: '1h' } },
    ],
    [
      {
        type: 'thinking',
        thinking: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { type: 'reasoning', text: 'ab' },
    ],
  ])('reads %j', (value, expected) => {
    expect(part(value)).toEqual(expected)
  })

  it.each([
    [{ type: 'image_url', image_url: 7 }, 'messages[0].content[0].image_url'],
    [
      { type: 'image_url', image_url: { url: 'ftp://e.org/a.png' } },
      'messages[0].content[0].image_url.url',
    ],
    [
      { type: 'image_url', image_url: { url: 'data:image/png,abc' } },
      'messages[0].content[0].image_url.url',
    ],
    [
      { type: 'image_url', image_url: { url: 'data:;base64,QQ==' } },
      'messages[0].content[0].image_url.url',
    ],
    [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,' } },
      'messages[0].content[0].image_url.url',
    ],
    [{ type: 'text' }, 'messages[0].content[0].text'],
    [{ text: 'x' }, 'messages[0].content[0].type'],
    ['x', 'messages[0].content[0]'],
    [{ type: 'file', file: {} }, 'messages[0].content[0].file'],
    [
      { type: 'input_audio', input_audio: { data: 'QQ==' } },
      'messages[0].content[0].input_audio.format',
    ],
  ])('refuses %j', (value, param) => {
    expect(() => part(value)).toThrow(
      expect.objectContaining({ code: 'invalid_request', details: { param } }),
    )
  })

  it('names a part it cannot carry', () => {
    expect(() => part({ type: 'hologram' })).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        message: 'messages[0].content[0]: content of type "hologram" is not supported.',
        details: { param: 'messages[0].content[0]' },
      }),
    )
  })

  it.each([
    [{ role: 'robot', content: '' }, 'messages[0].role'],
    [{ role: 'user' }, 'messages[0].content'],
    [{ role: 'user', content: 5 }, 'messages[0].content'],
    [{ role: 'user', content: 'x', name: 1 }, 'messages[0].name'],
    [{ role: 'tool', content: 'x' }, 'messages[0].tool_call_id'],
    [
      {
        role: 'tool',
        tool_call_id: 'a',
        content: [{ type: 'input_audio', input_audio: { data: 'Q', format: 'wav' } }],
      },
      'messages[0].content[0]',
    ],
    [{ role: 'assistant', tool_calls: {} }, 'messages[0].tool_calls'],
    [
      { role: 'assistant', tool_calls: [{ id: '', function: { name: 'f' } }] },
      'messages[0].tool_calls[0].id',
    ],
    [
      { role: 'assistant', tool_calls: [{ id: 'a', function: {} }] },
      'messages[0].tool_calls[0].function.name',
    ],
    [
      { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: {} } }] },
      'messages[0].tool_calls[0].function.arguments',
    ],
    [
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'magic' }] },
      'messages[0].tool_calls[0].type',
    ],
    [{ role: 'function', content: 'x' }, 'messages[0].name'],
  ])('refuses %j', (message, param) => {
    expect(() => readMessages([message])).toThrow(
      expect.objectContaining({ status: 400, details: { param } }),
    )
  })
})
