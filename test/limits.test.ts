import type {
  Charge,
  GatewayOptions,
  LimitStore,
  LimitAlert,
  RequestRecord,
  Store,
} from '@postern/core'
import fc from 'fast-check'
import OpenAI, { RateLimitError } from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, type ChainOptions, CLIENT_KEY, startChain } from './harness/chain.ts'
import { openStream, seeError } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { listen } from './harness/listen.ts'
import { seeLog } from './harness/log.ts'

const OTHER_KEY = 'pk_other_0123456789abcdef'

let chain: Chain
let clock: FakeClock
afterEach(() => chain.close())

async function start(
  limits: GatewayOptions['limits'],
  gateway: Partial<ChainOptions['gateway']> = {},
): Promise<void> {
  clock = new FakeClock()
  chain = await startChain({
    dialects: ['openai-chat'],
    gateway: {
      keys: {
        client: { key: CLIENT_KEY, team: 'support' },
        other: { key: OTHER_KEY, team: 'research' },
      },
      ...(limits && { limits }),
      ...gateway,
    },
    injected: { clock },
  })
}

const other = { headers: { authorization: `Bearer ${OTHER_KEY}` } }
const statuses = async (
  count: number,
  body: Record<string, unknown> = {},
  init: RequestInit = {},
): Promise<number[]> => {
  const seen: number[] = []
  for (let at = 0; at < count; at++) seen.push((await chain.ask(body, init)).status)
  return seen
}

