import { LLMock } from '@copilotkit/aimock'
import { createGateway, type Gateway, type RequestRecord } from '@postern/core'
import OpenAI from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CANARY_KEY, CLIENT_KEY } from './harness/chain.ts'
import { PIXEL_URL } from './harness/pictures.ts'

/**
 * An independent implementation of the three wire formats: it finds errors that our own fakes
 * share.
 */
let mock: LLMock
let gateway: Gateway
let client: OpenAI
let records: RequestRecord[]

beforeAll(async () => {
  mock = new LLMock({ port: 0, chunkSize: 5 })
  await mock.start()
  const apiKey = CANARY_KEY
  gateway = createGateway(
    {
      providers: {
        openai: { baseUrl: `${mock.url}/v1`, apiKey },
        anthropic: { baseUrl: mock.url, apiKey },
        gemini: { baseUrl: mock.url, apiKey },
      },
      routes: { chain: ['anthropic/claude-sonnet-4-5', 'gemini/gemini-2.5-flash'] },
      keys: { client: CLIENT_KEY },
      log: 'silent',
      onRecord: (record) => records.push(record),
    },
    { random: () => 0, environment: {} },
  )
  client = new OpenAI({
    baseURL: 'http://gateway/v1',
    apiKey: CLIENT_KEY,
    fetch: gateway.fetch as typeof fetch,
  })
})
beforeEach(() => {
  records = []
  mock.clearFixtures()
  mock.clearRequests()
  mock.resetMatchCounts()
})
afterAll(async () => {
  await gateway.close()
  await mock.stop()
})

const tools: ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]
const user = (content: string): ChatCompletionMessageParam => ({ role: 'user', content })

async function ask(
  body: Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>,
  stream: boolean,
): Promise<OpenAI.ChatCompletion> {
  if (!stream) return client.chat.completions.create(body)
  return client.chat.completions
    .stream({ ...body, stream: true, stream_options: { include_usage: true } })
    .finalChatCompletion()
}

