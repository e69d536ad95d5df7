import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../clock.fake.ts'
import { GatewayError } from '../errors.ts'
import { type Answer, client, head, type Host, NodeServers, text } from './node.fake.ts'
import type { NodeMount } from './node.ts'

let servers: NodeServers
const serve: NodeServers['serve'] = (answer, host) => servers.serve(answer, host)

beforeEach(() => {
  servers = new NodeServers()
})

afterEach(async () => {
  expect(await servers.close()).toEqual([])
})

/** Answers with the body it read, or with the error that reading it gave. */
const echo =
  (limit: number): Answer =>
  async (request) => {
    try {
      return text(Buffer.from(await request.bytes(limit)).toString())
    } catch (error) {
      if (error instanceof GatewayError)
        return { status: error.status, headers: { ...error.details.headers }, body: error.code }
      throw error
    }
  }

async function fetched(port: number, init: RequestInit & { duplex?: 'half' } = {}) {
  const response = await fetch(`http://127.0.0.1:${port}/`, init)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

describe('the request', () => {
  it('shows what routing and identity need', async () => {
    let seen: unknown[] = []
    const { port, done } = await serve((request) => {
      seen = [
        request.method,
        request.path,
        request.search,
        request.header('x-one'),
        request.header('set-cookie'),
        request.header('x-none'),
        request.host,
        request.parsedBody,
      ]
      return text('')
    })
    client(
      port,
      head('POST', [
        'X-One: 1',
        'set-cookie: a',
        'set-cookie: b',
        'content-length: 0',
        'connection: close',
      ]),
    )
    await done
    expect(seen).toEqual(['POST', '/v1/x', '?y=1', '1', 'a', undefined, undefined, undefined])
  })

  it('takes path and host from the mount', async () => {
    const host = { ctx: 1 }
    const { port } = await serve(
      (request) => text(JSON.stringify([request.path, request.search, request.host])),
      (_exchange, go) => go({ url: '/below', host }),
    )
    expect((await fetched(port)).body).toBe('["/below","",{"ctx":1}]')
  })
})

describe('the body', () => {
  const stream = (...parts: string[]): ReadableStream<Uint8Array> =>
    ReadableStream.from(parts.map((part) => Buffer.from(part)))

  it('is read whole, with a length or in chunks, up to the limit', async () => {
    const { port } = await serve(echo(10))
    expect((await fetched(port, { method: 'POST', body: '0123456789' })).body).toBe('0123456789')
    expect(
      (await fetched(port, { method: 'POST', body: stream('01234', '56789'), duplex: 'half' }))
        .body,
    ).toBe('0123456789')
    expect((await fetched(port, { method: 'POST' })).body).toBe('')
  })

  /** Sends a head and then this much of a body, and reads only when all of it is sent. */
  async function sendThenRead(
    port: number,
    headers: string[],
    parts: readonly string[],
  ): Promise<string> {
    const { socket, closed, saw } = client(port, head('POST', headers))
    socket.pause()
    const failed = closed.then(() => 'the connection ended first')
    for (const part of parts)
      if (!socket.destroyed && !socket.write(part))
        await Promise.race([new Promise((resolve) => void socket.once('drain', resolve)), failed])
    socket.resume()
    return Promise.race([saw('body_too_large'), failed])
  }

  const part = 'x'.repeat(1_000_000)

  it.each([
    ['with a length', ['content-length: 8000000'], Array.from({ length: 8 }, () => part)],
    [
      'in chunks',
      ['transfer-encoding: chunked'],
      [...Array.from({ length: 8 }, () => `f4240\r\n${part}\r\n`), '0\r\n\r\n'],
    ],
  ])(
    'over the limit %s is refused in a way a client can read that sends everything first (K2)',
    async (_how, headers, parts) => {
      const { port, done } = await serve(echo(1000))
      expect(await sendThenRead(port, headers, parts)).toMatch(
        /^HTTP\/1\.1 413 [^]*body_too_large$/,
      )
      expect(await done).toBe('served')
    },
  )

  it('over the limit leaves the connection fit for the next request', async () => {
    const { port } = await serve(echo(5))
    const { saw, socket } = client(port, `${head('POST', ['content-length: 10'])}0123456789`)
    await saw('body_too_large')
    socket.write(`${head('POST', ['content-length: 5'])}01234`)
    expect(await saw('01234')).toContain('HTTP/1.1 200')
  })

  it('that never ends is cut off', async () => {
    const { port, done } = await serve(echo(1000))
    const { socket, closed } = client(port, head('POST', ['transfer-encoding: chunked']))
    const send = (): void => {
      if (!socket.destroyed) socket.write(`f4240\r\n${part}\r\n`, () => setImmediate(send))
    }
    send()
    expect(await closed).toContain('413')
    expect(await done).toBe('served')
  })

  it('in an unknown coding is refused by name', async () => {
    const { port } = await serve(echo(10))
    expect(
      await fetched(port, {
        method: 'POST',
        body: 'x',
        headers: { 'content-encoding': 'compress' },
      }),
    ).toMatchObject({ status: 415, body: 'invalid_request' })
    expect(
      (
        await fetched(port, {
          method: 'POST',
          body: 'x',
          headers: { 'content-encoding': 'identity' },
        })
      ).status,
    ).toBe(200)
  })

  it('that ends before its time is a client that left', async () => {
    const codes: unknown[] = []
    const { port, done } = await serve(async (request) => {
      codes.push(
        await request.bytes(1000).catch((error: GatewayError) => error.code),
        request.signal.aborted,
      )
      return text('')
    })
    const { socket } = client(port, head('POST', ['content-length: 100']) + 'half')
    await settle()
    socket.destroy()
    expect(await done).toBe('served')
    expect(codes).toEqual(['client_closed', true])
  })
})

describe('a body the host has read (K1)', () => {
  const readFirst =
    (mount: NodeMount): Host =>
    async ({ request }, go) => {
      for await (const _ of request);
      go(mount)
    }

  it('is used as the host\u2019s parser left it', async () => {
    const { port } = await serve(
      (request) => text(JSON.stringify(request.parsedBody)),
      readFirst({ parsedBody: { a: 1 } }),
    )
    expect((await fetched(port, { method: 'POST', body: '{"a":1}' })).body).toBe('{"a":1}')
  })

  it('is not taken from a parser that touched nothing', async () => {
    const { port } = await serve(
      (request) => (request.parsedBody === undefined ? echo(100)(request) : text('parsed')),
      (_exchange, go) => go({ parsedBody: {} }),
    )
    expect((await fetched(port, { method: 'POST', body: '{"a":1}' })).body).toBe('{"a":1}')
  })

  const consumed: [string, Host][] = [
    ['to its end', readFirst({})],
    [
      'to its end just now',
      ({ request }, go) => {
        request.resume().on('end', () => go())
      },
    ],
    [
      'in part',
      ({ request }, go) => {
        request.once('readable', () => {
          request.read(1)
          go()
        })
      },
    ],
  ]
  it.each(consumed)('%s without leaving anything differs from an empty one', async (_how, host) => {
    const { port } = await serve(echo(100), host)
    expect(await fetched(port, { method: 'POST', body: '{"a":1}' })).toMatchObject({
      status: 400,
      body: 'invalid_request',
    })
  })
})

describe('a whole answer', () => {
  it('has its length in bytes and leaves the connection open', async () => {
    const { port } = await serve(() => text('\u00e9'))
    const answer = await fetched(port)
    expect([
      answer.body,
      answer.headers.get('content-length'),
      answer.headers.get('connection'),
    ]).toEqual(['\u00e9', '2', 'keep-alive'])
  })

  it('to HEAD is headers only', async () => {
    const { port, done } = await serve(() => text('body'))
    const { closed } = client(port, head('HEAD', ['connection: close']))
    expect(await closed).toMatch(/^HTTP\/1\.1 200 [^]*content-length: 4\r\n[^]*\r\n\r\n$/)
    expect(await done).toBe('served')
  })

  it('is handed to the framework that has a way of its own', async () => {
    const { port } = await serve(
      () => text('mine', 201),
      ({ response }, go) =>
        go({
          onWhole: (answer) =>
            response.writeHead(answer.status).end(`wrapped ${String(answer.body)}`),
        }),
    )
    expect(await fetched(port)).toMatchObject({ status: 201, body: 'wrapped mine' })
  })

  it('falls through where the gateway has no such path and the host wants it', async () => {
    const unmatched = { ...text('none', 404), unmatched: true }
    const host: Host = ({ response }, go) =>
      go({ fallThrough: () => response.end('the host\u2019s') })
    expect((await fetched((await serve(() => unmatched, host)).port)).body).toBe('the host\u2019s')
    expect(await fetched((await serve(() => unmatched)).port)).toMatchObject({
      status: 404,
      body: 'none',
    })
    expect(await fetched((await serve(() => text('none', 404), host)).port)).toMatchObject({
      status: 404,
      body: 'none',
    })
  })

  it.each([text('late'), { ...text(''), body: several() }])(
    'that comes after the host gave up and answered itself is dropped',
    async (late) => {
      const { port, done } = await serve(
        () => late,
        ({ response }, go) => {
          response.end('timeout')
          go()
        },
      )
      expect((await fetched(port)).body).toBe('timeout')
      expect(await done).toBe('served')
    },
  )
})

async function* several(): AsyncGenerator<string> {
  for (let count = 0; count < 100; count++) yield 'data: x\n\n'
}
