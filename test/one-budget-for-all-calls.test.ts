import type { GatewayOptions } from '@postern/core'
import { createGate, type FakeRequest, type ScriptedReply } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, type ChainOptions, CLIENT_KEY, startChain } from './harness/chain.ts'

let chain: Chain
afterEach(() => chain.close())

/** A dollar for a hundred tokens of output. */
const PRICES = {
  'first/*': { input: 1_000, output: 10_000 },
  'second/*': { input: 1_000, output: 10_000 },
  'third/*': { input: 1_000, output: 10_000 },
}
const budgets: Readonly<Record<string, (share: number) => NonNullable<GatewayOptions['limits']>>> =
  {
    'in dollars': (share) => [{ unit: 'usd', window: 'month', limit: share }],
    'in tokens of a day': (share) => [{ unit: 'tokens', window: 'day', limit: 110 * share }],
    'in output tokens': (share) => [{ unit: 'output-tokens', window: 'total', limit: 100 * share }],
  }

async function start(
  limits: GatewayOptions['limits'],
  route: ChainOptions['route'] & { readonly hedgeAfter?: string },
  quirks: ChainOptions['quirks'] = {},
): Promise<void> {
  chain = await startChain({
    dialects: ['openai-chat', 'openai-chat', 'openai-chat'],
    quirks,
    gateway: { keys: { client: CLIENT_KEY }, ...(limits && { limits }), prices: PRICES },
    route,
  })
}

const withoutEnd = (): ScriptedReply => ({ answer: { text: 'never' }, gate: createGate() })
const bounded = { max_tokens: 90 }
const used = (): number => chain.records[0]?.usage?.output ?? 0
/** Cost of calls whose answer the client does not get. */
const lost = (): number =>
  (chain.records[0]?.attempts ?? []).reduce((sum, { usage }) => sum + (usage?.output ?? 0), 0)

/** Ways to a second call while the first one may have been billed. */
const ways: Readonly<
  Record<
    string,
    {
      readonly route: Parameters<typeof start>[1]
      readonly body: Record<string, unknown>
      readonly first: ScriptedReply | ((request: FakeRequest) => ScriptedReply)
    }
  >
> = {
  'a hedge': { route: { hedgeAfter: '20ms' }, body: bounded, first: withoutEnd },
  'a target that hangs': { route: { attemptTimeout: '60ms' }, body: bounded, first: withoutEnd },
  'a target that fails once it has the request': {
    route: {},
    body: bounded,
    first: { status: 500 },
  },
}

describe('a budget that has room for one call', () => {
  const cases = Object.keys(ways).flatMap((way) =>
    Object.keys(budgets).map((budget) => [way, budget] as const),
  )

  it.each(cases)('is not spent twice by %s (%s)', async (way, budget) => {
    const { route, body, first } = ways[way] as (typeof ways)[string]
    await start(budgets[budget]?.(1), { ...route, retries: 3, timeout: '400ms' })
    chain.provider('first').reply(first)
    await (await chain.ask(body)).text()
    expect(chain.calls()).toEqual([1, 0, 0])
    await expect.poll(() => chain.records.length).toBe(1)
    expect(chain.records[0]?.degraded).toContain('budget')
    expect(used()).toBeLessThanOrEqual(100)
  })

  it.each(cases)('lets it through where there is room for two: %s (%s)', async (way, budget) => {
    const { route, body, first } = ways[way] as (typeof ways)[string]
    await start(budgets[budget]?.(3), { ...route, retries: 3, timeout: '5s' })
    chain.provider('first').reply(first)
    chain.provider('second').reply({ answer: { text: 'done', usage: { input: 2, output: 5 } } })
    expect((await chain.ask(body)).status).toBe(200)
    expect(chain.calls()).toEqual([1, 1, 0])
    // Nothing stays reserved: what is left is what was not used.
    const left = 300 - used() - lost()
    expect((await chain.ask({ model: 'second/other', max_tokens: left - 20 })).status).toBe(200)
  })
})

