import { createGateway, type Gateway, type GatewayOptions, type RequestRecord } from '@postern/core'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY } from './harness/chain.ts'
import { seeError } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { seeLog, type SeenLog } from './harness/log.ts'

let first: FakeProvider
let second: FakeProvider
let gateway: Gateway
let clock: FakeClock
let log: SeenLog
let records: RequestRecord[]

function start(
  options: Omit<GatewayOptions<never>, 'providers'> & {
    readonly keys1?: GatewayOptions['providers']
  } = {},
): void {
  const { keys1, ...rest } = options
  gateway = createGateway(
    {
      providers: {
        first: { baseUrl: first.url, apiKey: 'canary-key-first' },
        second: { baseUrl: second.url, apiKey: 'canary-key-second' },
        ...keys1,
      },
      routes: { both: ['first/m', 'second/m'], alone: ['first/m'] },
      keys: { client: CLIENT_KEY },
      log,
      onRecord: (record) => void records.push(record),
      ...rest,
    },
    { clock, random: () => 0.5, environment: {} },
  )
}

async function ask(
  model: string,
  more: { readonly headers?: Record<string, string>; readonly body?: object } = {},
): Promise<Response> {
  return gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${CLIENT_KEY}`,
      'content-type': 'application/json',
      ...more.headers,
    },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], ...more.body }),
  })
}

const calls = (): number[] => [first, second].map((provider) => provider.journal.entries.length)

beforeEach(async () => {
  first = await startFakeProvider({ dialect: 'openai-chat', validate: false })
  second = await startFakeProvider({ dialect: 'openai-chat', validate: false })
  clock = new FakeClock()
  log = seeLog()
  records = []
})
afterEach(async () => {
  await gateway.close({ graceMs: 0 })
  await Promise.all([first.close(), second.close()])
  expect(clock.pending).toBe(0)
})

describe('a target that keeps failing', () => {
  it('gets five calls and then none, while the next one answers', async () => {
    start()
    first.reply({ status: 500 })
    for (let request = 0; request < 40; request++) expect((await ask('both')).status).toBe(200)
    expect(calls()).toEqual([5, 40])
    expect(records.at(-1)).toMatchObject({
      target: 'second/m',
      degraded: ['circuit-open'],
      attempts: [{ target: 'second/m', code: 'ok', billed: 'yes' }],
    })
    expect((await ask('both')).headers.get('x-postern-degraded')).toBe('circuit-open')
    // One line for the change, not one for each request.
    expect(log.lines.filter((line) => line.includes('circuit opened'))).toHaveLength(1)
  })

  it('is found out about by one probe, and called again when that succeeds', async () => {
    start()
    first.reply({ status: 500 })
    for (let request = 0; request < 5; request++) await ask('both')
    clock.advance(30_000)
    await ask('both')
    await ask('both')
    expect(calls()[0]).toBe(6)
    clock.advance(60_000)
    first.reply({ answer: { text: 'Well again' } })
    await ask('both')
    await ask('both')
    expect(calls()[0]).toBe(8)
    expect(records.at(-1)).toMatchObject({ target: 'first/m', degraded: [] })
    expect(log.lines.join('\n')).toContain('circuit closed')
  })

  it('is what health checks tell, by name only to the operator', async () => {
    start()
    const ready = async (): Promise<unknown> =>
      (await gateway.fetch('http://gateway/health/ready')).json()
    expect([gateway.health().status, await ready()]).toEqual(['ok', { status: 'ok' }])
    first.reply({ status: 500 })
    for (let request = 0; request < 5; request++) await ask('both')
    expect(gateway.health()).toMatchObject({ status: 'degraded', unavailable: ['first/m'] })
    expect(await ready()).toEqual({ status: 'degraded', degraded: ['targets'] })
    expect((await gateway.fetch('http://gateway/health/live')).status).toBe(200)
  })

  it('makes the instance not ready where no route has another, until it may be tried again', async () => {
    start({ routes: { alone: ['first/m'] }, retries: 0 })
    const ready = async (): Promise<unknown> => {
      const answer = await gateway.fetch('http://gateway/health/ready')
      return [answer.status, await answer.json()]
    }
    first.reply({ status: 500 })
    for (let request = 0; request < 5; request++) await ask('alone')
    expect(await ready()).toEqual([
      503,
      { status: 'unavailable', missing: ['targets'], degraded: ['targets'] },
    ])
    clock.advance(30_000)
    expect(await ready()).toEqual([200, { status: 'degraded', degraded: ['targets'] }])
  })

  it('is not ready where every target is switched off', async () => {
    start({ disabled: ['first/*', 'second/*'] })
    expect((await gateway.fetch('http://gateway/health/ready')).status).toBe(503)
  })

  it('is logged when its circuit opens and closes, and once a minute in between', async () => {
    start()
    first.reply({ status: 500 })
    for (let request = 0; request < 5; request++) await ask('both')
    for (let minute = 0; minute < 3; minute++) {
      clock.advance(60_000)
      await ask('both')
    }
    first.reply({ answer: { text: 'hi' } })
    clock.advance(300_000)
    await ask('alone')
    const lines = log.lines.filter((line) => line.includes('circuit'))
    expect(lines[0]).toBe('warn circuit opened {"target":"first/m"}')
    expect(lines.slice(1, 4)).toEqual(
      [60_000, 120_000, 180_000].map(
        (forMs) => `warn circuits still open {"count":1,"targets":["first/m"],"forMs":${forMs}}`,
      ),
    )
    expect(lines.at(-1)).toBe('warn circuit closed {"target":"first/m"}')
    expect(
      lines.filter((line) => line.includes('circuit opened') || line.includes('circuit closed')),
    ).toHaveLength(2)
  })

  it('has failed when its streams break off', async () => {
    start()
    first.reply({ answer: { text: ['one', 'two', 'three'] }, cutAfterEvents: 2, cutBy: 'rst' })
    for (let request = 0; request < 5; request++)
      await (await ask('both', { body: { stream: true } })).text()
    expect(calls()).toEqual([5, 0])
    await (await ask('both', { body: { stream: true } })).text()
    expect(calls()).toEqual([5, 1])
  })

  it('is not one whose clients leave', async () => {
    start()
    first.reply({ answer: { text: ['one', 'two', 'three'] }, hangAfterEvents: 2 })
    for (let request = 0; request < 8; request++) {
      const response = await ask('both', { body: { stream: true } })
      await response.body?.cancel()
    }
    first.reply({ answer: { text: 'hi' } })
    await ask('both')
    expect(calls()).toEqual([9, 0])
  })

  it.each([400, 401, 403, 404, 422, 429])('is not one that refuses with %i', async (status) => {
    start({ retries: 0 })
    first.reply({ status })
    for (let request = 0; request < 8; request++) await ask('alone')
    expect(calls()[0]).toBe(8)
  })

  it('is probed now and then when there is no other target, and says when to come back', async () => {
    start({ retries: 0 })
    first.reply({ status: 500 })
    for (let request = 0; request < 5; request++) expect((await ask('alone')).status).toBe(502)
    const refused = await ask('alone')
    expect([
      refused.status,
      refused.headers.get('retry-after'),
      refused.headers.get('x-should-retry'),
    ]).toEqual([503, '5', 'false'])
    expect(await seeError(refused)).toMatchObject({
      code: 'targets_unavailable',
      message: 'No target can be called now: first/m has an open circuit after recent failures.',
    })
    expect(calls()[0]).toBe(5)
    clock.advance(5_000)
    const many = await Promise.all(Array.from({ length: 20 }, () => ask('alone')))
    expect(calls()[0]).toBe(6)
    expect(many.filter(({ status }) => status === 502)).toHaveLength(1)
    clock.advance(5_000)
    first.reply({ answer: { text: 'hi' } })
    expect((await ask('alone')).status).toBe(200)
    expect((await ask('alone')).status).toBe(200)
  })

  it('is still called with the circuit breaker off', async () => {
    start({ circuitBreaker: 'off', retries: 0 })
    first.reply({ status: 500 })
    for (let request = 0; request < 20; request++) await ask('alone')
    expect(calls()[0]).toBe(20)
  })
})

describe('a target that asks to be left alone', () => {
  it('is, by every request, until it may be called again', async () => {
    start()
    first.reply({ status: 429, headers: { 'retry-after': '20' } })
    expect((await ask('both')).headers.get('x-postern-attempts')).toBe('2')
    const next = await ask('both')
    expect([
      next.headers.get('x-postern-attempts'),
      next.headers.get('x-postern-degraded'),
    ]).toEqual(['1', 'target-cooling'])
    expect(calls()).toEqual([1, 2])
    first.reply({ answer: { text: 'hi' } })
    clock.advance(20_000)
    await ask('both')
    expect(calls()).toEqual([2, 2])
  })

  it.each<Record<string, string>>([
    { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '20s' },
    { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '20s' },
  ])('by the last answer it gives, without a refusal: %j', async (headers) => {
    start()
    first.enqueue({ answer: { text: 'the last one' }, headers })
    await ask('both')
    await ask('both')
    expect(calls()).toEqual([1, 1])
    clock.advance(20_000)
    await ask('both')
    expect(calls()).toEqual([2, 1])
  })

  it('is waited for when there is no other target', async () => {
    start({ retries: 0 })
    first.enqueue({ status: 429, headers: { 'retry-after': '2' } })
    expect((await ask('alone')).status).toBe(429)
    const waiting = ask('alone')
    await clock.armed(2_000)
    expect(calls()[0]).toBe(1)
    clock.advance(2_000)
    expect((await waiting).status).toBe(200)
  })

  it('for longer than any client waits, is a refusal with its wait', async () => {
    start({ retries: 0 })
    first.reply({ status: 429, headers: { 'retry-after': '86400' } })
    await ask('alone')
    const refused = await ask('alone')
    expect([refused.status, (await seeError(refused)).code]).toEqual([429, 'rate_limit_exceeded'])
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(300)
    expect(calls()[0]).toBe(1)
  })
})

describe('several keys', () => {
  const keysSeen = (): (string | undefined)[] =>
    first.journal.entries.map(({ headers }) =>
      String(headers['authorization']).replace('Bearer ', ''),
    )
  const pooled = (apiKeys: readonly (string | { key: string; weight?: number })[]) => ({
    keys1: { first: { baseUrl: first.url, apiKeys } },
  })

  it('are all used, by their weight', async () => {
    // mulberry32
    let state = 1
    const random = (): number => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    }
    gateway = createGateway(
      {
        providers: {
          first: { baseUrl: first.url, apiKeys: ['canary-a', { key: 'canary-b', weight: 3 }] },
        },
        keys: { client: CLIENT_KEY },
        log: 'silent',
      },
      { clock, random, environment: {} },
    )
    for (let request = 0; request < 80; request++) await ask('first/m')
    const share = keysSeen().filter((key) => key === 'canary-b').length / 80
    expect(share).toBeGreaterThan(0.6)
    expect(share).toBeLessThan(0.9)
  })

  it.each([401, 402, 429])(
    'one that answers %i gives way to another in the same request, and is left alone',
    async (status) => {
      start({ ...pooled(['canary-bad', 'canary-good']), routes: { alone: ['first/m'] } })
      first.reply(({ entry }) =>
        String(entry.headers['authorization']).endsWith('bad')
          ? { status, headers: { 'retry-after': '30' } }
          : { answer: { text: 'hi' } },
      )
      for (let request = 0; request < 10; request++) expect((await ask('alone')).status).toBe(200)
      expect(keysSeen().filter((key) => key === 'canary-bad').length).toBeLessThanOrEqual(1)
      expect(JSON.stringify(records)).not.toContain('canary')
      clock.advance(61_000)
      for (let request = 0; request < 10; request++) expect((await ask('alone')).status).toBe(200)
      expect(keysSeen().filter((key) => key === 'canary-bad').length).toBeLessThanOrEqual(2)
    },
  )

  it('that are all refused are an error of the operator’s, not the client’s', async () => {
    start({ ...pooled(['canary-a', 'canary-b']), routes: { alone: ['first/m'] } })
    first.reply({ status: 401 })
    expect((await ask('alone')).status).toBe(502)
    expect(new Set(keysSeen())).toEqual(new Set(['canary-a', 'canary-b']))
    expect(log.lines.join('\n')).toContain('provider key refused')
  })
})

describe('what a route says', () => {
  it.each([
    ['context_length_exceeded', { status: 400, errorCode: 'context_length_exceeded' }],
    ['model_not_found', { status: 404 }],
    ['provider_rejected', { status: 422 }],
    ['provider_credentials', { status: 401 }],
  ] as const)('falls back after %s if it is configured to, and only then', async (code, reply) => {
    start({
      routes: {
        both: ['first/m', 'second/m'],
        onward: { targets: ['first/m', 'second/m'], fallbackOn: [code] },
      },
    })
    first.reply(reply)
    expect((await ask('both')).status).toBeGreaterThanOrEqual(400)
    expect(calls()).toEqual([1, 0])
    expect((await ask('onward')).status).toBe(200)
    expect(calls()).toEqual([2, 1])
  })

  it('targets that are switched off are skipped, and only they', async () => {
    const off = new Set<string>()
    start({ disabled: ({ provider }) => off.has(provider) })
    await ask('both')
    off.add('first')
    const response = await ask('both')
    expect(response.headers.get('x-postern-degraded')).toBe('target-disabled')
    const refused = await ask('alone')
    expect([refused.status, (await seeError(refused)).code]).toEqual([503, 'targets_unavailable'])
    off.clear()
    await ask('both')
    expect(calls()).toEqual([2, 1])
  })

  it('a switch that breaks leaves everything on', async () => {
    start({
      disabled: () => {
        throw new Error('no flags today')
      },
    })
    expect((await ask('both')).status).toBe(200)
    expect(log.lines.join('\n')).toContain('"callback":"disabled"')
  })

  it('a caller may want an answer sooner', async () => {
    start({ timeout: '10s', retries: 0 })
    first.reply({ hangBeforeHeaders: true })
    for (const [asked, expected] of [
      ['1500', 1500],
      ['2s', 2000],
    ] as const) {
      const response = ask('alone', { headers: { 'x-postern-timeout': asked } })
      await clock.armed(expected)
      clock.advance(expected)
      expect((await response).status).toBe(504)
    }
    const refused = await ask('alone', { headers: { 'x-postern-timeout': 'soon' } })
    expect([refused.status, (await seeError(refused)).param]).toEqual([400, 'x-postern-timeout'])
  })
})
