import { describe, expect, it } from 'vitest'
import type { Message, Part, Role } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'
import { planMessages } from './messages.ts'
import { findModelRules } from './models.ts'

const SIGNATURE = 'EqQBCkgIARABGAIiQL8+/byte==for\u2028byte'

function says(role: Role, ...texts: readonly string[]): Message {
  return { role, parts: texts.map((text) => ({ type: 'text', text })) }
}

function calls(...ids: readonly string[]): Part[] {
  return ids.map((id) => ({
    type: 'tool-call',
    id,
    name: 'look',
    arguments: '{"a":1}',
    kind: 'function',
  }))
}

function result(id: string, text = `result of ${id}`): Message {
  return { role: 'tool', parts: [{ type: 'tool-result', id, content: [{ type: 'text', text }] }] }
}

function plan(...messages: readonly Message[]) {
  const context: RequestContext = {
    provider: 'claude',
    rules: findModelRules('claude-haiku-4-5'),
    dropped: [],
  }
  return { ...planMessages(messages, context), dropped: context.dropped }
}

const text = (value: string) => ({ type: 'text', text: value })
const use = (id: string) => ({ type: 'tool_use', id, name: 'look', input: { a: 1 } })
const outcome = (id: string) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: `result of ${id}`,
})

describe('system messages', () => {
  it('joins the leading ones into the system text', () => {
    const { system, messages, dropped } = plan(
      says('system', 'Be brief.'),
      says('developer', 'Be kind.', ''),
      says('user', 'Hi'),
    )
    expect(system).toBe('Be brief.\n\nBe kind.')
    expect(messages).toEqual([{ role: 'user', content: [text('Hi')] }])
    expect(dropped).toEqual([])
  })

  it('keeps cache hints, as blocks', () => {
    const cached: Message = {
      role: 'system',
      parts: [{ type: 'text', text: 'Long', cacheHint: { ttl: '1h' } }],
    }
    expect(plan(says('system', 'Short'), cached, says('user', 'Hi')).system).toEqual([
      text('Short'),
      { ...text('Long'), cache_control: { type: 'ephemeral', ttl: '1h' } },
    ])
  })

  it('moves later ones into the user turn and says so', () => {
    const { system, messages, dropped } = plan(
      says('user', 'Hi'),
      says('system', 'Now in French.'),
      says('user', 'Go on'),
    )
    expect(system).toBeUndefined()
    expect(messages).toEqual([
      { role: 'user', content: [text('Hi'), text('Now in French.'), text('Go on')] },
    ])
    expect(dropped).toEqual(['messages[1].role (system moved into user turn)'])
  })

  it('answers a conversation of instructions alone', () => {
    const { system, messages, dropped } = plan(
      says('system', 'Be brief.'),
      says('system', 'Say hello.'),
    )
    expect(system).toBe('Be brief.')
    expect(messages).toEqual([{ role: 'user', content: [text('Say hello.')] }])
    expect(dropped).toHaveLength(1)
  })

  it('refuses other content there', () => {
    const image: Message = {
      role: 'system',
      parts: [{ type: 'image', source: { kind: 'url', url: 'https://a/b.png' } }],
    }
    expect(() => plan(image, says('user', 'Hi'))).toThrow(
      expect.objectContaining({ code: 'unsupported_content' }),
    )
  })
})

