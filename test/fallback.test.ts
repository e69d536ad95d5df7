import { refusedUrl } from '@postern/testing'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CANARY_KEY,
  type Chain,
  CLIENT_KEY,
  startChain,
  startMountedChain,
  targetOf,
} from './harness/chain.ts'
import { seeError, seeStream } from './harness/client-stream.ts'
import { statusCases, wireCases } from './harness/failures.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { PIXEL_URL } from './harness/pictures.ts'

const dialects = ['openai-chat', 'anthropic-messages', 'gemini'] as const
const modes = [
  { mode: 'json', stream: false },
  { mode: 'stream', stream: true },
] as const

describe.each(dialects)('a provider speaking %s that fails before its commit point', (dialect) => {
  let chain: Chain
  beforeAll(async () => {
    chain = await startChain({ dialects: [dialect, 'openai-chat'] })
    chain.provider('second').reply({ answer: { text: ['Served ', 'by second'] } })
  })
  beforeEach(() => chain.reset())
  afterAll(() => chain.close())

  const cases = [...statusCases, ...wireCases].flatMap((failure) =>
    modes
      .filter(({ mode }) => failure.only === undefined || failure.only === mode)
      .map((way) => ({ ...failure, ...failure.in?.[dialect], ...way })),
  )

  it.each(cases)('$mode: $name -> $expected', async ({ reply, expected, code, status, stream }) => {
    chain.provider('first').reply(reply)
    const response = await chain.ask({ stream })
    const body = await response.text()
    const [record] = chain.records
    expect(record?.attempts[0]).toMatchObject({ target: targetOf('first'), code })
    expect(
      record?.attempts.map(({ target, status: seen }) => ({
        target,
        ...(seen === undefined ? {} : { status: seen }),
      })),
    ).toEqual(chain.journal())
    expect(response.headers.get('x-postern-attempts')).toBe(String(chain.journal().length))
    if (expected === 'stop') {
      expect(chain.calls()).toEqual([1, 0])
      expect(response.status).toBe(status)
      expect(JSON.parse(body)).toMatchObject({
        error: { message: expect.any(String), type: expect.any(String), param: null },
      })
      expect(record).toMatchObject({ status, code })
      return
    }
    expect(chain.calls()).toEqual([1, 1])
    expect(response.status).toBe(200)
    expect(response.headers.get('x-postern-target')).toBe(targetOf('second'))
    expect(record).toMatchObject({
      status: 200,
      code: 'ok',
      target: targetOf('second'),
      route: 'chain',
    })
    if (!stream)
      return void expect(JSON.parse(body)).toMatchObject({
        choices: [{ message: { content: 'Served by second' }, finish_reason: 'stop' }],
      })
    const seen = seeStream(body)
    expect(seen).toMatchObject({
      text: 'Served by second',
      finishes: ['stop'],
      roles: 1,
      error: undefined,
      done: true,
    })
    expect(seen.ids.size).toBe(1)
  })
})

describe('a provider that refuses the connection', () => {
  it.each(modes)('$mode: the next target answers', async ({ stream }) => {
    const chain = await startChain({ addresses: { first: await refusedUrl('/v1') } })
    const response = await chain.ask({ stream })
    expect(await response.text()).toContain('said:')
    expect(chain.calls()).toEqual([0, 1])
    expect(response.headers.get('x-postern-attempts')).toBe('2')
    expect(chain.records[0]?.attempts).toMatchObject([
      { target: targetOf('first'), code: 'provider_unreachable' },
      { target: targetOf('second'), code: 'ok', status: 200 },
    ])
    await chain.close()
  })
})

describe.each(['Express', 'Koa', 'Hono'] as const)('mounted in %s', (framework) => {
  it.each(modes)(
    '$mode: the next target answers, and the host sees nothing of it',
    async ({ stream }) => {
      const chain = await startMountedChain(framework)
      chain.provider('first').reply({ status: 503 })
      chain.provider('second').reply({ answer: { text: 'Served by second' } })
      const response = await chain.ask({ stream })
      const body = await response.text()
      expect(chain.calls()).toEqual([1, 1])
      expect(response.headers.get('x-postern-target')).toBe(targetOf('second'))
      expect(response.headers.get('x-postern-attempts')).toBe('2')
      expect(stream ? seeStream(body) : JSON.parse(body).choices[0].message).toMatchObject(
        stream ? { text: 'Served by second', done: true } : { content: 'Served by second' },
      )
      chain.provider('second').reply({ status: 400 })
      expect((await chain.ask({ stream })).status).toBe(400)
      expect(chain.hostErrors).toEqual([])
      await chain.close()
    },
  )
})

