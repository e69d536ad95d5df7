import { describe, expect, it } from 'vitest'
import type { Message, Part, ReasoningPart, ToolCallPart } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { build, callTo, conversationOf, hello, says, text } from './conversation.fake.ts'
import { DIALECT, encodeSignature } from '../names.ts'

function input(
  messages: readonly Message[],
  call: CallContext = callTo('gpt-5.1'),
): { items: JsonObject[]; dropped: readonly string[] } {
  const { body, dropped } = build(conversationOf(messages), call)
  return { items: body.input as JsonObject[], dropped }
}

const dropping = callTo('gpt-5.1', { dropUnsupported: true })
const pixel = { kind: 'data', mediaType: 'image/png', data: 'iVBO' } as const
const call = (id: string, kind: ToolCallPart['kind'] = 'function'): ToolCallPart => ({
  type: 'tool-call',
  id,
  name: 'look',
  arguments: '{"a":1}',
  kind,
})
const result = (
  id: string,
  ...content: Extract<Part, { type: 'tool-result' }>['content']
): Part => ({ type: 'tool-result', id, content })
const thought = (id: string, value = ''): ReasoningPart => ({
  type: 'reasoning',
  text: value,
  signature: { origin: DIALECT, value: encodeSignature({ id, encryptedContent: `enc+/=_${id}` }) },
})
const typesOf = (items: readonly JsonObject[]) =>
  items.map((item) => (item.type === 'message' ? item.role : item.type))

describe('messages', () => {
  it('keeps instructions where they stand', () => {
    const { items, dropped } = input([
      says('system', text('Be kind.')),
      hello,
      says('developer', text('Now be brief.')),
      hello,
    ])
    expect(items).toEqual([
      { type: 'message', role: 'system', content: 'Be kind.' },
      { type: 'message', role: 'user', content: 'Hello' },
      { type: 'message', role: 'developer', content: 'Now be brief.' },
      { type: 'message', role: 'user', content: 'Hello' },
    ])
    expect(dropped).toEqual([])
  })

  it('carries text, images and files of the user', () => {
    const { items } = input([
      says(
        'user',
        text('See'),
        { type: 'image', source: pixel, detail: 'low' },
        { type: 'image', source: { kind: 'url', url: 'https://a/b.png' } },
        { type: 'image', source: { kind: 'id', id: 'file-1' } },
        {
          type: 'file',
          source: { kind: 'data', mediaType: 'application/pdf', data: 'JVBE' },
          name: 'a.pdf',
        },
        { type: 'file', source: { kind: 'data', mediaType: 'text/plain', data: 'YQ==' } },
        { type: 'file', source: { kind: 'url', url: 'https://a/b.pdf' } },
        { type: 'file', source: { kind: 'id', id: 'file-2' } },
      ),
    ])
    expect(items[0]?.content).toEqual([
      { type: 'input_text', text: 'See' },
      { type: 'input_image', image_url: 'data:image/png;base64,iVBO', detail: 'low' },
      { type: 'input_image', image_url: 'https://a/b.png', detail: 'auto' },
      { type: 'input_image', file_id: 'file-1', detail: 'auto' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
      { type: 'input_file', filename: 'document.txt', file_data: 'data:text/plain;base64,YQ==' },
      { type: 'input_file', file_url: 'https://a/b.pdf' },
      { type: 'input_file', file_id: 'file-2' },
    ])
  })

  it('refuses audio by its place, or drops it where the route allows it', () => {
    const messages = [says('user', text('Listen'), { type: 'audio', format: 'wav', data: 'UklG' })]
    expect(() => input(messages)).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: expect.objectContaining({ param: 'messages[0].content[1]' }),
      }),
    )
    const { items, dropped } = input(messages, dropping)
    expect(items).toEqual([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Listen' }] },
    ])
    expect(dropped).toEqual(['messages[0].content[1] (audio)'])
  })

  it('reports names and cache hints', () => {
    const { dropped } = input([
      { role: 'user', name: 'ann', parts: [{ type: 'text', text: 'a', cacheHint: {} }] },
    ])
    expect(dropped).toEqual(['messages[0].name', 'cache_control'])
  })

  it('writes a plain answer as a string and any other as an output message', () => {
    const { items } = input([
      hello,
      says('assistant', text('a')),
      hello,
      says('assistant', text('b'), text('c'), { type: 'refusal', text: 'no' }),
      hello,
    ])
    expect(items[1]).toEqual({ type: 'message', role: 'assistant', content: 'a' })
    expect(items[3]).toEqual({
      type: 'message',
      id: 'msg_3',
      role: 'assistant',
      status: 'completed',
      content: [
        { type: 'output_text', text: 'b', annotations: [], logprobs: [] },
        { type: 'output_text', text: 'c', annotations: [], logprobs: [] },
        { type: 'refusal', refusal: 'no' },
      ],
    })
  })

  it('an answer that says nothing is left out, an empty question is not', () => {
    const { items } = input([
      says('user', text('')),
      says('assistant', text('')),
      says('assistant', call('c1')),
      says('tool', result('c1')),
    ])
    expect(items).toEqual([
      { type: 'message', role: 'user', content: '' },
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"a":1}' },
      { type: 'function_call_output', call_id: 'c1', output: '' },
    ])
  })

  it('reports what only the other side can say', () => {
    const { items, dropped } = input([
      says('user', text('a'), call('c')),
      says('assistant', text('b'), { type: 'image', source: pixel }, result('c')),
      hello,
    ])
    expect(typesOf(items)).toEqual(['user', 'assistant', 'user'])
    expect(dropped).toEqual([
      "messages[0].content[1] (only the assistant's)",
      'messages[1].content[1] (media only from the user)',
      "messages[1].content[2] (only a tool's)",
    ])
  })
})

