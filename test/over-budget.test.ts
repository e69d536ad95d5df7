import type { GatewayOptions } from '@postern/core'
import type { DialectName, FakeRequest, ScriptedReply } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, type ChainOptions, CLIENT_KEY, startChain } from './harness/chain.ts'
import { seeError, seeStream } from './harness/client-stream.ts'

let chain: Chain
afterEach(() => chain.close())

/** A dollar for a thousand tokens of input, and for a hundred of output. */
const PRICES = {
  'first/*': { input: 1_000, output: 10_000 },
  'second/*': { input: 1_000, output: 10_000 },
}

interface Asking {
  readonly path: string
  /** A request for so much output; for none in particular when absent. */
  body(most?: number, choices?: number): Record<string, unknown>
  /** Output bound that the provider receives. */
  read(body: Record<string, never>): unknown
}

const said = [{ role: 'user', content: 'Report.' }]
const defined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
const asking: Readonly<Record<string, Asking & { readonly dialect: DialectName }>> = {
  'chat completions': {
    dialect: 'openai-chat',
    path: '/v1/chat/completions',
    body: (most, n) => defined({ model: 'chain', messages: said, max_tokens: most, n }),
    read: ({ max_completion_tokens, max_tokens }) => max_completion_tokens ?? max_tokens,
  },
  Responses: {
    dialect: 'openai-responses',
    path: '/v1/responses',
    body: (most) => defined({ model: 'chain', input: 'Report.', max_output_tokens: most }),
    read: ({ max_output_tokens }) => max_output_tokens,
  },
  Messages: {
    dialect: 'anthropic-messages',
    path: '/v1/messages',
    body: (most = 64_000) => ({ model: 'chain', messages: said, max_tokens: most }),
    read: ({ max_tokens }) => max_tokens,
  },
  Gemini: {
    dialect: 'gemini',
    path: '/v1beta/models/chain:generateContent',
    body: (most, candidateCount) => ({
      contents: [{ role: 'user', parts: [{ text: 'Report.' }] }],
      generationConfig: defined({ maxOutputTokens: most, candidateCount }),
    }),
    read: ({ generationConfig }) => generationConfig?.['maxOutputTokens'],
  },
}
const names = Object.keys(asking)
const askingOf = (name: string): (typeof asking)[string] => asking[name] as (typeof asking)[string]

/** A provider that generates, and charges for, as much as the request allows. */
const greedy =
  (name: string) =>
  ({ entry: { body } }: FakeRequest): ScriptedReply => {
    const asked = body as Record<string, never>
    const choices = Number(asked['n'] ?? asked['generationConfig']?.['candidateCount'] ?? 1)
    return {
      answer: {
        text: 'done',
        usage: { input: 2, output: Number(askingOf(name).read(asked) ?? 100_000) * choices },
      },
    }
  }

async function start(
  name: string,
  limits: GatewayOptions['limits'],
  route: ChainOptions['route'] = {},
): Promise<void> {
  chain = await startChain({
    dialects: [askingOf(name).dialect],
    gateway: { keys: { client: CLIENT_KEY }, ...(limits && { limits }), prices: PRICES },
    route,
  })
  chain.provider('first').reply(greedy(name))
}

async function send(name: string, most?: number, choices?: number): Promise<Response> {
  const { path, body } = askingOf(name)
  return chain.send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body(most, choices)),
  })
}

const billed = (): number => chain.records.reduce((sum, { usage }) => sum + (usage?.output ?? 0), 0)
const allowed = (response: Response): number =>
  Number(response.headers.get('x-postern-max-output-tokens'))

/** About a hundred tokens of output each. */
const budgets: Readonly<Record<string, GatewayOptions['limits']>> = {
  'a budget in dollars': [{ unit: 'usd', window: 'month', limit: 1 }],
  'tokens of a day': [{ unit: 'tokens', window: 'day', limit: 110 }],
  'output tokens for ever': [{ unit: 'output-tokens', window: 'total', limit: 100 }],
  'the last day': [{ unit: 'output-tokens', sliding: '24h', limit: 100 }],
  'several budgets': [
    { unit: 'usd', window: 'month', limit: 3 },
    { unit: 'tokens', window: 'week', limit: 110 },
    { unit: 'requests', window: 'minute', limit: 100 },
  ],
}

