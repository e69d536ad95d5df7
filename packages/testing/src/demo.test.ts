import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDemoProvider } from './demo.ts'
import type { FakeProvider } from './server.ts'

let provider: FakeProvider

beforeEach(async () => {
  provider = await startDemoProvider({ pauseMs: 0 })
})
afterEach(() => provider.close())

function ask(body: object): Promise<Response> {
  return fetch(`${provider.url}/chat/completions`, { method: 'POST', body: JSON.stringify(body) })
}

describe('startDemoProvider', () => {
  it('repeats the request, streamed word by word', async () => {
    const text = await (
      await ask({
        model: 'demo-small',
        stream: true,
        messages: [{ role: 'user', content: 'Good morning' }],
      })
    ).text()
    const words = [...text.matchAll(/"content":"([^"]+)"/g)].map((match) => match[1])
    expect(words.join('')).toContain('You said: Good morning')
    expect(words.join('')).toContain('demo-small')
    expect(words.length).toBeGreaterThan(10)
  })

  it('lists its models and knows no other', async () => {
    const models = (await (await fetch(`${provider.url}/models`)).json()) as {
      data: { id: string }[]
    }
    expect(models.data.map((model) => model.id)).toEqual(['demo-small', 'demo-large'])
    expect(
      (await ask({ model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] })).status,
    ).toBe(404)
  })

  it('calls tools as the stock script does', async () => {
    const tools = [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
      },
    ]
    const answer = await (
      await ask({
        model: 'demo-large',
        tools,
        messages: [{ role: 'user', content: 'The weather in Oslo?' }],
      })
    ).json()
    expect(answer).toMatchObject({
      choices: [
        {
          message: {
            tool_calls: [{ function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }],
          },
        },
      ],
    })
  })
})
