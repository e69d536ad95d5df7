import { describe, expect, it } from 'vitest'
import type { Message, Part, ToolCallPart, ToolResultPart } from '../../model/conversation.ts'
import { buildContents, SIGNATURE_PLACEHOLDER } from './contents.ts'
import { modelTraits } from './models.ts'

function built(messages: readonly Message[], model = 'gemini-2.5-flash') {
  const dropped = new Set<string>()
  const { systemInstruction, contents } = buildContents(messages, {
    provider: 'gemini',
    dropUnsupported: false,
    traits: modelTraits(model),
    dropped,
  })
  return { systemInstruction, contents, dropped: [...dropped] }
}

const text = (value: string): Part => ({ type: 'text', text: value })
const user = (...parts: Part[]): Message => ({ role: 'user', parts })
const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts })
const tool = (...parts: ToolResultPart[]): Message => ({ role: 'tool', parts })
const call = (id: string, name: string, more: Partial<ToolCallPart> = {}): ToolCallPart => ({
  type: 'tool-call',
  id,
  name,
  arguments: '{"a":1}',
  kind: 'function',
  ...more,
})
const result = (id: string, value: string, more: Partial<ToolResultPart> = {}): ToolResultPart => ({
  type: 'tool-result',
  id,
  content: [{ type: 'text', text: value }],
  ...more,
})
const signed = (value: string, origin = 'gemini') => ({ signature: { origin, value } })

describe('system messages', () => {
  it('become the system instruction while they lead', () => {
    const { systemInstruction, contents, dropped } = built([
      { role: 'system', parts: [text('one')] },
      { role: 'developer', parts: [text('two')] },
      user(text('hi')),
    ])
    expect(systemInstruction).toEqual({ parts: [{ text: 'one' }, { text: 'two' }] })
    expect(contents).toEqual([{ role: 'user', parts: [{ text: 'hi' }] }])
    expect(dropped).toEqual([])
  })

  it('become user text later, and that is reported', () => {
    const { systemInstruction, contents, dropped } = built([
      user(text('hi')),
      { role: 'system', parts: [text('be brief')] },
    ])
    expect(systemInstruction).toBeUndefined()
    expect(contents).toEqual([{ role: 'user', parts: [{ text: 'hi' }, { text: 'be brief' }] }])
    expect(dropped).toEqual(['system (later messages sent as user text)'])
  })

  it('become user text when nothing else is said or the model takes none', () => {
    const alone = built([{ role: 'system', parts: [text('go')] }])
    expect(alone).toEqual({
      systemInstruction: undefined,
      contents: [{ role: 'user', parts: [{ text: 'go' }] }],
      dropped: ['system (sent as user text)'],
    })
    const gemma = built(
      [{ role: 'system', parts: [text('go')] }, user(text('hi'))],
      'gemma-3-27b-it',
    )
    expect(gemma.contents).toEqual([{ role: 'user', parts: [{ text: 'go' }, { text: 'hi' }] }])
  })

  it('are refused with an image', () => {
    const image: Part = {
      type: 'image',
      source: { kind: 'data', mediaType: 'image/png', data: 'AA' },
    }
    expect(() => built([{ role: 'system', parts: [image] }])).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: expect.objectContaining({ param: 'messages.0' }),
      }),
    )
  })
})

