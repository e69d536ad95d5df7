import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { connect, createServer as createHttp2 } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import {
  ConfigurationError,
  createGateway,
  type Gateway,
  type GatewayOptions,
  type RequestRecord,
} from '@postern/core'
import { handleNode } from '@postern/core/node'
import { gateway as honoGateway } from '@postern/hono'
import type { Hono } from 'hono'
import { afterEach, expect, it } from 'vitest'
import { seeStream } from '../harness/client-stream.ts'
import { caseNames, needsSharedCases, withCase } from '../harness/shared-cases.ts'

const KEY = 'key-of-the-client-0001'
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A gateway whose route `main` has one provider, which answers with these bytes. */
async function start(answer: RequestListener, records: RequestRecord[] = []): Promise<Gateway> {
  const server = createHttp(answer).listen(0, '127.0.0.1')
  closers.push(
    () => server.close(),
    () => server.closeAllConnections(),
  )
  await once(server, 'listening')
  const options: GatewayOptions = {
    providers: { oc: { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` } },
    routes: { main: ['oc/m1'] },
    keys: { client: KEY },
    log: 'silent',
    onRecord: (record) => void records.push(record),
  }
  const gateway = createGateway(options, { environment: {} })
  closers.push(() => gateway.close({ graceMs: 0 }))
  return gateway
}

const ask = (
  gateway: Gateway,
  body: string | Buffer,
  more: Record<string, string> = {},
): Promise<Response> =>
  gateway.fetch('http://llm/v1/chat/completions', {
    method: 'POST',
    headers: { ...headers, ...more },
    body: body as never,
  })

it('has a test for every shared case', (context) => {
  needsSharedCases(context)
  const folders = ['.', '..'].map((folder) => new URL(`${folder}/`, import.meta.url))
  const tests = folders.flatMap((folder) =>
    readdirSync(folder, 'utf8')
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => new URL(file, folder)),
  )
  const texts = tests.map((file) => readFileSync(file, 'utf8')).join('\n')
  expect(caseNames().filter((name) => !texts.includes(`'${name}'`))).toEqual([])
})

it(
  'a base URL that is an endpoint does not start',
  withCase('base-url-with-endpoint', () => {
    for (const environment of [
      { POSTERN_PROVIDER_OC_BASE_URL: 'http://127.0.0.1:1/v1/chat/completions' },
      {
        POSTERN_PROVIDER_OC_BASE_URL: 'http://127.0.0.1:1/v1',
        POSTERN_PROVIDER_OC_API_KEY: '"key-in-quotes"',
      },
    ]) {
      expect(() => createGateway({ keys: { client: KEY } }, { environment })).toThrow(
        ConfigurationError,
      )
    }
  }),
)

it(
  'a compressed answer is decoded',
  withCase('compressed-answer', async (shared) => {
    for (const [coding, encode] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const gateway = await start((_request, response) => {
        response.setHeader('content-type', 'application/json')
        response.setHeader('content-encoding', coding)
        response.end(encode(shared.bytes('upstream.json')))
      })
      const answer = await ask(gateway, shared.bytes('request.json'))
      expect([
        answer.status,
        answer.headers.get('content-encoding'),
        ((await answer.json()) as { choices: { message: { content: string } }[] }).choices[0]
          ?.message.content,
      ]).toEqual([200, null, 'hi'])
    }
  }),
)

it(
  'a compressed request is decoded',
  withCase('compressed-request', async (shared) => {
    const seen: string[] = []
    const gateway = await start((request, response) => {
      request
        .setEncoding('utf8')
        .on('data', (text: string) => seen.push(text))
        .on('end', () =>
          response.setHeader('content-type', 'application/json').end(shared.bytes('upstream.json')),
        )
    })
    for (const [coding, encode] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      expect(
        (await ask(gateway, encode(shared.bytes('request.json')), { 'content-encoding': coding }))
          .status,
      ).toBe(200)
    }
    expect(seen.map((text) => (JSON.parse(text) as { messages: unknown }).messages)).toEqual([
      [{ role: 'user', content: 'hello' }],
      [{ role: 'user', content: 'hello' }],
    ])
  }),
)

it(
  'events are a stream, whatever their label says',
  withCase('content-type-does-not-match', async (shared) => {
    for (const label of [
      'application/json',
      'text/plain',
      'application/octet-stream',
      'text/event-stream',
    ]) {
      const gateway = await start((_request, response) => {
        response.setHeader('content-type', label)
        response.end(shared.bytes('upstream.txt'))
      })
      const answer = await ask(gateway, shared.bytes('request.json'))
      expect(seeStream(await answer.text())).toMatchObject({
        text: 'hello',
        finishes: ['stop'],
        done: true,
        error: undefined,
      })
      const { stream: _, ...whole } = shared.json('request.json')
      expect(await (await ask(gateway, JSON.stringify(whole))).json()).toMatchObject({
        choices: [{ message: { content: 'hello' }, finish_reason: 'stop' }],
      })
    }
  }),
)

it(
  'Hono in CommonJS is served',
  withCase('hono-in-commonjs', async (shared) => {
    const { Hono: CommonHono } = createRequire(import.meta.url)('hono') as { Hono: typeof Hono }
    const { method, path } = shared.json<{ method: string; path: string }>('request.json')
    const gateway = await start((_request, response) => void response.end('{}'))
    const app = new CommonHono().route('/llm', honoGateway(gateway))
    expect((await app.request(path, { method, headers })).status).toBe(200)
  }),
)

it(
  'an HTTP/2 client that leaves ends the call of the provider',
  withCase('http2-client-leaves', async (shared) => {
    const records: RequestRecord[] = []
    let onGone: () => void = () => undefined
    const gone = new Promise<void>((resolve) => (onGone = resolve))
    const gateway = await start((_request, response) => {
      response.on('close', () => onGone())
      response.setHeader('content-type', 'text/event-stream')
      response.write(shared.bytes('upstream.txt'))
    }, records)
    const server = createHttp2(
      (request, response) =>
        void handleNode(gateway, { request: request as never, response: response as never }),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(() => server.close())
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    session.on('error', () => undefined)
    closers.push(() => session.destroy())
    const stream = session.request({
      ':method': 'POST',
      ':path': '/v1/chat/completions',
      ...headers,
    })
    stream.on('error', () => undefined)
    stream.end(shared.bytes('request.json'))
    await once(stream, 'data')
    stream.close(8)
    await gone
    expect(records).toMatchObject([{ status: 499, code: 'client_closed' }])
  }),
)
