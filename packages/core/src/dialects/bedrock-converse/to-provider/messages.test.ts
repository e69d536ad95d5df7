import { describe, expect, it } from 'vitest'
import type { Message, Part } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { build, calls, CLAUDE, LLAMA, NOVA, result, says } from './build.fake.ts'

const MISTRAL = 'mistral.mistral-large-2402-v1:0'
const SIGNATURE = 'EqQBCkgIARABGAIiQL8+/byte==for\u2028byte'

function plan(messages: readonly Message[], model = CLAUDE) {
  const { body, dropped } = build(
    { messages, tools: [{ kind: 'function', name: 'look' }] },
    { model },
  )
  return {
    system: body.system,
    messages: body.messages as { role: string; content: JsonObject[] }[],
    dropped,
  }
}

/** Ids of the calls or the results of a turn. */
function idsIn(turn: { readonly content: readonly JsonObject[] } | undefined): unknown[] {
  return (turn?.content ?? [])
    .flatMap((block) => Object.values(block))
    .map((inner) => (inner as JsonObject).toolUseId)
}

const text = (value: string) => ({ text: value })
const use = (toolUseId: string) => ({ toolUse: { toolUseId, name: 'look', input: { a: 1 } } })
const outcome = (toolUseId: string) => ({
  toolResult: { toolUseId, content: [text(`result of ${toolUseId}`)] },
})
const point = { cachePoint: { type: 'default' } }

describe('system messages', () => {
  it('go before the turns, with their cache points', () => {
    const cached: Message = {
      role: 'system',
      parts: [{ type: 'text', text: 'Long', cacheHint: { ttl: '1h' } }],
    }
    const { system, messages, dropped } = plan([
      says('system', 'Be brief.'),
      cached,
      says('developer', ' ', 'Be kind.'),
      says('user', 'Hi'),
    ])
    expect(system).toEqual([
      text('Be brief.'),
      text('Long'),
      { cachePoint: { type: 'default', ttl: '1h' } },
      text('Be kind.'),
    ])
    expect(messages).toEqual([{ role: 'user', content: [text('Hi')] }])
    expect(dropped).toEqual([])
  })

  it('move into the user turn where they come late, which is reported', () => {
    const { system, messages, dropped } = plan([
      says('user', 'Hi'),
      says('system', 'Now in French.'),
      says('user', 'Go on'),
    ])
    expect(system).toBeUndefined()
    expect(messages).toEqual([
      { role: 'user', content: [text('Hi'), text('Now in French.'), text('Go on')] },
    ])
    expect(dropped).toEqual(['messages[1].role (system moved into user turn)'])
  })

  it('are answered when there is nothing else', () => {
    const { system, messages } = plan([says('system', 'Be brief.'), says('system', 'Say hello.')])
    expect({ system, messages }).toEqual({
      system: [text('Be brief.')],
      messages: [{ role: 'user', content: [text('Say hello.')] }],
    })
  })

  it('refuse other content, or report it', () => {
    const messages: Message[] = [
      {
        role: 'system',
        parts: [{ type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'aa' } }],
      },
      says('user', 'Hi'),
    ]
    expect(() => plan(messages)).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: { param: 'messages[0].content[0]', provider: 'cloud' },
      }),
    )
    expect(build({ messages }, { dropUnsupported: true }).dropped).toEqual([
      'messages[0].content[0] (content of type image in a system message)',
    ])
  })
})

describe('turns', () => {
  it('alternate: neighbours of one role become one', () => {
    expect(
      plan([
        says('user', 'a'),
        says('user', 'b'),
        says('assistant', 'c'),
        says('assistant', 'd'),
        says('user', 'e'),
      ]).messages,
    ).toEqual([
      { role: 'user', content: [text('a'), text('b')] },
      { role: 'assistant', content: [text('c'), text('d')] },
      { role: 'user', content: [text('e')] },
    ])
  })

  it('leaves out blank text, and messages with nothing else', () => {
    const blank: Message = { role: 'user', parts: [{ type: 'text', text: ' \n', cacheHint: {} }] }
    expect(
      plan([
        says('user', 'a', ' \n', ''),
        blank,
        says('assistant', ''),
        { role: 'assistant', parts: [] },
        says('user', 'b'),
      ]).messages,
    ).toEqual([{ role: 'user', content: [text('a'), text('b')] }])
  })

  it('refuse a conversation that says nothing', () => {
    for (const messages of [[], [says('user', '')], [says('system', '')]]) {
      expect(() => plan(messages)).toThrow(
        expect.objectContaining({ code: 'invalid_request', details: { param: 'messages' } }),
      )
    }
  })

  it('begin with the user, who is put there if need be', () => {
    const { messages, dropped } = plan([
      says('assistant', 'Hello, how can I help?'),
      says('user', 'Hi'),
    ])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(dropped).toEqual(['messages (a user turn was put first)'])
  })

  it('end a continued answer without white space', () => {
    expect(plan([says('user', 'a'), says('assistant', 'Once \n')]).messages.at(-1)).toEqual({
      role: 'assistant',
      content: [text('Once')],
    })
    expect(
      plan([says('user', 'a'), says('assistant', 'Once \n'), says('user', 'b')]).messages[1],
    ).toEqual({ role: 'assistant', content: [text('Once \n')] })
  })

  it('have no names, which is reported', () => {
    expect(plan([{ ...says('user', 'a'), name: 'ada' }]).dropped).toEqual(['messages[0].name'])
  })
})

