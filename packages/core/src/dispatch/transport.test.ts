import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../clock.fake.ts'
import { GatewayError } from '../errors.ts'
import {
  createTransport,
  type Transport,
  type UpstreamCall,
  type UpstreamRequest,
} from './transport.ts'

const unhandled: unknown[] = []
const onUnhandled = (error: unknown): void => void unhandled.push(error)
const closers: (() => Promise<unknown>)[] = []
let transport: Transport

beforeEach(() => {
  process.on('unhandledRejection', onUnhandled)
  transport = createTransport({ connectTimeoutMs: 5000 })
})

afterEach(async () => {
  await transport.close()
  for (const close of closers.splice(0)) await close()
  await settle()
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled.splice(0)).toEqual([])
})

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    return once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const provider = (listener: RequestListener): Promise<string> => listen(createServer(listener))

/**
 * A provider that answers each connection with these bytes, whatever it is asked, and then does
 * what it likes to it.
 */
const rawProvider = (
  bytes: string,
  afterwards: (socket: Socket) => void = (socket) => socket.end(),
): Promise<string> =>
  listen(
    createTcpServer(
      (socket) =>
        void socket.once('data', () => void socket.write(bytes, () => afterwards(socket))),
    ),
  )

function send(origin: string, request: Partial<UpstreamRequest> = {}): UpstreamCall {
  return transport.send({
    origin,
    method: 'POST',
    path: '/v1/x?y=1',
    headers: {},
    body: '{}',
    onConnected: () => undefined,
    ...request,
  })
}

async function readAll(call: UpstreamCall): Promise<string> {
  let text = ''
  for (let chunk = await call.read(); chunk !== undefined; chunk = await call.read())
    text += Buffer.from(chunk).toString()
  return text
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing went wrong',
    (error: Error & { code?: unknown }) => error.code ?? error.name,
  )

const BROKEN = /^(UND_ERR_|HPE_|HTTPParserError|ECONNRESET)/

const left = new GatewayError('client_closed', 'gone')

/**
 * Both ends are in this process: when nothing changes over many turns of its loop, nothing will.
 */
async function standstill(progress: () => number): Promise<number> {
  let seen = progress()
  for (let quiet = 0; quiet < 300; quiet++) {
    await settle()
    if (progress() !== seen) {
      seen = progress()
      quiet = 0
    }
  }
  return seen
}

describe('a call', () => {
  it('sends what it is given, adds nothing that matters, and reads the answer', async () => {
    let seen:
      | {
          method?: string | undefined
          url?: string | undefined
          headers: IncomingMessage['headers']
          body: string
        }
      | undefined
    const origin = await provider(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      seen = { method: request.method, url: request.url, headers: request.headers, body }
      response.writeHead(201, { 'X-One': '1', 'set-cookie': ['a', 'b'] }).end('answer')
    })
    const call = send(origin, {
      headers: { authorization: 'Bearer k' },
      body: Buffer.from('{"a":1}'),
    })
    const response = await call.response
    expect(response).toMatchObject({
      status: 201,
      headers: { 'x-one': '1', 'set-cookie': ['a', 'b'] },
    })
    expect(Buffer.from(await call.collect(100)).toString()).toBe('answer')
    expect(seen).toMatchObject({ method: 'POST', url: '/v1/x?y=1', body: '{"a":1}' })
    expect(Object.keys(seen?.headers ?? {}).toSorted()).toEqual([
      'authorization',
      'connection',
      'content-length',
      'host',
    ])
  })

  it('reads in the pieces that come, and says again that it is at the end', async () => {
    const origin = await provider(
      (_request, response) => void response.write('a', () => response.end('b')),
    )
    const call = send(origin, { method: 'GET', body: undefined })
    expect(await readAll(call)).toBe('ab')
    expect(await call.read()).toBeUndefined()
    expect(await call.collect(1)).toHaveLength(0)
    call.abort(left)
    expect(await call.read()).toBeUndefined()
  })

  it('collects the bytes that came before the first read', async () => {
    const origin = await provider((_request, response) => void response.end('x'.repeat(100_000)))
    const call = send(origin)
    await call.response
    await standstill(() => 0)
    expect(await call.collect(100_000)).toHaveLength(100_000)
  })

  it('tells once when the connection is open, before any answer', async () => {
    const order: string[] = []
    const origin = await provider((_request, response) => {
      order.push('asked')
      response.end()
    })
    const call = send(origin, { onConnected: () => order.push('connected') })
    await call.response
    expect(order).toEqual(['connected', 'asked'])
  })

  it('has no body where the answer has none', async () => {
    const origin = await provider((_request, response) => void response.writeHead(204).end())
    const call = send(origin)
    expect((await call.response).status).toBe(204)
    expect(await call.collect(0)).toHaveLength(0)
  })

  it('does not take 103 for the answer', async () => {
    const origin = await rawProvider(
      'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
    )
    const call = send(origin)
    expect((await call.response).status).toBe(200)
    expect(await readAll(call)).toBe('hi')
  })

  it('never follows a redirect: it would take the key along', async () => {
    let followed = 0
    const elsewhere = await provider((_request, response) => {
      followed += 1
      response.end()
    })
    const origin = await provider(
      (_request, response) => void response.writeHead(307, { location: elsewhere }).end(),
    )
    const call = send(origin)
    expect((await call.response).status).toBe(307)
    await call.collect(10)
    expect(followed).toBe(0)
  })

  it('uses a connection again once an answer has been read', async () => {
    const ports = new Set<number | undefined>()
    const origin = await provider((request, response) => {
      ports.add(request.socket.remotePort)
      response.end('ok')
    })
    for (let at = 0; at < 3; at++) {
      expect(await readAll(send(origin))).toBe('ok')
      // A connection is free again a turn after the last byte has been handed out.
      await settle()
    }
    expect(ports.size).toBe(1)
  })
})

