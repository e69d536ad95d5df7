import { createGateway } from '@postern/core'
import { startFakeProvider } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, type Chain, type ChainOptions, CLIENT_KEY, startChain } from './harness/chain.ts'
import { seeError, seeStream } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'

let chain: Chain
let clock: FakeClock
afterEach(() => chain.close())

async function start(options: ChainOptions): Promise<void> {
  clock = new FakeClock()
  chain = await startChain({
    ...options,
    gateway: { circuitBreaker: 'on', ...options.gateway },
    injected: { clock, random: () => 0 },
  })
}

const statuses = async (count: number, body: Record<string, unknown> = {}): Promise<number[]> => {
  const seen: number[] = []
  for (let at = 0; at < count; at++) seen.push((await chain.ask(body)).status)
  return seen
}

describe('what a provider allows us', () => {
  it('is kept: the next target answers, and the provider never has to refuse', async () => {
    await start({ limits: { first: [{ unit: 'requests', window: 'minute', limit: 3 }] } })
    expect(await statuses(5)).toEqual([200, 200, 200, 200, 200])
    expect(chain.calls()).toEqual([3, 2])
    expect(chain.records.at(-1)).toMatchObject({
      target: 'second/model-of-second',
      degraded: ['target-cooling'],
      attempts: [{ target: 'second/model-of-second', code: 'ok' }],
    })
    clock.advance(60_000)
    expect(await statuses(1)).toEqual([200])
    expect(chain.calls()).toEqual([4, 2])
  })

  it('alone, is waited for when that is short, and refused with its time when it is not', async () => {
    await start({
      dialects: ['openai-chat'],
      limits: { first: [{ unit: 'requests', window: 'second', limit: 1 }] },
    })
    expect(await statuses(1)).toEqual([200])
    const waiting = chain.ask()
    await clock.armed(1_000)
    clock.advance(1_000)
    expect((await waiting).status).toBe(200)
    await chain.close()
    await start({
      dialects: ['openai-chat'],
      limits: { first: [{ unit: 'requests', window: 'day', limit: 1 }] },
    })
    expect(await statuses(1)).toEqual([200])
    const refused = await chain.ask()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '300'])
    expect(await seeError(refused)).toMatchObject({ code: 'rate_limit_exceeded' })
    expect(chain.calls()).toEqual([1])
  })

  it('is counted by what was used, streams included, and for each model by itself where it says so', async () => {
    await start({
      dialects: ['openai-chat'],
      limits: { first: [{ unit: 'tokens', window: 'day', limit: 1_000, perModel: true }] },
    })
    chain.provider('first').reply({ answer: { text: 'hi', usage: { input: 200, output: 100 } } })
    // 10 of them would fit by their requests, three by their usage.
    expect(await statuses(3, { max_tokens: 50 })).toEqual([200, 200, 200])
    expect(await statuses(1, { max_tokens: 500 })).toEqual([429])
    await chain.close()
    await start({
      dialects: ['openai-chat'],
      limits: { first: [{ unit: 'output-tokens', window: 'day', limit: 100, perModel: true }] },
    })
    chain
      .provider('first')
      .reply({ answer: { text: ['a', 'b'], usage: { input: 10, output: 90 } } })
    expect(seeStream(await (await chain.ask({ stream: true, max_tokens: 20 })).text()).done).toBe(
      true,
    )
    expect([
      await statuses(1, { max_tokens: 20 }),
      await statuses(1, { max_tokens: 20, model: 'first/other' }),
    ]).toEqual([[429], [200]])
  })

  it('is given back by a call that failed without being charged', async () => {
    await start({
      dialects: ['openai-chat'],
      limits: { first: [{ unit: 'tokens', window: 'day', limit: 1_000 }] },
      gateway: { circuitBreaker: 'off' },
    })
    chain.provider('first').reply({ status: 400 })
    expect(await statuses(5, { max_tokens: 900 })).toEqual([400, 400, 400, 400, 400])
  })

  it('holds for each key of a provider', async () => {
    chain = await startChain()
    const provider = await startFakeProvider({ dialect: 'openai-chat' })
    const gateway = createGateway(
      {
        providers: {
          first: {
            baseUrl: provider.url,
            apiKeys: ['key-one-0123456789', 'key-two-0123456789'],
            limits: [{ unit: 'requests', window: 'day', limit: 2 }],
          },
        },
        keys: { web: CLIENT_KEY },
        log: 'silent',
      },
      { environment: {} },
    )
    const seen: number[] = []
    for (let at = 0; at < 5; at++)
      seen.push(
        (
          await ask(
            (path, init) => gateway.fetch(`http://gateway${path}`, init),
            { model: 'first/m' },
            { headers: { authorization: `Bearer ${CLIENT_KEY}` } },
          )
        ).status,
      )
    expect(seen).toEqual([200, 200, 200, 200, 429])
    const byKey = Map.groupBy(provider.journal.entries, ({ headers }) => headers.authorization)
    expect([...byKey.values()].map((entries) => entries.length)).toEqual([2, 2])
    await gateway.close()
    await provider.close()
  })

  it('of requests at once is no such limit: it is found out', async () => {
    chain = await startChain()
    await expect(
      start({ limits: { first: [{ unit: 'concurrency', limit: 5 } as never] } }),
    ).rejects.toThrow(/limits\[0\]\.unit|limits.*unit/)
  })
})

