import { describe, expect, it } from 'vitest'
import type { Conversation, Message } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { Quirks } from '../../model/quirks.ts'
import { buildRequest } from './request.ts'

function testCall(quirks: Quirks = {}): CallContext {
  let ids = 0
  return {
    provider: 'acme',
    model: 'physical',
    stream: false,
    quirks,
    newId: (prefix) => `${prefix}new${++ids}`,
  }
}

const user: Message = { role: 'user', parts: [{ type: 'text', text: 'hi' }] }

function build(
  conversation: Partial<Conversation>,
  options: { quirks?: Quirks; stream?: boolean } = {},
) {
  const call = { ...testCall(options.quirks), stream: options.stream ?? false }
  const built = buildRequest(
    {
      origin: 'openai-chat',
      messages: [user],
      tools: [],
      sampling: {},
      extensions: {},
      ...conversation,
    },
    call,
  )
  return { ...built, body: built.body as Record<string, unknown> }
}

const messagesOf = (messages: Message[]) => {
  const { body, dropped } = build({ messages })
  return { messages: body.messages, dropped }
}

describe('the request', () => {
  it('has the physical model, no absent fields, and a path below the versioned base URL', () => {
    expect(build({ extensions: { model: 'x', store: true } })).toEqual({
      path: '/chat/completions',
      body: { model: 'physical', messages: [{ role: 'user', content: 'hi' }], store: true },
      dropped: [],
    })
  })

  it('always asks for the usage of a stream', () => {
    expect(build({}, { stream: true }).body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(build({}, { stream: true, quirks: { noStreamOptions: true } }).body).not.toHaveProperty(
      'stream_options',
    )
    expect(build({}).body).not.toHaveProperty('stream')
  })

  it('bounds the output under the name the service knows', () => {
    const sampling = { maxOutputTokens: 5 }
    expect(build({ sampling }).body).toMatchObject({ max_tokens: 5 })
    expect(
      build({ sampling }, { quirks: { maxTokensField: 'max_completion_tokens' } }).body,
    ).toMatchObject({ max_completion_tokens: 5 })
  })

  it('removes what the service refuses, and says so', () => {
    const built = build(
      { sampling: { seed: 1, temperature: 2 } },
      { quirks: { dropFields: ['seed', 'logprobs'] } },
    )
    expect(built.body).not.toHaveProperty('seed')
    expect(built.dropped).toEqual(['seed'])
  })

  it('reports a thinking budget, which this wire has no field for', () => {
    expect(build({ reasoning: { effort: 'high', budgetTokens: 4096 } })).toMatchObject({
      body: { reasoning_effort: 'high' },
      dropped: ['reasoning budget in tokens'],
    })
  })
})

describe('tools', () => {
  const tools = [
    { kind: 'function', name: 'f' },
    { kind: 'custom', name: 'c' },
    { kind: 'extension', name: 'web_search', value: { type: 'web_search' } },
  ] as const

  it.each([
    [{ mode: 'required' }, 'required'],
    [
      { mode: 'tool', name: 'f' },
      { type: 'function', function: { name: 'f' } },
    ],
    [
      { mode: 'tool', name: 'c' },
      { type: 'custom', custom: { name: 'c' } },
    ],
    [
      { mode: 'allowed', required: false, names: ['f', 'web_search'] },
      {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'auto',
          tools: [{ type: 'function', function: { name: 'f' } }, { type: 'web_search' }],
        },
      },
    ],
  ] as const)('renders the choice %j', (toolChoice, expected) => {
    expect(build({ tools, toolChoice }).body.tool_choice).toEqual(expected)
  })

  it('sends neither a choice nor parallel_tool_calls without tools', () => {
    const none = build({ toolChoice: { mode: 'none' }, parallelToolCalls: true })
    expect(none.dropped).toEqual([])
    expect(none.body).toEqual({ model: 'physical', messages: [{ role: 'user', content: 'hi' }] })
    expect(build({ toolChoice: { mode: 'required' } }).dropped).toEqual(['tool_choice (no tools)'])
  })

  it('drops cache hints once', () => {
    const built = build({
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'a', cacheHint: {} }] }],
      tools: [
        { kind: 'extension', name: 'x', value: { type: 'x', cache_control: {} }, cacheHint: {} },
      ],
    })
    expect(built.dropped).toEqual(['cache_control'])
    expect(JSON.stringify(built.body)).not.toContain('cache_control')
  })
})

