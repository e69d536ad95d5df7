import { describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest, GatewayResponse } from './request.ts'
import { handleWeb, type WebMount } from './web.ts'

const URL_ = 'http://host/v1/chat/completions?x=1'

/** The request as the gateway saw it, and the response for the host. */
async function exchange(request: Request, answer: Partial<GatewayResponse> = {}, mount?: WebMount) {
  let seen: GatewayRequest | undefined
  const handle = (incoming: GatewayRequest): Promise<GatewayResponse> => {
    seen = incoming
    return Promise.resolve({ status: 200, headers: {}, body: null, ...answer })
  }
  const response = await handleWeb({ handle }, request, mount)
  if (seen === undefined) throw new Error('the gateway was not asked')
  return { seen, response }
}

const post = (body: RequestInit['body'], init: RequestInit = {}): Request =>
  new Request(URL_, { method: 'POST', body, duplex: 'half', ...init } as RequestInit)

async function bytesOf(request: Request, limit = 100): Promise<string> {
  const { seen } = await exchange(request)
  return seen.bytes(limit).then(
    (bytes) => Buffer.from(bytes).toString(),
    (error: unknown) => (error instanceof GatewayError ? error.code : `not ours: ${String(error)}`),
  )
}

function chunks(...texts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(Buffer.from(text))
      controller.close()
    },
  })
}

describe('the request', () => {
  it('shows what routing and identity need', async () => {
    const request = post('{}', { headers: { 'X-Api-Key': 'k' } })
    const { seen } = await exchange(request)
    expect([
      seen.method,
      seen.path,
      seen.search,
      seen.header('x-api-key'),
      seen.header('x-none'),
    ]).toEqual(['POST', '/v1/chat/completions', '?x=1', 'k', undefined])
    expect([seen.host, seen.signal, seen.parsedBody]).toEqual([request, request.signal, undefined])
  })

  it('takes from the mount what the mount knows better', async () => {
    const { signal } = new AbortController()
    const host = { c: 1 }
    const { seen } = await exchange(
      post('{}'),
      {},
      { url: '/v1/models?y=2', host, signal, parsedBody: 'unused' },
    )
    expect([seen.path, seen.search, seen.host, seen.signal, seen.parsedBody]).toEqual([
      '/v1/models',
      '?y=2',
      host,
      signal,
      undefined,
    ])
  })

  it('uses the parsed body only when the request has been read', async () => {
    const request = post('{"a":1}')
    const parsedBody: unknown = await request.json()
    expect((await exchange(request, {}, { parsedBody })).seen.parsedBody).toBe(parsedBody)
    expect(await bytesOf(request)).toBe('invalid_request')
  })

  it.each<[string, () => Request, string]>([
    ['whole', () => post('{"a":1}'), '{"a":1}'],
    ['in pieces', () => post(chunks('{"a"', ':1}')), '{"a":1}'],
    ['as long as the limit', () => post('x'.repeat(100)), 'x'.repeat(100)],
    ['absent', () => post(null), ''],
    [
      'announced too large',
      () => post('x', { headers: { 'content-length': '101' } }),
      'body_too_large',
    ],
    ['too large in pieces', () => post(chunks('x'.repeat(60), 'x'.repeat(60))), 'body_too_large'],
    ['compressed', () => post('x', { headers: { 'content-encoding': 'gzip' } }), 'invalid_request'],
    [
      'of a client that left',
      () =>
        post(
          new ReadableStream({
            pull: (controller) => controller.error(new TypeError('terminated')),
          }),
        ),
      'client_closed',
    ],
  ])('reads a body that comes %s', async (_how, request, expected) => {
    expect(await bytesOf(request())).toBe(expected)
  })

  it('stops reading a body that is too large', async () => {
    let pulled = 0
    let cancelled = false
    const long = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1
        controller.enqueue(Buffer.alloc(50))
        if (pulled === 1000) controller.close()
      },
      cancel: () => void (cancelled = true),
    })
    expect(await bytesOf(post(long))).toBe('body_too_large')
    expect(cancelled).toBe(true)
    expect(pulled).toBeLessThan(10)
  })
})

