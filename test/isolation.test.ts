import { execFile } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createGateway } from '@postern/core'
import { createGate } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import {
  CANARY_KEY,
  type Chain,
  CLIENT_KEY,
  type MountedChain,
  startChain,
  startMountedChain,
} from './harness/chain.ts'
import { openStream, seeError, seeStream } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { seeLog } from './harness/log.ts'
import { turns } from './harness/turns.ts'

let chain: Chain
afterEach(() => chain.close())

describe('two gateways in one process', () => {
  it('share neither keys, routes, records nor health', async () => {
    chain = await startChain()
    const other = await startChain({
      dialects: ['openai-chat'],
      gateway: { keys: { other: 'pk_other_0123456789abcdef' } },
    })
    expect((await other.ask()).status).toBe(401)
    expect((await chain.ask()).status).toBe(200)
    expect([chain.records.length, other.records.length]).toEqual([1, 1])
    expect(other.calls()).toEqual([0])
    await other.close()
    expect(other.gateway.health().status).toBe('closing')
    expect(chain.gateway.health()).toEqual({
      status: 'ok',
      degraded: [],
      providers: ['first', 'second'],
      routes: ['chain'],
      active: 0,
      unavailable: [],
      shedding: 'nobody',
    })
    expect((await chain.ask()).status).toBe(200)
  })

  it('each make a development key of their own', async () => {
    chain = await startChain()
    const [a, b] = [seeLog(), seeLog()]
    const environment = { OPENAI_API_KEY: CANARY_KEY }
    const gateways = [a, b].map((log) => createGateway({ log }, { environment }))
    expect(await a.next('pk_dev_')).not.toBe(await b.next('pk_dev_'))
    for (const gateway of gateways) await gateway.close()
  })
})

describe('what a client sends', () => {
  const canary = 'TRESPASSER'
  const headers = {
    cookie: `session=${canary}`,
    'proxy-authorization': `Basic ${canary}`,
    'x-forwarded-for': canary,
    'x-forwarded-host': canary,
    'x-real-ip': canary,
    forwarded: `for=${canary}`,
    'x-api-base': `http://${canary}.invalid`,
    'x-portkey-custom-host': `http://${canary}.invalid`,
    'openai-organization': canary,
    'anthropic-beta': canary,
    'x-stainless-lang': canary,
    'user-agent': canary,
    referer: `http://${canary}.invalid`,
    origin: `http://${canary}.invalid`,
    'idempotency-key': canary,
    traceparent: canary,
    te: 'trailers',
  }

  it.each(['openai-chat', 'anthropic-messages', 'gemini'] as const)(
    'reaches a provider of %s in the body alone',
    async (dialect) => {
      chain = await startChain({ dialects: [dialect] })
      for (const stream of [false, true]) {
        const response = await chain.ask({ stream }, { headers })
        expect(response.status).toBe(200)
        await response.text()
        const seen = chain.provider('first').journal.last()
        expect(JSON.stringify(seen.headers)).not.toMatch(new RegExp(`${canary}|${CLIENT_KEY}`, 'i'))
        expect(seen.path + seen.search).not.toContain(CANARY_KEY)
        expect(Object.keys(seen.headers).sort()).toEqual(
          [
            ...expected[dialect],
            'accept',
            'accept-encoding',
            'connection',
            'content-length',
            'content-type',
            'host',
            'user-agent',
          ].sort(),
        )
      }
    },
  )

  const expected = {
    'openai-chat': ['authorization'],
    'anthropic-messages': ['anthropic-version', 'x-api-key'],
    gemini: ['x-goog-api-key'],
  }

  it.each(['Express', 'Koa', 'Hono'] as const)(
    'reaches no provider behind %s either',
    async (framework) => {
      chain = await startChain()
      const mounted: MountedChain = await startMountedChain(framework, { mountPath: '/llm' })
      await mounted.ask({}, { headers })
      expect(JSON.stringify(mounted.provider('first').journal.last().headers)).not.toMatch(
        new RegExp(`${canary}|${CLIENT_KEY}`, 'i'),
      )
      await mounted.close()
    },
  )

  it.each(['openai-chat', 'gemini'] as const)(
    'never steers the gateway to another host or key of %s',
    async (dialect) => {
      chain = await startChain({ dialects: [dialect] })
      const attacker = await startChain({ dialects: ['openai-chat'] })
      const url = attacker.provider('first').url
      const steering = {
        api_base: url,
        base_url: url,
        baseURL: url,
        custom_host: url,
        api_key: canary,
        provider: { base_url: url },
        organization: canary,
      }
      const response = await chain.gateway.fetch(
        `http://evil.invalid/v1/chat/completions?api_base=${encodeURIComponent(url)}&key=${canary}`,
        {
          method: 'POST',
          headers: {
            authorization: `Bearer ${CLIENT_KEY}`,
            'x-api-base': url,
            host: 'evil.invalid',
          },
          body: JSON.stringify({
            model: 'chain',
            messages: [{ role: 'user', content: 'Hello' }],
            ...steering,
          }),
        },
      )
      // OpenAI refuses fields it does not know; the others never hear of them.
      expect(response.status).toBe(dialect === 'openai-chat' ? 400 : 200)
      expect([attacker.calls(), chain.calls()]).toEqual([[0], [1]])
      const seen = chain.provider('first').journal.last()
      expect(seen.search).toBe('')
      expect(seen.headers[dialect === 'gemini' ? 'x-goog-api-key' : 'authorization']).toContain(
        CANARY_KEY,
      )
      expect(JSON.stringify(seen.headers)).not.toContain(canary)
      await attacker.close()
    },
  )

  it('cannot leave the path of the model it names', async () => {
    chain = await startChain({ dialects: ['gemini'] })
    for (const model of ['first/../../evil?x=1', 'first/a/../b#c', 'first/%2e%2e/evil']) {
      expect((await chain.ask({ model })).status).toBe(404)
    }
    expect(chain.calls()).toEqual([0])
  })

  it('is not sent on to where a provider redirects', async () => {
    const elsewhere = await startChain({ dialects: ['openai-chat'] })
    chain = await startChain({ dialects: ['openai-chat'], route: { retries: 0 } })
    for (const status of [301, 302, 307, 308]) {
      chain.provider('first').reply({
        raw: {
          status,
          headers: { location: `${elsewhere.provider('first').url}/chat/completions` },
          body: '',
        },
      })
      expect((await chain.ask()).status).toBe(502)
    }
    expect(elsewhere.calls()).toEqual([0])
    await elsewhere.close()
  })
})

