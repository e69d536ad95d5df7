import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { createGateway, type GatewayOptions, type RequestRecord } from '@postern/core'
import { gateway as expressGateway } from '@postern/express'
import { gateway as honoGateway } from '@postern/hono'
import { gateway as koaGateway } from '@postern/koa'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import express from 'express'
import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import Koa from 'koa'
import koaMount from 'koa-mount'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import winston from 'winston'

const KEY = 'key-of-the-bot-0001'
const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const body = JSON.stringify({ model: 'fake/model', messages: [{ role: 'user', content: 'Hello' }] })

let provider: FakeProvider
const closers: (() => unknown)[] = []

beforeEach(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
  closers.push(() => provider.close())
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const options = (own: GatewayOptions): GatewayOptions => ({
  providers: { fake: { baseUrl: provider.url } },
  keys: { bot: KEY },
  log: 'silent',
  ...own,
})

function ask(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    body,
  })
}

describe('loggers', () => {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  beforeEach(() => void (lines.length = 0))

  it.each([
    ['pino', () => pino({ level: 'info' }, sink)],
    ['a child of pino', () => pino({ level: 'info' }, sink).child({ part: 'llm' })],
    [
      'winston',
      () =>
        winston.createLogger({
          level: 'info',
          transports: [new winston.transports.Stream({ stream: sink })],
        }),
    ],
  ])('%s writes the message and its fields', async (_, create) => {
    const gateway = createGateway(options({ log: create() }))
    closers.push(() => gateway.close())
    const answer = await gateway.fetch('http://llm/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body,
    })
    expect(answer.status).toBe(200)
    const line = JSON.parse(lines.find((text) => text.includes('"record"')) as string) as {
      msg?: string
      message?: string
      record: RequestRecord
    }
    expect(line.msg ?? line.message).toBe('request')
    expect(line.record).toMatchObject({ target: 'fake/model', status: 200 })
  })
})

describe('ids of the host', () => {
  const records: RequestRecord[] = []
  beforeEach(() => void (records.length = 0))
  const traced = (own: GatewayOptions = {}): GatewayOptions =>
    options({ onRecord: (record) => void records.push(record), ...own })

  async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    closers.push(
      () => server.closeAllConnections(),
      () => server.close(),
    )
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/llm`
  }

  /** Each gives every request an id of its own, as the usual middleware of the framework does. */
  const hosts = {
    Express(gateway: GatewayOptions) {
      const app = express()
      app.use((request, response, next) => {
        response.setHeader('x-request-id', request.get('x-request-id') ?? `host-${randomUUID()}`)
        next()
      })
      app.use('/llm', expressGateway(gateway))
      return app
    },
    'Express with an id on the request'(gateway: GatewayOptions) {
      const app = express()
      app.use((request, _response, next) => {
        Object.assign(request, { id: request.get('x-request-id') ?? `host-${randomUUID()}` })
        next()
      })
      app.use('/llm', expressGateway(gateway))
      return app
    },
    Koa(gateway: GatewayOptions) {
      const app = new Koa()
      app.use((context, next) => {
        context.set('x-request-id', context.get('x-request-id') || `host-${randomUUID()}`)
        return next()
      })
      app.use(koaMount('/llm', koaGateway(gateway)))
      return app.callback()
    },
    Hono(gateway: GatewayOptions) {
      const app = new Hono()
      app.use(requestId({ generator: () => `host-${randomUUID()}` }))
      app.route('/llm', honoGateway(gateway))
      return getRequestListener(app.fetch)
    },
  }

  it.each(Object.entries(hosts))(
    '%s: the answer, the record and the provider get them',
    async (_, host) => {
      const url = await serve(host(traced({ forwardTrace: ['x-request-id', 'traceparent'] })))
      const given = await ask(url, { 'x-request-id': 'from-edge-1', traceparent: PARENT })
      const made = await ask(url)
      expect(given.headers.get('x-request-id')).toBe('from-edge-1')
      expect(made.headers.get('x-request-id')).toMatch(/^host-/)
      expect(records[0]).toMatchObject({ hostRequestId: 'from-edge-1', traceparent: PARENT })
      expect(records[1]?.hostRequestId).toBe(made.headers.get('x-request-id'))
      expect(records[1]).not.toHaveProperty('traceparent')
      expect(
        provider.journal.entries.map(({ headers }) => [
          headers['x-request-id'],
          headers.traceparent,
        ]),
      ).toEqual([
        ['from-edge-1', PARENT],
        [made.headers.get('x-request-id'), undefined],
      ])
      // The gateway's own id stays its own: what limits count by is never chosen by a client.
      for (const answer of [given, made])
        expect(answer.headers.get('x-postern-request-id')).toMatch(/^req_/)
      expect(records.map(({ id }) => id)).toEqual(
        [given, made].map(({ headers }) => headers.get('x-postern-request-id')),
      )
    },
  )

  it('does not send them to providers unless it is configured', async () => {
    const url = await serve(hosts.Express(traced()))
    await ask(url, { 'x-request-id': 'from-edge-1', traceparent: PARENT, tracestate: 'a=1' })
    for (const header of ['x-request-id', 'traceparent', 'tracestate'])
      expect(provider.journal.entries[0]?.headers).not.toHaveProperty(header)
    expect(records[0]).toMatchObject({ hostRequestId: 'from-edge-1' })
  })

  it('ignores what is no id', async () => {
    const url = await serve(
      hosts['Express with an id on the request'](
        traced({ forwardTrace: ['x-request-id', 'traceparent', 'tracestate'] }),
      ),
    )
    const answer = await ask(url, {
      'x-request-id': `x${'y'.repeat(200)}`,
      traceparent: 'garbage',
      tracestate: 'a=1',
    })
    const own = answer.headers.get('x-postern-request-id')
    expect(answer.headers.get('x-request-id')).toBe(own)
    expect(provider.journal.entries[0]?.headers['x-request-id']).toBe(own)
    expect(provider.journal.entries[0]?.headers).not.toHaveProperty('tracestate')
  })
})
