import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createGateway } from '@postern/core'
import { createGateway as createForExpress, gateway as expressGateway } from '@postern/express'
import { gateway as honoGateway } from '@postern/hono'
import { gateway as koaGateway } from '@postern/koa'
import { createGate, type FakeProvider, startFakeProvider } from '@postern/testing'
import compression from 'compression'
import express from 'express'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { logger } from 'hono/logger'
import { secureHeaders } from 'hono/secure-headers'
import { timeout } from 'hono/timeout'
import Koa from 'koa'
import koaCompress from 'koa-compress'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY, startChain } from './harness/chain.ts'
import { openStream } from './harness/client-stream.ts'
import { listen } from './harness/listen.ts'
import { seeLog } from './harness/log.ts'
import { startRawUpstream } from './harness/raw-upstream.ts'

let provider: FakeProvider
const closers: (() => Promise<unknown>)[] = []
const host = new AsyncLocalStorage<string>()
/** Content of the host's AsyncLocalStorage when the gateway called back. */
const seen: (string | undefined)[] = []

beforeEach(async () => {
  seen.length = 0
  provider = await startFakeProvider({ dialect: 'openai-chat' })
  closers.push(() => provider.close())
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const options = () => ({
  providers: { main: { baseUrl: provider.url, apiKey: 'test' } },
  log: 'silent' as const,
  identify: () => {
    seen.push(host.getStore())
    return { id: 'host-user' }
  },
  onRecord: () => void seen.push(host.getStore()),
})

/**
 * Middleware that hosts put around everything: compression, entity tags, timeouts, wrappers of
 * `write` and `end`, a context.
 */
const stacks = {
  async Express() {
    const app = express()
    app.set('etag', 'strong')
    app.use((request, _response, next) => host.run(String(request.headers['x-user']), next))
    app.use(compression({ threshold: 0 }) as never)
    app.use((_request, response, next) => {
      const { end, writeHead } = response
      response.writeHead = function writeHeadAndTime(this: typeof response, ...given: never) {
        this.setHeader('x-response-time', '1ms')
        return Reflect.apply(writeHead, this, given)
      } as typeof writeHead
      response.end = function endSession(this: typeof response, ...given: never) {
        return Reflect.apply(end, this, given)
      } as typeof end
      next()
    })
    app.use(express.json(), express.urlencoded({ extended: true }))
    const own = createForExpress(options() as never)
    closers.push(() => own.close())
    app.use('/llm', expressGateway(own))
    return listen(app)
  },
  async Koa() {
    const app = new Koa()
    app.use((ctx, next) => host.run(String(ctx.get('x-user')), next))
    app.use(async (ctx, next) => {
      await next()
      if (!ctx.headerSent) ctx.set('x-response-time', '1ms')
    })
    app.use(koaCompress({ threshold: 0 }))
    app.use(koaGateway({ ...options(), prefix: '/llm' } as never))
    return listen(app.callback())
  },
  async Hono() {
    const app = new Hono()
    app.use((c, next) => host.run(String(c.req.header('x-user')), next))
    app.use(
      cors(),
      secureHeaders(),
      etag(),
      compress({ threshold: 0 }),
      timeout(10_000),
      logger(() => undefined),
    )
    app.route('/llm', honoGateway(options() as never))
    return listen(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  },
}

describe.each(Object.entries(stacks))('among the middlewares of %s', (_framework, start) => {
  const ask = (url: string, user: string, stream = true): Promise<Response> =>
    fetch(`${url}/llm/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': user },
      body: JSON.stringify({
        model: 'main/m',
        stream,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    })

  it('each event comes before the next one exists (K3, K11)', async () => {
    const server = await start()
    closers.push(() => server.close())
    const gate = createGate()
    provider.reply({ answer: { text: ['first', 'second'] }, gate })
    gate.release()
    const stream = openStream(await ask(server.url, 'ada'))
    await stream.until('first')
    gate.release()
    await stream.until('second')
    gate.releaseAll()
    expect(await stream.rest()).toContain('[DONE]')
  })

  it("callbacks run in the context of the host's request, on shared connections too (K12)", async () => {
    const server = await start()
    closers.push(() => server.close())
    for (const stream of [true, false]) {
      seen.length = 0
      const gate = createGate()
      provider.reply({ answer: { text: ['a', 'b', 'c'] }, gate })
      const answers = ['ada', 'bob', 'cy'].map((user) => ask(server.url, user, stream))
      gate.releaseAll()
      await Promise.all(answers.map(async (answer) => (await answer).text()))
      await expect.poll(() => seen.toSorted()).toEqual(['ada', 'ada', 'bob', 'bob', 'cy', 'cy'])
    }
  })
})

it('a connection that the provider closes as it is used again is not the client’s business', async () => {
  const answer = JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  })
  let requests = 0
  const upstream = await startRawUpstream((socket) => {
    requests += 1
    // The second request comes on the connection of the first: it is taken and dropped without a
    // byte.
    if (requests === 2) socket.destroy()
    else
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`,
      )
  })
  const chain = await startChain({
    dialects: ['openai-chat'],
    addresses: { first: `http://${upstream.url}` },
  })
  closers.push(
    () => chain.close(),
    () => upstream.close(),
  )
  expect([(await chain.ask()).status, (await chain.ask()).status]).toEqual([200, 200])
  expect([requests, upstream.connections()]).toEqual([3, 2])
  // It may have been taken before it was dropped: the record says so.
  expect(chain.records[1]?.attempts).toMatchObject([
    { code: 'provider_unreachable', billed: 'unknown' },
    { code: 'ok', billed: 'yes' },
  ])
})

it('a provider that is down for long is logged once, not once for each request', async () => {
  const log = seeLog()
  const chain = await startChain({
    gateway: {
      log: { ...log, info: () => undefined, debug: () => undefined },
      circuitBreaker: 'on',
    },
  })
  closers.push(() => chain.close())
  for (const down of chain.providers) down.reply({ status: 500 })
  for (let at = 0; at < 60; at++)
    expect(
      (await chain.ask({}, { headers: { authorization: `Bearer ${CLIENT_KEY}` } })).status,
    ).toBeGreaterThanOrEqual(500)
  // The circuits, and the requests that failed before they opened.
  expect(log.lines.length).toBeLessThanOrEqual(10)
  expect(log.lines.filter((line) => line.includes('circuit opened')).length).toBeLessThanOrEqual(4)
})

it.each([
  [5_000, 1],
  [65_000, 0],
  [0, 0],
])(
  'a server that keeps idle connections for %i ms is logged %i times in production',
  async (keepAliveTimeoutMs, times) => {
    const log = seeLog()
    const app = express()
    const own = createGateway({ ...options(), log }, { environment: { NODE_ENV: 'production' } })
    closers.push(() => own.close())
    app.use('/llm', expressGateway(own))
    const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, app).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    closers.push(
      () => new Promise((resolve) => void (server.closeAllConnections(), server.close(resolve))),
    )
    for (let at = 0; at < 3; at++)
      await fetch(
        `http://127.0.0.1:${(server.address() as AddressInfo).port}/llm/v1/chat/completions`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'main/m', messages: [{ role: 'user', content: 'hi' }] }),
        },
      )
    expect(log.lines.filter((line) => line.includes('keepAliveTimeout'))).toHaveLength(times)
  },
)
