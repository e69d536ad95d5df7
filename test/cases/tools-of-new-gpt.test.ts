import { createGateway, type Gateway } from '@postern/core'
import { CONFORMANCE_KEY, type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientApiNames, clientApis } from '../harness/client-apis.ts'
import { type ClientApi, withCase } from '../harness/shared-cases.ts'

type Json = Record<string, unknown>

const parameters = { type: 'object', properties: {} }
const tools: Readonly<Record<ClientApi, Json>> = {
  chat: { tools: [{ type: 'function', function: { name: 'f', parameters } }] },
  responses: { tools: [{ type: 'function', name: 'f', parameters, strict: false }] },
  anthropic: { tools: [{ name: 'f', input_schema: parameters }] },
  gemini: {
    config: {
      tools: [
        { functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT', properties: {} } }] },
      ],
    },
  },
}

describe('function tools of models that serve them in Responses only', () => {
  let chat: FakeProvider
  let responses: FakeProvider
  let gateway: Gateway

  beforeAll(async () => {
    // One provider that speaks both, as OpenAI and Azure do: the fakes stand behind the paths of
    // one address.
    chat = await startFakeProvider({ dialect: 'openai-chat', validate: false })
    responses = await startFakeProvider({ dialect: 'openai-responses', validate: false })
    gateway = createGateway({
      providers: {
        openai: { baseUrl: responses.url, apiKey: 'canary' },
        azure: { baseUrl: `${responses.url}`, apiKey: 'canary' },
        'openai-chat': {
          baseUrl: chat.url,
          apiKey: 'canary',
          quirks: { toolsDialect: { dialect: 'openai-responses', models: ['gpt-5.6'] } },
        },
      },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    })
  })
  afterAll(async () => {
    await gateway.close()
    await Promise.all([chat.close(), responses.close()])
  })

  const post = (body: Json): Promise<Response> =>
    gateway.fetch(
      new Request('http://gateway/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${CONFORMANCE_KEY}` },
        body: JSON.stringify(body),
      }),
    )

  it(
    'go to Responses in the shared case',
    withCase('tools-of-new-gpt-need-responses', async (sharedCase) => {
      expect((await post(sharedCase.json('request.json'))).status).toBe(200)
      expect(responses.journal.last().path).toBe('/v1/responses')
    }),
  )

  it.each(
    clientApiNames.flatMap((api) =>
      ['openai', 'azure'].flatMap((provider) =>
        [false, true].map((isStream) => ({ api, provider, isStream })),
      ),
    ),
  )(
    'go there through $api at $provider (stream: $isStream)',
    async ({ api, provider, isStream }) => {
      responses.enqueue({ answer: { toolCalls: [{ id: 'call_1', name: 'f', arguments: {} }] } })
      const door = {
        url: 'http://gateway',
        apiKey: CONFORMANCE_KEY,
        fetch: gateway.fetch as typeof fetch,
      }
      const reading = await clientApis[api](door, {
        model: `${provider}/gpt-5.6-sol`,
        isStream,
        request: tools[api],
      })
      expect(reading).toMatchObject({ tools: [{ name: 'f', args: {} }], finish: 'tool_calls' })
      expect(responses.journal.last().path).toBe('/v1/responses')
    },
  )

  // The address knows no chat completions: what is sent there is 404.
  it.each([
    ['gpt-5.6', {}, true],
    ['gpt-5.6-luna', { reasoning_effort: 'high' }, true],
    ['gpt-5.6', { reasoning_effort: 'none' }, false],
    ['gpt-5.6', { tools: undefined }, false],
    ['gpt-5.4', { reasoning_effort: 'low' }, true],
    ['gpt-5.4-mini', {}, false],
    ['gpt-5.4-mini', { reasoning_effort: 'none' }, false],
    ['gpt-5.2', { reasoning_effort: 'high' }, false],
    ['gpt-5', {}, false],
    ['gpt-5.60', {}, false],
  ])('of %s with %j go there: %s', async (model, more, isThere) => {
    const { status } = await post({
      model: `openai/${model}`,
      messages: [{ role: 'user', content: 'x' }],
      ...tools.chat,
      ...more,
    })
    expect(status).toBe(isThere ? 200 : 404)
  })

  it('stay where the provider speaks nothing else', async () => {
    expect(
      (
        await post({
          model: 'openai-chat/gpt-5.6',
          messages: [{ role: 'user', content: 'x' }],
          ...tools.chat,
        })
      ).status,
    ).toBe(200)
    expect(chat.journal.last().path).toBe('/v1/chat/completions')
  })
})