describe.each(['openai/gpt-4.1', 'anthropic/claude-sonnet-4-5', 'gemini/gemini-2.5-flash'])(
  '%s',
  (model) => {
    describe.each([{ stream: false }, { stream: true }])('stream: $stream', ({ stream }) => {
      it('answers with text and usage', async () => {
        mock.onMessage('hello', {
          content: 'Hi there, 日本語 👋!',
          usage: {
            prompt_tokens: 11,
            completion_tokens: 7,
            total_tokens: 18,
            input_tokens: 11,
            output_tokens: 7,
            promptTokenCount: 11,
            candidatesTokenCount: 7,
            totalTokenCount: 18,
          },
        })
        const completion = await ask(
          { model, messages: [{ role: 'system', content: 'Be kind.' }, user('hello')] },
          stream,
        )
        expect(completion.choices[0]).toMatchObject({
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'Hi there, 日本語 👋!' },
        })
        expect(completion.usage).toMatchObject({
          prompt_tokens: 11,
          completion_tokens: 7,
          total_tokens: 18,
        })
        expect(records).toMatchObject([
          { code: 'ok', finishReasons: ['stop'], usage: { input: 11, output: 7 } },
        ])
      })

      it('calls tools in parallel and takes their results', async () => {
        mock.on({ hasToolResult: true }, { content: 'Sunny in Paris, rain in Rome.' })
        mock.on(
          { userMessage: 'weather' },
          {
            toolCalls: [
              { name: 'get_weather', arguments: '{"city":"Paris"}' },
              { name: 'get_weather', arguments: '{"city":"Rome"}' },
            ],
          },
        )
        const messages = [user('The weather in Paris and Rome?')]
        const first = (await ask({ model, messages, tools }, stream)).choices[0]
        const calls = (first?.message.tool_calls ?? []).flatMap((call) =>
          call.type === 'function' ? [call] : [],
        )
        expect(first?.finish_reason).toBe('tool_calls')
        expect(
          calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
        ).toEqual([
          ['get_weather', { city: 'Paris' }],
          ['get_weather', { city: 'Rome' }],
        ])
        expect(new Set(calls.map((call) => call.id)).size).toBe(2)
        if (first !== undefined) messages.push(first.message)
        messages.push(
          ...calls.map((call, at): ChatCompletionMessageParam => ({
            role: 'tool',
            tool_call_id: call.id,
            content: at === 0 ? 'sunny' : 'rain',
          })),
        )
        const second = (await ask({ model, messages, tools }, stream)).choices[0]
        expect(second).toMatchObject({
          finish_reason: 'stop',
          message: { content: 'Sunny in Paris, rain in Rome.' },
        })
      })

      it('answers with text before a tool call', async () => {
        mock.onMessage('both', {
          content: 'Let me look.',
          toolCalls: [{ name: 'get_weather', arguments: '{"city":"Oslo"}' }],
        })
        const [choice] = (await ask({ model, messages: [user('both')], tools }, stream)).choices
        expect(choice).toMatchObject({
          finish_reason: 'tool_calls',
          message: {
            content: 'Let me look.',
            tool_calls: [{ type: 'function', function: { name: 'get_weather' } }],
          },
        })
      })

      it('maps an error, and says it once', async () => {
        mock.on(
          { userMessage: 'fail' },
          {
            error: { message: 'This is not allowed.', type: 'invalid_request_error' },
            status: 400,
          },
        )
        await expect(ask({ model, messages: [user('fail')] }, stream)).rejects.toMatchObject({
          status: 400,
          message: expect.stringContaining('This is not allowed.'),
        })
        expect(records).toMatchObject([
          { code: 'provider_rejected', status: 400, attempts: [{ code: 'provider_rejected' }] },
        ])
      })

      it('takes an image', async () => {
        mock.onMessage('picture', { content: 'A pixel.' })
        const content = [
          { type: 'text' as const, text: 'picture' },
          { type: 'image_url' as const, image_url: { url: PIXEL_URL } },
        ]
        expect(
          (await ask({ model, messages: [{ role: 'user', content }] }, stream)).choices[0]?.message
            .content,
        ).toBe('A pixel.')
      })
    })
  },
)

it.each([false, true])('falls over from one to another (stream: %s)', async (stream) => {
  mock.on(
    { userMessage: 'hello', model: /claude/ },
    { error: { message: 'Overloaded', type: 'overloaded_error' }, status: 529 },
  )
  mock.on({ userMessage: 'hello', model: /gemini/ }, { content: 'Gemini here.' })
  const completion = await ask({ model: 'chain', messages: [user('hello')] }, stream)
  expect(completion.choices[0]?.message.content).toBe('Gemini here.')
  expect(records[0]?.attempts).toMatchObject([
    { target: 'anthropic/claude-sonnet-4-5', code: 'provider_overloaded', status: 529 },
    { target: 'gemini/gemini-2.5-flash', code: 'ok' },
  ])
})

it('carries signed thinking of Anthropic', async () => {
  mock.onMessage('think', {
    content: 'Four.',
    reasoning: 'Two and two.',
    reasoningSignature: 'c2lnbmF0dXJl',
  })
  const model = 'anthropic/claude-sonnet-4-5'
  const messages = [user('think')]
  const { message } = (await ask({ model, messages }, false)).choices[0] ?? {}
  const detail = { text: 'Two and two.', signature: 'c2lnbmF0dXJl' }
  expect(message).toMatchObject({
    content: 'Four.',
    reasoning_content: 'Two and two.',
    reasoning_details: [detail],
  })
  const deltas: Record<string, unknown>[] = []
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true }))
    deltas.push({ ...chunk.choices[0]?.delta })
  expect(deltas.map((delta) => delta['reasoning_content'] ?? '').join('')).toBe('Two and two.')
  expect(deltas.map((delta) => delta['content'] ?? '').join('')).toBe('Four.')
  expect(JSON.stringify(deltas)).toContain('"signature":"c2lnbmF0dXJl"')
})