describe('the number of attempts', () => {
  let chain: Chain
  afterEach(() => chain.close())

  it.each(
    [
      { targets: 1, route: {}, calls: [3] },
      { targets: 2, route: {}, calls: [2, 1] },
      { targets: 3, route: {}, calls: [1, 1, 1] },
      { targets: 5, route: {}, calls: [1, 1, 1, 1, 1] },
      { targets: 5, route: { retries: 2 }, calls: [1, 1, 1, 0, 0] },
      { targets: 1, route: { retries: 0 }, calls: [1] },
      { targets: 2, route: { retries: 0 }, calls: [1, 0] },
      { targets: 2, route: { retries: 1 }, calls: [1, 1] },
      { targets: 2, route: { retries: 4 }, calls: [3, 2] },
    ].flatMap((row) => [false, true].map((stream) => ({ ...row, stream }))),
  )(
    '$targets targets, $route, stream: $stream -> $calls',
    async ({ targets, route, calls, stream }) => {
      chain = await startChain({
        dialects: Array.from({ length: targets }, () => 'openai-chat'),
        route,
      })
      for (const provider of chain.providers) provider.reply({ status: 503 })
      const response = await chain.ask({ stream })
      expect(response.status).toBe(503)
      expect(chain.calls()).toEqual(calls)
      expect((await seeError(response)).attempts?.map(({ target }) => target)).toEqual(
        chain.journal().map(({ target }) => target),
      )
    },
  )

  it.each([
    [1, [2]],
    [2, [1, 1]],
    [3, [1, 1, 1]],
    [5, [1, 1, 1, 1, 1]],
  ])(
    'no target is called again once two attempts may have been billed: %i targets -> %j',
    async (targets, calls) => {
      chain = await startChain({
        dialects: Array.from({ length: targets }, () => 'openai-chat'),
        route: { retries: 9 },
      })
      for (const provider of chain.providers) provider.reply({ status: 500 })
      expect((await chain.ask()).status).toBe(502)
      expect(chain.calls()).toEqual(calls)
      expect(new Set(chain.records[0]?.attempts.map(({ billed }) => billed))).toEqual(
        new Set(['unknown']),
      )
    },
  )

  it('retries of one target are a fifth of the requests, and three a minute', async () => {
    chain = await startChain({
      dialects: ['openai-chat'],
      injected: { clock: new FakeClock(), random: () => 0 },
    })
    chain.provider('first').reply({ status: 503 })
    for (let request = 0; request < 30; request++) await chain.ask()
    expect(chain.calls()).toEqual([30 + 6])
    expect(chain.records.at(-1)?.degraded).toEqual(['retry-budget'])
  })

  it("is the gateway's own where a route sets none", async () => {
    chain = await startChain({ gateway: { retries: 1 } })
    for (const provider of chain.providers) provider.reply({ status: 500 })
    await chain.ask()
    expect(chain.calls()).toEqual([1, 1])
  })

  it('is bounded for the official SDK with its own retries', async () => {
    chain = await startChain({ dialects: ['openai-chat'] })
    for (const status of [503, 500, 429, 401]) {
      chain.reset()
      chain.provider('first').reply({ status })
      const client = new OpenAI({
        baseURL: 'http://gateway/v1',
        apiKey: CLIENT_KEY,
        fetch: chain.gateway.fetch as typeof fetch,
      })
      await expect(
        client.chat.completions.create({
          model: 'chain',
          messages: [{ role: 'user', content: 'Hello' }],
        }),
      ).rejects.toThrow(OpenAI.APIError)
      expect(chain.records).toHaveLength(1)
      // The budget of a minute is three retries; of what may have been billed there is one.
      expect(chain.calls()[0]).toBe({ 503: 3, 500: 2, 429: 1, 401: 1 }[status])
    }
  })
})

