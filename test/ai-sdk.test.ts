import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  APICallError,
  generateText,
  jsonSchema,
  type LanguageModel,
  Output,
  stepCountIs,
  streamText,
  tool,
} from 'ai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Connection, connect, families, surfaces } from './harness/applications.ts'
import { PIXEL_URL } from './harness/pictures.ts'

const tools = {
  get_weather: tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => Promise.resolve(`${city}: sunny`),
  }),
}
const person = jsonSchema<{ name: string; age: number }>({
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
})

const cases = surfaces.flatMap((surface) =>
  Object.keys(families).map((family) => ({ surface, family })),
)

describe.each(cases)('the AI SDK through $surface to $family', ({ surface, family }) => {
  let connection: Connection
  let model: LanguageModel

  beforeAll(async () => {
    connection = await connect(surface, family)
    const { baseURL, apiKey, fetch } = connection
    const provider = createOpenAICompatible({
      name: 'postern',
      baseURL,
      apiKey,
      includeUsage: true,
      supportsStructuredOutputs: true,
      ...(fetch && { fetch }),
    })
    model = provider(
      `${family}/${{ openai: 'gpt-5-mini', anthropic: 'claude-sonnet-4-5', gemini: 'gemini-2.5-flash' }[family] ?? ''}`,
    )
  })
  beforeEach(() => connection.provider.journal.clear())
  afterAll(() => connection.close())

  it('answers', async () => {
    const { text, finishReason, usage } = await generateText({
      model,
      prompt: 'Hello there',
      maxRetries: 0,
    })
    expect({ text, finishReason }).toEqual({ text: 'You said: Hello there', finishReason: 'stop' })
    expect(usage).toMatchObject({ inputTokens: 9, outputTokens: 4 })
  })

  it('streams', async () => {
    const result = streamText({ model, prompt: 'Hello there', maxRetries: 0 })
    let text = ''
    for await (const delta of result.textStream) text += delta
    expect(text).toBe('You said: Hello there')
    expect(await result.finishReason).toBe('stop')
    expect(await result.usage).toMatchObject({ inputTokens: 9, outputTokens: 4 })
  })

  it('runs a loop of parallel tool calls', async () => {
    const result = await generateText({
      model,
      prompt: 'What is the weather in Paris and Rome?',
      tools,
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    })
    expect(result.steps[0]?.toolCalls.map((call) => call.input)).toEqual([
      { city: 'Paris' },
      { city: 'Rome' },
    ])
    expect(result.text).toMatch(/^Results: .*Paris: sunny.* \| .*Rome: sunny/)
  })

  it('streams a loop of parallel tool calls', async () => {
    const result = streamText({
      model,
      prompt: 'What is the weather in Paris and Rome?',
      tools,
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    })
    const called: unknown[] = []
    for await (const part of result.fullStream)
      if (part.type === 'tool-call') called.push(part.input)
    expect(called).toEqual([{ city: 'Paris' }, { city: 'Rome' }])
    expect(await result.text).toMatch(/^Results: .*Paris: sunny.* \| .*Rome: sunny/)
  })

  it('sends an image', async () => {
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'image' as const, image: PIXEL_URL },
    ]
    const { text } = await generateText({
      model,
      messages: [{ role: 'user', content }],
      maxRetries: 0,
    })
    expect(text).toBe('You sent image/png (68 bytes).')
  })

  it('gets JSON that fits a schema', async () => {
    const { output } = await generateText({
      model,
      prompt: 'Invent a person',
      output: Output.object({ schema: person }),
      maxRetries: 0,
    })
    expect(output).toEqual({ name: 'text', age: 1 })
  })

  it('reports errors with their status', async () => {
    connection.provider.enqueue({ status: 400, errorMessage: 'Bad parameter.' })
    const error: unknown = await generateText({ model, prompt: 'Hello', maxRetries: 0 }).catch(
      (thrown: unknown) => thrown,
    )
    expect(APICallError.isInstance(error) && error.statusCode).toBe(400)
  })

  it('reports a stream that breaks', async () => {
    // After Gemini's fourth event, the finish reason, a reset breaks nothing any more.
    connection.provider.enqueue({
      answer: { text: ['one', 'two', 'three', 'four'] },
      cutAfterEvents: 4,
      cutBy: 'rst',
    })
    const errors: unknown[] = []
    const result = streamText({
      model,
      prompt: 'Hello',
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    })
    for await (const part of result.fullStream)
      if (part.type === 'finish') expect(part.finishReason).not.toBe('stop')
    expect(errors).toHaveLength(1)
  })

  it('aborts', async () => {
    connection.provider.enqueue({ answer: { text: ['one', 'two'] }, hangAfterEvents: 4 })
    const controller = new AbortController()
    const result = streamText({
      model,
      prompt: 'Hello',
      maxRetries: 0,
      abortSignal: controller.signal,
      onError: () => undefined,
    })
    for await (const part of result.fullStream) if (part.type === 'text-delta') controller.abort()
    const entry = await connection.provider.journal.waitForClose()
    expect(entry.aborted).toBe(true)
  })
})
