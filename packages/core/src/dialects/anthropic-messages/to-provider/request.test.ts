import { describe, expect, it } from 'vitest'
import type { Conversation, Message } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { buildRequest } from './request.ts'

const hello: readonly Message[] = [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }]

function build(conversation: Partial<Conversation>, call: Partial<CallContext> = {}) {
  const context: CallContext = {
    provider: 'claude',
    model: 'claude-haiku-4-5',
    stream: false,
    quirks: {},
    newId: (prefix) => `${prefix}1`,
    ...call,
  }
  const request = buildRequest(
    {
      origin: 'openai-chat',
      messages: hello,
      tools: [],
      sampling: {},
      extensions: {},
      ...conversation,
    },
    context,
  )
  return { ...request, body: request.body as JsonObject }
}

describe('buildRequest', () => {
  it('sends a plain question with what the provider requires, and nothing else', () => {
    expect(build({})).toEqual({
      path: '/v1/messages',
      headers: { 'anthropic-version': '2023-06-01' },
      body: {
        model: 'claude-haiku-4-5',
        max_tokens: 64_000,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      },
      dropped: [],
    })
  })

  it('asks for a stream', () => {
    expect(build({}, { stream: true }).body.stream).toBe(true)
  })

  it('does not change the conversation', () => {
    const conversation: Conversation = structuredClone({
      origin: 'openai-chat',
      messages: [...hello, { role: 'assistant', parts: [{ type: 'text', text: 'Hi ' }] }],
      tools: [
        {
          kind: 'function',
          name: 'a',
          parameters: { type: 'object', properties: {} },
          strict: true,
        },
      ],
      sampling: { stop: [' '] },
      extensions: {},
    } as Conversation)
    const before = structuredClone(conversation)
    build(conversation)
    expect(conversation).toEqual(before)
  })

  it('sends the end user and reports metadata and unknown fields by name', () => {
    const { body, dropped } = build({
      user: 'u-1',
      metadata: { a: 'b' },
      extensions: { service_tier: 'flex', store: true },
    })
    expect(body.metadata).toEqual({ user_id: 'u-1' })
    expect(dropped).toEqual(['metadata', 'service_tier', 'store'])
  })

  it('refuses more than one choice', () => {
    expect(() => build({ sampling: { n: 2 } })).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: { param: 'n', provider: 'claude' },
      }),
    )
    expect(build({ sampling: { n: 1 } }).dropped).toEqual([])
  })

  it('removes fields the service refuses', () => {
    const { body, dropped } = build(
      { user: 'u-1' },
      { quirks: { dropFields: ['metadata', 'top_k'] } },
    )
    expect(body).not.toHaveProperty('metadata')
    expect(dropped).toEqual(['metadata'])
  })

  it('puts effort and format side by side', () => {
    const { body } = build(
      {
        reasoning: { effort: 'low' },
        responseFormat: {
          type: 'json_schema',
          name: 'a',
          schema: {
            type: 'object',
            properties: { a: { type: 'string' } },
            additionalProperties: false,
          },
        },
      },
      { model: 'claude-opus-4-8' },
    )
    expect(body.thinking).toEqual({ type: 'adaptive' })
    expect(body.output_config).toMatchObject({ effort: 'low', format: { type: 'json_schema' } })
  })

  it('builds the same bytes for the same conversation', () => {
    const conversation: Partial<Conversation> = {
      tools: [{ kind: 'function', name: 'a' }],
      user: 'u',
      sampling: { temperature: 0.5, stop: ['x'] },
    }
    expect(JSON.stringify(build(conversation).body)).toBe(
      JSON.stringify(build(structuredClone(conversation)).body),
    )
  })
})