describe('the waits between attempts', () => {
  let chain: Chain
  let clock: FakeClock
  const start = async (random: number, targets = 1): Promise<void> => {
    clock = new FakeClock()
    chain = await startChain({
      dialects: Array.from({ length: targets }, () => 'openai-chat'),
      injected: { clock, random: () => random },
    })
  }
  afterEach(() => chain.close())

  it('grow exponentially, with full jitter', async () => {
    await start(0.5)
    chain.provider('first').reply({ status: 503 })
    const response = chain.ask()
    await clock.armed(125)
    expect(chain.calls()).toEqual([1])
    clock.advance(125)
    await clock.armed(250)
    expect(chain.calls()).toEqual([2])
    clock.advance(250)
    expect((await response).status).toBe(503)
    expect(chain.calls()).toEqual([3])
    expect(clock.pending).toBe(0)
  })

  it.each([
    { name: 'seconds', retryAfter: { seconds: 2 }, ms: 2000 },
    { name: 'milliseconds', retryAfter: { milliseconds: 1500 }, ms: 1500 },
    { name: 'an HTTP date', retryAfter: { date: new Date(1_700_000_000_000 + 7000) }, ms: 7000 },
    {
      name: 'an HTTP date that has passed',
      retryAfter: { date: new Date(1_700_000_000_000 - 7000) },
      ms: 125,
    },
    { name: 'nonsense', retryAfter: { header: 'soon' }, ms: 125 },
    { name: 'less than the backoff', retryAfter: { milliseconds: 10 }, ms: 125 },
  ])('honour Retry-After in $name', async ({ retryAfter, ms }) => {
    await start(0.5)
    chain.provider('first').enqueue({ status: 429, retryAfter }, { answer: { text: 'Back again' } })
    const response = chain.ask()
    await clock.armed(ms)
    clock.advance(ms - 1)
    expect(chain.calls()).toEqual([1])
    clock.advance(1)
    expect((await response).status).toBe(200)
    expect(chain.calls()).toEqual([2])
  })

  it('are not made while another target is left', async () => {
    await start(0.5, 2)
    chain.provider('first').reply({ status: 429, retryAfter: { seconds: 20 } })
    expect((await chain.ask()).status).toBe(200)
    expect(chain.calls()).toEqual([1, 1])
  })

  it('end with the target that may be back first', async () => {
    await start(0.5, 2)
    chain.provider('first').enqueue({ status: 429, retryAfter: { seconds: 9 } })
    chain.provider('second').enqueue({ status: 429, retryAfter: { seconds: 4 } })
    const response = chain.ask()
    await clock.armed(4000)
    clock.advance(4000)
    expect((await response).headers.get('x-postern-target')).toBe(targetOf('second'))
    expect(chain.calls()).toEqual([1, 2])
  })

  it.each(modes)(
    '$mode: a longer wait than 30 s with nowhere else to go fails at once, and is passed on',
    async ({ stream }) => {
      await start(0.5)
      chain.provider('first').reply({ status: 429, retryAfter: { seconds: 45 } })
      const response = await chain.ask({ stream })
      expect(response.status).toBe(429)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'retry-after': '45',
        'retry-after-ms': '45000',
        'x-should-retry': 'false',
      })
      expect(chain.calls()).toEqual([1])
    },
  )

  it('pass the shortest wait on when every target asked for one', async () => {
    await start(0, 2)
    chain.provider('first').reply({ status: 429, retryAfter: { seconds: 40 } })
    chain.provider('second').reply({ status: 429, retryAfter: { seconds: 31 } })
    const response = await chain.ask()
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('31')
    expect(chain.calls()).toEqual([1, 1])
  })

  it('end when the client leaves, and nothing is called any more', async () => {
    await start(0.5)
    chain.provider('first').reply({ status: 503 })
    const client = new AbortController()
    const response = chain.ask({}, { signal: client.signal })
    await clock.armed(125)
    client.abort()
    await expect(response).rejects.toThrow('aborted')
    expect(clock.pending).toBe(0)
    clock.advance(60_000)
    expect(chain.calls()).toEqual([1])
    expect(chain.records).toMatchObject([{ code: 'client_closed', status: 499 }])
  })
})

