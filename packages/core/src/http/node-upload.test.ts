import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import { client, head, NodeServers, text } from './node.fake.ts'
import type { GatewayRequest } from './request.ts'

let servers: NodeServers
const serve: NodeServers['serve'] = (answer, host) => servers.serve(answer, host)

beforeEach(() => {
  servers = new NodeServers()
})

afterEach(async () => {
  expect(await servers.close()).toEqual([])
})

async function readAll(request: GatewayRequest, limit = 100): Promise<string> {
  let received = ''
  try {
    for await (const chunk of request.stream(limit)) received += Buffer.from(chunk).toString()
  } catch (error) {
    return error instanceof GatewayError
      ? `${received}|${error.code}`
      : `not ours: ${String(error)}`
  }
  return received
}

const chunked = (...pieces: string[]): string =>
  pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
const post = (...headers: string[]): string => head('POST', ['connection: close', ...headers])

describe('a streamed body', () => {
  it('comes piece by piece', async () => {
    const first = Promise.withResolvers<string>()
    const { port } = await serve(async (request) => {
      let all = ''
      for await (const chunk of request.stream(100)) {
        all += Buffer.from(chunk).toString()
        first.resolve(all)
      }
      return text(all)
    })
    const { socket, closed } = client(port, post('transfer-encoding: chunked') + chunked('one '))
    expect(await first.promise).toBe('one ')
    socket.write(`${chunked('two')}0\r\n\r\n`)
    expect(await closed).toContain('one two')
  })

  it.each<[string, string, string]>([
    ['without a body', post(), ''],
    ['as long as the limit', post('content-length: 100') + 'x'.repeat(100), 'x'.repeat(100)],
    ['announced too large', `${post('content-length: 101')}x`, '|body_too_large'],
    [
      'too large on its way',
      post('transfer-encoding: chunked') + chunked('x'.repeat(60), 'y'.repeat(60)),
      '|body_too_large',
    ],
    ['compressed', `${post('content-encoding: gzip', 'content-length: 1')}x`, '|invalid_request'],
  ])('%s', async (_what, sent, expected) => {
    const { port } = await serve(async (request) => text(`[${await readAll(request)}]`))
    expect((await client(port, sent).closed).replace('x'.repeat(60) + '|', '|')).toContain(
      `[${expected}]`,
    )
  })

  it('read by earlier middleware is missed', async () => {
    const { port } = await serve(
      async (request) => text(await readAll(request)),
      async ({ request }, go) => {
        for await (const chunk of request) expect(chunk).toBeDefined()
        go()
      },
    )
    expect(await client(port, `${post('content-length: 1')}x`).closed).toContain('|invalid_request')
  })

  it('of a client that left ends as such', async () => {
    const outcome = Promise.withResolvers<string>()
    const asked = Promise.withResolvers<undefined>()
    const { port, done } = await serve(async (request) => {
      asked.resolve(undefined)
      outcome.resolve(await readAll(request))
      return text('')
    })
    const { socket } = client(port, `${post('content-length: 50')}part`)
    await asked.promise
    socket.destroy()
    expect(await outcome.promise).toMatch(/^(part)?\|client_closed$/)
    expect(await done).toBe('served')
  })

  it('left in the middle does not cost the client its answer, nor the connection', async () => {
    const { port } = await serve(async (request) => {
      for await (const chunk of request.stream(1e7)) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      return text('early', 413)
    })
    const { socket, saw } = client(port, head('POST', ['content-length: 3000000']))
    socket.write('x'.repeat(1_000_000))
    expect(await saw('early')).toContain('413')
    socket.write('x'.repeat(2_000_000))
    socket.write(`${head('POST', ['connection: close', 'content-length: 1'])}x`)
    await once(socket, 'close')
    expect((await saw('nothing more')).match(/early/g)).toHaveLength(2)
  })

  it('that is never begun is not waited for', async () => {
    const { port } = await serve((request) => {
      request.stream(100)
      return text('refused', 401)
    })
    const { socket, saw } = client(port, `${head('POST', ['content-length: 10'])}12345`)
    expect(await saw('refused')).toContain('401')
    socket.write(`67890${head('POST', ['connection: close', 'content-length: 1'])}x`)
    await once(socket, 'close')
    expect((await saw('nothing more')).match(/refused/g)).toHaveLength(2)
  })
})

it('names the headers of the request', async () => {
  const { port } = await serve((request) => text([...request.headerNames()].join(' ')))
  expect(await client(port, head('GET', ['connection: close', 'X-One: 1'])).closed).toContain(
    'host connection x-one',
  )
})
