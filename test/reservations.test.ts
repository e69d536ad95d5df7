import { createGateway, type Gateway, memoryStore, type Store } from '@postern/core'
import {
  type DialectName,
  type FakeProvider,
  type FakeRequest,
  type ScriptedReply,
  startFakeProvider,
} from '@postern/testing'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CLIENT_KEY } from './harness/chain.ts'

const PRICES = { input: 2, output: 8, cached: 0.2, cacheWrite: 2.5, surcharge: 0.03 }
/** Tokens of a picture that is cut into tiles; see the price list of OpenAI. */
const TOKENS_OF_PICTURE = 765

let providers: Readonly<Record<string, FakeProvider>>
let gateway: Gateway
/** Nano-dollars of each request. */
let reserved: number[]
let settled: number[]

const dialects: readonly DialectName[] = ['openai-chat', 'anthropic-messages', 'openai-responses']
beforeAll(async () => {
  providers = Object.fromEntries(
    await Promise.all(
      dialects.map(async (dialect) => [dialect, await startFakeProvider({ dialect })] as const),
    ),
  )
})
afterEach(() => gateway.close({ graceMs: 0 }))
afterAll(() => Promise.all(Object.values(providers).map((provider) => provider.close())))

/** Tells what was reserved, and what it came to. */
function watched(): Store {
  const { limitStore, ...store } = memoryStore(Date.now)
  return {
    ...store,
    limitStore: {
      async reserve(request) {
        reserved.push(request.charges[0]?.amount ?? 0)
        return limitStore.reserve(request)
      },
      settle(reservation, actuals) {
        settled.push(actuals[0] ?? 0)
        return limitStore.settle(reservation, actuals)
      },
      read: (charges) => limitStore.read(charges),
      reset: (charges) => limitStore.reset(charges),
    },
  }
}

function start(mode: 'hard' | 'soft' = 'hard', prices: object = PRICES): void {
  reserved = []
  settled = []
  gateway = createGateway(
    {
      providers: Object.fromEntries(
        dialects.map((dialect) => [
          dialect,
          { baseUrl: providers[dialect]?.url ?? '', apiKey: 'test', dialect },
        ]),
      ),
      prices: Object.fromEntries(
        dialects.map((dialect) => [`${dialect}/*`, prices as typeof PRICES]),
      ),
      keys: { client: CLIENT_KEY },
      limits: [{ unit: 'usd', window: 'month', limit: 100_000, mode }],
      store: watched(),
      log: 'silent',
    },
    { environment: {} },
  )
}