describe('a limit of requests', () => {
  it('lets in as many as it says, tells the rest when to come back, and resets', async () => {
    await start([{ unit: 'requests', window: 'minute', limit: 2 }])
    expect(await statuses(2)).toEqual([200, 200])
    const refused = await chain.ask()
    expect(refused.status).toBe(429)
    // The fake clock stands 40 s before a full minute.
    expect([refused.headers.get('retry-after'), refused.headers.get('x-should-retry')]).toEqual([
      '40',
      null,
    ])
    expect(await seeError(refused)).toMatchObject({
      code: 'rate_limit_exceeded',
      type: 'rate_limit_error',
      message: 'The limit of 2 requests per minute of this key is used up.',
    })
    expect(chain.calls()).toEqual([2])
    clock.advance(40_000)
    expect(await statuses(1)).toEqual([200])
  })

  it.each([
    ['minute', true],
    ['hour', false],
    ['day', false],
    ['month', false],
  ] as const)(
    'of a %s that is used up tells clients to wait only where waiting is worth while (%s)',
    async (window, isWait) => {
      await start([{ unit: 'requests', window, limit: 1 }])
      await statuses(1)
      const { headers } = await chain.ask()
      // Command lines obey a wait of hours without a word to their user.
      expect([
        headers.get('retry-after') !== null,
        headers.get('x-postern-resets-at') !== null,
      ]).toEqual([isWait, !isWait])
      expect(headers.get('x-should-retry')).toBe(isWait ? null : 'false')
    },
  )

  it('is shown in the headers that OpenAI has for it', async () => {
    await start([
      { unit: 'requests', window: 'minute', limit: 5 },
      { unit: 'requests', window: 'hour', limit: 1_000 },
      { unit: 'tokens', window: 'minute', limit: 100_000 },
    ])
    const { headers } = await chain.ask()
    const seen = Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-ratelimit')))
    expect(seen).toMatchObject({
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-remaining-requests': '4',
      'x-ratelimit-reset-requests': '40s',
      'x-ratelimit-limit-tokens': '100000',
    })
    expect(Number(seen['x-ratelimit-remaining-tokens'])).toBeLessThan(100_000)
  })

  it('is of each key, or of whatever it says', async () => {
    await start([{ unit: 'requests', window: 'minute', limit: 1 }])
    expect([await statuses(2), await statuses(2, {}, other)]).toEqual([
      [200, 429],
      [200, 429],
    ])
    await chain.close()
    await start([{ unit: 'requests', window: 'minute', limit: 1, scope: 'all' }])
    expect([await statuses(1), await statuses(1, {}, other)]).toEqual([[200], [429]])
    await chain.close()
    await start([
      {
        unit: 'requests',
        window: 'minute',
        limit: 1,
        scope: ['team', 'model'],
        only: { team: 'support' },
      },
    ])
    expect([
      await statuses(2),
      await statuses(2, { model: 'first/x' }),
      await statuses(3, {}, other),
    ]).toEqual([
      [200, 429],
      [200, 429],
      [200, 200, 200],
    ])
  })

  it('of a single key stands with the key', async () => {
    await start(undefined, {
      keys: {
        client: { key: CLIENT_KEY, limits: [{ unit: 'requests', window: 'day', limit: 1 }] },
        other: OTHER_KEY,
      },
    })
    expect([await statuses(2), await statuses(2, {}, other)]).toEqual([
      [200, 429],
      [200, 200],
    ])
  })

  it('that slides never lets more in within its time', async () => {
    await start([{ unit: 'requests', sliding: '10s', limit: 2 }])
    expect(await statuses(3)).toEqual([200, 200, 429])
    clock.advance(9_000)
    expect(await statuses(1)).toEqual([429])
    clock.advance(2_100)
    expect(await statuses(3)).toEqual([200, 200, 429])
  })

  it('cannot be escaped by what a client sends: headers, names, ids', async () => {
    await start([{ unit: 'requests', window: 'minute', limit: 1, scope: 'team' }])
    expect(await statuses(1)).toEqual([200])
    for (const headers of [
      { 'x-team': 'research' },
      { 'x-postern-team': 'research' },
      { 'x-request-id': 'other' },
      { 'x-forwarded-for': '10.0.0.1' },
      { 'idempotency-key': 'fresh' },
      { 'x-session-id': 'fresh' },
    ]) {
      expect(
        (await chain.ask({ user: 'somebody-else', metadata: { team: 'research' } }, { headers }))
          .status,
      ).toBe(429)
    }
    expect(chain.calls()).toEqual([1])
  })

  it('uses a header only for callers that may set it', async () => {
    await start([{ unit: 'requests', window: 'minute', limit: 1, scope: 'team' }], {
      keys: {
        client: { key: CLIENT_KEY, team: 'support', mayName: ['team'] },
        other: { key: OTHER_KEY, team: 'research' },
      },
    })
    const as = async (key: string, team: string): Promise<number> =>
      (
        await chain.ask(
          {},
          {
            headers: {
              authorization: `Bearer ${key}`,
              'x-postern-team': team,
              'x-postern-user': 'root',
            },
          },
        )
      ).status
    expect([
      await as(CLIENT_KEY, 'sales'),
      await as(CLIENT_KEY, 'sales'),
      await as(CLIENT_KEY, 'legal'),
    ]).toEqual([200, 429, 200])
    expect([await as(OTHER_KEY, 'sales'), await as(OTHER_KEY, 'fresh')]).toEqual([200, 429])
    expect(chain.records.filter(({ code }) => code === 'ok').map(({ caller }) => caller)).toEqual([
      { id: 'client', team: 'sales' },
      { id: 'client', team: 'legal' },
      { id: 'other', team: 'research' },
    ])
    expect(await as(CLIENT_KEY, 'a'.repeat(300))).toBe(400)
  })

  it('is counted by any tag a key carries, or may name', async () => {
    await start(
      [
        { unit: 'requests', window: 'minute', limit: 1, scope: ['tag'] },
        {
          unit: 'requests',
          window: 'minute',
          limit: 3,
          scope: 'all',
          only: { tag: ['beta', 'alpha'] },
        },
      ],
      {
        keys: {
          client: { key: CLIENT_KEY, tag: 'beta', mayName: ['tag'] },
          other: { key: OTHER_KEY, tag: 'stable' },
        },
      },
    )
    const as = async (key: string, tag?: string): Promise<number> =>
      (
        await chain.ask(
          {},
          {
            headers: {
              authorization: `Bearer ${key}`,
              ...(tag !== undefined && { 'x-postern-tag': tag }),
            },
          },
        )
      ).status
    expect([
      await as(CLIENT_KEY),
      await as(CLIENT_KEY),
      await as(CLIENT_KEY, 'alpha'),
      await as(OTHER_KEY),
      await as(OTHER_KEY, 'fresh'),
    ]).toEqual([200, 429, 200, 200, 429])
    expect(chain.records[0]?.caller).toEqual({ id: 'client', tag: 'beta' })
  })

  it('refuses what would have been streamed in the words of its dialect, before any provider is called', async () => {
    await start([{ unit: 'requests', window: 'minute', limit: 1 }])
    await statuses(1)
    const client = new OpenAI({
      baseURL: 'http://gateway/v1',
      apiKey: CLIENT_KEY,
      fetch: chain.gateway.fetch,
      maxRetries: 0,
    })
    await expect(
      client.chat.completions.create({
        model: 'chain',
        stream: true,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    ).rejects.toBeInstanceOf(RateLimitError)
    const anthropic = await chain.send('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'chain',
        max_tokens: 5,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    })
    expect([anthropic.status, await anthropic.json()]).toMatchObject([
      429,
      { type: 'error', error: { type: 'rate_limit_error' } },
    ])
    expect(chain.calls()).toEqual([1])
  })
})

describe('a limit of tokens', () => {
  const usage = (input: number, output: number) =>
    chain.provider('first').reply({ answer: { text: 'hi', usage: { input, output } } })

  it('reserves what may be used and counts what was', async () => {
    await start([{ unit: 'tokens', window: 'minute', limit: 1_000 }])
    usage(100, 50)
    // Each of them might use 500, and uses 150: only one has room at a time, and six in all.
    const seen: number[] = []
    for (let at = 0; at < 8; at++) {
      seen.push((await chain.ask({ max_tokens: 500 })).status)
    }
    expect(seen).toEqual([200, 200, 200, 200, 429, 429, 429, 429])
    expect(await statuses(1, { max_tokens: 100 })).toEqual([200])
  })

  it('smaller than what a first request may use lets it in', async () => {
    await start([{ unit: 'tokens', window: 'minute', limit: 100 }])
    usage(10, 5)
    expect(await statuses(1)).toEqual([200])
  })

  it('counts usage beyond it, and then lets no request in', async () => {
    await start([{ unit: 'output-tokens', window: 'minute', limit: 100 }])
    usage(10, 5_000)
    expect(await statuses(2, { max_tokens: 10 })).toEqual([200, 429])
  })

  it('goes by the larger of fields that contradict each other, and by the number of choices', async () => {
    await start([{ unit: 'output-tokens', window: 'minute', limit: 10_000 }])
    const first = chain.provider('first')
    first.reply({ hangBeforeHeaders: true })
    const running = chain.ask({ max_tokens: 1, max_completion_tokens: 9_000 })
    await expect.poll(() => first.journal.length).toBe(1)
    expect((await chain.ask({ max_tokens: 2_000 })).status).toBe(429)
    expect((await chain.ask({ max_tokens: 400, n: 3 })).status).toBe(429)
    await chain.gateway.close({ graceMs: 0 })
    await running
  })

  it('gives back what a refusal has not used, and nothing of a whole answer whose client has left', async () => {
    await start([{ unit: 'tokens', window: 'hour', limit: 2_000 }])
    const first = chain.provider('first')
    for (let at = 0; at < 5; at++) {
      first.reply({ status: 400 })
      expect((await chain.ask({ max_tokens: 1_500 })).status).toBe(400)
    }
    first.reply({ hangBeforeHeaders: true })
    const controller = new AbortController()
    const left = chain
      .ask({ max_tokens: 1_500 }, { signal: controller.signal })
      .catch(() => undefined)
    await expect.poll(() => first.journal.length).toBe(6)
    controller.abort()
    await left
    first.reply({ answer: { text: 'hi', usage: { input: 5, output: 5 } } })
    await expect
      .poll(() => chain.records.at(-1))
      .toMatchObject({
        code: 'client_closed',
        usage: { estimated: true, because: 'answer_unread', output: 1_500 },
        attempts: [{ billed: 'unknown', usage: { output: 1_500 } }],
      })
    expect((await chain.ask({ max_tokens: 1_500 })).status).toBe(429)
    expect((await chain.ask({ max_tokens: 300 })).status).toBe(200)
  })

  it('counts what was streamed before the client left', async () => {
    await start([{ unit: 'output-tokens', window: 'hour', limit: 20 }])
    const first = chain.provider('first')
    first.reply({
      answer: { text: Array.from({ length: 40 }, (_, at) => `w${at} `) },
      hangAfterEvents: 35,
    })
    const controller = new AbortController()
    const stream = openStream(
      await chain.ask({ stream: true, max_tokens: 10 }, { signal: controller.signal }),
    )
    await stream.until('w29')
    controller.abort()
    await expect.poll(() => chain.records.length).toBe(1)
    expect((await chain.ask({ max_tokens: 5 })).status).toBe(429)
  })
})

describe('a limit of requests at once', () => {
  it('is given back when they end, however they end', async () => {
    await start([{ unit: 'concurrency', limit: 2 }])
    const first = chain.provider('first')
    first.reply({ hangBeforeHeaders: true })
    const controllers = [new AbortController(), new AbortController()]
    const running = controllers.map(({ signal }) =>
      chain.ask({}, { signal }).catch(() => undefined),
    )
    await expect.poll(() => first.journal.length).toBe(2)
    const refused = await chain.ask()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    for (const controller of controllers) controller.abort()
    await Promise.all(running)
    first.reply({ answer: { text: 'hi' } })
    await expect.poll(async () => (await chain.ask()).status).toBe(200)
  })
})

describe('a budget', () => {
  const prices = { 'first/*': { input: 1_000, output: 1_000 } }
  const budget = (limit: number, mode: 'hard' | 'soft' = 'hard') => [
    { unit: 'usd' as const, window: 'month' as const, limit, mode },
  ]
  const usage = (input: number, output: number) =>
    chain.provider('first').reply({ answer: { text: 'hi', usage: { input, output } } })

  it('that is used up is 402 with its reset time, and no retry', async () => {
    await start(budget(1), { prices })
    usage(600, 400)
    expect(await statuses(1, { max_tokens: 10 })).toEqual([200])
    const refused = await chain.ask({ max_tokens: 10 })
    expect(refused.status).toBe(402)
    expect([
      refused.headers.get('x-should-retry'),
      refused.headers.get('x-postern-resets-at'),
      refused.headers.get('retry-after'),
    ]).toEqual(['false', '2023-12-01T00:00:00.000Z', null])
    expect(await seeError(refused)).toMatchObject({
      code: 'budget_exceeded',
      type: 'insufficient_quota',
      resets_at: '2023-12-01T00:00:00.000Z',
      message: expect.stringMatching(
        /^The limit of \$1 per month of this key is used up: \$0 is left, and the request may take \$0\.0\d+ \(about \d+ input tokens, up to 10 output tokens\)\.$/,
      ),
    })
    expect(chain.calls()).toEqual([1])
  })

  it('of a key applies to no other key', async () => {
    await start(budget(1), { prices })
    usage(600, 400)
    expect([
      await statuses(2, { max_tokens: 10 }),
      await statuses(1, { max_tokens: 10 }, other),
    ]).toEqual([[200, 402], [200]])
  })

  it('does not let through what has no price', async () => {
    await start(budget(100))
    const refused = await chain.ask()
    const error = await seeError(refused)
    expect([refused.status, error]).toMatchObject([400, { code: 'unpriced_model' }])
    expect(chain.calls()).toEqual([0])
    // The message has the line that mends it.
    const target =
      /option prices: \{ '([^']+)': \{ input, output \} \}/.exec(String(error.message))?.[1] ??
      'none'
    await chain.close()
    await start(budget(100), { prices: { [target]: { input: 1, output: 1 } } })
    expect(await statuses(1)).toEqual([200])
  })

  it('that is not enough for the dearest target is spent on a cheaper one, where the route says so', async () => {
    clock = new FakeClock()
    chain = await startChain({
      route: { fallbackOn: ['budget_exceeded'] },
      gateway: {
        limits: budget(1),
        prices: {
          'first/*': { input: 1_000, output: 1_000 },
          'second/*': { input: 10, output: 10 },
        },
      },
      injected: { clock },
    })
    for (const provider of chain.providers)
      provider.reply({ answer: { text: 'hi', usage: { input: 500, output: 100 } } })
    const seen: (string | null)[] = []
    for (let at = 0; at < 3; at++)
      seen.push((await chain.ask({ max_tokens: 450 })).headers.get('x-postern-target'))
    expect(seen).toEqual([
      'first/model-of-first',
      'second/model-of-second',
      'second/model-of-second',
    ])
    expect(chain.records.map(({ degraded }) => degraded)).toEqual([[], ['budget'], ['budget']])
    // A request beyond the rest of even the cheaper target calls no provider.
    expect((await chain.ask({ max_tokens: 90_000 })).status).toBe(402)
  })

  it('that is soft refuses no request, and reports that it was exceeded', async () => {
    await start(budget(1, 'soft'), { prices })
    usage(6_000, 4_000)
    expect(await statuses(3, { max_tokens: 10 })).toEqual([200, 200, 200])
    expect(chain.records.map(({ degraded }) => degraded)).toEqual([
      [],
      ['soft-limit'],
      ['soft-limit'],
    ])
  })
})

