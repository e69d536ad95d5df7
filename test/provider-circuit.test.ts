import { createGateway, type Gateway, type RequestRecord } from '@postern/core'
import {
  dialectNames,
  type FakeProvider,
  refusedUrl,
  type ScriptedReply,
  startFakeProvider,
} from '@postern/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CANARY_KEY, type Chain, CLIENT_KEY, startChain, targetOf } from './harness/chain.ts'
import { seeError, seeStream } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { seeLog, type SeenLog } from './harness/log.ts'

describe('a provider whose models fail together', () => {
  let provider: FakeProvider
  let other: FakeProvider
  let gateway: Gateway
  let clock: FakeClock
  let log: SeenLog
  let records: RequestRecord[]
  /** Models that answer 500. */
  let broken: Set<string>

  beforeEach(async () => {
    provider = await startFakeProvider({ dialect: 'openai-chat', validate: false })
    other = await startFakeProvider({ dialect: 'openai-chat', validate: false })
    clock = new FakeClock()
    log = seeLog()
    records = []
    broken = new Set()
    provider.reply(({ view }): ScriptedReply =>
      broken.has(view.model ?? '') ? { status: 500 } : { answer: { text: 'hi' } },
    )
    gateway = createGateway(
      {
        providers: {
          first: { baseUrl: provider.url, apiKey: CANARY_KEY },
          second: { baseUrl: other.url, apiKey: CANARY_KEY },
        },
        routes: Object.fromEntries(
          ['a', 'b', 'c'].map((model) => [model, [`first/${model}`, 'second/m']]),
        ),
        keys: { client: CLIENT_KEY },
        log,
        onRecord: (record) => void records.push(record),
      },
      { clock, random: () => 0.5, environment: {} },
    )
  })
  afterEach(async () => {
    await gateway.close({ graceMs: 0 })
    await Promise.all([provider.close(), other.close()])
    expect(clock.pending).toBe(0)
  })

  async function ask(model: string): Promise<number> {
    const response = await gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    })
    await response.text()
    return response.status
  }
  const calls = (): number => provider.journal.entries.length

  it('is skipped for all of them, also those that were not called yet', async () => {
    broken = new Set(['a', 'b', 'c'])
    for (const model of ['a', 'b', 'a', 'b', 'a']) expect(await ask(model)).toBe(200)
    expect(calls()).toBe(5)
    for (const model of ['a', 'b', 'c', 'c']) expect(await ask(model)).toBe(200)
    expect(calls()).toBe(5)
    expect(records.at(-1)).toMatchObject({ target: 'second/m', degraded: ['circuit-open'] })
    expect(gateway.health()).toMatchObject({ status: 'degraded', unavailable: ['first/*'] })
    expect(log.lines.filter((line) => line.includes('first/*'))).toHaveLength(1)
  })

  it('is probed by one call, whichever model it is for, and is called again after it', async () => {
    broken = new Set(['a', 'b'])
    for (const model of ['a', 'b', 'a', 'b', 'a']) await ask(model)
    broken.clear()
    clock.advance(30_000)
    await Promise.all(Array.from({ length: 8 }, () => ask('c')))
    expect(calls()).toBe(6)
    await Promise.all(['a', 'b', 'c'].map(ask))
    expect(calls()).toBe(9)
    expect(gateway.health()).toMatchObject({ status: 'ok' })
  })

  it('is not one where only one model fails, however often', async () => {
    broken = new Set(['a'])
    for (let request = 0; request < 30; request++) await ask('a')
    expect(calls()).toBe(5)
    expect(await ask('b')).toBe(200)
    expect(calls()).toBe(6)
    expect(gateway.health()).toMatchObject({ unavailable: ['first/a'] })
  })

  it('is not one where a model answers between the failures of others', async () => {
    broken = new Set(['a', 'b'])
    for (let round = 0; round < 4; round++) for (const model of ['a', 'b', 'c']) await ask(model)
    expect(gateway.health()).toMatchObject({ status: 'ok' })
  })

  it('is not one for a single failure of a second model', async () => {
    broken = new Set(['a', 'b'])
    for (const model of ['a', 'a', 'a', 'a', 'b']) await ask(model)
    expect(gateway.health()).toMatchObject({ status: 'ok' })
  })
})

