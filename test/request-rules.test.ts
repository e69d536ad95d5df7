import { createGateway, type Gateway } from '@postern/core'
import { type DialectName, type FakeProvider, startFakeProvider } from '@postern/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chatRequests } from './harness/chat-requests.ts'
import { type Steady, startSteady } from './harness/steady.ts'

const KEY = 'pk_request_rules_0123456789'
const PROVIDER_KEY = 'sk-the-providers-own-key'
const models: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'gpt-4.1',
  'openai-responses': 'gpt-5-codex',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-flash',
  'bedrock-converse': 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  cohere: 'command-a-03-2025',
}
const dialects = Object.keys(models) as DialectName[]
/** Fields that cannot be carried are refused by name, before a provider is called. */
const takesNoFiles: ReadonlySet<DialectName> = new Set(['cohere'])

type Json = Record<string, unknown>

/**
 * Where clients of a dialect send their requests; the model stands in the body, or in the address.
 */
const doors: Readonly<
  Partial<Record<DialectName, (model: string, body: Json) => { path: string; body: Json }>>
> = {
  'openai-chat': (model, body) => ({ path: '/v1/chat/completions', body: { ...body, model } }),
  'openai-responses': (model, body) => ({ path: '/v1/responses', body: { ...body, model } }),
  'anthropic-messages': (model, body) => ({ path: '/v1/messages', body: { ...body, model } }),
  gemini: (model, body) => ({ path: `/v1beta/models/${model}:generateContent`, body }),
}

describe('requests of every client reach every provider by its rules', () => {
  const fakes = new Map<DialectName, FakeProvider>()
  let gateway: Gateway | undefined
  let steady: Steady | undefined

  beforeAll(async () => {
    for (const dialect of dialects) {
      const fake = await startFakeProvider({ dialect, apiKey: PROVIDER_KEY })
      fake.reply({ answer: { text: 'ok' } })
      fakes.set(dialect, fake)
    }
    steady = await startSteady()
    gateway = createGateway<never>({
      providers: Object.fromEntries(
        [...fakes].map(([dialect, fake]) => [
          dialect,
          {
            baseUrl: fake.url,
            apiKey: PROVIDER_KEY,
            dialect,
            ...(dialect === 'openai-chat' && {
              quirks: { exact: true, maxTokensField: 'max_completion_tokens' as const },
            }),
          },
        ]),
      ),
      keys: { client: KEY },
      retries: 0,
      log: 'silent',
    })
  })
  afterAll(async () => {
    await gateway?.close()
    await Promise.all([...fakes.values()].map((fake) => fake.close()))
    await steady?.close()
  })

  /** Sends the request as a client of `from`; what the provider of `to` got, in its own words. */
  async function carry(from: DialectName, to: DialectName, body: Json): Promise<Json> {
    const door = doors[from]
    const fake = fakes.get(to)
    if (door === undefined || fake === undefined || gateway === undefined)
      throw new TypeError(`Nothing leads from ${from} to ${to}.`)
    fake.journal.clear()
    const request = door(`${to}/${models[to]}`, body)
    const response = await gateway.fetch(`http://gateway${request.path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${KEY}`,
        'anthropic-version': '2023-06-01',
      },
      body: JSON.stringify(request.body),
    })
    const text = await response.text()
    if (takesNoFiles.has(to) && JSON.stringify(body).includes('application/pdf')) {
      expect([response.status, text]).toEqual([
        400,
        expect.stringContaining('content of type file'),
      ])
      return {}
    }
    expect(text, `${from} to ${to}: ${JSON.stringify(request.body)}`).not.toMatch(/"error":\{/)
    expect(response.status).toBe(200)
    const entry = fake.journal.last()
    await steady?.check(to, entry.body as Json)
    return entry.body as Json
  }

  it.each(dialects)('from OpenAI chat to %s', async (to) => {
    await fc.assert(
      fc.asyncProperty(chatRequests, async (body) => {
        await carry('openai-chat', to, body)
      }),
      { numRuns: 60 },
    )
  })

  const clients = dialects.filter((dialect) => dialect in doors && dialect !== 'openai-chat')

  it.each(clients.flatMap((from) => dialects.map((to) => [from, to] as const)))(
    'from %s to %s',
    async (from, to) => {
      await fc.assert(
        fc.asyncProperty(chatRequests, async (body) => {
          // A request to the provider of a dialect is valid for a client of the same dialect.
          await carry(from, to, await carry('openai-chat', from, body))
        }),
        { numRuns: 40 },
      )
    },
  )
})
