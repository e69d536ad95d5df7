import Anthropic from '@anthropic-ai/sdk'
import { FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import {
  type DialectName,
  type FakeProvider,
  type ScriptedAnswer,
  startFakeProvider,
} from '@postern/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { readBedrockConverse } from './recordings/bedrock-converse.ts'
import { readCohere } from './recordings/cohere.ts'
import { readOpenaiResponses } from './recordings/openai-responses.ts'

let provider: FakeProvider | undefined

afterEach(() => provider?.close())

async function start(dialect: DialectName): Promise<FakeProvider> {
  provider = await startFakeProvider({ dialect, apiKey: 'test-key' })
  provider.reply({ answer, writeSizes: { seed: 11 } })
  return provider
}

const answer: ScriptedAnswer = {
  reasoning: { text: 'Two cities.', signature: 'U2lnbmVk' },
  text: 'Grüße, 世界 👋🏽!',
  toolCalls: [
    { name: 'get_weather', arguments: { city: 'Zürich' } },
    { name: 'get_weather', arguments: { city: '東京' } },
  ],
  usage: { input: 50, output: 20, cached: 30, reasoning: 8 },
}
const cities = [{ city: 'Zürich' }, { city: '東京' }]
const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } }

describe('the official SDK reads its fake', () => {
  it('openai', async () => {
    const fake = await start('openai-chat')
    const client = new OpenAI({ apiKey: 'test-key', baseURL: fake.url, maxRetries: 0 })
    const request = {
      model: 'm',
      messages: [{ role: 'user' as const, content: 'Hi' }],
      tools: [{ type: 'function' as const, function: { name: 'get_weather', parameters } }],
    }
    const whole = await client.chat.completions.create(request)
    const streamed = await client.chat.completions
      .stream({ ...request, stream_options: { include_usage: true } })
      .finalChatCompletion()
    for (const completion of [whole, streamed]) {
      const choice = completion.choices[0]
      const calls = choice?.message.tool_calls?.map((call) =>
        call.type === 'function' ? JSON.parse(call.function.arguments) : undefined,
      )
      expect(choice?.message.content).toBe(answer.text)
      expect(calls).toEqual(cities)
      expect(choice?.finish_reason).toBe('tool_calls')
      expect(completion.usage).toMatchObject({
        prompt_tokens: 50,
        completion_tokens: 20,
        prompt_tokens_details: { cached_tokens: 30 },
        completion_tokens_details: { reasoning_tokens: 8 },
      })
    }
    fake.enqueue({ status: 429, retryAfter: { seconds: 1 } }, { errorEventAfter: 0 })
    await expect(client.chat.completions.create(request)).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
    })
    await expect(client.chat.completions.stream(request).finalChatCompletion()).rejects.toThrow(
      'The server had an error',
    )
    const models = await client.models.list()
    expect(models.data.map((model) => model.id)).toEqual(['fake-small', 'fake-large'])
    await expect(
      new OpenAI({ apiKey: 'wrong', baseURL: fake.url, maxRetries: 0 }).models.list(),
    ).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    })
  })

  it('@anthropic-ai/sdk', async () => {
    const fake = await start('anthropic-messages')
    const client = new Anthropic({ apiKey: 'test-key', baseURL: fake.url, maxRetries: 0 })
    const request = {
      model: 'm',
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: 'Hi' }],
      tools: [{ name: 'get_weather', input_schema: parameters }],
    }
    const whole = await client.messages.create(request)
    const streamed = await client.messages.stream(request).finalMessage()
    for (const message of [whole, streamed]) {
      expect(message.content).toMatchObject([
        { type: 'thinking', thinking: 'Two cities.', signature: 'U2lnbmVk' },
        { type: 'text', text: answer.text },
        ...cities.map((input) => ({ type: 'tool_use', name: 'get_weather', input })),
      ])
      expect(message.stop_reason).toBe('tool_use')
      expect(message.usage).toMatchObject({
        input_tokens: 20,
        cache_read_input_tokens: 30,
        output_tokens: 20,
      })
    }
    fake.enqueue({ status: 529 }, { errorEventAfter: 0 })
    await expect(client.messages.create(request)).rejects.toMatchObject({ status: 529 })
    await expect(client.messages.stream(request).finalMessage()).rejects.toThrow('Overloaded')
    await expect(client.messages.create({ ...request, messages: [] })).rejects.toMatchObject({
      status: 400,
    })
    await expect(
      new Anthropic({ apiKey: 'wrong', baseURL: fake.url, maxRetries: 0 }).messages.create(request),
    ).rejects.toMatchObject({ status: 401 })
  })

  it('@google/genai', async () => {
    const fake = await start('gemini')
    const client = new GoogleGenAI({ apiKey: 'test-key', httpOptions: { baseUrl: fake.url } })
    const request = {
      model: 'm',
      contents: 'Hi',
      config: {
        systemInstruction: 'Be brief.',
        tools: [
          { functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: parameters }] },
        ],
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
      },
    }
    const chunks = [await client.models.generateContent(request)]
    const streamed = []
    for await (const chunk of await client.models.generateContentStream(request))
      streamed.push(chunk)
    expect(streamed.length).toBeGreaterThan(4)
    for (const answered of [chunks, streamed]) {
      const parts = answered.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
      const spoken = parts.filter((part) => part.thought !== true).map((part) => part.text ?? '')
      expect(spoken.join('')).toBe(answer.text)
      expect(
        parts.filter((part) => part.functionCall).map((part) => part.functionCall?.args),
      ).toEqual(cities)
      expect(parts.find((part) => part.thoughtSignature)?.thoughtSignature).toBe('U2lnbmVk')
      expect(answered.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP')
      expect(answered.at(-1)?.usageMetadata).toMatchObject({
        promptTokenCount: 50,
        candidatesTokenCount: 12,
        thoughtsTokenCount: 8,
        cachedContentTokenCount: 30,
      })
    }
    fake.enqueue({ status: 400, errorMessage: 'No.' })
    await expect(client.models.generateContent(request)).rejects.toMatchObject({ status: 400 })
    const stranger = new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl: fake.url } })
    await expect(stranger.models.generateContent(request)).rejects.toThrow('API key not valid')
  })

  it.each([
    {
      dialect: 'openai-responses',
      read: readOpenaiResponses,
      signatures: ['U2lnbmVk'],
      usage: { input: 50, output: 20, cached: 30, reasoning: 8 },
    },
    {
      dialect: 'bedrock-converse',
      read: readBedrockConverse,
      signatures: ['U2lnbmVk'],
      usage: { input: 50, output: 20, cached: 30 },
    },
    {
      dialect: 'cohere',
      read: readCohere,
      signatures: [],
      usage: { input: 50, output: 20, cached: 30 },
    },
  ] as const)('of $dialect', async ({ dialect, read, signatures, usage }) => {
    const fake = await start(dialect)
    for (const isStream of [false, true]) {
      const reading = await read({ url: fake.url, isStream, apiKey: 'test-key' })
      expect(reading).toMatchObject({
        text: answer.text,
        reasoning: 'Two cities.',
        signatures,
        finish: 'tool_calls',
        outcome: 'complete',
        usage,
      })
      expect(reading.toolCalls.map((call) => call.arguments)).toEqual(cities)
      fake.enqueue({ status: 429, errorMessage: 'Slow down.' })
      await expect(read({ url: fake.url, isStream, apiKey: 'test-key' })).rejects.toThrow(
        'Slow down.',
      )
      await expect(read({ url: fake.url, isStream, apiKey: 'wrong' })).rejects.toThrow()
    }
    fake.enqueue({ errorEventAfter: 3, errorMessage: 'Broke.' })
    const broken = read({ url: fake.url, isStream: true, apiKey: 'test-key' })
    // Cohere's stream says so in the finish reason alone, where its SDK throws nothing.
    if (dialect === 'cohere') expect(await broken).toMatchObject({ toolCalls: [] })
    else await expect(broken).rejects.toThrow('Broke.')
  })
})