describe('cache points', () => {
  const cached = (ttl?: string): Message => ({
    role: 'user',
    parts: [
      { type: 'text', text: 'a', cacheHint: ttl === undefined ? {} : { ttl } },
      { type: 'text', text: 'b' },
    ],
  })

  it('stand right behind what they end', () => {
    expect(plan([cached()]).messages[0]?.content).toEqual([text('a'), point, text('b')])
    expect(plan([cached('5m')]).messages[0]?.content).toEqual([text('a'), point, text('b')])
  })

  it('have the lifetimes that are sold', () => {
    const { messages, dropped } = plan([cached('30m')])
    expect(messages[0]?.content).toEqual([text('a'), point, text('b')])
    expect(dropped).toEqual(['messages[0].content[0].cache_control.ttl'])
    expect(plan([cached('1h')], NOVA).dropped).toEqual(['messages[0].content[0].cache_control.ttl'])
  })

  it('are reported where the model has none', () => {
    const { messages, dropped } = plan([cached()], LLAMA)
    expect(messages[0]?.content).toEqual([text('a'), text('b')])
    expect(dropped).toEqual(['messages[0].content[0].cache_control (the model has none there)'])
  })
})

describe('tool loops', () => {
  it('put all results first, in the order of the calls, in one user turn', () => {
    const messages = [
      says('user', 'a'),
      { role: 'assistant' as const, parts: calls('x', 'y') },
      says('system', 'late'),
      result('y'),
      result('x'),
      says('user', 'b'),
    ]
    expect(plan(messages).messages).toEqual([
      { role: 'user', content: [text('a')] },
      { role: 'assistant', content: [use('x'), use('y')] },
      { role: 'user', content: [outcome('x'), outcome('y'), text('late'), text('b')] },
    ])
  })

  it('take an assistant that only calls tools, and an empty result', () => {
    const { messages } = plan([
      says('user', 'a'),
      { role: 'assistant', parts: [{ type: 'text', text: '' }, ...calls('x')] },
      result('x', ' '),
    ])
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', content: [use('x')] },
      { role: 'user', content: [{ toolResult: { toolUseId: 'x', content: [{ json: {} }] } }] },
    ])
  })

  it('send {} for no arguments and wrap what is no JSON object', () => {
    const call = (value: string): Part => ({
      type: 'tool-call',
      id: 'x',
      name: 'look',
      arguments: value,
      kind: 'function',
    })
    const { messages, dropped } = plan([
      says('user', 'a'),
      { role: 'assistant', parts: [call(''), call('{"a":'), call('[1]')] },
      result('x'),
    ])
    expect(messages[1]?.content).toMatchObject([
      { toolUse: { input: {} } },
      { toolUse: { input: { arguments: '{"a":' } } },
      { toolUse: { input: { arguments: [1] } } },
    ])
    expect(dropped).toEqual([
      'messages[1].tool_calls[1].function.arguments (not a JSON object, wrapped in one)',
      'messages[1].tool_calls[2].function.arguments (not a JSON object, wrapped in one)',
    ])
  })

  it('make foreign ids valid without breaking pairs or joining two', () => {
    const ids = [
      'functions.look:0',
      'functions:look.0',
      'x'.repeat(70),
      `${'x'.repeat(70)}y`,
      'tooluse_Ab-9',
    ]
    const { messages } = plan([
      says('user', 'a'),
      { role: 'assistant', parts: calls(...ids) },
      ...ids.map((id) => result(id)),
    ])
    const sent = idsIn(messages[1])
    expect(idsIn(messages[2])).toEqual(sent)
    expect(new Set(sent).size).toBe(ids.length)
    expect(sent.at(-1)).toBe('tooluse_Ab-9')
    for (const id of sent) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
  })

  it('nasty 6: tool ids `tooluse_…` are made nine letters and digits where only those are legal', () => {
    const { messages } = plan(
      [
        says('user', 'a'),
        { role: 'assistant', parts: calls('tooluse_Ab-9', 'abcDEF123') },
        result('tooluse_Ab-9'),
        result('abcDEF123'),
      ],
      MISTRAL,
    )
    const sent = idsIn(messages[1])
    expect(sent).toEqual([expect.stringMatching(/^[a-zA-Z0-9]{9}$/), 'abcDEF123'])
    expect(idsIn(messages[2])).toEqual(sent)
  })

  it('carry images and errors of results; cache hints go behind them', () => {
    const image = {
      type: 'image' as const,
      source: { kind: 'data' as const, mediaType: 'image/png', data: 'aaaa' },
    }
    const parts: Part[] = [
      {
        type: 'tool-result',
        id: 'x',
        isError: true,
        content: [{ type: 'text', text: 'see', cacheHint: {} }, image],
      },
    ]
    expect(
      plan([says('user', 'a'), { role: 'assistant', parts: calls('x') }, { role: 'tool', parts }])
        .messages[2]?.content,
    ).toEqual([
      {
        toolResult: {
          toolUseId: 'x',
          content: [text('see'), { image: { format: 'png', source: { bytes: 'aaaa' } } }],
          status: 'error',
        },
      },
      point,
    ])
  })

  it('send a custom call as a call of the function that stands for it', () => {
    const custom: Part = {
      type: 'tool-call',
      id: 'x',
      name: 'patch',
      arguments: '*** Begin',
      kind: 'custom',
    }
    expect(
      plan([says('user', 'a'), { role: 'assistant', parts: [custom] }, result('x')]).messages[1],
    ).toMatchObject({
      content: [{ toolUse: { name: 'postern_custom_patch', input: { input: '*** Begin' } } }],
    })
  })
})

