import OpenAI from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Connection, connect, families, surfaces } from './harness/applications.ts'
import { PIXEL_URL } from './harness/pictures.ts'

const tools: ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather in a city',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      },
    },
  },
]
const schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    age: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['name', 'age', 'tags'],
  additionalProperties: false,
}

const cases = surfaces.flatMap((surface) =>
  Object.keys(families).map((family) => ({ surface, family })),
)

describe.each(cases)('the OpenAI SDK through $surface to $family', ({ surface, family }) => {
  let connection: Connection
  let client: OpenAI
  const model = `${family}/${{ openai: 'gpt-5-mini', anthropic: 'claude-sonnet-4-5', gemini: 'gemini-2.5-flash' }[family] ?? ''}`
  const user = (content: string): ChatCompletionMessageParam => ({ role: 'user', content })

  beforeAll(async () => {
    connection = await connect(surface, family)
    const { baseURL, apiKey, fetch } = connection
    client = new OpenAI({ baseURL, apiKey, maxRetries: 0, ...(fetch && { fetch }) })
  })
  beforeEach(() => connection.provider.journal.clear())
  afterAll(() => connection.close())

  it('answers', async () => {
    const completion = await client.chat.completions.create({
      model,
      messages: [{ role: 'system', content: 'Be kind.' }, user('Hello there')],
    })
    expect(completion.choices[0]?.message).toMatchObject({
      role: 'assistant',
      content: 'You said: Hello there',
    })
    expect(completion.choices[0]?.finish_reason).toBe('stop')
    expect(completion.usage).toMatchObject({
      prompt_tokens: 9,
      completion_tokens: 4,
      total_tokens: 13,
    })
    expect(completion._request_id).toMatch(/^req_/)
  })

  it('streams', async () => {
    const stream = client.chat.completions.stream({
      model,
      messages: [user('Hello there')],
      stream_options: { include_usage: true },
    })
    let text = ''
    stream.on('content', (delta) => (text += delta))
    const completion = await stream.finalChatCompletion()
    expect(text).toBe('You said: Hello there')
    expect(completion.choices[0]?.message.content).toBe(text)
    expect(completion.choices[0]?.finish_reason).toBe('stop')
    expect(completion.usage).toMatchObject({
      prompt_tokens: 9,
      completion_tokens: 4,
      total_tokens: 13,
    })
  })

  it('streams no usage unless asked', async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: [user('Hello')],
      stream: true,
    })
    for await (const chunk of stream) {
      expect(chunk.choices).toHaveLength(1)
      expect(chunk.usage ?? null).toBeNull()
    }
  })

  it.each([false, true])(
    'calls two tools in parallel and takes their results (stream: %s)',
    async (stream) => {
      const messages: ChatCompletionMessageParam[] = [
        user('What is the weather in Paris and Rome?'),
      ]
      const first = await ask({ model, messages, tools }, stream)
      const calls = first.message.tool_calls ?? []
      expect(first.finish_reason).toBe('tool_calls')
      expect(
        calls.map(
          (call) =>
            call.type === 'function' && [call.function.name, JSON.parse(call.function.arguments)],
        ),
      ).toEqual([
        ['get_weather', { city: 'Paris' }],
        ['get_weather', { city: 'Rome' }],
      ])
      expect(new Set(calls.map((call) => call.id)).size).toBe(2)
      messages.push(
        first.message,
        ...calls.map((call, at): ChatCompletionMessageParam => ({
          role: 'tool',
          tool_call_id: call.id,
          content: at === 0 ? 'sunny' : 'rain',
        })),
      )
      const second = await ask({ model, messages, tools }, stream)
      expect(second.message.content).toMatch(/^Results: .*sunny.* \| .*rain/)
      expect(second.finish_reason).toBe('stop')
    },
  )

  it('forces a tool, and forbids tools', async () => {
    const forced = await client.chat.completions.create({
      model,
      messages: [user('Hello')],
      tools,
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    })
    expect(forced.choices[0]?.message.tool_calls).toHaveLength(1)
    const none = await client.chat.completions.create({
      model,
      messages: [user('Hello')],
      tools,
      tool_choice: 'none',
    })
    expect(none.choices[0]?.message.content).toBe('You said: Hello')
  })

  it('sends an image', async () => {
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'image_url' as const, image_url: { url: PIXEL_URL } },
    ]
    const completion = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content }],
    })
    expect(completion.choices[0]?.message.content).toBe('You sent image/png (68 bytes).')
  })

  it.each([false, true])('gets JSON that fits a schema (stream: %s)', async (stream) => {
    const response_format = {
      type: 'json_schema' as const,
      json_schema: { name: 'person', schema, strict: true },
    }
    const { message, finish_reason } = await ask(
      { model, messages: [user('Invent a person')], response_format },
      stream,
    )
    expect(JSON.parse(message.content ?? '')).toEqual({ name: 'text', age: 1, tags: ['text'] })
    expect(finish_reason).toBe('stop')
  })

  it('maps errors to the classes of the SDK', async () => {
    const create = () => client.chat.completions.create({ model, messages: [user('Hello')] })
    connection.provider.enqueue({ status: 400, errorMessage: 'Bad parameter.' })
    await expect(create()).rejects.toThrow(OpenAI.BadRequestError)
    for (let calls = 0; calls < 3; calls++)
      connection.provider.enqueue({ status: 429, retryAfter: { milliseconds: 1 } })
    await expect(create()).rejects.toThrow(OpenAI.RateLimitError)
    await expect(
      client.chat.completions.create({ model: 'no/such', messages: [user('Hello')] }),
    ).rejects.toThrow(OpenAI.NotFoundError)
    await expect(
      client
        .withOptions({ apiKey: 'wrong' })
        .chat.completions.create({ model, messages: [user('Hello')] }),
    ).rejects.toThrow(OpenAI.AuthenticationError)
    await expect(client.chat.completions.create({ model, messages: [] })).rejects.toMatchObject({
      status: 400,
      param: 'messages',
    })
  })

  it('surfaces a stream that breaks as an error', async () => {
    connection.provider.enqueue({
      answer: { text: ['one', 'two', 'three', 'four', 'five'] },
      cutAfterEvents: 4,
      cutBy: 'rst',
    })
    const stream = await client.chat.completions.create({
      model,
      messages: [user('Hello')],
      stream: true,
    })
    const read = async (): Promise<void> => {
      for await (const chunk of stream) expect(chunk.choices[0]?.finish_reason ?? null).toBeNull()
    }
    await expect(read()).rejects.toThrow(OpenAI.APIError)
  })

  it('aborts', async () => {
    connection.provider.enqueue({ answer: { text: ['one', 'two'] }, hangAfterEvents: 4 })
    const stream = await client.chat.completions.create({
      model,
      messages: [user('Hello')],
      stream: true,
    })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    const entry = await connection.provider.journal.waitForClose()
    expect(entry.aborted).toBe(true)
  })

  it('never shows the gateway key to the provider, nor the provider key to the client', async () => {
    const response = await client.chat.completions
      .create({ model, messages: [user('Hello')] })
      .asResponse()
    const seen = JSON.stringify([...response.headers]) + (await response.text())
    expect(seen).not.toContain('sk-the-providers-own-key')
    expect(JSON.stringify(connection.provider.journal.last().headers)).not.toContain(
      connection.apiKey,
    )
  })

  async function ask(
    body: OpenAI.ChatCompletionCreateParamsNonStreaming,
    stream: boolean,
  ): Promise<OpenAI.ChatCompletion.Choice> {
    const completion = stream
      ? await client.chat.completions.stream({ ...body, stream: true }).finalChatCompletion()
      : await client.chat.completions.create(body)
    const choice = completion.choices[0]
    if (choice === undefined) throw new Error('The completion has no choice.')
    return choice
  }
})