it('of what a provider sends, only the answer reaches the client (K10)', async () => {
  chain = await startChain({ dialects: ['openai-chat'] })
  chain.provider('first').reply({
    headers: {
      'set-cookie': 'a=CANARY',
      'x-secret': 'CANARY',
      'x-postern-target': 'CANARY',
      'cf-ray': 'CANARY',
      'access-control-allow-origin': 'CANARY',
    },
  })
  for (const stream of [false, true]) {
    const response = await chain.ask({ stream })
    await response.text()
    expect(JSON.stringify([...response.headers])).not.toContain('CANARY')
    expect(
      [...response.headers.keys()].filter((name) => !name.startsWith('x-postern-')).sort(),
    ).toEqual(
      stream
        ? ['cache-control', 'content-type', 'x-accel-buffering', 'x-request-id']
        : ['content-type', 'x-request-id'],
    )
  }
})

describe('close', () => {
  it('lets a running stream end, and takes nothing new', async () => {
    const gate = createGate()
    chain = await startChain({ dialects: ['openai-chat'] })
    chain.provider('first').reply({ answer: { text: ['one', 'two'] }, gate })
    gate.release()
    const stream = openStream(await chain.ask({ stream: true }))
    await stream.until('one')
    let closed = false
    const closing = chain.gateway.close().then(() => (closed = true))
    const refused = await chain.ask()
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await seeError(refused)).toMatchObject({ code: 'gateway_closed' })
    expect((await chain.send('/health/live')).status).toBe(200)
    expect((await chain.send('/health/ready')).status).toBe(503)
    await turns()
    expect(closed).toBe(false)
    gate.releaseAll()
    expect(seeStream(await stream.rest())).toMatchObject({ text: 'onetwo', done: true })
    await closing
    expect(chain.gateway.health()).toMatchObject({ status: 'closing', active: 0 })
  })

  it('ends with an error what is not done after the grace', async () => {
    const clock = new FakeClock()
    const gate = createGate()
    chain = await startChain({ dialects: ['openai-chat'], injected: { clock } })
    chain
      .provider('first')
      .enqueue({ answer: { text: ['one', 'two'] }, gate }, { hangBeforeHeaders: true })
    gate.release()
    const stream = openStream(await chain.ask({ stream: true }))
    await stream.until('one')
    const waiting = chain.ask()
    await chain.provider('first').journal.waitForRequest(1)
    const closing = chain.gateway.close({ graceMs: 5000 })
    clock.advance(5000)
    expect(seeStream(await stream.rest())).toMatchObject({
      text: 'one',
      done: false,
      error: { code: 'gateway_closed' },
    })
    const response = await waiting
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBeNull()
    await closing
    expect(clock.pending).toBe(0)
    expect(chain.records).toHaveLength(2)
  })

  it('leaves no timer and no connection behind: a process that is done ends by itself', async () => {
    chain = await startChain()
    const script = `
      const { createGateway } = await import(${urlOf('@postern/core')})
      const { startFakeProvider } = await import(${urlOf('@postern/testing')})
      const before = process.getActiveResourcesInfo()
      const provider = await startFakeProvider({ dialect: 'openai-chat' })
      const gateway = createGateway({ auth: 'none', log: 'silent', providers: { first: { baseUrl: provider.url } } }, { random: () => 0, environment: {} })
      const ask = (stream) => gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', body: JSON.stringify({ model: 'first/m', stream, messages: [{ role: 'user', content: 'Hello' }] }) })
      provider.enqueue({ status: 503 }, {}, { answer: { text: ['a', 'b'] }, cutAfterEvents: 2 })
      for (const stream of [false, true, true]) await (await ask(stream)).text()
      await (await ask(true)).body.cancel()
      await (await gateway.fetch('http://gateway/v1/models')).text()
      await gateway.close()
      await provider.close()
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      const after = process.getActiveResourcesInfo()
      console.log(JSON.stringify({ before, after }))`
    const { before, after } = await run(script)
    expect(after).toEqual(before)
  })
})

