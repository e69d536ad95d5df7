import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createGateway } from '../gateway/create-gateway.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { BOUNDARY, formOf } from '../http/form.fake.ts'
import { handleNode } from '../http/node.ts'
import type { RequestRecord } from '../records/index.ts'

const MEBIBYTE = 1024 * 1024
const servers: Server[] = []
const gateways: Gateway[] = []

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close({ graceMs: 0 })
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A gateway on a port, in front of a provider that does this. */
async function start(provider: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const upstream = await listen((request, response) => void provider(request, response))
  const recorded = Promise.withResolvers<RequestRecord>()
  const records: RequestRecord[] = []
  const gateway = createGateway(
    {
      providers: {
        acme: { baseUrl: `http://127.0.0.1:${upstream}/v1`, apiKey: 'canary-provider-key-0001' },
      },
      auth: 'none',
      bodyLimit: 4 * MEBIBYTE,
      retries: 2,
      log: 'silent',
      onRecord(record) {
        records.push(record)
        recorded.resolve(record)
      },
    },
    { environment: {} },
  )
  gateways.push(gateway)
  const port = await listen((request, response) => void handleNode(gateway, { request, response }))
  return { port, records, recorded: recorded.promise }
}

async function textOf(stream: AsyncIterable<Buffer | string>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += Buffer.from(chunk).toString('latin1')
  return text
}

/** Begins an upload; the caller writes it. */
function upload(port: number, path: string, headers: Record<string, string> = {}) {
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    path,
    method: 'POST',
    agent: false,
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
  })
  const answer = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    request.on('error', reject)
    request.on(
      'response',
      (response) =>
        void textOf(response).then(
          (text) => resolve({ status: response.statusCode, text }),
          reject,
        ),
    )
  })
  answer.catch(() => undefined)
  return { request, answer }
}

const TRANSCRIPTIONS = '/v1/audio/transcriptions'
const large = 'x'.repeat(3 * MEBIBYTE)
const form = formOf(['model', 'acme/whisper'], ['file', large, 'a.mp3'])
const open = form.slice(0, -(BOUNDARY.length + '----\r\n'.length))
const json = (response: ServerResponse, value: object, status = 200): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))

describe('an upload', () => {
  it('streams: the provider has its beginning before the client has sent its end', async () => {
    const begun = Promise.withResolvers<undefined>()
    const { port, recorded } = await start(async (request, response) => {
      request.once('data', () => begun.resolve(undefined))
      const text = await textOf(request)
      json(response, {
        whole: text === formOf(['model', 'whisper'], ['file', large, 'a.mp3']),
        length: request.headers['content-length'],
        usage: { input_tokens: 7, output_tokens: 2 },
      })
    })
    const { request, answer } = upload(port, TRANSCRIPTIONS, {
      'content-length': String(form.length),
    })
    request.write(form.slice(0, 2 * MEBIBYTE))
    await begun.promise
    request.end(form.slice(2 * MEBIBYTE))
    const { status, text } = await answer
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        whole: true,
        length: String(form.length - 'acme/'.length),
        usage: { input_tokens: 7, output_tokens: 2 },
      },
    ])
    expect(await recorded).toMatchObject({
      status: 200,
      code: 'ok',
      model: 'acme/whisper',
      target: 'acme/whisper',
      usage: { input: 7, output: 2 },
    })
  })

  it('that is answered before its end gives the answer, and is tried nowhere else', async () => {
    let calls = 0
    const { port, records } = await start((request, response) => {
      calls += 1
      request.once('data', () =>
        json(response, { error: { message: 'too many', type: 'rate_limit' } }, 429),
      )
    })
    const { request, answer } = upload(port, TRANSCRIPTIONS)
    request.write(form.slice(0, 2 * MEBIBYTE))
    expect((await answer).status).toBe(429)
    request.destroy()
    expect([calls, records.map(({ status, attempts }) => [status, attempts.length])]).toEqual([
      1,
      [[429, 1]],
    ])
  })

  it('ends upstream when the client leaves in the middle', async () => {
    const begun = Promise.withResolvers<undefined>()
    const gone = Promise.withResolvers<undefined>()
    const { port, recorded, records } = await start((request) => {
      request.once('data', () => begun.resolve(undefined)).on('error', () => undefined)
      request.on('close', () => gone.resolve(undefined))
    })
    const { request } = upload(port, TRANSCRIPTIONS)
    request.write(form.slice(0, 2 * MEBIBYTE))
    await begun.promise
    request.destroy()
    await gone.promise
    expect(await recorded).toMatchObject({ status: 499, code: 'client_closed' })
    expect(records).toHaveLength(1)
  })

  it.each(['too large', 'with a second model'])(
    '%s is found on its way: the provider never has it whole',
    async (what) => {
      const outcome = Promise.withResolvers<string>()
      const { port, recorded } = await start((incoming) => {
        incoming
          .on('end', () => outcome.resolve('whole'))
          .on('error', () => outcome.resolve('broken'))
          .resume()
      })
      const { request, answer } = upload(port, TRANSCRIPTIONS)
      // Written in two pieces, its size is not announced.
      request.write(open)
      request.end(what === 'too large' ? large : formOf(['model', 'secret']))
      const expected = what === 'too large' ? 413 : 400
      expect([(await answer).status, await outcome.promise, (await recorded).status]).toEqual([
        expected,
        'broken',
        expected,
      ])
    },
  )

  it('that cannot begin leaves the connection of the client as it was', async () => {
    const { port } = await start((_request, response) => json(response, {}))
    const { request, answer } = upload(port, TRANSCRIPTIONS)
    request.end(formOf(['model', ''], ['file', large, 'f']))
    expect((await answer).status).toBe(400)
  })
})

