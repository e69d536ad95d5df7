import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createGateway, type Gateway } from '@postern/core'
import { handleNode } from '@postern/core/node'
import { gateway as honoGateway } from '@postern/hono'
import { gateway as koaGateway } from '@postern/koa'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listen } from './harness/listen.ts'
import { failOnUncaught } from './harness/uncaught.ts'

failOnUncaught()

const KEY = 'pk_http2_0123456789'

/** Every way to serve the gateway over HTTP/2. */
const HOSTS = {
  'node:http2': (own) => (request, response) => void handleNode(own, { request, response }),
  Koa: (own) => new Koa().use(koaGateway(own)).callback(),
  Hono: (own) =>
    getRequestListener(new Hono().route('/', honoGateway(own)).fetch, {
      overrideGlobalObjects: false,
    }) as RequestListener,
} satisfies Record<
  string,
  (own: Gateway) => (request: IncomingMessage, response: ServerResponse) => void
>

/** How an HTTP/2 client goes. */
const WAYS: Readonly<
  Record<string, (stream: ClientHttp2Stream, session: ClientHttp2Session) => void>
> = {
  'cancels its stream': (stream) => stream.close(constants.NGHTTP2_CANCEL),
  'closes its stream without an error code': (stream) => stream.close(constants.NGHTTP2_NO_ERROR),
  'resets its stream': (stream) => void stream.destroy(new Error('left')),
  'resets its stream without an error code': (stream) => void stream.destroy(),
  'destroys its session': (_stream, session) => session.destroy(),
  'destroys its session with an error code': (_stream, session) =>
    session.destroy(undefined, constants.NGHTTP2_INTERNAL_ERROR),
  'loses its connection': (_stream, session) => void session.socket.destroy(),
}

describe.each(Object.entries(HOSTS))('an HTTP/2 client of %s', (_host, listener) => {
  let provider: FakeProvider
  let own: Gateway
  let server: Http2Server
  let session: ClientHttp2Session
  const records: { status: number; code: string }[] = []

  beforeEach(async () => {
    records.length = 0
    provider = await startFakeProvider({
      dialect: 'openai-chat',
      apiKey: 'the-key-of-the-provider',
    })
    own = createGateway({
      providers: {
        main: { baseUrl: provider.url, apiKey: 'the-key-of-the-provider', dialect: 'openai-chat' },
      },
      keys: { client: KEY },
      log: 'silent',
      onRecord: (record) => void records.push(record),
    })
    server = createServer(listener(own) as never)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    session.on('error', () => undefined)
  })
  afterEach(async () => {
    session.destroy()
    await new Promise((resolve) => void server.close(resolve))
    await own.close({ graceMs: 0 })
    await provider.close()
  })

  function open(body: object | undefined, path = '/v1/chat/completions'): ClientHttp2Stream {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
    })
    stream.on('error', () => undefined)
    if (body !== undefined)
      stream.end(
        JSON.stringify({
          model: 'main/m',
          messages: [{ role: 'user', content: 'Hello' }],
          ...body,
        }),
      )
    return stream
  }

  async function read(stream: ClientHttp2Stream): Promise<{ status: number; text: string }> {
    let status = 0
    stream.on('response', (headers) => (status = headers[':status'] ?? 0))
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    return { status, text }
  }

  const firstBytes = (stream: ClientHttp2Stream): Promise<unknown> =>
    new Promise((resolve) => void stream.once('data', resolve))

  describe.each(Object.entries(WAYS))('that %s ends the call of the provider', (_way, leave) => {
    it.each([true, false])('before the first byte (stream: %s)', async (stream) => {
      provider.reply({ hangBeforeHeaders: true })
      const sent = open({ stream })
      await expect.poll(() => provider.journal.length).toBe(1)
      leave(sent, session)
      expect((await provider.journal.waitForClose()).aborted).toBe(true)
      await expect.poll(() => records).toMatchObject([{ status: 499, code: 'client_closed' }])
    })

    it('in the middle of a stream', async () => {
      provider.reply({ answer: { text: ['one', 'two', 'three'] }, hangAfterEvents: 2 })
      const sent = open({ stream: true })
      await firstBytes(sent)
      leave(sent, session)
      expect((await provider.journal.waitForClose()).aborted).toBe(true)
      await expect.poll(() => records).toMatchObject([{ status: 499, code: 'client_closed' }])
    })
  })

  // Node's client ends its body before it closes a stream itself: that request is complete, and no
  // JSON.
  it.each(Object.entries(WAYS).filter(([way]) => !/^(?:cancels|closes)/.test(way)))(
    'that %s while its body is on the way is not taken for one that has sent it',
    async (_way, leave) => {
      const sent = open(undefined)
      sent.write('{"model":')
      await expect.poll(() => own.health().active).toBe(1)
      leave(sent, session)
      await expect.poll(() => records).toMatchObject([{ status: 499, code: 'client_closed' }])
      expect(provider.journal.length).toBe(0)
    },
  )

  it('that does not read ends the call when it leaves', async () => {
    const text = Array.from({ length: 40 }, () => 'x'.repeat(100_000))
    provider.reply({ answer: { text } })
    const sent = open({ stream: true })
    await new Promise((resolve) => void sent.once('response', resolve))
    sent.pause()
    sent.close(constants.NGHTTP2_CANCEL)
    await expect.poll(() => records).toMatchObject([{ status: 499, code: 'client_closed' }])
  })

  it.each([true, false])(
    'that stays gets its whole answer, and is recorded as served (stream: %s)',
    async (stream) => {
      for (const text of ['short', 'long '.repeat(50_000)]) {
        records.length = 0
        provider.reply({ answer: { text: [text] } })
        const answer = await read(open({ stream }))
        expect(answer.status).toBe(200)
        expect(answer.text).toContain(text)
        await expect.poll(() => records).toMatchObject([{ status: 200, code: 'ok' }])
      }
    },
  )

  it('does not take bytes that broke off for whole ones', async () => {
    const { url, close } = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': '1000' })
      response.write('x'.repeat(400), () => response.destroy())
    })
    const speaking = createGateway({
      providers: {
        main: { baseUrl: url, apiKey: 'the-key-of-the-speaker', dialect: 'openai-chat' },
      },
      keys: { client: KEY },
      log: 'silent',
    })
    server.removeAllListeners('request').on('request', listener(speaking) as never)
    await expect(
      read(open({ model: 'main/m', input: 'hello', voice: 'v' }, '/v1/audio/speech')),
    ).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
    await speaking.close({ graceMs: 0 })
    await close()
  })

  it('takes several requests on one session, and one that is cancelled ends no other', async () => {
    provider.reply({ hangBeforeHeaders: true })
    const first = open({ stream: false })
    await expect.poll(() => provider.journal.length).toBe(1)
    provider.reply({ answer: { text: ['still here'] } })
    const second = read(open({ stream: true }))
    first.close(constants.NGHTTP2_CANCEL)
    expect((await second).text).toContain('still here')
    await expect.poll(() => records.map(({ status }) => status).sort()).toEqual([200, 499])
  })
})