describe('turns', () => {
  it('merges neighbours of one role', () => {
    expect(
      plan(
        says('user', 'a'),
        says('user', 'b'),
        says('assistant', 'c'),
        says('assistant', 'd'),
        says('user', 'e'),
      ).messages,
    ).toEqual([
      { role: 'user', content: [text('a'), text('b')] },
      { role: 'assistant', content: [text('c'), text('d')] },
      { role: 'user', content: [text('e')] },
    ])
  })

  it('leaves out empty text, and messages with nothing else', () => {
    expect(
      plan(
        says('user', 'a', ' \n', ''),
        says('assistant', ''),
        { role: 'assistant', parts: [] },
        says('user', 'b'),
      ).messages,
    ).toEqual([{ role: 'user', content: [text('a'), text('b')] }])
  })

  it('refuses a conversation that says nothing', () => {
    for (const messages of [[], [says('user', '')], [says('system', '')]]) {
      expect(() => plan(...messages)).toThrow(
        expect.objectContaining({ code: 'invalid_request', details: { param: 'messages' } }),
      )
    }
  })

  it('ends a continued answer without white space, which the provider refuses', () => {
    expect(plan(says('user', 'a'), says('assistant', 'Once \n')).messages.at(-1)).toEqual({
      role: 'assistant',
      content: [text('Once')],
    })
    expect(
      plan(says('user', 'a'), says('assistant', 'Once \n'), says('user', 'b')).messages[1],
    ).toEqual({ role: 'assistant', content: [text('Once \n')] })
  })

  it('reports names', () => {
    expect(plan({ ...says('user', 'a'), name: 'ada' }).dropped).toEqual(['messages[0].name'])
  })

  it('marks cache hints on any text, and reports lifetimes the provider does not sell', () => {
    const { messages, dropped } = plan({
      role: 'user',
      parts: [{ type: 'text', text: 'a', cacheHint: { ttl: '30m' } }],
    })
    expect(messages[0]).toEqual({
      role: 'user',
      content: [{ ...text('a'), cache_control: { type: 'ephemeral' } }],
    })
    expect(dropped).toEqual(['messages[0].content[0].cache_control.ttl'])
  })
})

describe('tool loops', () => {
  it('puts all results first, in the order of the calls, in one user turn', () => {
    const { messages, toolNames } = plan(
      says('user', 'a'),
      { role: 'assistant', parts: calls('x', 'y') },
      says('system', 'late'),
      result('y'),
      result('x'),
      says('user', 'b'),
    )
    expect(messages).toEqual([
      { role: 'user', content: [text('a')] },
      { role: 'assistant', content: [use('x'), use('y')] },
      { role: 'user', content: [outcome('x'), outcome('y'), text('late'), text('b')] },
    ])
    expect(toolNames).toEqual(['look', 'look'])
  })

  it('takes an assistant that only calls tools, and an empty result', () => {
    const { messages } = plan(
      says('user', 'a'),
      { role: 'assistant', parts: [{ type: 'text', text: '' }, ...calls('x')] },
      result('x', ''),
    )
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', content: [use('x')] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x' }] },
    ])
  })

  it('sends {} for no arguments and wraps what is no JSON object', () => {
    const call = (value: string): Part => ({
      type: 'tool-call',
      id: 'x',
      name: 'look',
      arguments: value,
      kind: 'function',
    })
    const { messages, dropped } = plan(
      says('user', 'a'),
      { role: 'assistant', parts: [call(''), call('{"a":'), call('[1]')] },
      result('x'),
    )
    const content = messages[1]?.content as { input: unknown }[]
    expect(content.map((block) => block.input)).toEqual([
      {},
      { arguments: '{"a":' },
      { arguments: [1] },
    ])
    expect(dropped).toEqual([
      'messages[1].tool_calls[1].function.arguments (not a JSON object, wrapped in one)',
      'messages[1].tool_calls[2].function.arguments (not a JSON object, wrapped in one)',
    ])
  })

  it('makes foreign ids valid without breaking the pair', () => {
    const { messages } = plan(
      says('user', 'a'),
      { role: 'assistant', parts: calls('functions.look:0') },
      result('functions.look:0'),
    )
    expect(messages[1]).toMatchObject({ content: [{ id: 'functions_look_0' }] })
    expect(messages[2]).toMatchObject({ content: [{ tool_use_id: 'functions_look_0' }] })
  })

  it('carries images, errors and cache hints of results', () => {
    const { messages } = plan(
      says('user', 'a'),
      { role: 'assistant', parts: calls('x') },
      {
        role: 'tool',
        parts: [
          {
            type: 'tool-result',
            id: 'x',
            isError: true,
            cacheHint: {},
            content: [
              { type: 'text', text: 'see' },
              { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'aaaa' } },
            ],
          },
        ],
      },
    )
    expect(messages[2]?.content).toEqual([
      {
        type: 'tool_result',
        tool_use_id: 'x',
        content: [
          text('see'),
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aaaa' } },
        ],
        is_error: true,
        cache_control: { type: 'ephemeral' },
      },
    ])
  })

  it('sends a custom call as a call of the function that stands for it', () => {
    const { messages } = plan(
      says('user', 'a'),
      {
        role: 'assistant',
        parts: [
          { type: 'tool-call', id: 'x', name: 'patch', arguments: '*** Begin', kind: 'custom' },
        ],
      },
      result('x'),
    )
    expect(messages[1]).toMatchObject({
      content: [{ name: 'postern_custom_patch', input: { input: '*** Begin' } }],
    })
  })
})