describe('backpressure', () => {
  it('stops the provider while no client reads, and continues when one does', async () => {
    const total = 50 * 1024 * 1024
    const piece = Buffer.alloc(64 * 1024, 'x')
    const written = { bytes: 0, closed: false }
    const origin = await provider((_request, response) => {
      response.on('close', () => void (written.closed = true))
      const write = (): void => {
        while (written.bytes < total && !response.destroyed) {
          written.bytes += piece.length
          if (!response.write(piece)) return void response.once('drain', write)
        }
        response.end()
      }
      write()
    })
    const call = send(origin)
    await call.response
    const before = process.memoryUsage().arrayBuffers
    const stuck = await standstill(() => written.bytes)
    expect(stuck).toBeLessThan(total / 2)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
    let read = 0
    while (read < stuck + 1024 * 1024) read += (await call.read())?.length ?? Number.NaN
    expect(await standstill(() => written.bytes)).toBeGreaterThan(stuck)
    expect(written.bytes).toBeLessThan(total)
    call.abort(left)
    await standstill(() => Number(written.closed))
    expect(written.closed).toBe(true)
  })
})

describe('limits', () => {
  const large: RequestListener = (_request, response) => {
    let rest = 20_000_000
    const write = (): void => {
      while (!response.destroyed && rest > 0) {
        rest -= 10_000
        if (!response.write('x'.repeat(10_000))) return void response.once('drain', write)
      }
      response.end()
    }
    write()
  }

  it('refuses an answer that is too large and ends the call', async () => {
    const closed = Promise.withResolvers<undefined>()
    const origin = await provider((request, response) => {
      response.on('close', () => closed.resolve(undefined))
      large(request, response)
    })
    expect(await codeOf(send(origin).collect(50_000))).toBe('answer_too_large')
    await closed.promise
  })

  it('counts the bytes that came before the first read', async () => {
    const call = send(await provider(large))
    await call.response
    await standstill(() => 0)
    expect(await codeOf(call.collect(1000))).toBe('answer_too_large')
  })

  it('takes an answer that is just as large as allowed', async () => {
    const origin = await provider((_request, response) => void response.end('12345'))
    expect(await send(origin).collect(5)).toHaveLength(5)
  })
})