describe('a streamed body', () => {
  async function streamed(request: Request, limit = 100): Promise<string> {
    const { seen } = await exchange(request, { body: (async function* () {})() })
    let received = ''
    try {
      for await (const chunk of seen.stream(limit)) received += Buffer.from(chunk).toString()
    } catch (error) {
      return error instanceof GatewayError ? error.code : `not ours: ${String(error)}`
    }
    return received
  }

  it.each<[string, () => Request, string]>([
    ['in pieces', () => post(chunks('{"a"', ':1}')), '{"a":1}'],
    ['absent', () => post(null), ''],
    [
      'announced too large',
      () => post('x', { headers: { 'content-length': '101' } }),
      'body_too_large',
    ],
    ['too large in pieces', () => post(chunks('x'.repeat(60), 'x'.repeat(60))), 'body_too_large'],
    ['compressed', () => post('x', { headers: { 'content-encoding': 'gzip' } }), 'invalid_request'],
    [
      'of a client that left',
      () =>
        post(
          new ReadableStream({
            pull: (controller) => controller.error(new TypeError('terminated')),
          }),
        ),
      'client_closed',
    ],
  ])('comes %s', async (_how, request, expected) => {
    expect(await streamed(request())).toBe(expected)
  })

  it('that is not read to its end is cancelled with a whole answer', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.alloc(10)),
      cancel: () => void (cancelled = true),
    })
    const handle = async (incoming: GatewayRequest): Promise<GatewayResponse> => {
      await incoming.stream(100)[Symbol.asyncIterator]().next()
      return { status: 413, headers: {}, body: 'too large' }
    }
    const response = await handleWeb({ handle }, post(body))
    expect([response?.status, await response?.text()]).toEqual([413, 'too large'])
    expect(cancelled).toBe(true)
  })

  it('names the headers of the request', async () => {
    const { seen } = await exchange(
      post('{}', { headers: { 'X-One': '1', 'content-type': 'a/b' } }),
    )
    expect([...seen.headerNames()]).toEqual(['content-type', 'x-one'])
  })
})

describe('the answer', () => {
  it('is a Response with status, headers and body', async () => {
    const { response } = await exchange(post('{}'), {
      status: 429,
      headers: { 'retry-after': '1' },
      body: '{"error":1}',
    })
    expect([
      response?.status,
      response?.headers.get('retry-after'),
      await response?.text(),
    ]).toEqual([429, '1', '{"error":1}'])
    expect(
      await (await exchange(post('{}'), { body: Buffer.from('bytes') })).response?.text(),
    ).toBe('bytes')
    expect(await (await exchange(post('{}'), { body: null })).response?.text()).toBe('')
  })

  it('is left to the host when the gateway has no such path', async () => {
    let passed = 0
    const mount = { fallThrough: () => void (passed += 1) }
    expect(
      (await exchange(post('{}'), { status: 404, unmatched: true }, mount)).response,
    ).toBeUndefined()
    expect(passed).toBe(1)
    expect((await exchange(post('{}'), { status: 404, unmatched: true })).response?.status).toBe(
      404,
    )
    expect((await exchange(post('{}'), { status: 404 }, mount)).response?.status).toBe(404)
    expect(passed).toBe(1)
  })

  it('streams text and bytes as they come', async () => {
    async function* body(): AsyncGenerator<Uint8Array | string> {
      yield 'data: \u00e9\n\n'
      yield Buffer.from('data: b\n\n')
    }
    expect(await (await exchange(post('{}'), { body: body() })).response?.text()).toBe(
      'data: \u00e9\n\ndata: b\n\n',
    )
  })

  it('pulls no further than the client reads', async () => {
    let produced = 0
    async function* body(): AsyncGenerator<string> {
      while (produced < 1000) yield String((produced += 1))
    }
    const { response } = await exchange(post('{}'), { body: body() })
    const reader = response?.body?.getReader()
    for (let at = 0; at < 3; at++) await reader?.read()
    expect(produced).toBeLessThanOrEqual(4)
    await reader?.cancel()
  })

  it('breaks off with a body that breaks, and never looks whole', async () => {
    async function* body(): AsyncGenerator<string> {
      yield 'half'
      throw new Error('broken')
    }
    const { response } = await exchange(post('{}'), { body: body() })
    await expect(response?.text()).rejects.toThrow('broken')
  })

  it('ends the upstream call when the client cancels', async () => {
    let ended = 0
    const body: AsyncIterableIterator<string> = {
      [Symbol.asyncIterator]: () => body,
      next: () => Promise.resolve({ done: false, value: 'x' }),
      return: () => {
        ended += 1
        return Promise.resolve({ done: true, value: undefined })
      },
    }
    const { response } = await exchange(post('{}'), { body })
    const reader = response?.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(ended).toBe(1)
  })
})