describe('parts of one dialect', () => {
  const own = (value: JsonObject): Part => ({ type: 'extension', dialect: DIALECT, value })
  const foreign: Part = {
    type: 'extension',
    dialect: 'anthropic-messages',
    value: { type: 'server_tool_use' },
  }

  it('gives its own items and parts back as they were', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const output = { type: 'local_shell_call_output', id: 'c', output: 'x' }
    const part = { type: 'input_video', url: 'u' }
    const { items } = input([
      says('user', text('a'), own(part)),
      says('assistant', thought('rs_1'), own(search), text('b')),
      says('tool', own(output)),
    ])
    expect(items[0]?.content).toEqual([{ type: 'input_text', text: 'a' }, part])
    expect(typesOf(items)).toEqual([
      'user',
      'reasoning',
      'web_search_call',
      'assistant',
      'local_shell_call_output',
    ])
    expect([items[2], items[4]]).toEqual([search, output])
  })

  it('leaves what another provider did in the history out, and says so', () => {
    const { items, dropped } = input([hello, says('assistant', foreign, text('b')), hello])
    expect(typesOf(items)).toEqual(['user', 'assistant', 'user'])
    expect(dropped).toEqual(['messages[1].content[0] (a part of anthropic-messages)'])
  })

  it('refuses what a user or a tool says in the words of another dialect', () => {
    expect(() => input([says('user', foreign)])).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ param: 'messages[0].content[0]' }),
      }),
    )
    const messages = [
      hello,
      says('assistant', call('c')),
      says('tool', result('c', { type: 'extension', dialect: 'gemini', value: {} })),
    ]
    expect(() => input(messages)).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ param: 'messages[2].content[0]' }),
      }),
    )
    expect(input(messages, dropping).items[2]).toEqual({
      type: 'function_call_output',
      call_id: 'c',
      output: '',
    })
  })
})

