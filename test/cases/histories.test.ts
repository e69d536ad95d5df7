import { createGateway, type Gateway, type ProviderOptions } from '@postern/core'
import { CONFORMANCE_KEY, type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type SharedCase, withCase } from '../harness/shared-cases.ts'

type Json = Record<string, unknown>
type Sent = Json & {
  readonly messages: readonly Json[]
  readonly tools?: readonly {
    readonly type: string
    readonly function: { readonly name: string }
  }[]
}

describe('a history that a service refuses as it is', () => {
  let service: FakeProvider
  let google: FakeProvider
  let commands: FakeProvider
  let gateway: Gateway

  beforeAll(async () => {
    service = await startFakeProvider({ dialect: 'openai-chat', validate: false })
    google = await startFakeProvider({ dialect: 'gemini', validate: false })
    commands = await startFakeProvider({ dialect: 'cohere', validate: false })
    const chat: ProviderOptions = { baseUrl: service.url, apiKey: 'canary', alsoSpeaks: [] }
    gateway = createGateway({
      providers: {
        ...Object.fromEntries(
          [
            'openai',
            'deepseek',
            'cerebras',
            'groq',
            'moonshot',
            'mistral',
            'deepinfra',
            'zai',
            'someone',
          ].map((name) => [name, chat]),
        ),
        ge: { baseUrl: google.url, apiKey: 'canary', dialect: 'gemini' },
        co: { baseUrl: commands.url, apiKey: 'canary', dialect: 'cohere' },
      },
      routes: { main: ['mistral/mistral-large-latest'] },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    })
  })
  afterAll(async () => {
    await gateway.close()
    await Promise.all([service.close(), google.close(), commands.close()])
  })
  beforeEach(() => {
    service.reply({ answer: { text: 'ok' } })
  })

  const paths = {
    chat: '/v1/chat/completions',
    messages: '/v1/messages',
    responses: '/v1/responses',
  }
  const post = (api: keyof typeof paths, body: Json): Promise<Response> =>
    gateway.fetch(
      new Request(`http://gateway${paths[api]}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${CONFORMANCE_KEY}` },
        body: JSON.stringify(body),
      }),
    )
  const ask = async (
    api: keyof typeof paths,
    body: Json,
  ): Promise<{ readonly answer: Json; readonly dropped: string | null }> => {
    const response = await post(api, body)
    const answer = (await response.json()) as Json
    expect(response.status, JSON.stringify(answer)).toBe(200)
    return { answer, dropped: response.headers.get('x-postern-dropped') }
  }
  const sent = (): Sent => service.journal.last().body as Sent
  const request = (sharedCase: SharedCase): Json => sharedCase.json('request.json')

  it(
    'a developer message is a system message where the role is not known',
    withCase('developer-role', async (sharedCase) => {
      const body = request(sharedCase)
      for (const [provider, role] of [
        ['deepseek', 'system'],
        ['mistral', 'system'],
        ['deepinfra', 'system'],
        ['zai', 'system'],
        ['someone', 'system'],
        ['openai', 'developer'],
        ['groq', 'developer'],
      ]) {
        const { dropped } = await ask('chat', { ...body, model: `${provider}/m1` })
        expect(sent().messages.map((message) => message['role'])).toEqual([role, 'user'])
        expect(dropped).toBeNull()
      }
    }),
  )

  it(
    'fields of an answer that was echoed are left out, and told where they say something',
    withCase('echoed-message-fields', async (sharedCase) => {
      const body = request(sharedCase) as Json & { messages: readonly Json[] }
      expect((await ask('chat', body)).dropped).toBeNull()
      expect(sent().messages[1]).toEqual({ role: 'assistant', content: 'hi' })
      const messages = body.messages.map((message) =>
        message['role'] === 'assistant'
          ? {
              ...message,
              annotations: [{ type: 'url_citation' }],
              audio: { id: 'a' },
              metadata: { a: 1 },
            }
          : { ...message, name: 'ann' },
      )
      expect((await ask('chat', { ...body, messages })).dropped).toBe(
        'messages[0].name, messages[1].annotations, messages[1].audio, messages[1].metadata, messages[2].name',
      )
      for (const message of sent().messages)
        expect(Object.keys(message)).toEqual(['role', 'content'])
    }),
  )

  it(
    'reasoning is an empty text, or a space, where there is none and the service demands it',
    withCase('reasoning-content-of-calls', async (sharedCase) => {
      for (const [provider, filler] of [
        ['deepseek', ''],
        ['moonshot', ' '],
      ]) {
        await ask('messages', { ...request(sharedCase), model: `${provider}/m1` })
        expect(sent().messages.find((message) => message['role'] === 'assistant')).toMatchObject({
          reasoning_content: filler,
        })
      }
    }),
  )

  it(
    'reasoning goes back under the name that the service has for it',
    withCase('reasoning-content-refused', async (sharedCase) => {
      const upstream = sharedCase.json<{ choices: readonly { message: Json }[] }>('upstream.json')
      const body = request(sharedCase) as Json & {
        messages: readonly Json[]
        tools: readonly { name: string; input_schema: Json }[]
      }
      const bytes = { raw: { body: JSON.stringify(upstream) } }
      for (const [model, field] of [
        ['cerebras/gpt-oss-120b', 'reasoning'],
        ['groq/openai/gpt-oss-120b', 'reasoning'],
        ['groq/llama-3.3-70b', undefined],
      ]) {
        service.enqueue(bytes)
        const { answer } = await ask('messages', { ...body, model })
        const results = [{ type: 'tool_result', tool_use_id: 'c1', content: 'ok' }]
        await ask('messages', {
          ...body,
          model,
          messages: [
            ...body.messages,
            { role: 'assistant', content: answer['content'] },
            { role: 'user', content: results },
          ],
        })
        expect(sent().messages[1]).toEqual({
          role: 'assistant',
          content: null,
          tool_calls: upstream.choices[0]?.message['tool_calls'],
          ...(field !== undefined && { [field]: 'let me think' }),
        })
        service.enqueue(bytes)
        const tools = body.tools.map(({ name, input_schema: parameters }) => ({
          type: 'function',
          function: { name, parameters },
        }))
        const chat = await ask('chat', { model, messages: body.messages, tools })
        const { message } = (chat.answer['choices'] as readonly { message: Json }[])[0] as {
          message: Json
        }
        await ask('chat', {
          model,
          tools,
          messages: [
            ...body.messages,
            message,
            { role: 'tool', tool_call_id: 'c1', content: 'ok' },
          ],
        })
        expect(sent().messages[1]).toEqual({
          role: 'assistant',
          content: null,
          tool_calls: upstream.choices[0]?.message['tool_calls'],
          ...(field !== undefined && { [field]: 'let me think' }),
        })
      }
    }),
  )

  it(
    'a picture in a result follows the last result in a message of the user',
    withCase('image-in-tool-message', async (sharedCase) => {
      for (const provider of ['openai', 'someone']) {
        await ask('messages', { ...request(sharedCase), model: `${provider}/m1` })
        const [, , result, picture, ...rest] = sent().messages
        expect(result).toEqual({ role: 'tool', tool_call_id: 'toolu_1', content: 'shot' })
        expect(picture).toEqual({
          role: 'user',
          content: [
            expect.objectContaining({ type: 'text' }),
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        })
        expect(rest).toEqual([])
      }
    }),
  )

  it(
    'a name that is too long is shortened in the request and restored in the answer',
    withCase('tool-name-length', async (sharedCase) => {
      const body = request(sharedCase) as Json & {
        messages: readonly Json[]
        tools: readonly { name: string }[]
      }
      const name = body.tools[0]?.name ?? ''
      const short = (): string => sent().tools?.[0]?.function.name ?? ''
      await ask('messages', body)
      const wireName = short()
      expect(wireName).toMatch(/^[\w-]{1,64}$/)
      for (const stream of [false, true]) {
        service.enqueue({
          answer: { toolCalls: [{ id: 'call_1', name: wireName, arguments: {} }] },
        })
        const text = await (
          await post('messages', { ...body, stream, tool_choice: { type: 'tool', name } })
        ).text()
        expect(text).toContain(name)
        expect(text).not.toContain(wireName)
        expect(sent()['tool_choice']).toEqual({ type: 'function', function: { name: wireName } })
      }
      await ask('messages', {
        ...body,
        messages: [
          ...body.messages,
          { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name, input: {} }] },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }],
          },
        ],
      })
      expect(sent().messages[1]).toMatchObject({ tool_calls: [{ function: { name: wireName } }] })
      // A name is shortened the same way in every request: prompt caches stay valid.
      await ask('chat', {
        model: body['model'],
        messages: body.messages,
        tools: [
          { type: 'function', function: { name: 'other' } },
          { type: 'function', function: { name } },
        ],
      })
      expect(sent().tools?.map((tool) => tool.function.name)).toEqual(['other', wireName])
    }),
  )

  it(
    'a tool of free text is a function of one string where the service knows none',
    withCase('freeform-tools', async (sharedCase) => {
      const body = request(sharedCase)
      const patch = '*** Begin Patch\n\\"\n*** End Patch'
      const targets = [
        { model: 'ge/gemini-3', fake: google },
        { model: 'co/command-a', fake: commands },
        { model: 'someone/m1', fake: service },
      ]
      for (const { model, fake } of targets) {
        for (const stream of [false, true]) {
          fake.enqueue({
            answer: {
              toolCalls: [{ id: 'call_1', name: 'apply_patch', arguments: { input: patch } }],
            },
          })
          const response = await post('responses', { ...body, model, stream })
          const text = await response.text()
          expect(response.status, text).toBe(200)
          expect(response.headers.get('x-postern-dropped')).toContain(
            'tools[0] (custom tool offered as a function of one string, its format is not enforced)',
          )
          expect(JSON.stringify(fake.journal.last().body)).not.toContain('"custom"')
          const items = stream
            ? [...text.matchAll(/^data: (.*)$/gm)]
                .map(([, data]) => JSON.parse(data ?? '') as { type: string; item?: Json })
                .flatMap(({ type, item }) =>
                  type === 'response.output_item.done' && item !== undefined ? [item] : [],
                )
            : ((JSON.parse(text) as { output: readonly Json[] }).output as Json[])
          const call = items.find(({ type }) => type === 'custom_tool_call')
          expect(call).toMatchObject({ name: 'apply_patch', input: patch })
          fake.enqueue({ answer: { text: 'ok' } })
          const history = [
            ...(body['input'] as readonly Json[]),
            ...items,
            { type: 'custom_tool_call_output', call_id: call?.['call_id'], output: 'done' },
          ]
          const next = await post('responses', { ...body, model, input: history })
          expect(next.status, await next.text()).toBe(200)
          expect(JSON.stringify(fake.journal.last().body)).toContain(
            JSON.stringify(fake === google ? patch : JSON.stringify({ input: patch })).slice(1, -1),
          )
        }
      }
    }),
  )
})