describe('reasoning', () => {
  const signed = (origin: string, extra: Partial<Part> = {}): Part =>
    ({ type: 'reasoning', text: 'Hm.', signature: { origin, value: SIGNATURE }, ...extra }) as Part

  it('goes back byte for byte and before the calls', () => {
    const parts = [
      ...calls('x'),
      signed('anthropic-messages'),
      signed('anthropic-messages', { text: '', redacted: true }),
    ]
    const { messages, dropped, unsignedToolLoop } = plan(
      says('user', 'a'),
      { role: 'assistant', parts },
      result('x'),
    )
    expect(messages[1]?.content).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: SIGNATURE },
      { type: 'redacted_thinking', data: SIGNATURE },
      use('x'),
    ])
    expect(dropped).toEqual([])
    expect(unsignedToolLoop).toBe(false)
  })

  it('sends a signature without text', () => {
    const { messages } = plan(
      says('user', 'a'),
      { role: 'assistant', parts: [signed('anthropic-messages', { text: '' }), ...calls('x')] },
      result('x'),
    )
    expect(messages[1]?.content).toMatchObject([
      { type: 'thinking', thinking: '', signature: SIGNATURE },
      {},
    ])
  })

  it('drops thinking that is unsigned or signed by others', () => {
    const parts: Part[] = [signed('gemini'), { type: 'reasoning', text: 'unsigned' }, ...calls('x')]
    const { messages, dropped, unsignedToolLoop } = plan(
      says('user', 'a'),
      { role: 'assistant', parts },
      result('x'),
    )
    expect(messages[1]?.content).toEqual([use('x')])
    expect(dropped).toEqual([
      'messages[1].reasoning (signed by another provider)',
      'messages[1].reasoning (unsigned)',
    ])
    expect(unsignedToolLoop).toBe(true)
  })

  it('judges a loop by how it began, and only the loop that goes on', () => {
    const thought: Message = {
      role: 'assistant',
      parts: [signed('anthropic-messages'), ...calls('x')],
    }
    const plain: Message = { role: 'assistant', parts: calls('y') }
    expect(plan(says('user', 'a'), thought, result('x'), plain, result('y')).unsignedToolLoop).toBe(
      false,
    )
    expect(plan(says('user', 'a'), plain, result('y'), thought, result('x')).unsignedToolLoop).toBe(
      true,
    )
    expect(
      plan(says('user', 'a'), plain, result('y'), says('assistant', 'done'), says('user', 'b'))
        .unsignedToolLoop,
    ).toBe(false)
  })
})

describe('other parts', () => {
  it('keeps what this dialect issued and drops what others did', () => {
    const block = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    const parts: Part[] = [
      { type: 'extension', dialect: 'anthropic-messages', value: block },
      { type: 'extension', dialect: 'openai-chat', value: { audio: { id: 'a' } } },
      { type: 'refusal', text: 'No.' },
      { type: 'image', source: { kind: 'url', url: 'https://a/b.png' } },
    ]
    const { messages, dropped } = plan(
      says('user', 'a'),
      { role: 'assistant', parts },
      says('user', 'b'),
    )
    expect(messages[1]?.content).toEqual([block, text('No.')])
    expect(dropped).toEqual([
      'messages[1].content[1]',
      'messages[1].content[3] (media only from the user)',
    ])
  })

  it('refuses audio, naming the provider and the part', () => {
    const audio: Message = {
      role: 'user',
      parts: [
        { type: 'text', text: 'hear' },
        { type: 'audio', format: 'wav', data: 'aa' },
      ],
    }
    expect(() => plan(audio)).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        message: 'claude does not take audio (wav) (messages[0].content[1]).',
        details: { param: 'messages[0].content[1]', provider: 'claude' },
      }),
    )
  })
})