describe('when all attempts failed', () => {
  let chain: Chain
  beforeEach(async () => {
    chain = await startChain()
  })
  afterEach(() => chain.close())

  it.each([
    { first: { status: 500 }, second: { status: 500 }, status: 502, code: 'provider_error' },
    { first: { status: 500 }, second: { status: 503 }, status: 502, code: 'provider_error' },
    { first: { status: 503 }, second: { status: 529 }, status: 503, code: 'provider_overloaded' },
    { first: { status: 429 }, second: { status: 429 }, status: 429, code: 'rate_limit_exceeded' },
    {
      first: { cutBeforeHeaders: 'rst' as const },
      second: { status: 500 },
      status: 502,
      code: 'provider_error',
    },
    { first: { status: 503 }, second: { status: 400 }, status: 400, code: 'provider_rejected' },
  ])('$first, $second -> $status $code', async ({ first, second, status, code }) => {
    chain.provider('first').reply(first)
    chain.provider('second').reply(second)
    for (const stream of [false, true]) {
      const response = await chain.ask({ stream })
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(response.headers.get('x-should-retry')).toBe('false')
      expect(response.headers.get('x-postern-route')).toBe('chain')
      const error = await seeError(response)
      expect(error.attempts?.at(-1)).toEqual({
        target: expect.any(String),
        code,
        ms: expect.any(Number),
      })
      expect(error.attempts).toHaveLength(Number(response.headers.get('x-postern-attempts')))
    }
  })

  it('says so in words a person can act on', async () => {
    chain.provider('first').reply({ status: 503 })
    chain.provider('second').reply({ status: 529 })
    const { message, type, param, code } = await seeError(await chain.ask())
    expect(message).toMatch(
      /^All 3 attempts failed \(first\/model-of-first: provider_overloaded after \d+ ms; second\/model-of-second: provider_overloaded after \d+ ms; /,
    )
    expect({ type, param, code }).toEqual({
      type: 'server_error',
      param: null,
      code: 'provider_overloaded',
    })
  })

  it.each([401, 403, 400, 429, 500])(
    'shows no key a provider repeats with status %i',
    async (status) => {
      const secret = 'sk-ant-api03-LEAKLEAKLEAKLEAK'
      const reply = {
        status,
        errorMessage: `Wrong key ${secret} in Authorization: Bearer ${secret}, not ${CANARY_KEY}`,
        headers: { 'x-debug-key': secret, 'set-cookie': 'session=1' },
      }
      for (const provider of chain.providers) provider.reply(reply)
      const response = await chain.ask()
      const seen =
        JSON.stringify([...response.headers]) +
        (await response.text()) +
        JSON.stringify(chain.records)
      expect(seen).not.toContain('LEAK')
      expect(seen).not.toContain('canary')
      expect(response.headers.get('set-cookie')).toBeNull()
    },
  )
})

describe('from dialect to dialect', () => {
  const request = {
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'The weather where this was taken?' },
          { type: 'image_url', image_url: { url: PIXEL_URL } },
        ],
      },
    ],
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          parameters: {
            type: 'object',
            properties: { city: { type: 'string' } },
            required: ['city'],
          },
        },
      },
    ],
  }

  it.each(modes)(
    '$mode: one request is said to each provider in its own words',
    async ({ stream }) => {
      const chain = await startChain({ dialects: ['openai-chat', 'anthropic-messages', 'gemini'] })
      const views: unknown[] = []
      for (const provider of chain.providers) {
        provider.reply(({ view }) => {
          views.push({
            text: view.lastUserText,
            tools: view.tools.map((tool) => tool.name),
            media: view.media,
          })
          return provider.dialect === 'gemini'
            ? { answer: { toolCalls: [{ name: 'get_weather', arguments: { city: 'Rome' } }] } }
            : { status: 503 }
        })
      }
      const response = await chain.ask({ ...request, stream })
      const body = await response.text()
      expect(chain.providers.map((provider) => provider.journal.last().refusal)).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      expect(views).toHaveLength(3)
      expect(new Set(views.map((view) => JSON.stringify(view))).size).toBe(1)
      expect(views[0]).toMatchObject({
        tools: ['get_weather'],
        media: [{ mediaType: 'image/png', bytes: 68 }],
      })
      expect(response.headers.get('x-postern-target')).toBe(targetOf('third'))
      const calls = stream
        ? seeStream(body).chunks.flatMap((chunk) => chunk.choices?.[0]?.delta.tool_calls ?? [])
        : JSON.parse(body).choices[0].message.tool_calls
      expect(calls[0].function.name).toBe('get_weather')
      expect(
        JSON.parse(
          calls
            .map((call: { function?: { arguments?: string } }) => call.function?.arguments ?? '')
            .join(''),
        ),
      ).toEqual({ city: 'Rome' })
      await chain.close()
    },
  )

  it('a target that cannot take the content is skipped without a call', async () => {
    const chain = await startChain({ dialects: ['anthropic-messages', 'gemini'] })
    const content = [
      { type: 'text', text: 'What is said?' },
      { type: 'input_audio', input_audio: { data: 'UklGRiQAAABXQVZF', format: 'wav' } },
    ]
    const response = await chain.ask({ messages: [{ role: 'user', content }] })
    expect(response.status).toBe(200)
    expect(chain.calls()).toEqual([0, 1])
    expect(chain.records[0]?.attempts).toMatchObject([
      { target: targetOf('first'), code: 'unsupported_content' },
      { target: targetOf('second'), code: 'ok' },
    ])
    await chain.close()
  })
})
