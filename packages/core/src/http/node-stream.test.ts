import { once } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../clock.fake.ts'
import { client, head, NodeServers, text } from './node.fake.ts'
import { handleNode } from './node.ts'

let servers: NodeServers
const serve: NodeServers['serve'] = (answer, host) => servers.serve(answer, host)

beforeEach(() => {
  servers = new NodeServers()
})

afterEach(async () => {
  expect(await servers.close()).toEqual([])
})

/** A stream body that counts: how much was asked of it, and how often it was ended. */
function counted(
  next: (pulled: number) => Promise<IteratorResult<string>> | IteratorResult<string>,
) {
  const counts = { pulled: 0, ended: 0 }
  const body: AsyncIterableIterator<string> = {
    [Symbol.asyncIterator]: () => body,
    next: async () => next((counts.pulled += 1)),
    return: () => {
      counts.ended += 1
      return Promise.resolve({ done: true, value: undefined })
    },
  }
  return { body, counts }
}

/**
 * Far more than any test lets through: without backpressure a stream ends here, and not when memory
 * does.
 */
const MANY = 1000

const chunk = (value: string): IteratorResult<string> => ({ done: false, value })
const aborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, 'abort')

describe('a stream', () => {
  it('reaches the client piece by piece, headers first', async () => {
    const gate = Promise.withResolvers<undefined>()
    const order: string[] = []
    const { port } = await serve(
      () => ({
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
        body: (async function* () {
          yield 'data: 1\n\n'
          await gate.promise
          yield Buffer.from('data: \u00e9\n\n')
        })(),
      }),
      ({ response }, go) =>
        go({ onStream: () => order.push(`headers sent: ${response.headersSent}`) }),
    )
    const { saw, closed } = client(port, head('GET', ['connection: close']))
    expect(await saw('data: 1\n\n')).toContain('text/event-stream')
    gate.resolve(undefined)
    expect(Buffer.from(await closed, 'latin1').toString()).toContain(
      'data: \u00e9\n\n\r\n0\r\n\r\n',
    )
    expect(order).toEqual(['headers sent: false'])
  })

  it('that waits ends when the client leaves (K4)', async () => {
    let signal: AbortSignal | undefined
    const { body, counts } = counted(async (pulled) => {
      if (pulled === 1) return chunk('data: 1\n\n')
      if (signal !== undefined) await aborted(signal)
      return { done: true, value: undefined }
    })
    const { port, done } = await serve((request) => {
      signal = request.signal
      return { ...text(''), body }
    })
    const { socket, saw } = client(port, head('GET'))
    await saw('data: 1')
    expect(signal?.aborted).toBe(false)
    socket.destroy()
    expect(await done).toBe('served')
    expect([signal?.aborted, counts.pulled]).toEqual([true, 2])
  })

  it('that goes on is ended, once, when the client leaves', async () => {
    const left = Promise.withResolvers<undefined>()
    const { body, counts } = counted(async (pulled) => {
      if (pulled > 1) await left.promise
      return chunk('data: x\n\n')
    })
    const { port, done } = await serve(
      () => ({ ...text(''), body }),
      ({ response }, go) => {
        response.on('close', () => left.resolve(undefined))
        go()
      },
    )
    const { socket, saw } = client(port, head('GET'))
    await saw('data: x')
    socket.destroy()
    expect(await done).toBe('served')
    expect(counts).toEqual({ pulled: 2, ended: 1 })
  })

  it('is not begun for a client that has left before (K5)', async () => {
    const { body, counts } = counted(() => chunk('x'))
    let before: boolean | undefined
    const { port, done } = await serve(
      async (request) => {
        before = request.signal.aborted
        return { ...text(''), body }
      },
      async ({ response }, go) => {
        await once(response, 'close')
        go()
      },
    )
    client(port, head('GET')).socket.end().resetAndDestroy()
    expect(await done).toBe('served')
    expect([before, counts]).toEqual([true, { pulled: 0, ended: 1 }])
  })

  it('is not begun for a client that left while the gateway worked', async () => {
    const { body, counts } = counted(() => chunk('x'))
    const asked = Promise.withResolvers<undefined>()
    const { port, done } = await serve(async ({ signal }) => {
      asked.resolve(undefined)
      await aborted(signal)
      return { ...text(''), body }
    })
    const { socket } = client(port, head('GET'))
    await asked.promise
    socket.destroy()
    expect(await done).toBe('served')
    expect(counts).toEqual({ pulled: 0, ended: 1 })
  })

  it('that breaks in the middle never looks whole, and never reaches the host\u2019s error handler (K7)', async () => {
    const { body } = counted((pulled) =>
      pulled === 1 ? chunk('data: 1\n\n') : Promise.reject(new Error('defect')),
    )
    const { port, done } = await serve(() => ({ ...text(''), body }))
    const received = await client(port, head('GET')).closed
    expect(received).not.toContain('\r\n0\r\n\r\n')
    expect(await done).toBe('served')
  })

  it('aborts nothing when it ends as it should, and leaves no listener', async () => {
    let signal: AbortSignal | undefined
    let listeners = Number.NaN
    const { port } = await serve(
      (request) => {
        signal = request.signal
        return {
          ...text(''),
          body: (async function* () {
            yield 'x'
          })(),
        }
      },
      async ({ response }, go) => {
        const before = response.listenerCount('close')
        go()
        await once(response, 'finish')
        await settle()
        listeners = response.listenerCount('close') + response.listenerCount('drain') - before
      },
    )
    expect(await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())).toBe('x')
    await settle()
    expect([signal?.aborted, listeners <= 0]).toEqual([false, true])
  })
})

describe('a client that does not read', () => {
  /** A response on a connection whose other side takes nothing until told. */
  function stalled() {
    const pending: (() => void)[] = []
    const connection = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => void pending.push(done),
    })
    const request = new IncomingMessage(new Socket())
    const response = new ServerResponse(request)
    response.assignSocket(connection as Socket)
    // As the server of node:http does it.
    connection.on('drain', () => response.emit('drain'))
    return { request, response, connection, takeOne: () => pending.shift()?.() }
  }

  it('stops the stream after a bounded number of chunks; reading on moves it, leaving ends it', async () => {
    const { request, response, connection, takeOne } = stalled()
    const { body, counts } = counted((pulled) =>
      pulled > MANY ? { done: true, value: undefined } : chunk('x'.repeat(16 * 1024)),
    )
    const served = handleNode(
      { handle: () => Promise.resolve({ ...text(''), body }) },
      { request, response },
    )
    await settle()
    const stuck = counts.pulled
    expect(stuck).toBeLessThanOrEqual(8)
    await settle()
    expect(counts.pulled).toBe(stuck)
    for (let taken = 0; taken < 20 && counts.pulled === stuck; taken++) {
      takeOne()
      await settle()
    }
    expect(counts.pulled).toBeGreaterThan(stuck)
    expect(counts.ended).toBe(0)
    // Nothing drains any more: only 'close' tells.
    response.destroy()
    connection.destroy()
    response.emit('close')
    await served
    expect(counts.ended).toBe(1)
  })
})
