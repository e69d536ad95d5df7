import Anthropic from '@anthropic-ai/sdk'
import { createGateway, type Gateway } from '@postern/core'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientApiNames, clientApis } from '../harness/client-apis.ts'
import { withCase } from '../harness/shared-cases.ts'

const KEY = 'key-of-the-client-0001'
let provider: FakeProvider
let gateway: Gateway
beforeEach(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat', validate: false })
  gateway = createGateway(
    {
      providers: { odd: { baseUrl: provider.url } },
      routes: { main: ['odd/m'] },
      keys: { client: KEY },
      log: 'silent',
      retries: 0,
    },
    { environment: {} },
  )
})
afterEach(async () => {
  await gateway.close({ graceMs: 0 })
  await provider.close()
})

const door = () => ({ url: 'http://gateway', apiKey: KEY, fetch: gateway.fetch as typeof fetch })

describe('the input of an Anthropic stream', () => {
  it(
    'is there at its start, when the provider tells it at the end',
    withCase('usage-at-message-start', async (sharedCase) => {
      provider.reply({ answer: { text: 'hi', usage: { input: 800, output: 2 } } })
      const { stream: _, ...request } =
        sharedCase.json<Anthropic.MessageCreateParamsNonStreaming>('request.json')
      const client = new Anthropic({
        baseURL: 'http://gateway',
        apiKey: KEY,
        fetch: gateway.fetch as typeof fetch,
        maxRetries: 0,
      })
      const usages: number[] = []
      const stream = client.messages.stream(request)
      for await (const event of stream)
        if (event.type === 'message_start') usages.push(event.message.usage.input_tokens)
      expect(usages[0]).toBeGreaterThan(10)
      expect((await stream.finalMessage()).usage.input_tokens).toBe(800)
    }),
  )

  it('is an estimate of what was sent', async () => {
    provider.reply({ answer: { text: 'hi' } })
    const client = new Anthropic({
      baseURL: 'http://gateway',
      apiKey: KEY,
      fetch: gateway.fetch as typeof fetch,
      maxRetries: 0,
    })
    const stream = client.messages.stream({
      model: 'main',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'word '.repeat(1_000) }],
    })
    for await (const event of stream) {
      if (event.type !== 'message_start') continue
      expect(event.message.usage.input_tokens).toBeGreaterThan(800)
      expect(event.message.usage.input_tokens).toBeLessThan(2_000)
    }
  })
})

describe('a broken answer of Gemini', () => {
  it(
    'is no success for any client',
    withCase('gemini-broken-call-is-stop', async (sharedCase) => {
      await gateway.close({ graceMs: 0 })
      await provider.close()
      provider = await startFakeProvider({ dialect: 'gemini', validate: false })
      gateway = createGateway(
        {
          providers: { odd: { baseUrl: provider.url, dialect: 'gemini' } },
          routes: { main: ['odd/m'] },
          keys: { client: KEY },
          log: 'silent',
          retries: 0,
        },
        { environment: {} },
      )
      const body = sharedCase.bytes('upstream.json').toString('utf8')
      for (const api of clientApiNames) {
        provider.reply({
          replay: {
            name: 'broken',
            dialect: 'gemini',
            isStream: false,
            status: 200,
            headers: { 'content-type': 'application/json' },
            body,
          } as never,
        })
        await expect(clientApis[api](door(), { model: 'main', isStream: false })).rejects.toThrow()
      }
    }),
  )
})

describe('what is filled in where nothing is', () => {
  it.each([
    { function_call: { name: '', arguments: '' } },
    { function_call: {} },
    { tool_calls: [{}] },
    { tool_calls: [{ type: 'function', function: { name: '', arguments: '' } }] },
  ])('is no call: %j', async (fields) => {
    const answer = {
      id: '',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'hello', ...fields },
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
    }
    for (const api of clientApiNames.filter((name) => name !== 'chat')) {
      provider.reply({
        replay: {
          name: 'filled',
          dialect: 'openai-chat',
          isStream: false,
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(answer),
        } as never,
      })
      expect(await clientApis[api](door(), { model: 'main', isStream: false })).toMatchObject({
        text: 'hello',
        tools: [],
        finish: 'stop',
      })
    }
  })
})