describe('what a caller may use of a provider', () => {
  const OTHER_KEY = 'pk_other_0123456789abcdef'
  const other = { headers: { authorization: `Bearer ${OTHER_KEY}` } }
  const keys = {
    client: { key: CLIENT_KEY, team: 'support' },
    other: { key: OTHER_KEY, team: 'sales' },
  }

  it('is counted where it answers; then the next target does, and others are not kept from it', async () => {
    await start({
      gateway: {
        keys,
        limits: [
          {
            unit: 'requests',
            window: 'day',
            limit: 2,
            scope: ['team', 'provider'],
            only: { provider: 'first' },
          },
        ],
      },
    })
    expect(await statuses(4)).toEqual([200, 200, 200, 200])
    expect(chain.calls()).toEqual([2, 2])
    expect(chain.records.at(-1)).toMatchObject({
      target: 'second/model-of-second',
      degraded: ['target-limited'],
    })
    expect((await chain.ask({}, other)).status).toBe(200)
    expect(chain.calls()).toEqual([3, 2])
  })

  it('is refused when nothing else is left, with the time of the limit, and no provider is called', async () => {
    await start({
      dialects: ['openai-chat'],
      gateway: {
        keys,
        prices: { 'first/*': { input: 0, output: 1_000_000 } },
        limits: [{ unit: 'usd', window: 'month', limit: 5, scope: 'provider' }],
      },
    })
    chain.provider('first').reply({ answer: { text: 'hi', usage: { input: 3, output: 5 } } })
    expect(await statuses(1, { max_tokens: 5 })).toEqual([200])
    const refused = await chain.ask({ max_tokens: 5 })
    expect([refused.status, (await seeError(refused)).message]).toEqual([
      402,
      expect.stringMatching(
        /^The limit of \$5 per month of this provider is used up: \$0 is left, and the request may take \$5 /,
      ),
    ])
    expect(refused.headers.get('x-postern-resets-at')).toMatch(/-01T00:00:00/)
    expect(chain.calls()).toEqual([1])
    expect((await chain.ask({ max_tokens: 5 }, other)).status).toBe(402)
  })

  it('gives back what was taken of it when the provider itself has no room', async () => {
    await start({
      limits: { first: [{ unit: 'requests', window: 'day', limit: 1 }] },
      gateway: {
        keys,
        limits: [{ unit: 'tokens', window: 'day', limit: 100, scope: ['key', 'provider'] }],
      },
    })
    chain.provider('first').reply({ answer: { text: 'hi', usage: { input: 3, output: 5 } } })
    chain.provider('second').reply({ answer: { text: 'hi', usage: { input: 3, output: 5 } } })
    // Of 100 tokens 60 are reserved each time: two at once would not fit.
    expect(await statuses(3, { max_tokens: 50 })).toEqual([200, 200, 200])
    expect(chain.calls()).toEqual([1, 2])
  })

  it('covers what its tokens do not pay for, or is refused (denial of wallet)', async () => {
    const limits = [
      { unit: 'usd' as const, window: 'month' as const, limit: 5, scope: 'provider' as const },
    ]
    await start({
      dialects: ['openai-chat'],
      gateway: { keys, limits, prices: { 'first/*': { input: 1, output: 1 } } },
    })
    const refused = await chain.ask({ web_search_options: {} })
    expect([refused.status, await seeError(refused), chain.calls()]).toMatchObject([
      400,
      { code: 'unpriced_parameter', param: 'web_search_options' },
      [0],
    ])
    await chain.close()
    await start({
      dialects: ['openai-chat'],
      gateway: { keys, limits, prices: { 'first/*': { input: 1, output: 1, surcharge: 3 } } },
    })
    expect([
      await statuses(1, { web_search_options: {}, max_tokens: 5 }),
      await statuses(1, { web_search_options: {}, max_tokens: 5 }),
      await statuses(1, { max_tokens: 5 }),
    ]).toEqual([[200], [402], [200]])
  })

  it('is refused of a model without a price, under a hard budget', async () => {
    await start({
      dialects: ['openai-chat'],
      gateway: { keys, limits: [{ unit: 'usd', window: 'month', limit: 5, scope: 'provider' }] },
    })
    const refused = await chain.ask()
    expect([refused.status, await seeError(refused)]).toMatchObject([
      400,
      { code: 'unpriced_model', message: expect.stringContaining("prices: { 'first/") },
    ])
    expect(chain.calls()).toEqual([0])
  })
})