describe('messages', () => {
  it('writes one tool message per result, before the text beside them', () => {
    const { messages, dropped } = messagesOf([
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'and?' },
          { type: 'tool-result', id: 'a', content: [{ type: 'text', text: '1' }] },
          { type: 'tool-result', id: 'b', content: [], isError: true },
        ],
      },
    ])
    expect(messages).toEqual([
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: '' },
      { role: 'user', content: 'and?' },
    ])
    expect(dropped).toEqual(['is_error (tool result)'])
  })

  it.each([
    ['nothing', [], { content: '' }],
    [
      'calls alone',
      [{ type: 'tool-call', id: 'a', name: 'f', arguments: '{}', kind: 'function' }],
      {
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    ],
    ['a refusal alone', [{ type: 'refusal', text: 'no' }], { content: null, refusal: 'no' }],
    [
      'text and refusal',
      [
        { type: 'text', text: 'x' },
        { type: 'refusal', text: 'no' },
      ],
      {
        content: [
          { type: 'text', text: 'x' },
          { type: 'refusal', refusal: 'no' },
        ],
      },
    ],
    [
      'unsigned thinking',
      [{ type: 'reasoning', text: 'hm' }],
      { content: '', reasoning_content: 'hm' },
    ],
    [
      'thinking signed by this dialect',
      [{ type: 'reasoning', text: 'hm', signature: { origin: 'openai-chat', value: 's' } }],
      {
        content: '',
        reasoning_content: 'hm',
        reasoning_details: [
          { type: 'reasoning.text', text: 'hm', signature: 's', format: 'openai-chat', index: 0 },
        ],
      },
    ],
    [
      'audio it made before',
      [{ type: 'extension', dialect: 'openai-chat', value: { audio: { id: 'a1' } } }],
      { content: null, audio: { id: 'a1' } },
    ],
  ] as const)('writes an assistant message of %s', (_name, parts, expected) => {
    expect(messagesOf([{ role: 'assistant', parts }])).toEqual({
      messages: [{ role: 'assistant', ...expected }],
      dropped: [],
    })
  })

  it('never sends a signature to a dialect that did not issue it', () => {
    const signature = { origin: 'anthropic-messages', value: 'SECRET' }
    const { messages, dropped } = messagesOf([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'hm', signature },
          { type: 'reasoning', text: '', signature, redacted: true },
          {
            type: 'tool-call',
            id: 'a',
            name: 'f',
            arguments: '{}',
            kind: 'function',
            signature: { origin: 'gemini', value: 'SECRET' },
          },
          {
            type: 'extension',
            dialect: 'anthropic-messages',
            value: { type: 'server_tool_use', id: 'SECRET' },
          },
        ],
      },
    ])
    expect(JSON.stringify(messages)).not.toContain('SECRET')
    expect(messages).toMatchObject([{ reasoning_content: 'hm', tool_calls: [{ id: 'a' }] }])
    expect(dropped).toEqual([
      'part of anthropic-messages',
      'reasoning signature (of anthropic-messages)',
      'tool call signature (of gemini)',
    ])
  })

  it('reports parts with no place in the message they stand in', () => {
    const image = { type: 'image', source: { kind: 'url', url: 'https://e.org/a.png' } } as const
    expect(messagesOf([{ role: 'assistant', parts: [image] }]).dropped).toEqual([
      'image (in an assistant message)',
    ])
    expect(
      messagesOf([{ role: 'user', parts: [{ type: 'reasoning', text: 'x' }] }]).dropped,
    ).toEqual(['reasoning (outside of an assistant message)'])
  })

  it('refuses an image it cannot point at', () => {
    expect(() =>
      messagesOf([
        user,
        {
          role: 'user',
          parts: [
            { type: 'text', text: 'a' },
            { type: 'image', source: { kind: 'id', id: 'f1' } },
          ],
        },
      ]),
    ).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: { param: 'messages[1].content[1]' },
      }),
    )
  })

  describe('what clients of another dialect brought', () => {
    const origin = 'openai-responses'

    it('is sent where both call it the same, and reported everywhere else', () => {
      const extensions = { prompt_cache_key: 'k', truncation: 'auto' }
      const { body, dropped } = build({ origin, extensions })
      expect([body.prompt_cache_key, 'truncation' in body, dropped]).toEqual([
        'k',
        false,
        ['truncation'],
      ])
      expect(build({ origin, extensions: { text: { verbosity: 'low' } } })).toMatchObject({
        body: { verbosity: 'low' },
        dropped: [],
      })
      expect(build({ origin: 'gemini', extensions }).dropped).toEqual([
        'prompt_cache_key',
        'truncation',
      ])
    })

    it('is refused when it is an unknown tool or part', () => {
      const tools = [
        { kind: 'extension', name: 'web_search', value: { type: 'web_search' } },
      ] as const
      expect(() => build({ origin, tools })).toThrow(
        'tools[0]: the tool type web_search is not supported by acme.',
      )
      const messages: Message[] = [
        { role: 'user', parts: [{ type: 'extension', dialect: origin, value: {} }] },
      ]
      expect(() => build({ origin, messages })).toThrow(
        'messages[0]: content of openai-responses is not supported by acme.',
      )
    })

    it('is a custom tool with its grammar one level deeper', () => {
      const format = { type: 'grammar', syntax: 'lark', definition: 'start: "a"' }
      const tools = [
        { kind: 'custom', name: 'patch', value: { type: 'custom', name: 'patch', format } },
      ] as const
      expect(build({ origin, tools }).body.tools).toEqual([
        {
          type: 'custom',
          custom: {
            name: 'patch',
            format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } },
          },
        },
      ])
    })
  })
})