describe('limits are data', () => {
  const scopes = [
    'key',
    'tenant',
    'team',
    'user',
    'feature',
    'tag',
    'route',
    'model',
    'session',
  ] as const
  const windows = [
    ...(['second', 'minute', 'hour', 'day', 'week', 'month', 'total'] as const).map((window) => ({
      window,
    })),
    { sliding: '90s' as const },
  ]

  it('any unit, in any window, by any scopes: what is used is counted where it says, and nowhere else', async () => {
    const units = ['requests', 'input-tokens', 'output-tokens', 'tokens', 'usd'] as const
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...units),
        fc.constantFrom(...windows),
        fc.subarray([...scopes], { maxLength: 3 }),
        fc.constantFrom('UTC', 'Asia/Kolkata'),
        async (unit, window, scope, timeZone) => {
          // One answer uses all of it: 6 tokens in, 4 out, a micro-dollar each.
          const limit = {
            requests: 1,
            'input-tokens': 6,
            'output-tokens': 4,
            tokens: 10,
            usd: 0.000_01,
          }[unit]
          const caller = { tenant: 't', team: 'a', user: 'u', feature: 'f', tag: 'x' }
          await start(
            [{ unit, limit, ...window, timeZone, scope: scope.length === 0 ? 'all' : scope }],
            {
              keys: {
                client: { key: CLIENT_KEY, ...caller },
                other: { key: OTHER_KEY, ...caller, team: 'b' },
              },
              prices: { 'first/*': { input: 1, output: 1 } },
            },
          )
          chain.provider('first').reply({ answer: { text: 'hi', usage: { input: 6, output: 4 } } })
          const ask = async (init: RequestInit = {}): Promise<number> =>
            (await chain.ask({ max_tokens: 4 }, init)).status
          const isOthersToo =
            !scope.includes('key') && !scope.includes('team') && !scope.includes('session')
          const refusal = unit === 'usd' ? 402 : 429
          expect([await ask(), await ask(), await ask(other)]).toEqual([
            200,
            refusal,
            isOthersToo ? refusal : 200,
          ])
          await chain.close()
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('limits that cannot be', () => {
  it.each<[object, RegExp]>([
    [{ unit: 'requests', window: 'minute', limit: 0 }, /limits\[0\]\.limit.*no amount/s],
    [{ unit: 'requests', window: 'minute', limit: -1 }, /no amount/],
    [{ unit: 'requests', window: 'minute', limit: Number.NaN }, /limit/],
    [{ unit: 'requests', window: 'minute', limit: 1e300 }, /no amount/],
    [{ unit: 'requests', window: 'minute', limit: 1.5 }, /whole number/],
    [{ unit: 'usd', window: 'month', limit: 0.000_000_000_1 }, /no parts|digits/],
    [{ unit: 'bananas', window: 'minute', limit: 1 }, /Write requests or/],
    [{ unit: 'requests', window: 'fortnight', limit: 1 }, /Write second or/],
    [{ unit: 'requests', limit: 1 }, /one window/],
    [{ unit: 'requests', window: 'minute', sliding: '1m', limit: 1 }, /one window/],
    [{ unit: 'requests', sliding: '10ms', limit: 1 }, /sliding/],
    [{ unit: 'concurrency', window: 'minute', limit: 1 }, /no window/],
    [{ unit: 'requests', window: 'day', timeZone: 'Mars/Olympus', limit: 1 }, /time zone/],
    [{ unit: 'requests', window: 'day', limit: 1, scope: 'planet' }, /scope/],
    [{ unit: 'requests', window: 'day', limit: 1, scop: 'key' }, /scop/],
  ])('%j is refused with its place', async (limit, message) => {
    chain = await startChain()
    await expect(start([limit as never])).rejects.toThrow(message)
  })
})

describe('a store of your own', () => {
  it('is asked once to reserve and once to settle, whatever the number of limits', async () => {
    const calls: string[] = []
    const records: RequestRecord[] = []
    const limitStore: LimitStore = {
      reserve: ({ id, charges }) => {
        calls.push(`reserve ${charges.length}`)
        return Promise.resolve({
          status: 'reserved',
          reservation: { id, charges, buckets: charges.map(() => undefined), ttlMs: 1 },
          used: charges.map(({ amount }: Charge) => amount),
          nowMs: clock.now(),
        })
      },
      settle: (_reservation, actuals) => {
        calls.push(`settle ${actuals.join(' ')}`)
        return Promise.resolve('settled')
      },
      read: () => Promise.resolve([]),
      reset: () => Promise.resolve(),
    }
    const store: Store = {
      name: 'own',
      isShared: true,
      limitStore,
      close: () => Promise.reject(new Error('It is not ours to close.')),
    }
    await start(
      [
        { unit: 'requests', window: 'minute', limit: 9 },
        { unit: 'tokens', window: 'minute', limit: 9_000 },
        { unit: 'concurrency', limit: 9 },
      ],
      { store, onRecord: (record) => records.push(record) },
    )
    chain.provider('first').reply({ answer: { text: 'hi', usage: { input: 7, output: 5 } } })
    expect(await statuses(1)).toEqual([200])
    expect(calls).toEqual(['reserve 3', 'settle 1 12 1'])
  })
})

describe('the run of an agent', () => {
  const opening = { role: 'user', content: 'Find the cheapest flight.' }
  const call = (args: string, id: string) => [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id, type: 'function', function: { name: 'search', arguments: args } }],
    },
    { role: 'tool', tool_call_id: id, content: 'nothing' },
  ]
  const tools = [{ type: 'function', function: { name: 'search', parameters: { type: 'object' } } }]
  const turn = (count: number, first = opening) => ({
    tools,
    messages: [
      first,
      ...Array.from({ length: count }, (_, at) => call(`{"page":${at}}`, `c${at}`)).flat(),
    ],
  })

  it('is bounded in steps, whatever the client leaves out or makes up', async () => {
    await start([{ unit: 'requests', window: 'total', limit: 3, scope: ['key', 'session'] }])
    const seen: number[] = []
    for (let step = 0; step < 5; step++)
      seen.push(
        (
          await chain.ask(turn(step), {
            headers: { 'x-postern-session': `fresh-${step}`, 'x-session-id': `fresh-${step}` },
          })
        ).status,
      )
    expect(seen).toEqual([200, 200, 200, 429, 429])
    // Another run of the same key, and the same beginning of another key.
    expect([
      (await chain.ask(turn(0, { role: 'user', content: 'Something else.' }))).status,
      (await chain.ask(turn(0), other)).status,
    ]).toEqual([200, 200])
  })

  it('is named by the host, or by a key that must', async () => {
    await start([{ unit: 'requests', window: 'total', limit: 1, scope: ['key', 'session'] }], {
      keys: { client: { key: CLIENT_KEY, sendsSession: true } },
    })
    const send = async (session?: string): Promise<number> =>
      (
        await chain.ask(
          {},
          session === undefined ? {} : { headers: { 'x-postern-session': session } },
        )
      ).status
    expect([
      await send('a'),
      await send('a'),
      await send('b'),
      await send(),
      await send('no spaces'),
    ]).toEqual([200, 429, 200, 400, 400])
    await chain.close()
    await start([{ unit: 'requests', window: 'total', limit: 1, scope: ['session'] }], {
      keys: {},
      identify: () => ({ id: 'ada', session: 'of-the-host' }),
    })
    expect([await send('a'), await send('b')]).toEqual([200, 429])
  })

  it('is bounded in tokens over all its steps', async () => {
    await start([{ unit: 'tokens', window: 'total', limit: 1_000, scope: 'session' }])
    chain.provider('first').reply({ answer: { text: 'hi', usage: { input: 300, output: 100 } } })
    const seen: number[] = []
    for (let step = 0; step < 4; step++)
      seen.push((await chain.ask({ ...turn(step), max_tokens: 50 })).status)
    expect(seen).toEqual([200, 200, 200, 429])
  })

  it('ends when it does the same again and again', async () => {
    await start(undefined, { loopLimit: 3 })
    const same = (count: number) => ({
      tools,
      messages: [
        opening,
        ...Array.from({ length: count }, (_, at) =>
          call(at % 2 === 0 ? '{"q":"x","page":1}' : '{ "page": 1, "q": "x" }', `c${at}`),
        ).flat(),
      ],
    })
    expect([(await chain.ask(same(2))).status, (await chain.ask(turn(6))).status]).toEqual([
      200, 200,
    ])
    const refused = await chain.ask(same(3))
    expect([
      refused.status,
      refused.headers.get('x-should-retry'),
      await seeError(refused),
    ]).toMatchObject([403, 'false', { code: 'loop_detected' }])
    const anthropic = await chain.send('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'chain',
        max_tokens: 5,
        tools: [{ name: 'search', input_schema: { type: 'object' } }],
        messages: [
          opening,
          ...[1, 2, 3].flatMap((at) => [
            {
              role: 'assistant',
              content: [{ type: 'tool_use', id: `t${at}`, name: 'search', input: { q: 'x' } }],
            },
            {
              role: 'user',
              content: [{ type: 'tool_result', tool_use_id: `t${at}`, content: 'nothing' }],
            },
          ]),
        ],
      }),
    })
    expect([anthropic.status, await anthropic.json()]).toMatchObject([
      403,
      { error: { type: 'permission_error' } },
    ])
    expect(chain.calls()).toEqual([2])
    // A user message in between: that is no loop.
    expect(
      (
        await chain.ask({
          tools,
          messages: [...same(3).messages, { role: 'user', content: 'Go on.' }],
        })
      ).status,
    ).toBe(200)
  })
})