describe('a chain of any length', () => {
  let chain: Chain
  afterEach(() => chain.close())

  const failures: readonly (readonly [string, ScriptedReply])[] = [
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['402', { status: 402 }],
    ['a cut', { cutAfterBytes: 10, cutBy: 'rst' }],
    ['a page of HTML', { htmlErrorPage: true, status: 200 }],
    ['an empty body', { emptyBody: true }],
  ]
  const rows = failures.flatMap(([name, reply]) =>
    [false, true].map((stream) => ({ name, reply, stream })),
  )

  it.each(rows)('is tried to its end after $name (stream: $stream)', async ({ reply, stream }) => {
    chain = await startChain({ dialects: dialectNames.slice(0, 5), injected: { random: () => 0 } })
    for (const provider of chain.providers) provider.reply(reply)
    chain.provider('fifth').reply({ answer: { text: 'Served by fifth' } })
    const response = await chain.ask({ stream })
    const body = await response.text()
    expect(
      stream
        ? seeStream(body).text
        : (JSON.parse(body) as { choices: [{ message: { content: string } }] }).choices[0].message
            .content,
    ).toBe('Served by fifth')
    expect(chain.calls()).toEqual([1, 1, 1, 1, 1])
    expect(response.headers.get('x-postern-target')).toBe(targetOf('fifth'))
  })

  it('is tried as far as its deadline goes', async () => {
    const clock = new FakeClock()
    chain = await startChain({
      dialects: ['openai-chat', 'openai-chat', 'openai-chat', 'openai-chat'],
      route: { timeout: '8s', attemptTimeout: '3s' },
      injected: { clock, random: () => 0 },
    })
    for (const provider of chain.providers) provider.reply({ hangBeforeHeaders: true })
    const asked = chain.ask()
    for (const [name, ms] of [
      ['first', 3_000],
      ['second', 3_000],
      ['third', 2_000],
    ] as const) {
      await chain.provider(name).journal.waitForRequest()
      clock.advance(ms)
    }
    expect(await seeError(await asked)).toMatchObject({
      code: 'deadline_exceeded',
      message: expect.stringContaining('(route "chain")'),
    })
    expect(chain.calls()).toEqual([1, 1, 1, 0])
  })

  it('that fails names its route to the client, and says why in the log', async () => {
    const log = seeLog()
    chain = await startChain({ addresses: { first: await refusedUrl('/v1') }, gateway: { log } })
    chain.provider('second').reply({ raw: { body: `<html>${CANARY_KEY}</html>` } })
    const response = await chain.ask()
    expect(response.status).toBe(502)
    expect((await seeError(response)).message).toMatch(
      /^All 3 attempts failed \(first\/model-of-first: provider_unreachable.*\(route "chain"\)$/,
    )
    const lines = log.lines.filter((line) => line.includes('request failed'))
    expect(lines).toHaveLength(1)
    for (const part of [
      '"route":"chain"',
      '"status":502',
      'provider_unreachable',
      'ECONNREFUSED',
      targetOf('second'),
    ])
      expect(lines[0]).toContain(part)
    expect(lines[0]).not.toContain(CANARY_KEY)
  })

  it('of one target that answers nonsense says in the log what it could not read', async () => {
    const log = seeLog()
    chain = await startChain({ dialects: ['openai-chat'], route: { retries: 0 }, gateway: { log } })
    chain.provider('first').reply({ raw: { body: `<html>${CANARY_KEY}</html>` } })
    expect((await seeError(await chain.ask())).message).toContain('(route "chain")')
    const line = log.lines.find((text) => text.includes('request failed'))
    expect(line).toMatch(/"cause":"(?:Syntax)?Error: /)
    expect(line).not.toContain(CANARY_KEY)
  })
})
