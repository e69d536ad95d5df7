import { afterEach, describe, expect, it } from 'vitest'
import { FakeTransport } from '../dispatch/transport.fake.ts'
import { createGateway } from '../gateway/create-gateway.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { routes } from './routes.ts'

const TOKEN = 'admin-0123456789abcdef'
const running: Gateway[] = []

afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close()
})

/** An application that knows its administrator by a cookie. */
function start(): Gateway {
  const adminGuard = (request: Request): string | null =>
    request.headers.get('cookie') === 'session=admin' ? 'ada' : null
  const gateway = createGateway<Request>(
    {
      providers: { demo: { baseUrl: 'http://demo.test/v1' } },
      adminToken: TOKEN,
      adminGuard,
      log: 'silent',
    },
    { transport: new FakeTransport([]), environment: {} },
  )
  running.push(gateway)
  return gateway
}

const changes = routes
  .filter(([method]) => method !== 'GET')
  .map(([method, , act]) => [act, method, act.split(' ')[1]?.replace('{id}', 'x') ?? ''] as const)
const json = { 'content-type': 'application/json' }
const cookie = { cookie: 'session=admin', host: 'app.example' }

/** Requests that other sites and forms can make a browser send. */
const forged: readonly (readonly [string, Record<string, string>, number])[] = [
  [
    'a form',
    { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
    415,
  ],
  [
    'a form of the same site',
    { 'content-type': 'text/plain', 'sec-fetch-site': 'same-origin' },
    415,
  ],
  [
    'a multipart form',
    { 'content-type': 'multipart/form-data; boundary=x', origin: 'https://evil.example' },
    415,
  ],
  [
    'text that holds JSON',
    { 'content-type': 'text/plain; application/json', origin: 'https://app.example' },
    415,
  ],
  [
    'another type that begins alike',
    { 'content-type': 'application/jsonp', 'sec-fetch-site': 'same-origin' },
    415,
  ],
  ['nothing said about the body', { 'sec-fetch-site': 'same-origin' }, 415],
  ['JSON of another site', { ...json, 'sec-fetch-site': 'cross-site' }, 403],
  [
    'JSON of a sibling',
    { ...json, 'sec-fetch-site': 'same-site', origin: 'https://app.example' },
    403,
  ],
  ['JSON of no site', { ...json, 'sec-fetch-site': 'none' }, 403],
  ['JSON of another origin', { ...json, origin: 'https://evil.example' }, 403],
  [
    'JSON of a name that begins alike',
    { ...json, origin: 'https://app.example.evil.example' },
    403,
  ],
  ['JSON of a name that ends alike', { ...json, origin: 'https://evil-app.example' }, 403],
  ['JSON of another port', { ...json, origin: 'https://app.example:8443' }, 403],
  ['JSON of a sandbox', { ...json, origin: 'null' }, 403],
  ...['file', 'capacitor', 'chrome-extension', 'app', 'ftp', 'ws'].map(
    (scheme): [string, Record<string, string>, number] => [
      `JSON of the scheme ${scheme}`,
      { ...json, origin: `${scheme}://app.example` },
      403,
    ],
  ),
  ['JSON of two origins', { ...json, origin: 'https://app.example, https://evil.example' }, 403],
  ['JSON without an origin', json, 403],
  ['a Basic login', { 'content-type': 'text/plain', authorization: 'Basic eDp5' }, 415],
  ['an empty bearer', { 'content-type': 'text/plain', authorization: 'Bearer ' }, 415],
]

describe('a change to the gateway', () => {
  it.each(changes)(
    '%s is made by no other site with an administrator\u2019s cookie',
    async (_act, method, path) => {
      const gateway = start()
      for (const [what, headers, expected] of forged) {
        const { status } = await gateway.fetch(`http://app.example${path}`, {
          method,
          headers: { ...cookie, ...headers },
        })
        expect([what, status]).toEqual([what, expected])
      }
    },
  )

  it.each(changes)(
    '%s is made by a page of the same origin, and by a bearer token',
    async (_act, method, path) => {
      const gateway = start()
      for (const headers of [
        { ...cookie, ...json, 'sec-fetch-site': 'same-origin' },
        {
          ...cookie,
          'content-type': 'application/json; charset=utf-8',
          origin: 'https://app.example',
        },
        { ...cookie, ...json, origin: 'https://app.example', host: 'APP.example:443' },
        { authorization: `Bearer ${TOKEN}` },
        {
          authorization: `Bearer ${TOKEN}`,
          origin: 'https://evil.example',
          'sec-fetch-site': 'cross-site',
        },
      ]) {
        const { status } = await gateway.fetch(`http://app.example${path}`, {
          method,
          headers: headers as Record<string, string>,
          ...('content-type' in headers && { body: '{}' }),
        })
        expect([status, [403, 415].includes(status)]).toEqual([status, false])
      }
    },
  )

  it('has changed nothing when it is refused', async () => {
    const gateway = start()
    for (const [, headers] of forged)
      await gateway.fetch('http://app.example/admin/disabled', {
        method: 'POST',
        headers: { ...cookie, ...headers },
        body: '{"target":"demo/*"}',
      })
    const read = await gateway.fetch('http://app.example/admin/disabled', { headers: cookie })
    expect([read.status, await read.json()]).toEqual([200, { disabled: [] }])
  })

  it('is held against the address of a request that has no Host', async () => {
    const gateway = start()
    const change = async (origin: string): Promise<number> =>
      (
        await gateway.fetch('http://app.example:8080/admin/usage/reset', {
          method: 'POST',
          headers: { cookie: 'session=admin', ...json, origin },
          body: '{}',
        })
      ).status
    expect([await change('http://app.example:8080'), await change('http://app.example')]).toEqual([
      200, 403,
    ])
  })
})