describe('a request that is larger than what a budget has left', () => {
  const cases = names.flatMap((name) =>
    Object.keys(budgets).map((budget) => [name, budget] as const),
  )

  it.each(cases)(
    'of %s, with %s, is 402 with the output it may ask for, which is let in',
    async (name, budget) => {
      await start(name, budgets[budget])
      const refused = await send(name, 1_000_000)
      expect([refused.status, refused.headers.get('x-should-retry'), chain.calls()]).toEqual([
        402,
        'false',
        [0],
      ])
      const most = allowed(refused)
      expect(most).toBeGreaterThan(85)
      expect(most).toBeLessThanOrEqual(110)
      expect(await refused.text()).toMatch(
        new RegExp(
          `is larger than what is left of the limit of .* (?:is|are) left, and the request may take .*up to 1000000 output tokens.*Ask for at most ${most} output tokens\\.`,
        ),
      )
      // The number is exact: more is refused, this is not.
      expect((await send(name, most + 2)).status).toBe(402)
      expect((await send(name, most)).status).toBe(200)
      expect([billed(), chain.calls()]).toEqual([most, [1]])
      // The rest is far less than the limit, and larger requests get that number.
      expect([402, 429]).toContain((await send(name, 50)).status)
      expect(billed()).toBe(most)
    },
  )

  it.each(names)('of %s is bounded to what is left where the route says so', async (name) => {
    await start(name, budgets['a budget in dollars'], { overBudget: 'bound' })
    const answered = await send(name, 1_000_000)
    expect([answered.status, answered.headers.get('x-postern-degraded')]).toEqual([
      200,
      'output-bounded',
    ])
    expect(billed()).toBeGreaterThan(85)
    expect(billed()).toBeLessThanOrEqual(100)
    // Nothing worth an answer is left.
    expect((await send(name, 1_000_000)).status).toBe(402)
    expect(chain.calls()).toEqual([1])
  })

  it.each(['chat completions', 'Gemini'])('of %s counts all its choices', async (name) => {
    await start(name, budgets['a budget in dollars'])
    const refused = await send(name, 90, 10)
    const most = allowed(refused)
    expect([refused.status, most]).toEqual([402, 9])
    expect(await refused.text()).toMatch(
      /up to 900 output tokens over 10 choices\). Ask for at most 9 output tokens for each choice\./,
    )
    expect((await send(name, most, 10)).status).toBe(200)
    expect(billed()).toBe(90)
  })

  it('gets the error of OpenAI, with the reset time', async () => {
    await start('chat completions', budgets['a budget in dollars'])
    expect((await send('chat completions', 60)).status).toBe(200)
    const refused = await send('chat completions', 60)
    expect(await seeError(refused.clone())).toMatchObject({
      code: 'budget_exceeded',
      type: 'insufficient_quota',
      max_output_tokens: allowed(refused),
      resets_at: expect.stringMatching(/-01T00:00:00.000Z$/),
    })
  })

  it('of a day that has passed half of its tokens is 429 with when to come back, for then it fits', async () => {
    await start('chat completions', [{ unit: 'tokens', window: 'day', limit: 200 }])
    expect((await send('chat completions', 120)).status).toBe(200)
    const refused = await send('chat completions', 120)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null])
    expect(Date.parse(refused.headers.get('x-postern-resets-at') ?? '')).toBeGreaterThan(0)
    expect(allowed(refused)).toBeGreaterThan(50)
  })

  it('of absurd numbers is refused as any other', async () => {
    await start('chat completions', budgets['a budget in dollars'])
    for (const most of [1e17, 2 ** 53, 1e300, 1_000.5])
      expect([402, 400]).toContain((await send('chat completions', most)).status)
    for (const more of [
      { max_completion_tokens: 1e6 },
      { max_tokens: 5, max_completion_tokens: 1e6 },
      { max_tokens: 5, n: 1e9 },
      { max_tokens: 5, n: '1000' },
      { max_tokens: 5, best_of: 1_000 },
      { max_tokens: 5, maxOutputTokens: 1e6 },
      { max_tokens: 5, Max_Tokens: 1e6 },
    ]) {
      expect([402, 400]).toContain((await chain.ask(more)).status)
    }
    expect(chain.calls()).toEqual([0])
  })

  it('goes to a cheaper target first where the route says so, and is bounded there', async () => {
    chain = await startChain({
      route: { fallbackOn: ['budget_exceeded'], overBudget: 'bound' },
      gateway: {
        keys: { client: CLIENT_KEY },
        limits: [{ unit: 'usd', window: 'month', limit: 1 }],
        prices: { ...PRICES, 'second/*': { input: 100, output: 1_000 } },
      },
    })
    chain.provider('second').reply(greedy('chat completions'))
    const answered = await chain.ask({ max_tokens: 1_000_000 })
    expect([
      answered.status,
      answered.headers.get('x-postern-target'),
      answered.headers.get('x-postern-degraded'),
    ]).toEqual([200, 'second/model-of-second', 'budget, output-bounded'])
    expect(billed()).toBeGreaterThan(900)
    expect(billed()).toBeLessThanOrEqual(1_000)
  })

  it('is begun as a stream with what is left, and ended there', async () => {
    await start('chat completions', budgets['a budget in dollars'])
    expect((await send('chat completions', 40)).status).toBe(200)
    chain.provider('first').reply({
      answer: {
        text: Array.from({ length: 400 }, () => 'forty characters of an endless report... '),
        usage: { input: 2, output: 4_000 },
      },
    })
    const answered = await chain.ask({ stream: true, max_tokens: 1_000_000 })
    expect(answered.status).toBe(200)
    expect(seeStream(await answered.text()).finishes).toEqual(['length'])
    expect(chain.records.at(-1)?.degraded).toEqual(['output-cut'])
    // With too little left for an answer, no stream is begun.
    expect((await chain.ask({ stream: true, max_tokens: 1_000_000 })).status).toBe(402)
  })

  it('takes all of a limit that is for a minute, which the next one makes up for', async () => {
    await start('chat completions', [{ unit: 'tokens', window: 'minute', limit: 100 }])
    expect([
      (await send('chat completions', 1_000)).status,
      (await send('chat completions', 1)).status,
    ]).toEqual([200, 429])
  })

  it('of a hundred at once lets in no more than the budget has, whichever numbers they ask for', async () => {
    await start('chat completions', budgets['a budget in dollars'], { overBudget: 'bound' })
    await Promise.all(Array.from({ length: 100 }, (_, at) => send('chat completions', 5 + at * 40)))
    expect(billed()).toBeGreaterThan(60)
    expect(billed()).toBeLessThanOrEqual(100)
  })
})