it('a thousand requests under one long-lived signal leave no listener behind', async () => {
  chain = await startChain({ dialects: ['openai-chat'] })
  const warnings: string[] = []
  const warn = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', warn)
  const { signal } = new AbortController()
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 100 }, async (_, at) =>
        (await chain.ask({ stream: at % 2 === 0 }, { signal })).text(),
      ),
    )
  }
  await turns()
  process.off('warning', warn)
  expect(warnings).toEqual([])
  expect(EventEmitter.getEventListeners(signal, 'abort').length).toBe(0)
  expect(chain.records.filter((record) => record.code === 'ok')).toHaveLength(1000)
  expect(chain.gateway.health().active).toBe(0)
}, 20_000)

it('errors do not pin connections', async () => {
  chain = await startChain({ dialects: ['openai-chat'], route: { retries: 0 } })
  for (const reply of [
    { status: 500, errorBody: 'x'.repeat(500_000) },
    { malformedJson: true },
    { raw: { body: '{}' } },
    { htmlErrorPage: true },
  ]) {
    chain.provider('first').reply(reply)
    for (let count = 0; count < 20; count++)
      await (await chain.ask({ stream: count % 2 === 0 })).text()
  }
  await Promise.all(chain.provider('first').journal.entries.map((entry) => entry.closed))
  expect(chain.gateway.health().active).toBe(0)
})

it('importing and creating a gateway leaves the globals alone', async () => {
  chain = await startChain()
  const script = `
    const listeners = () => JSON.stringify(process.eventNames().map((name) => [String(name), process.listenerCount(name)]).sort())
    const shape = () => new Map(Object.getOwnPropertyNames(globalThis).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]))
    const dispatcher = () => globalThis[Symbol.for('undici.globalDispatcher.1')]
    const before = { listeners: listeners(), shape: shape(), environment: JSON.stringify(process.env), prototypes: Object.getOwnPropertyNames(Object.prototype).length, dispatcher: dispatcher() }
    const { createGateway } = await import(${urlOf('@postern/core')})
    const gateway = createGateway({ auth: 'none', log: 'silent' }, { environment: { OPENAI_API_KEY: 'sk-0123456789abcdef' } })
    const changed = []
    if (listeners() !== before.listeners) changed.push('process listeners')
    for (const [name, own] of shape()) {
      const was = before.shape.get(name)
      if (was === undefined || !Object.is(was.value, own.value) || was.get !== own.get) changed.push(name)
    }
    if (JSON.stringify(process.env) !== before.environment) changed.push('environment')
    if (Object.getOwnPropertyNames(Object.prototype).length !== before.prototypes) changed.push('Object.prototype')
    console.log(JSON.stringify({ changed, fetchPatched: dispatcher() !== before.dispatcher }))
    await gateway.close()`
  // zod keeps its registry where every copy of zod in a process finds it.
  expect(await run(script)).toEqual({
    changed: ['__zod_globalConfig', '__zod_globalRegistry'],
    fetchPatched: false,
  })
})

/** A module of the workspace as a script outside it imports it. */
function urlOf(specifier: string): string {
  return JSON.stringify(pathToFileURL(createRequire(import.meta.url).resolve(specifier)).href)
}

/**
 * Runs a module in a process of its own, which has to end by itself, and gives the JSON it printed.
 */
async function run(script: string): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { timeout: 15_000 },
  )
  return JSON.parse(stdout)
}