describe('bytes', () => {
  it('that break off upstream break off for the client: half an audio never looks whole', async () => {
    const { port, recorded } = await start((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': '100' })
        response.write('half', () => setImmediate(() => response.destroy()))
      })
    })
    const { request, answer } = upload(port, '/v1/audio/speech', {
      'content-type': 'application/json',
    })
    request.end(JSON.stringify({ model: 'acme/tts', input: 'hi' }))
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(await recorded).toMatchObject({ code: 'upstream_truncated' })
  })

  it('without any content keep their status', async () => {
    const { port, recorded } = await start(
      (request, response) => void request.resume().on('end', () => response.writeHead(204).end()),
    )
    const { request, answer } = upload(port, '/providers/acme/things', {
      'content-type': 'application/json',
    })
    request.end('{}')
    expect([await answer, (await recorded).status]).toEqual([{ status: 204, text: '' }, 204])
  })
})

describe('a provider\u2019s own API', () => {
  it('is asked as its client asks, and answers as it answers', async () => {
    const { port, recorded } = await start(async (request, response) => {
      const {
        authorization,
        cookie,
        'x-api-key': key,
        'transfer-encoding': encoding,
      } = request.headers
      json(
        response,
        { url: request.url, authorization, cookie, key, encoding, body: await textOf(request) },
        418,
      )
    })
    const { request, answer } = upload(port, '/providers/acme/a/b?x=1&key=ours', {
      'content-type': 'text/plain',
      cookie: 'a=b',
      'x-api-key': 'ours',
    })
    request.end('hello')
    const { status, text } = await answer
    expect([status, JSON.parse(text)]).toEqual([
      418,
      { url: '/v1/a/b?x=1', authorization: 'Bearer [removed]', body: 'hello' },
    ])
    expect(await recorded).toMatchObject({
      status: 418,
      code: 'provider_rejected',
      target: 'acme',
      attempts: [{ status: 418 }],
    })
  })

  it('cannot be left by any path', async () => {
    let calls = 0
    const { port } = await start((_request, response) => {
      calls += 1
      json(response, {})
    })
    for (const path of [
      '/providers/acme/../../admin',
      '/providers/acme/%2e%2e/admin',
      '/providers/acme/..%2fadmin',
      '/providers/acme//evil.example/x',
      '/providers/acme/http://evil.example/',
      '/providers/acme/..\\admin',
      '/providers/%2e%2e/x',
    ]) {
      const { request, answer } = upload(port, path, { 'content-type': 'application/json' })
      request.end('{}')
      expect([path, (await answer).status]).toEqual([path, 404])
    }
    expect(calls).toBe(0)
  })

  it('answers HEAD without a body', async () => {
    const { port } = await start(
      (_request, response) =>
        void response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '5' }).end(),
    )
    const response = await fetch(`http://127.0.0.1:${port}/providers/acme/x`, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain',
      '',
    ])
  })
})
