import { describe, expect, it } from 'vitest'
import { clientRequest, conversationOf, hello } from './request.fake.ts'
import { parseCountRequest, parseRequest } from './request.ts'

describe('what every request is checked for', () => {
  it.each([
    ['no model', { model: undefined }, 'model'],
    ['an empty model', { model: '' }, 'model'],
    ['no messages', { messages: undefined }, 'messages'],
    ['an empty list', { messages: [] }, 'messages'],
    ['a message that is none', { messages: [{ role: 'user', content: 'a' }, null] }, 'messages[1]'],
    ['no limit', { max_tokens: undefined }, 'max_tokens'],
    ['a negative limit', { max_tokens: -1 }, 'max_tokens'],
    ['half a token', { max_tokens: 1.5 }, 'max_tokens'],
    ['a stream that is neither', { stream: 'yes' }, 'stream'],
  ])('%s', (_what, more, param) => {
    expect(() => parseRequest(clientRequest({ ...hello, ...more }))).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: expect.objectContaining({ param }),
      }),
    )
  })

  it('a limit of nothing warms the cache', () => {
    expect(
      parseRequest(clientRequest({ ...hello, max_tokens: 0 })).conversation().sampling
        .maxOutputTokens,
    ).toBe(0)
  })

  it('counting needs no limit', () => {
    expect(parseCountRequest(clientRequest({ ...hello, max_tokens: undefined })).model).toBe('m')
  })
})

describe('what is passed on', () => {
  it('the version and beta headers of the client, and nothing else of it', () => {
    const headers = {
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a-2026-01-01,b-2026-02-02',
      'x-api-key': 'secret',
      authorization: 'Bearer secret',
      'user-agent': 'u',
    }
    expect(parseRequest(clientRequest(hello, { headers })).headers).toEqual({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a-2026-01-01,b-2026-02-02',
    })
    expect(parseRequest(clientRequest(hello)).headers).toEqual({})
  })

  it('?beta=true, and no other query', () => {
    expect(parseRequest(clientRequest(hello, { query: 'beta=true&x=1' })).search).toBe('?beta=true')
    expect(parseRequest(clientRequest(hello, { query: 'beta=false' })).search).toBe('')
  })

  it('the bytes as they came; the conversation is parsed on first use, once', () => {
    const text = JSON.stringify({ ...hello, stream: true, messages: [{ role: 'nobody' }] })
    const parsed = parseRequest(clientRequest(text))
    expect(parsed).toMatchObject({
      model: 'm',
      stream: true,
      includeUsage: true,
      bytes: Buffer.from(text),
    })
    expect(() => parsed.conversation()).toThrow(/messages\[0\]/)
    const whole = parseRequest(clientRequest(hello))
    expect(whole.conversation()).toBe(whole.conversation())
  })
})

describe('fields', () => {
  it('with a name of ours have it', () => {
    expect(
      conversationOf({
        temperature: 0.5,
        top_p: 0.9,
        top_k: 5,
        stop_sequences: ['END'],
        metadata: { user_id: 'u' },
      }),
    ).toEqual({
      origin: 'anthropic-messages',
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      sampling: { temperature: 0.5, topP: 0.9, topK: 5, stop: ['END'], maxOutputTokens: 100 },
      user: 'u',
      extensions: {},
    })
  })

  it('without one are kept by their own, of parts by their kind, unless they are null', () => {
    const { extensions } = conversationOf({
      service_tier: 'auto',
      context_management: { edits: [] },
      container: null,
      metadata: { user_id: 'u', plan: 'x' },
      thinking: { type: 'adaptive', display: 'omitted' },
      tools: [1, 2].map((at) => ({
        name: `t${at}`,
        input_schema: { type: 'object' },
        eager_input_streaming: true,
        defer_loading: null,
      })),
    })
    expect(extensions).toEqual({
      service_tier: 'auto',
      context_management: { edits: [] },
      'metadata.plan': 'x',
      'thinking.display': 'omitted',
      'tools.eager_input_streaming': true,
    })
  })

  it('called __proto__ change nothing but themselves', () => {
    const body = JSON.parse(
      '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}],"__proto__":{"polluted":true}}',
    )
    const { extensions } = parseRequest(clientRequest(body)).conversation()
    expect(Object.keys(extensions)).toEqual(['__proto__'])
    expect((extensions as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('cache_control of the whole request marks the last block that can be', () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'i', name: 'f', input: {} }] },
    ]
    const { messages: read } = conversationOf({
      messages,
      cache_control: { type: 'ephemeral', ttl: '1h' },
    })
    expect(read[0]?.parts).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', cacheHint: { ttl: '1h' } },
    ])
  })
})

it('Claude Code: all its request says is carried, or kept under a name', () => {
  const marker = { cache_control: { type: 'ephemeral', ttl: '1h' } }
  const headers = {
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14',
  }
  const body = {
    model: 'm',
    max_tokens: 128_000,
    stream: true,
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.329' },
      { type: 'text', text: 'You are Claude Code.', ...marker },
    ],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: '<system-reminder>' },
          { type: 'text', text: 'hi', ...marker },
        ],
      },
      { role: 'system', content: 'It is late.' },
    ],
    tools: [
      {
        name: 'Task',
        description: 'd',
        input_schema: { type: 'object', properties: { model: { type: 'string' } } },
        eager_input_streaming: true,
      },
    ],
    thinking: { type: 'adaptive', display: 'omitted' },
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    output_config: { effort: 'medium' },
    metadata: { user_id: 'user_1' },
  }
  const request = parseRequest(clientRequest(body, { headers, query: 'beta=true' }))
  expect(request).toMatchObject({ stream: true, search: '?beta=true', headers })
  expect(request.conversation()).toMatchObject({
    messages: [
      { role: 'system', parts: [{ text: 'You are Claude Code.', cacheHint: { ttl: '1h' } }] },
      {
        role: 'user',
        parts: [{ text: '<system-reminder>' }, { text: 'hi', cacheHint: { ttl: '1h' } }],
      },
      { role: 'system', parts: [{ text: 'It is late.' }] },
    ],
    tools: [{ kind: 'function', name: 'Task' }],
    reasoning: { effort: 'medium' },
    user: 'user_1',
    sampling: { maxOutputTokens: 128_000 },
  })
  expect(Object.keys(request.conversation().extensions)).toEqual([
    'context_management',
    'system.x-anthropic-billing-header',
    'tools.eager_input_streaming',
    'thinking.display',
  ])
})
