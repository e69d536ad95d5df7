import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import * as zlib from 'node:zlib'
import { createGateway } from '@postern/core'
import { handleNode } from '@postern/core/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain, startMountedChain } from './harness/chain.ts'
import { listen } from './harness/listen.ts'
import { failOnUncaught } from './harness/uncaught.ts'

failOnUncaught()

const CODINGS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  GZIP: (bytes) => zlib.gzipSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  'deflate, gzip': (bytes) => zlib.gzipSync(zlib.deflateSync(bytes)),
  'gzip,br , zstd': (bytes) => zlib.zstdCompressSync(zlib.brotliCompressSync(zlib.gzipSync(bytes))),
  'identity, gzip': (bytes) => zlib.gzipSync(bytes),
}
const BARE_DEFLATE = (bytes: Buffer): Buffer => zlib.deflateRawSync(bytes)

const body = (text: string): Buffer =>
  Buffer.from(JSON.stringify({ model: 'chain', messages: [{ role: 'user', content: text }] }))
const hello = body('h\u00e9llo '.repeat(50))

describe('a compressed request body', () => {
  describe.each(['gateway.fetch', 'Express', 'Koa', 'Hono'] as const)('through %s', (surface) => {
    let chain: Pick<Chain, 'send' | 'provider' | 'close'>
    beforeAll(async () => {
      const gateway = { bodyLimit: '2mb' } as const
      chain =
        surface === 'gateway.fetch'
          ? await startChain({ dialects: ['openai-chat'], gateway })
          : await startMountedChain(surface, {
              dialects: ['openai-chat'],
              mountPath: '/llm',
              gateway,
            })
    })
    afterAll(() => chain.close())
    const post = (bytes: Buffer, encoding: string): Promise<Response> =>
      chain.send('/v1/chat/completions', {
        method: 'POST',
        body: bytes as never,
        headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      })

    it.each([...Object.entries(CODINGS), ['deflate', BARE_DEFLATE] as const])(
      'in %s is decoded',
      async (encoding, encode) => {
        const response = await post(encode(hello), encoding)
        expect(response.status).toBe(200)
        expect(chain.provider('first').journal.last()?.body).toMatchObject({
          messages: [{ content: 'h\u00e9llo '.repeat(50) }],
        })
        expect(chain.provider('first').journal.last()?.headers['content-encoding']).toBeUndefined()
      },
    )

    it.each(['compress', 'aws-chunked', 'gzip, nonsense', 'gzip, gzip, gzip, gzip'])(
      'in %s is refused with the codings that are not',
      async (encoding) => {
        const response = await post(hello, encoding)
        expect([
          response.status,
          response.headers.get('accept-encoding'),
          await response.text(),
        ]).toEqual([
          415,
          'gzip, br, zstd, deflate',
          expect.stringContaining('gzip, br, zstd or deflate'),
        ])
      },
    )

    it.each(Object.entries(CODINGS))(
      'in %s that is larger than the limit when decoded is 413',
      async (encoding, encode) => {
        const response = await post(encode(Buffer.alloc(4 * 1024 * 1024, ' ')), encoding)
        expect([response.status, await response.text()]).toEqual([
          413,
          expect.stringContaining('larger than the limit'),
        ])
      },
    )

    it.each(Object.entries(CODINGS))(
      'that is not %s, or breaks off, is 400',
      async (encoding, encode) => {
        for (const bytes of [hello, encode(hello).subarray(0, -3)]) {
          const response = await post(bytes, encoding)
          expect([response.status, await response.text()]).toEqual([
            400,
            expect.stringContaining('content-encoding'),
          ])
        }
      },
    )
  })

  it('of a provider\u2019s own API goes on decoded, piece by piece', async () => {
    const seen: { headers: IncomingHttpHeaders; bytes: Buffer }[] = []
    const upstream = await listen(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      seen.push({ headers: request.headers, bytes: Buffer.concat(chunks) })
      response.end('{}')
    })
    const chain = await startChain({
      dialects: ['openai-chat'],
      addresses: { first: upstream.url },
    })
    for (const size of [100, 3_000_000]) {
      const plain = Buffer.from(`{"a":"${'x'.repeat(size)}"}`)
      for (const [encoding, encode] of Object.entries(CODINGS)) {
        const response = await chain.send('/providers/first/v1/things', {
          method: 'POST',
          body: encode(plain) as never,
          headers: { 'content-type': 'application/json', 'content-encoding': encoding },
        })
        expect(response.status).toBe(200)
        expect(seen.at(-1)?.bytes.equals(plain)).toBe(true)
        expect(seen.at(-1)?.headers['content-encoding']).toBeUndefined()
      }
    }
    await chain.close()
    await upstream.close()
  })
})

const answer = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'h\u00e9llo' }, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
}
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