describe('turns', () => {
  it('join consecutive messages of one role and leave empty text out', () => {
    const { contents } = built([
      user(text('a')),
      user(text(''), text('b')),
      assistant(text('')),
      assistant({ type: 'refusal', text: 'no' }),
    ])
    expect(contents).toEqual([
      { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
      { role: 'model', parts: [{ text: 'no' }] },
    ])
  })

  it('must have something in them', () => {
    expect(() => built([user(text(''))])).toThrow(
      expect.objectContaining({ code: 'unsupported_content' }),
    )
  })

  it('report names, cache hints and image details', () => {
    const image: Part = {
      type: 'image',
      detail: 'high',
      source: { kind: 'data', mediaType: 'image/png', data: 'AA' },
    }
    const { dropped } = built([
      { role: 'user', name: 'ann', parts: [image, { type: 'text', text: 'x', cacheHint: {} }] },
    ])
    expect(dropped).toEqual(['messages.name', 'image_url.detail', 'cache_control'])
  })
})

describe('tool calls and results', () => {
  it("find the name of the call, keep the provider's ids and leave out those of others", () => {
    const { contents } = built([
      user(text('go')),
      assistant(call('own-1', 'one'), call('call_gm_7', 'two'), call('toolu_1', 'three')),
      tool(result('own-1', '{"ok":true}')),
      tool(result('call_gm_7', 'plain')),
      tool(result('toolu_1', '[1]')),
    ])
    expect(contents[1]?.parts).toEqual([
      { functionCall: { id: 'own-1', name: 'one', args: { a: 1 } } },
      { functionCall: { name: 'two', args: { a: 1 } } },
      { functionCall: { name: 'three', args: { a: 1 } } },
    ])
    expect(contents[2]).toEqual({
      role: 'user',
      parts: [
        { functionResponse: { id: 'own-1', name: 'one', response: { ok: true } } },
        { functionResponse: { name: 'two', response: { result: 'plain' } } },
        { functionResponse: { name: 'three', response: { result: '[1]' } } },
      ],
    })
  })

  it('put results into the order of their calls, with media after them', () => {
    const { contents } = built([
      user(text('go')),
      assistant(call('call_1', 'same'), call('call_2', 'same')),
      tool({
        ...result('call_2', 'second'),
        content: [
          { type: 'text', text: 'second' },
          { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA' } },
        ],
      }),
      tool(result('call_1', 'first')),
      user(text('and?')),
    ])
    expect(contents[2]?.parts).toEqual([
      { functionResponse: { name: 'same', response: { result: 'first' } } },
      { functionResponse: { name: 'same', response: { result: 'second' } } },
      { inlineData: { mimeType: 'image/png', data: 'AA' } },
      { text: 'and?' },
    ])
  })

  it('use the latest call where an id comes twice', () => {
    const { contents } = built([
      assistant(call('call_0', 'one')),
      tool(result('call_0', 'a')),
      assistant(call('call_0', 'two')),
      tool(result('call_0', 'b')),
    ])
    expect(contents[3]?.parts).toEqual([
      { functionResponse: { name: 'two', response: { result: 'b' } } },
    ])
  })

  it.each([
    ['an error', result('call_1', '{"code":7}', { isError: true }), { error: '{"code":7}' }],
    [
      'an empty result',
      { type: 'tool-result', id: 'call_1', content: [] } as const,
      { result: '' },
    ],
  ])('send %s as an object', (_, part, response) => {
    const { contents } = built([assistant(call('call_1', 'one')), tool(part)])
    expect(contents[1]?.parts).toEqual([{ functionResponse: { name: 'one', response } }])
  })

  it.each([
    ['', {}, []],
    ['{}', {}, []],
    ['[1]', { input: '[1]' }, ['tool_calls.arguments (repaired: was no JSON object)']],
    ['{"a":', { input: '{"a":' }, ['tool_calls.arguments (repaired: was no JSON object)']],
  ])('arguments %j are an object', (written, args, dropped) => {
    const history = built([assistant(call('call_1', 'one', { arguments: written }))])
    expect(history.contents[0]?.parts).toEqual([{ functionCall: { name: 'one', args } }])
    expect(history.dropped).toEqual(dropped)
  })

  it('refuse a result without its call, naming the message', () => {
    expect(() => built([user(text('hi')), tool(result('call_9', 'x')), user(text('?'))])).toThrow(
      expect.objectContaining({ code: 'invalid_request', details: { param: 'messages.1' } }),
    )
  })
})

describe('signatures', () => {
  it('come back byte for byte, on calls and as empty text', () => {
    const { contents, dropped } = built([
      user(text('go')),
      assistant(
        { type: 'reasoning', text: 'thoughts', ...signed('sig+/=A') },
        text('hm'),
        { type: 'reasoning', text: '', ...signed('sigB') },
        call('x1', 'one', signed('sigC')),
      ),
    ])
    expect(contents[1]?.parts).toEqual([
      { text: '', thoughtSignature: 'sig+/=A' },
      { text: 'hm' },
      { text: '', thoughtSignature: 'sigB' },
      { functionCall: { id: 'x1', name: 'one', args: { a: 1 } }, thoughtSignature: 'sigC' },
    ])
    expect(dropped).toEqual([])
  })

  it('of others are not shown', () => {
    const { contents, dropped } = built([
      assistant(
        { type: 'reasoning', text: 'x', ...signed('s', 'other-dialect') },
        { type: 'reasoning', text: 'unsigned' },
        { type: 'extension', dialect: 'other-dialect', value: {} },
        { type: 'extension', dialect: 'gemini', value: { executableCode: { code: '1' } } },
        call('call_1', 'one', signed('s', 'other-dialect')),
      ),
    ])
    expect(contents[0]?.parts).toEqual([
      { executableCode: { code: '1' } },
      { functionCall: { name: 'one', args: { a: 1 } } },
    ])
    expect(dropped).toEqual([
      'reasoning (signed by another provider)',
      'reasoning (no signature of this provider)',
      'content of other-dialect',
      'tool_calls.signature (from another provider)',
    ])
  })

  it('missing ones are replaced on the first call of each step of the current turn', () => {
    const messages = [
      user(text('old')),
      assistant(call('call_0', 'zero')),
      tool(result('call_0', 'r')),
      user(text('new')),
      assistant(call('call_1', 'one'), call('call_2', 'two')),
      tool(result('call_1', 'r'), result('call_2', 'r')),
      assistant(call('x3', 'three', signed('own'))),
      tool(result('x3', 'r')),
    ]
    // The old result and the new question share a user turn, so the old call cannot be
    // distinguished from the current ones.
    const { contents, dropped } = built(messages, 'gemini-3-pro-preview')
    const signatures = contents.flatMap(({ parts }) =>
      parts.filter((part) => 'functionCall' in part).map((part) => part['thoughtSignature']),
    )
    expect(signatures).toEqual([SIGNATURE_PLACEHOLDER, SIGNATURE_PLACEHOLDER, undefined, 'own'])
    expect(dropped).toEqual([`tool_calls.signature (repaired: ${SIGNATURE_PLACEHOLDER})`])
    expect(built(messages).dropped).toEqual([])
  })

  it('of earlier turns are left alone', () => {
    const { contents, dropped } = built(
      [
        user(text('old')),
        assistant(call('call_0', 'zero')),
        tool(result('call_0', 'r')),
        assistant(text('done')),
        user(text('new')),
      ],
      'gemini-3-pro-preview',
    )
    expect(contents[1]?.parts).toEqual([{ functionCall: { name: 'zero', args: { a: 1 } } }])
    expect(dropped).toEqual([])
  })
})
