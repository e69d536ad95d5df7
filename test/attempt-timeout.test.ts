import { dialectNames, type ScriptedReply } from '@postern/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain, type ChainOptions, targetOf } from './harness/chain.ts'
import { seeError } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { turns } from './harness/turns.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

let chain: Chain
let clock: FakeClock
afterEach(async () => {
  await chain.close()
  expect(clock.pending).toBe(0)
})

async function start(options: ChainOptions = {}): Promise<void> {
  clock = new FakeClock()
  chain = await startChain({ ...options, injected: { clock, random: () => 0 } })
}

/** Ways to take a request and never finish a whole answer. */
const hangs: readonly (readonly [string, ScriptedReply])[] = [
  ['before its headers', { hangBeforeHeaders: true }],
  ['after its headers', { hangAfterBytes: 0 }],
  ['in the middle of its body', { hangAfterBytes: 40 }],
  ['byte by byte', { slowDrip: { bytes: 1, everyMs: 20 } }],
]

/** Asks, and lets the time pass once the provider has the request. */
async function askAndWait(
  provider: 'first' | 'second',
  ms: number,
  init?: RequestInit,
): Promise<Response> {
  const asked = chain.ask({}, init)
  await chain.provider(provider).journal.waitForRequest()
  await turns()
  clock.advance(ms)
  return asked
}

describe.each(dialectNames)('a whole answer of %s', (dialect) => {
  it.each(hangs)(
    'that hangs %s is given up, and the next target answers',
    async (_where, reply) => {
      await start({ dialects: [dialect, 'openai-chat'] })
      chain.provider('first').reply(reply)
      chain.provider('second').reply({ answer: { text: 'Served by second' } })
      const response = await askAndWait('first', 2 * MINUTE)
      expect(await response.json()).toMatchObject({
        choices: [{ message: { content: 'Served by second' } }],
      })
      expect(chain.records).toMatchObject([
        {
          code: 'ok',
          target: targetOf('second'),
          attempts: [
            { code: 'attempt_timeout', ms: 2 * MINUTE, billed: 'unknown' },
            { code: 'ok' },
          ],
        },
      ])
      expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
    },
  )
})

describe('the attempt timeout', () => {
  it.each([
    ['of the route', { route: { attemptTimeout: '7s' }, gateway: { attemptTimeout: '50s' } }],
    ['of the gateway', { gateway: { attemptTimeout: '7s' } }],
    ['of the environment', { environment: { POSTERN_ATTEMPT_TIMEOUT: '7s' } }],
  ] as const)(
    '%s holds for every target, the last one too',
    async (
      _whose,
      { environment, ...options }: ChainOptions & { environment?: Record<string, string> },
    ) => {
      clock = new FakeClock()
      chain = await startChain({
        ...options,
        injected: { clock, random: () => 0, environment: environment ?? {} },
      })
      for (const provider of chain.providers) provider.reply({ hangBeforeHeaders: true })
      const asked = chain.ask()
      for (const name of ['first', 'second'] as const) {
        await chain.provider(name).journal.waitForRequest()
        await turns()
        clock.advance(7 * SECOND)
      }
      const response = await asked
      expect(response.status).toBe(504)
      expect(await seeError(response)).toMatchObject({
        code: 'attempt_timeout',
        type: 'timeout_error',
        message: expect.stringMatching(
          /7000 ms \(option attemptTimeout, POSTERN_ATTEMPT_TIMEOUT\).*route "chain"/,
        ),
      })
      expect(chain.records).toMatchObject([
        {
          attempts: [
            { code: 'attempt_timeout', ms: 7 * SECOND },
            { code: 'attempt_timeout', ms: 7 * SECOND },
          ],
        },
      ])
    },
  )

  it('leaves half of a near deadline to the next target', async () => {
    await start({ route: { timeout: '30s' } })
    chain.provider('first').reply({ hangBeforeHeaders: true })
    const response = await askAndWait('first', 15 * SECOND)
    expect(response.headers.get('x-postern-target')).toBe(targetOf('second'))
  })

  it('does not run for the last target, which may use all that is left', async () => {
    await start()
    chain.provider('first').reply({ status: 503 })
    chain.provider('second').reply({ hangBeforeHeaders: true })
    const asked = chain.ask()
    await chain.provider('second').journal.waitForRequest()
    await turns()
    clock.advance(10 * MINUTE - 1)
    await turns()
    expect(chain.records).toEqual([])
    clock.advance(1)
    expect((await seeError(await asked)).message).toContain('(route "chain")')
    expect(chain.records).toMatchObject([{ code: 'deadline_exceeded' }])
  })

  it('opens the circuit of a target that keeps hanging', async () => {
    await start({ gateway: { circuitBreaker: 'on', attemptTimeout: '5s' } })
    chain.provider('first').reply({ hangAfterBytes: 0 })
    for (let request = 0; request < 5; request++) {
      chain.provider('first').journal.clear()
      expect((await askAndWait('first', 5 * SECOND)).status).toBe(200)
    }
    chain.reset()
    expect((await chain.ask()).status).toBe(200)
    expect(chain.calls()).toEqual([0, 1])
  })

  it('opens the circuit of the only target as well when the deadline ends its answers', async () => {
    await start({ dialects: ['openai-chat'], gateway: { circuitBreaker: 'on' } })
    chain.provider('first').reply({ hangBeforeHeaders: true })
    for (let request = 0; request < 5; request++) {
      chain.provider('first').journal.clear()
      expect((await seeError(await askAndWait('first', 10 * MINUTE))).code).toBe(
        'deadline_exceeded',
      )
    }
    expect((await seeError(await chain.ask())).code).toBe('targets_unavailable')
  })

  it('says nothing of a target whose callers want their answers sooner than it gives them', async () => {
    await start({ dialects: ['openai-chat'], gateway: { circuitBreaker: 'on' } })
    chain.provider('first').reply({ hangBeforeHeaders: true })
    for (let request = 0; request < 8; request++) {
      chain.provider('first').journal.clear()
      await askAndWait('first', 50, { headers: { 'x-postern-timeout': '50' } })
    }
    expect(chain.gateway.health()).toMatchObject({ status: 'ok' })
  })

  it('is not seen by a client of the official SDK', async () => {
    await start({ gateway: { attemptTimeout: '5s' } })
    chain.provider('first').reply({ hangAfterBytes: 40 })
    chain.provider('second').reply({ answer: { text: 'Served by second' } })
    const client = new OpenAI({
      baseURL: 'http://gateway/v1',
      apiKey: CLIENT_KEY,
      maxRetries: 0,
      fetch: chain.gateway.fetch as typeof fetch,
    })
    const asked = client.chat.completions.create({
      model: 'chain',
      messages: [{ role: 'user', content: 'Hello' }],
    })
    await chain.provider('first').journal.waitForRequest()
    await turns()
    clock.advance(5 * SECOND)
    expect((await asked).choices[0]?.message.content).toBe('Served by second')
  })
})