describe('alerts', () => {
  it('are sent once for each threshold, period and counter, to a function and to an address', async () => {
    const alerts: LimitAlert[] = []
    const hooks: unknown[] = []
    const server = await listen((request_, response) => {
      let text = ''
      request_.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      request_.on('end', () => {
        hooks.push(JSON.parse(text))
        response.end()
      })
    })
    try {
      await start(
        [{ unit: 'requests', window: 'day', limit: 10, scope: 'team', alertAt: [1, 0.5] }],
        { onAlert: (alert) => alerts.push(alert), alertWebhook: `${server.url}/hook` },
      )
      await statuses(12)
      await statuses(4, {}, other)
      expect(alerts).toMatchObject([
        {
          limit: '10 requests per day of this team',
          unit: 'requests',
          window: 'day',
          scope: { team: 'support' },
          used: 5,
          amount: 10,
          threshold: 0.5,
        },
        { scope: { team: 'support' }, used: 10, threshold: 1 },
      ])
      await expect.poll(() => hooks).toEqual(alerts)
      clock.advance(86_400_000)
      await statuses(5)
      expect(alerts).toHaveLength(3)
    } finally {
      await server.close()
    }
  })

  it('that cannot be delivered, or whose receiver throws, are logged and delay nothing', async () => {
    const log = seeLog()
    await start([{ unit: 'requests', window: 'day', limit: 10, alertAt: [0.1] }], {
      log,
      alertWebhook: 'http://127.0.0.1:9/hook',
      onAlert: () => {
        throw new Error('broken')
      },
    })
    expect(await statuses(1)).toEqual([200])
    await log.next('host callback failed {"callback":"onAlert"')
    await log.next('alert webhook failed')
  })
})

describe('the output of one request', () => {
  it('is bounded by what its key may get, in every dialect, and reserved as such', async () => {
    await start([{ unit: 'output-tokens', window: 'total', limit: 250 }], {
      keys: { client: { key: CLIENT_KEY, maxOutputTokens: 100 } },
    })
    const first = chain.provider('first')
    first.reply({ answer: { text: 'hi', finish: 'length', usage: { input: 5, output: 100 } } })
    const answer = await chain.ask({ max_tokens: 90_000 })
    expect([answer.status, answer.headers.get('x-postern-degraded')]).toEqual([
      200,
      'output-bounded',
    ])
    expect((await answer.json()) as object).toMatchObject({
      choices: [{ finish_reason: 'length' }],
    })
    expect(first.journal.last().body).toMatchObject({ max_tokens: 100 })
    const anthropic = await chain.send('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'chain',
        max_tokens: 5_000,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    })
    expect([anthropic.status, first.journal.last().body]).toMatchObject([200, { max_tokens: 100 }])
    // Two times 100 are used: a third has no room.
    expect((await chain.ask()).status).toBe(429)
    expect((await chain.ask({ max_tokens: 50 })).status).toBe(200)
  })
})