const send = async (path: string, body: object): Promise<Response> =>
  gateway.fetch(`http://gateway${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const words = fc.array(fc.constantFrom('the', 'sum', 'of', 'it', 'and', 'a', 'day', 'in', 'May'), {
  minLength: 1,
  maxLength: 400,
  size: 'max',
})
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })
const bound = fc.integer({ min: 16, max: 5_000 })

const shapes = fc.record({
  dialect: fc.constantFrom(...dialects),
  said: words,
  most: bound,
  alsoMost: maybe(bound),
  n: maybe(fc.integer({ min: 1, max: 4 })),
  logprobs: maybe(fc.boolean()),
  effort: maybe(fc.constantFrom('low', 'high')),
  tier: maybe(fc.constantFrom('auto', 'flex', 'priority')),
  pictures: fc.integer({ min: 0, max: 3 }),
  tools: fc.array(words, { maxLength: 3 }),
  searches: fc.boolean(),
  writesCache: fc.boolean(),
  cachedShare: fc.double({ min: 0, max: 1, noNaN: true }),
})
type Shape = typeof shapes extends fc.Arbitrary<infer T> ? T : never

const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const schema = { type: 'object', properties: {} }

function requestOf({
  dialect,
  said,
  most,
  alsoMost,
  n,
  logprobs,
  effort,
  tier,
  pictures,
  tools,
  searches,
  writesCache,
}: Shape): [string, Record<string, unknown>] {
  const text = said.join(' ')
  const defined = (fields: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  const model = `${dialect}/m`
  if (dialect === 'openai-chat') {
    const content = [
      { type: 'text', text },
      ...Array.from({ length: pictures }, () => ({
        type: 'image_url',
        image_url: { url: `data:image/png;base64,${PICTURE}` },
      })),
    ]
    const given = tools.map((description, at) => ({
      type: 'function',
      function: { name: `f${at}`, description: description.join(' '), parameters: schema },
    }))
    return [
      '/v1/chat/completions',
      defined({
        model,
        messages: [{ role: 'user', content }],
        max_completion_tokens: most,
        max_tokens: alsoMost,
        n,
        logprobs,
        reasoning_effort: effort,
        service_tier: tier,
        ...(given.length > 0 && { tools: given }),
        ...(searches && { web_search_options: {} }),
      }),
    ]
  }
  if (dialect === 'anthropic-messages') {
    const content = [
      { type: 'text', text, ...(writesCache && { cache_control: { type: 'ephemeral' } }) },
      ...Array.from({ length: pictures }, () => ({
        type: 'image',
        source: { type: 'base64', media_type: 'image/png', data: PICTURE },
      })),
    ]
    const given = [
      ...tools.map((description, at) => ({
        name: `f${at}`,
        description: description.join(' '),
        input_schema: schema,
      })),
      ...(searches ? [{ type: 'web_search_20250305', name: 'web_search' }] : []),
    ]
    return [
      '/v1/messages',
      defined({
        model,
        max_tokens: most,
        messages: [{ role: 'user', content }],
        ...(given.length > 0 && { tools: given }),
      }),
    ]
  }
  const content = [
    { type: 'input_text', text },
    ...Array.from({ length: pictures }, () => ({
      type: 'input_image',
      image_url: `data:image/png;base64,${PICTURE}`,
      detail: 'auto',
    })),
  ]
  const given = [
    ...tools.map((description, at) => ({
      type: 'function',
      name: `f${at}`,
      description: description.join(' '),
      parameters: schema,
      strict: false,
    })),
    ...(searches ? [{ type: 'web_search' }] : []),
  ]
  return [
    '/v1/responses',
    defined({
      model,
      input: [{ role: 'user', content }],
      max_output_tokens: most,
      service_tier: tier,
      ...(given.length > 0 && { tools: given }),
    }),
  ]
}

/**
 * The largest bill a provider could write for what it was asked: every bound used up, every word
 * and picture a token or more.
 */
function dearest(
  { said, tools, pictures, cachedShare, writesCache, dialect }: Shape,
  { entry: { body } }: FakeRequest,
): ScriptedReply {
  const asked = body as Record<string, number | undefined>
  const output =
    Math.max(
      asked['max_tokens'] ?? 0,
      asked['max_completion_tokens'] ?? 0,
      asked['max_output_tokens'] ?? 0,
    ) * Math.max(asked['n'] ?? 1, asked['best_of'] ?? 1)
  // The estimate of texts may be a quarter short (docs/limits.md); each of these words is a token.
  const count = said.length + tools.reduce((sum, { length }) => sum + length, 0)
  const input = Math.floor(count * 0.75) + pictures * TOKENS_OF_PICTURE
  const isWritten = writesCache && dialect === 'anthropic-messages'
  return {
    answer: {
      text: 'done',
      usage: {
        input,
        output,
        ...(isWritten
          ? { cacheWrite: input }
          : dialect === 'anthropic-messages'
            ? {}
            : { cached: Math.floor(input * cachedShare) }),
      },
    },
  }
}

describe('what is reserved of a budget (reliability 4.4, denial of wallet)', () => {
  it('is never less than what a provider may charge for the request, at the same prices', async () => {
    start()
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const [path, body] = requestOf(shape)
        providers[shape.dialect]?.reply((request) => dearest(shape, request))
        const before = settled.length
        const response = await send(path, body)
        expect([response.status, await response.text()]).toEqual([
          200,
          expect.stringContaining('done'),
        ])
        expect(settled.length).toBe(before + 1)
        expect(settled.at(-1)).toBeGreaterThan(0)
        expect(settled.at(-1)).toBeLessThanOrEqual(reserved.at(-1) ?? 0)
      }),
      { numRuns: 150 },
    )
  })

  const paidApart: readonly [string, string, Record<string, unknown>, string][] = [
    [
      'openai-chat',
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'hi' }], web_search_options: {} },
      'web_search_options',
    ],
    [
      'openai-chat',
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'hi' }], service_tier: 'priority' },
      'service_tier',
    ],
    [
      'anthropic-messages',
      '/v1/messages',
      {
        max_tokens: 10,
        messages: [{ role: 'user', content: 'hi' }],
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      },
      'tools[0]',
    ],
    [
      'openai-responses',
      '/v1/responses',
      { input: 'hi', tools: [{ type: 'image_generation' }] },
      'tools[0]',
    ],
  ]

  it.each(paidApart)(
    'refuses of %s%s features with an unknown surcharge: %j',
    async (dialect, path, body, param) => {
      const { surcharge: _, ...prices } = PRICES
      const calls = (): number => providers[dialect]?.journal.entries.length ?? 0
      const before = calls()
      providers[dialect]?.reply({ answer: { text: 'done' } })
      start('hard', prices)
      const refused = await send(path, { model: `${dialect}/m`, ...body })
      expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(param)])
      expect([calls() - before, reserved.length]).toEqual([0, 0])
      await gateway.close()
      // Callers without a budget are not refused.
      start('soft', prices)
      expect((await send(path, { model: `${dialect}/m`, ...body })).status).toBe(200)
      await gateway.close()
      start('hard')
      expect((await send(path, { model: `${dialect}/m`, ...body })).status).toBe(200)
      expect(settled[0]).toBeGreaterThanOrEqual(PRICES.surcharge * 1e9)
    },
  )
})