describe('abort', () => {
  /** A provider that says when it is asked and when its caller is gone. */
  async function watched(answer: (response: ServerResponse) => void = () => undefined) {
    const asked = Promise.withResolvers<undefined>()
    const gone = Promise.withResolvers<undefined>()
    let requests = 0
    const origin = await provider((_request, response) => {
      requests += 1
      response.on('close', () => gone.resolve(undefined))
      answer(response)
      asked.resolve(undefined)
    })
    return { origin, asked: asked.promise, gone: gone.promise, requests: () => requests }
  }

  it('before the connection is open sends nothing', async () => {
    const { origin, requests } = await watched()
    let connected = 0
    const call = send(origin, { onConnected: () => void (connected += 1) })
    call.abort(left)
    await expect(call.response).rejects.toBe(left)
    await standstill(requests)
    expect([requests(), connected]).toEqual([0, 0])
  })

  it('before the headers closes the connection', async () => {
    const { origin, asked, gone } = await watched()
    const call = send(origin)
    await asked
    call.abort(left)
    await expect(call.response).rejects.toBe(left)
    await expect(call.read()).rejects.toBe(left)
    await gone
  })

  it('in the middle of the body wakes the reader', async () => {
    const { origin, gone } = await watched((response) => void response.write('half'))
    const call = send(origin)
    await call.response
    expect(await call.read().then(String)).toBe('half')
    const waiting = call.read()
    call.abort(left)
    await expect(waiting).rejects.toBe(left)
    await gone
  })

  it('wakes a waiting collect', async () => {
    const { origin, gone } = await watched((response) => void response.write('half'))
    const call = send(origin)
    await call.response
    const waiting = call.collect(100)
    call.abort(left)
    await expect(waiting).rejects.toBe(left)
    await expect(call.collect(100)).rejects.toBe(left)
    await gone
  })

  it('counts once: the first reason stays', async () => {
    const { origin, asked } = await watched()
    const call = send(origin)
    await asked
    call.abort(left)
    call.abort(new GatewayError('idle_timeout', 'later'))
    await expect(call.response).rejects.toBe(left)
    await expect(call.read()).rejects.toBe(left)
  })

  it('leaves nothing that the next call stumbles over', async () => {
    const { origin } = await watched((response) => void response.write('half'))
    for (let at = 0; at < 20; at++) {
      const call = send(origin)
      await call.response
      call.abort(left)
    }
    const call = send(origin)
    expect((await call.response).status).toBe(200)
    call.abort(left)
  })
})

describe('a connection that breaks', () => {
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'
  const sized = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'

  it.each<[string, string, (socket: Socket) => void]>([
    ['chunked, ended', chunked, (socket) => socket.end()],
    ['chunked, reset', chunked, (socket) => socket.resetAndDestroy()],
    ['with a length, ended', sized, (socket) => socket.end()],
    ['with a length, reset', sized, (socket) => socket.resetAndDestroy()],
    ['chunked, then nonsense', chunked, (socket) => socket.end('not a chunk')],
  ])('in the middle of a body, %s, is never an end', async (_how, bytes, afterwards) => {
    const call = send(await rawProvider(bytes, afterwards))
    expect((await call.response).status).toBe(200)
    expect(await codeOf(readAll(call))).toMatch(BROKEN)
    expect(await codeOf(call.collect(100))).toMatch(BROKEN)
  })

  it.each<[string, string, (socket: Socket) => void]>([
    ['without a word', '', (socket) => socket.end()],
    ['with a reset', '', (socket) => socket.resetAndDestroy()],
    ['in the headers', 'HTTP/1.1 200 OK\r\ncontent-', (socket) => socket.end()],
    ['with nonsense', 'SSH-2.0-OpenSSH\r\n', (socket) => socket.end()],
    [
      'with another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      (socket) => socket.end(),
    ],
  ])('before the answer, %s, fails the call', async (_how, bytes, afterwards) => {
    // A raw write of nothing would never call back.
    const origin =
      bytes === ''
        ? await listen(
            createTcpServer((socket) => void socket.once('data', () => afterwards(socket))),
          )
        : await rawProvider(bytes, afterwards)
    const call = send(origin)
    expect(await codeOf(call.response)).toMatch(BROKEN)
    expect(await codeOf(call.read())).toMatch(BROKEN)
  })

  it('is an end where the answer has no other', async () => {
    const call = send(await rawProvider('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it'))
    expect(await readAll(call)).toBe('all of it')
  })

  it('that no server accepts is named', async () => {
    const server = createTcpServer()
    const origin = await listen(server)
    for (const close of closers.splice(0)) await close()
    expect(await codeOf(send(origin).response)).toBe('ECONNREFUSED')
  })

  it('that cannot even be sent fails the same way: nothing is thrown', async () => {
    const call = send('http://127.0.0.1:9', { headers: { 'x-bad': 'line\nbreak' } })
    expect(await codeOf(call.response)).toBe('UND_ERR_INVALID_ARG')
  })
})

describe('close', () => {
  it('ends every call and takes no more', async () => {
    const origin = await provider((_request, response) => void response.write('half'))
    const call = send(origin)
    await call.response
    await call.read()
    const waiting = codeOf(call.read())
    await transport.close()
    expect(await waiting).toMatch(/^UND_ERR_/)
    expect(await codeOf(send(origin).response)).toMatch(/^UND_ERR_/)
  })
})