describe('a stream of a model that does not show its reasoning', () => {
  const hidden = { first: { reasoning: 'hidden' } } as const

  it.each(['in dollars', 'in tokens of a day', 'in output tokens'])(
    'does not begin with less than it may take (%s)',
    async (budget) => {
      await start(budgets[budget]?.(1), {}, hidden)
      const refused = await chain.ask({ stream: true, max_tokens: 5_000 })
      const most = Number(refused.headers.get('x-postern-max-output-tokens'))
      expect([refused.status, chain.calls()]).toEqual([402, [0, 0, 0]])
      expect(most).toBeGreaterThan(85)
      expect((await chain.ask({ stream: true, max_tokens: most })).status).toBe(200)
    },
  )

  it('is bounded to what is left where its route says so', async () => {
    await start(budgets['in dollars']?.(1), { overBudget: 'bound' }, hidden)
    const answered = await chain.ask({ stream: true, max_tokens: 5_000 })
    await answered.text()
    expect([answered.status, answered.headers.get('x-postern-degraded')]).toEqual([
      200,
      'output-bounded',
    ])
    expect(
      Number(
        (chain.provider('first').journal.entries[0]?.body as Record<string, unknown> | undefined)?.[
          'max_tokens'
        ],
      ),
    ).toBeLessThanOrEqual(100)
  })
})

describe('answers that come later', () => {
  const post = (path: string, body: object): Promise<Response> =>
    chain.send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const asked: readonly (readonly [string, object])[] = [
    [
      '/v1/batches?model=first/m',
      { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' },
    ],
    ['/v1/responses', { model: 'chain', input: 'x', background: true }],
    [
      '/v1/chat/completions',
      { model: 'chain', messages: [{ role: 'user', content: 'x' }], deferred: true },
    ],
    ['/providers/first/batches', { input_file_id: 'file-1' }],
    ['/providers/first/messages/batches', { requests: [] }],
    ['/providers/first/responses', { input: 'x', background: true, max_output_tokens: 5 }],
  ]

  it.each(asked)(
    'are refused where a budget in tokens counts, and only there: POST %s',
    async (path, body) => {
      await start([{ unit: 'tokens', window: 'day', limit: 100_000 }], {})
      const refused = await post(path, body)
      expect([refused.status, chain.calls(), await refused.text()]).toEqual([
        400,
        [0, 0, 0],
        expect.stringContaining('cannot be counted'),
      ])
      await chain.close()
      await start([{ unit: 'tokens', window: 'minute', limit: 100_000 }], {})
      expect(await (await post(path, body)).text()).not.toContain('cannot be counted')
    },
  )
})

describe('what goes on with something that its provider keeps', () => {
  const item = { type: 'item_reference', id: 'msg_68a1b2c3d4e5f607' }
  const fields: readonly Record<string, unknown>[] = [
    { previous_response_id: 'resp_68a1b2c3d4e5f607' },
    { conversation: 'conv_68a1b2c3d4e5f607' },
    { conversation: { id: 'conv_68a1b2c3d4e5f607' } },
    { input: [item, { role: 'user', content: 'x' }] },
    { input: [{ id: item.id }] },
  ]
  const cases = ['/v1/responses', '/v1/responses/compact', '/providers/first/responses'].flatMap(
    (path) => fields.map((field) => [path, field] as const),
  )

  it.each(cases)(
    'is refused where a budget holds, and only there: POST %s %j',
    async (path, field) => {
      const post = (): Promise<Response> =>
        chain.send(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'first/m', input: 'x', max_output_tokens: 50, ...field }),
        })
      const startWith = async (limits: GatewayOptions['limits']): Promise<void> => {
        chain = await startChain({
          dialects: ['openai-responses'],
          gateway: { keys: { client: CLIENT_KEY }, ...(limits && { limits }), prices: PRICES },
        })
        chain.provider('first').reply({ answer: { text: 'done' } })
      }
      await startWith([{ unit: 'tokens', window: 'day', limit: 100_000 }])
      const refused = await post()
      expect([refused.status, chain.calls(), await refused.text()]).toEqual([
        400,
        [0],
        expect.stringMatching(
          path.startsWith('/v1/')
            ? /Send the whole conversation.*previous_response_not_found/
            : /Send the whole conversation/,
        ),
      ])
      await chain.close()
      await startWith([{ unit: 'tokens', window: 'minute', limit: 100_000 }])
      await post()
      expect(chain.calls()).toEqual([1])
    },
  )
})

describe('a completion of many prompts', () => {
  it.each(['/v1/completions', '/providers/first/completions'])(
    'reserves an answer for each: POST %s',
    async (path) => {
      await start([{ unit: 'output-tokens', window: 'day', limit: 100 }], {})
      const refused = await chain.send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'first/m', prompt: ['a', 'b', 'c', 'd'], max_tokens: 50 }),
      })
      expect([
        refused.status,
        refused.headers.get('x-postern-max-output-tokens'),
        chain.calls(),
      ]).toEqual([402, '25', [0, 0, 0]])
    },
  )
})