describe('tool calls', () => {
  it('names calls by call_id and answers custom ones in kind', () => {
    const { items } = input([
      hello,
      says('assistant', text('Let me see.'), call('c1'), {
        ...call('c2', 'custom'),
        arguments: 'SELECT 1',
      }),
      says('tool', result('c1', { type: 'text', text: 'one' })),
      says('tool', result('c2', { type: 'text', text: 'two' })),
    ])
    expect(items.slice(1)).toEqual([
      { type: 'message', role: 'assistant', content: 'Let me see.' },
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"a":1}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'look', input: 'SELECT 1' },
      { type: 'function_call_output', call_id: 'c1', output: 'one' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: 'two' },
    ])
  })

  it('carries images and files inside of results', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'image', source: pixel },
    ] as const
    const { items } = input([
      hello,
      says('assistant', call('c')),
      says('user', result('c', ...content), text('and?')),
    ])
    expect(items.slice(2)).toEqual([
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [
          { type: 'input_text', text: 'a' },
          { type: 'input_image', image_url: 'data:image/png;base64,iVBO', detail: 'auto' },
        ],
      },
      { type: 'message', role: 'user', content: 'and?' },
    ])
  })

  it('empty arguments are an empty object, broken ones stay as the model wrote them', () => {
    const { items } = input([
      hello,
      says('assistant', { ...call('a'), arguments: '' }, { ...call('b'), arguments: '{"x":' }),
      says('tool', result('a')),
      says('tool', result('b')),
    ])
    expect(items.slice(1, 3).map((item) => item.arguments)).toEqual(['{}', '{"x":'])
  })

  it('shortens ids that are too long, the same on both sides', () => {
    const long = `call_${'x'.repeat(500)}`
    const { items, dropped } = input([
      hello,
      says('assistant', call(long), call(`${long}y`)),
      says('tool', result(long)),
      says('tool', result(`${long}y`)),
    ])
    const ids = items.slice(1).map((item) => String(item.call_id))
    expect(ids.every((id) => id.length === 64)).toBe(true)
    expect(ids.slice(0, 2)).toEqual(ids.slice(2))
    expect(new Set(ids).size).toBe(2)
    expect(dropped).toEqual(['tool call id (too long, sent as its digest)'])
  })

  it('reports additional fields of calls and results', () => {
    const signed: Part = { ...call('c'), signature: { origin: 'gemini', value: 's' } }
    const { dropped } = input([
      hello,
      says('assistant', signed),
      says('tool', { type: 'tool-result', id: 'c', content: [], isError: true }),
    ])
    expect(dropped).toEqual(['tool call signature (of gemini)', 'is_error (tool result)'])
  })
})

describe('reasoning', () => {
  it('goes back byte for byte, before what it led to', () => {
    const { items, dropped } = input([
      hello,
      says('assistant', thought('rs_1', 'Hm.'), text('a'), call('c')),
      says('tool', result('c')),
    ])
    expect(items.slice(1, 3)).toEqual([
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm.' }],
        encrypted_content: 'enc+/=_rs_1',
      },
      { type: 'message', role: 'assistant', content: 'a' },
    ])
    expect(dropped).toEqual([])
  })

  it('nastiest 5: a reasoning item that nothing follows is left out', () => {
    const { items, dropped } = input([
      hello,
      says('assistant', text('a'), thought('rs_1')),
      hello,
      says('assistant', text('b')),
      says('assistant', thought('rs_2')),
    ])
    expect(typesOf(items)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(dropped).toEqual([
      'messages[1].reasoning (nothing follows it)',
      'messages[4].reasoning (nothing follows it)',
    ])
  })

  it('nastiest 5: the item that follows may be in the next message', () => {
    const { items, dropped } = input([
      hello,
      says('assistant', thought('rs_1')),
      says('assistant', thought('rs_2'), call('c')),
      says('tool', result('c')),
    ])
    expect(typesOf(items)).toEqual([
      'user',
      'reasoning',
      'reasoning',
      'function_call',
      'function_call_output',
    ])
    expect(dropped).toEqual([])
  })

  it.each<[string, ReasoningPart]>([
    ['unsigned', { type: 'reasoning', text: 'Hm.' }],
    [
      'signed by another provider',
      { type: 'reasoning', text: 'Hm.', signature: { origin: 'anthropic-messages', value: 's' } },
    ],
    [
      'its signature is damaged',
      { type: 'reasoning', text: '', signature: { origin: DIALECT, value: 'not json' } },
    ],
  ])('U12: reasoning that is %s stays here', (why, part) => {
    const { items, dropped } = input([hello, says('assistant', part, text('a')), hello])
    expect(typesOf(items)).toEqual(['user', 'assistant', 'user'])
    expect(dropped).toEqual([`messages[1].reasoning (${why})`])
  })

  it('is not given to a model that refuses it', () => {
    const { items, dropped } = input(
      [hello, says('assistant', thought('rs_1'), text('a')), hello],
      callTo('gpt-4.1'),
    )
    expect(typesOf(items)).toEqual(['user', 'assistant', 'user'])
    expect(dropped).toEqual(['messages[1].reasoning (the model does not reason)'])
  })
})
