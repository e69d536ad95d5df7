import { createGateway, type Gateway } from '@postern/core'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const CLIENT_KEY = 'pk_team_alpha_0123456789'
const PROVIDER_KEY = 'canary-provider-key-0001'

type Sent = { readonly messages: readonly Record<string, unknown>[] } & Record<string, unknown>

/** Fields that Mistral's API refuses and OpenAI's accepts. */
describe('a history that another provider has written, sent to Mistral', () => {
  let provider: FakeProvider
  let gateway: Gateway

  beforeAll(async () => {
    provider = await startFakeProvider({
      dialect: 'openai-chat',
      apiKey: PROVIDER_KEY,
      validate: false,
    })
    gateway = createGateway({
      providers: { mistral: { baseUrl: provider.url, apiKey: PROVIDER_KEY } },
      keys: { alpha: CLIENT_KEY },
      log: 'silent',
    })
  })
  afterAll(async () => {
    await gateway.close()
    await provider.close()
  })

  it.each(['chat', 'messages'])('is made valid, and what changed is said (%s)', async (api) => {
    const response = await gateway.fetch(api === 'chat' ? chatRequest() : messagesRequest())
    expect(response.status).toBe(200)
    const { messages, ...sent } = provider.journal.last().body as Sent
    const ids = messages.flatMap(({ tool_calls: calls, tool_call_id: id }) => [
      ...((calls as { id: string }[] | undefined) ?? []).map((call) => call.id),
      ...(id === undefined ? [] : [id]),
    ])
    expect(ids).toEqual([expect.stringMatching(/^[a-zA-Z0-9]{9}$/), ids[0]])
    expect(messages.at(-1)).toMatchObject({ role: 'assistant', content: 'It is', prefix: true })
    expect(JSON.stringify(messages)).not.toContain('reasoning')
    expect(sent).toMatchObject({ model: 'mistral-large-latest', max_tokens: 9 })
    for (const refused of ['user', 'seed', 'max_completion_tokens', 'stream_options', 'top_k'])
      expect(sent).not.toHaveProperty(refused)
    if (api === 'chat') expect(sent).toMatchObject({ random_seed: 7 })
    expect(response.headers.get('x-postern-dropped')).toContain('tool_call_id (shortened)')
    expect(response.headers.get('x-postern-dropped')).toContain('reasoning')
  })

  it('streams without the option that it does not know', async () => {
    const client = new OpenAI({
      baseURL: 'http://gateway/v1',
      apiKey: CLIENT_KEY,
      fetch: gateway.fetch as typeof fetch,
      maxRetries: 0,
    })
    const stream = client.chat.completions.stream({
      model: 'mistral/mistral-small-latest',
      messages: [{ role: 'user', content: 'hi' }],
      stream_options: { include_usage: true },
    })
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe('You said: hi')
    expect(provider.journal.last().body).not.toHaveProperty('stream_options')
  })
})

function post(path: string, body: object): Request {
  return new Request(`http://gateway${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` },
    body: JSON.stringify(body),
  })
}

function chatRequest(): Request {
  return post('/v1/chat/completions', {
    model: 'mistral/mistral-large-latest',
    max_completion_tokens: 9,
    seed: 7,
    user: 'u',
    tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
    messages: [
      { role: 'user', content: 'How is the weather?' },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Let me look.',
        tool_calls: [
          {
            id: 'call_0123456789abcdef',
            type: 'function',
            function: { name: 'weather', arguments: '{}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'call_0123456789abcdef', content: 'sunny' },
      { role: 'assistant', content: 'It is' },
    ],
  })
}

function messagesRequest(): Request {
  return post('/v1/messages', {
    model: 'mistral/mistral-large-latest',
    max_tokens: 9,
    top_k: 5,
    tools: [{ name: 'weather', input_schema: { type: 'object' } }],
    messages: [
      { role: 'user', content: 'How is the weather?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Let me look.', signature: 'sig' },
          { type: 'tool_use', id: 'toolu_0123456789', name: 'weather', input: {} },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_0123456789', content: 'sunny' }],
      },
      { role: 'assistant', content: 'It is' },
    ],
  })
}