describe.each([...Object.entries(CODINGS), ['deflate', BARE_DEFLATE] as const])(
  'an answer in %s',
  (encoding, encode) => {
    async function withUpstream(
      bytes: Buffer,
      type: string,
      act: (chain: Chain, headers: () => IncomingHttpHeaders | undefined) => Promise<void>,
      status = 200,
    ): Promise<void> {
      let headers: IncomingHttpHeaders | undefined
      const upstream = await listen((request, response) => {
        headers = request.headers
        request.resume()
        response
          .writeHead(status, { 'content-type': type, 'content-encoding': encoding })
          .end(bytes)
      })
      const chain = await startChain({
        dialects: ['openai-chat'],
        addresses: { first: upstream.url },
        gateway: { answerLimit: '1mb' },
        route: { retries: 0 },
      })
      await act(chain, () => headers)
      await chain.close()
      await upstream.close()
    }

    it('is decoded: JSON', () =>
      withUpstream(
        encode(Buffer.from(JSON.stringify(answer))),
        'application/json',
        async (chain, headers) => {
          const response = await chain.ask({})
          expect([
            response.status,
            response.headers.get('content-encoding'),
            await response.json(),
          ]).toEqual([200, null, answer])
          expect(headers()?.['accept-encoding']).toContain('identity')
        },
      ))

    it('is decoded: events', () =>
      withUpstream(
        encode(
          Buffer.from(
            `${chunk({ role: 'assistant', content: 'h\u00e9' })}${chunk({ content: 'llo' })}${chunk({}, 'stop')}data: [DONE]\n\n`,
          ),
        ),
        'text/event-stream',
        async (chain) => {
          const response = await chain.ask({ stream: true })
          const text = await response.text()
          expect([
            response.status,
            text.includes('"llo"'),
            text.endsWith('data: [DONE]\n\n'),
          ]).toEqual([200, true, true])
        },
      ))

    it('is decoded: an error', () =>
      withUpstream(
        encode(Buffer.from('{"error":{"message":"no such thing","code":"bad"}}')),
        'application/json',
        async (chain) => {
          const response = await chain.ask({})
          expect([response.status, await response.text()]).toEqual([
            400,
            expect.stringContaining('no such thing'),
          ])
        },
        400,
      ))

    it('is decoded: bytes of a provider\u2019s own API', () =>
      withUpstream(encode(Buffer.from('plain bytes')), 'text/plain', async (chain) => {
        const response = await chain.send('/providers/first/v1/things', { headers: {} })
        expect([response.headers.get('content-encoding'), await response.text()]).toEqual([
          null,
          'plain bytes',
        ])
      }))

    it('ends although more bytes follow its end', async () => {
      const upstream = await listen((request, response) => {
        request.resume()
        response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': encoding })
        response.write(encode(Buffer.from('plain bytes')), () => response.write('\r\n'))
      })
      const chain = await startChain({
        dialects: ['openai-chat'],
        addresses: { first: upstream.url },
        route: { retries: 0 },
        gateway: { timeout: '1s' },
      })
      const response = await chain.send('/providers/first/v1/things')
      // The deadline of the request, or the bytes themselves, end it: before the first of them or
      // in the middle.
      await response.text().catch(() => undefined)
      expect(chain.records).toMatchObject([
        { code: expect.stringMatching(/^(upstream_invalid|deadline_exceeded)$/) },
      ])
      await chain.close()
      await upstream.close()
    })

    it.each([true, false])('is bounded when decoded (stream: %s)', (stream) =>
      withUpstream(
        encode(Buffer.alloc(4 * 1024 * 1024, stream ? ': c\n' : ' ')),
        stream ? 'text/event-stream' : 'application/json',
        async (chain) => {
          const response = await chain.ask({ stream })
          expect(response.status).toBe(502)
          expect(chain.records[0]?.attempts).toMatchObject([{ code: 'answer_too_large' }])
        },
      ),
    )
  },
)

it.each<[string, () => zlib.Gzip | zlib.BrotliCompress | zlib.ZstdCompress]>([
  ['gzip', () => zlib.createGzip()],
  ['br', () => zlib.createBrotliCompress()],
  ['zstd', () => zlib.createZstdCompress()],
  ['deflate', () => zlib.createDeflate()],
])('a stream in %s is decoded event by event, as it comes', async (encoding, open) => {
  const coder = open()
  const upstream = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding })
    coder.pipe(response)
    coder.write(chunk({ role: 'assistant', content: 'first' }))
    coder.flush()
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const gateway = createGateway(
    {
      providers: {
        first: {
          baseUrl: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
          apiKey: 'the-key-of-the-provider',
          dialect: 'openai-chat',
        },
      },
      keys: { client: CLIENT_KEY },
      log: 'silent',
    },
    { environment: {} },
  )
  const host = await listen((request, response) => void handleNode(gateway, { request, response }))
  const sent = httpRequest(`${host.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
  })
  sent.end(
    JSON.stringify({ model: 'first/m', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
  )
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  expect(String((await pieces.next()).value)).toContain('first')
  // The provider says the next thing only when the client has the one before.
  coder.write(chunk({ content: 'second' }))
  coder.flush()
  expect(String((await pieces.next()).value)).toContain('second')
  coder.end(`${chunk({}, 'stop')}data: [DONE]\n\n`)
  let rest = ''
  for (let piece = await pieces.next(); piece.done !== true; piece = await pieces.next())
    rest += String(piece.value)
  expect(rest).toContain('[DONE]')
  await gateway.close({ graceMs: 0 })
  await host.close()
  upstream.close()
})
