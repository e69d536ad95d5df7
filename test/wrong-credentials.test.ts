import type { RequestListener } from 'node:http'
import { createGateway, type Gateway, type GatewayOptions } from '@postern/core'
import { gateway as expressGateway } from '@postern/express'
import { gateway as honoGateway } from '@postern/hono'
import { gateway as koaGateway } from '@postern/koa'
import { redisStore } from '@postern/redis'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { listen } from './harness/listen.ts'
import { startRedis } from './harness/redis.ts'

const KEY = 'pk_right_0123456789abcdef'
const TOKEN = 'admin-0123456789abcdef'
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

function start(options: Partial<GatewayOptions> = {}): Gateway {
  const gateway = createGateway(
    {
      providers: { demo: { baseUrl: 'http://127.0.0.1:9/v1', models: ['m'] } },
      keys: { right: KEY },
      adminToken: TOKEN,
      wrongKeysPerAddress: 3,
      log: 'silent',
      ...options,
    },
    { environment: {} },
  )
  closers.push(() => gateway.close({ graceMs: 0 }))
  return gateway
}

/** Entrances with the right credential for each, and wrong ones. */
const doors = {
  'a key': { path: '/v1beta/models', right: KEY, wrong: 'pk_wrong', opened: 200 },
  'a token': {
    path: '/v1beta/models',
    right: KEY,
    wrong: 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA',
    opened: 200,
  },
  'the admin token': { path: '/admin/keys', right: TOKEN, wrong: 'wrong', opened: 200 },
} as const

const hosts: Readonly<Record<string, (gateway: Gateway, trustsProxy: boolean) => RequestListener>> =
  {
    Express: (gateway, trustsProxy) => {
      const app = express()
      app.set('trust proxy', trustsProxy)
      return app.use(expressGateway(gateway)) as RequestListener
    },
    Koa: (gateway, trustsProxy) => {
      const app = new Koa()
      app.proxy = trustsProxy
      return app.use(koaGateway(gateway)).callback() as RequestListener
    },
    Hono: (gateway) =>
      getRequestListener(new Hono().route('/', honoGateway(gateway)).fetch, {
        overrideGlobalObjects: false,
      }),
  }

async function knock(
  url: string,
  credential: string,
  from: string,
  path = '/v1/models',
): Promise<Response> {
  return fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${credential}`, 'x-forwarded-for': from },
  })
}

describe('wrong credentials', () => {
  it.each(Object.entries(doors))(
    '%s: more than the limit are 429 with the time to wait, and the right one is let in from the same address',
    async (_door, { path, right, wrong, opened }) => {
      const { url, close } = await listen(hosts['Express']?.(start(), false) ?? (() => undefined))
      closers.push(close)
      const statuses: number[] = []
      for (let at = 0; at < 5; at += 1)
        statuses.push((await knock(url, `${wrong}${at}`, '', path)).status)
      expect(statuses).toEqual([401, 401, 401, 429, 429])
      const refused = await knock(url, wrong, '', path)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(refused.headers.get('x-should-retry')).toBe('false')
      for (let at = 0; at < 5; at += 1)
        expect((await knock(url, right, '', path)).status).toBe(opened)
    },
  )

  it.each(Object.entries(hosts))(
    'are counted by the address that %s believes in',
    async (name, host) => {
      for (const trustsProxy of [false, true]) {
        const { url, close } = await listen(host(start(), trustsProxy))
        closers.push(close)
        const statuses: number[] = []
        for (let at = 0; at < 5; at += 1)
          statuses.push((await knock(url, 'pk_wrong', `10.0.0.${at}`)).status)
        // Hono trusts no proxy: what a client says of its address is not believed.
        expect([trustsProxy, statuses]).toEqual([
          trustsProxy,
          trustsProxy && name !== 'Hono' ? [401, 401, 401, 401, 401] : [401, 401, 401, 429, 429],
        ])
      }
    },
  )

  it('are counted over all addresses as well', async () => {
    const { url, close } = await listen(
      hosts['Express']?.(start({ wrongKeys: 4 }), true) ?? (() => undefined),
    )
    closers.push(close)
    const statuses: number[] = []
    for (let at = 0; at < 6; at += 1)
      statuses.push((await knock(url, 'pk_wrong', `10.0.0.${at}`)).status)
    expect([statuses, (await knock(url, KEY, '10.0.0.9')).status]).toEqual([
      [401, 401, 401, 401, 429, 429],
      200,
    ])
  })

  it('are no credentials that were not sent', async () => {
    const gateway = start()
    for (let at = 0; at < 5; at += 1)
      expect((await gateway.fetch('http://llm/v1/models')).status).toBe(401)
  })

  it('are counted once by all instances on one Redis, and by each alone while it is away', async () => {
    const redis = await startRedis()
    closers.push(() => redis.close())
    const instances = [0, 1].map(() => {
      const store = redisStore({ url: redis.url, prefix: 'wrong' })
      closers.push(() => store.close())
      return start({ store })
    })
    const statuses: number[] = []
    const wrong = async (at: number): Promise<number> =>
      (
        await instances[at % 2]?.fetch('http://llm/v1/models', {
          headers: { authorization: 'Bearer pk_wrong' },
        })
      )?.status ?? 0
    for (let at = 0; at < 5; at += 1) statuses.push(await wrong(at))
    expect(statuses).toEqual([401, 401, 401, 429, 429])
    await redis.kill()
    const alone: number[] = []
    for (let at = 0; at < 8; at += 1) alone.push(await wrong(at))
    expect(alone).toEqual([401, 401, 401, 401, 401, 401, 429, 429])
  })
})

describe('a refusal that no repetition can change', () => {
  it.each([
    ['a wrong key', 401, '/v1/messages', { 'x-api-key': 'pk_wrong' }, '{}'],
    ['no key', 401, '/v1/chat/completions', {}, '{}'],
    ['an unknown path', 404, '/v1/nothing', {}, '{}'],
    [
      'an unknown model',
      404,
      '/v1/chat/completions',
      { authorization: `Bearer ${KEY}` },
      '{"model":"demo/..","messages":[{"role":"user","content":"hi"}]}',
    ],
    ['no JSON', 400, '/v1/responses', { authorization: `Bearer ${KEY}` }, '{'],
    ['a wrong method', 405, '/v1/models', {}, '{}'],
    ['a wrong admin token', 401, '/admin/keys', { authorization: 'Bearer wrong' }, '{}'],
  ])(
    '%s says so to clients that repeat by themselves',
    async (_what, status, path, headers, body) => {
      const response = await start().fetch(`http://llm${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers } as Record<string, string>,
        body,
      })
      expect([response.status, response.headers.get('x-should-retry')]).toEqual([status, 'false'])
    },
  )
})

describe('requests of an administrator', () => {
  it('are limited within a minute', async () => {
    const gateway = start({ adminRequests: 3 })
    const statuses: number[] = []
    for (let at = 0; at < 4; at += 1)
      statuses.push(
        (
          await gateway.fetch('http://llm/admin/keys', {
            headers: { authorization: `Bearer ${TOKEN}` },
          })
        ).status,
      )
    const last = await gateway.fetch('http://llm/admin/keys', {
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    expect([statuses, last.status, Number(last.headers.get('retry-after')) > 0]).toEqual([
      [200, 200, 200, 429],
      429,
      true,
    ])
  })
})