describe('reasoning', () => {
  const signed = (origin: string, extra: Partial<Part> = {}): Part =>
    ({ type: 'reasoning', text: 'Hm.', signature: { origin, value: SIGNATURE }, ...extra }) as Part

  it('goes back byte for byte and before the calls', () => {
    const parts = [
      ...calls('x'),
      signed('bedrock-converse'),
      signed('bedrock-converse', { text: '', redacted: true }),
    ]
    const { messages, dropped } = plan([
      says('user', 'a'),
      { role: 'assistant', parts },
      result('x'),
    ])
    expect(messages[1]?.content).toEqual([
      { reasoningContent: { reasoningText: { text: 'Hm.', signature: SIGNATURE } } },
      { reasoningContent: { redactedContent: SIGNATURE } },
      use('x'),
    ])
    expect(dropped).toEqual([])
  })

  it('is dropped when unsigned or signed by others', () => {
    const parts: Part[] = [
      signed('anthropic-messages'),
      { type: 'reasoning', text: 'unsigned' },
      ...calls('x'),
    ]
    const { messages, dropped } = plan([
      says('user', 'a'),
      { role: 'assistant', parts },
      result('x'),
    ])
    expect(messages[1]?.content).toEqual([use('x')])
    expect(dropped).toEqual([
      'messages[1].reasoning (signed by another provider)',
      'messages[1].reasoning (unsigned)',
    ])
  })
})

describe('other parts', () => {
  it('what this dialect issued goes back, what others did is reported', () => {
    const block = {
      toolUse: { toolUseId: 's', name: 'nova_grounding', type: 'server_tool_use', input: {} },
    }
    const parts: Part[] = [
      { type: 'extension', dialect: 'bedrock-converse', value: block },
      { type: 'extension', dialect: 'anthropic-messages', value: { type: 'server_tool_use' } },
      { type: 'refusal', text: 'No.' },
      { type: 'image', source: { kind: 'url', url: 'https://a/b.png' } },
    ]
    const { messages, dropped } = plan([
      says('user', 'a'),
      { role: 'assistant', parts },
      says('user', 'b'),
    ])
    expect(messages[1]?.content).toEqual([block, text('No.')])
    expect(dropped).toEqual([
      'messages[1].content[1]',
      'messages[1].content[3] (media only from the user)',
    ])
  })

  it("refuse the user's content only another dialect understands", () => {
    const messages: Message[] = [
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'a' },
          { type: 'extension', dialect: 'gemini', value: {} },
        ],
      },
    ]
    expect(() => plan(messages)).toThrow(expect.objectContaining({ code: 'unsupported_content' }))
    expect(build({ messages }, { dropUnsupported: true }).dropped).toEqual([
      'messages[0].content[1] (content of the dialect gemini)',
    ])
  })
})
