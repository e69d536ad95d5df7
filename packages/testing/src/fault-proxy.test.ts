import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from './clock.ts'
import { type FaultProxy, type ProxyFaults, startFaultProxy } from './fault-proxy.ts'

let server: Server
let proxy: FaultProxy | undefined
const behind: Socket[] = []

/** Says back what it hears, and ends when the other side has ended. */
beforeEach(async () => {
  behind.length = 0
  server = createServer((socket) => {
    behind.push(socket)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  await proxy?.close()
  for (const socket of behind) socket.destroy()
  server.close()
})

interface Client {
  readonly socket: Socket
  readonly heard: () => string
  /** How the connection ended. */
  readonly ended: Promise<'fin' | 'rst'>
}

async function start(
  faults?: ProxyFaults,
  clock?: ManualClock,
): Promise<{ proxy: FaultProxy; client(): Promise<Client> }> {
  const started = await startFaultProxy({
    target: { port: (server.address() as AddressInfo).port },
    ...(faults && { faults }),
    ...(clock && { clock }),
  })
  proxy = started
  return {
    proxy: started,
    async client() {
      const socket = connect({ port: started.port, host: started.host, allowHalfOpen: true })
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString()))
      const ended = new Promise<'fin' | 'rst'>((resolve) => {
        socket.on('end', () => resolve('fin'))
        socket.on('error', () => resolve('rst'))
      })
      await once(socket, 'connect')
      return { socket, heard: () => text, ended }
    },
  }
}

describe('a fault proxy', () => {
  it('carries everything while it has no faults, ends too', async () => {
    const { client } = await start()
    const { socket, heard, ended } = await client()
    socket.end('hello')
    expect(await ended).toBe('fin')
    expect(heard()).toBe('hello')
  })

  it('delays', async () => {
    const clock = new ManualClock()
    const { client } = await start({ delayMs: 100 }, clock)
    const { socket, heard } = await client()
    socket.write('hello')
    await clock.sleeping()
    expect(behind).toHaveLength(1)
    expect(behind[0]?.bytesRead).toBe(0)
    clock.advance(100)
    await expect.poll(() => behind[0]?.bytesRead).toBe(5)
    await clock.sleeping()
    clock.advance(100)
    await expect.poll(heard).toBe('hello')
  })

  it('drips', async () => {
    const clock = new ManualClock()
    const { client } = await start({ drip: { bytes: 2, everyMs: 50 } }, clock)
    const { socket, heard } = await client()
    socket.write('hello')
    await expect.poll(heard).toBe('he')
    await clock.sleeping()
    clock.advance(50)
    await expect.poll(heard).toBe('hell')
    await clock.sleeping()
    clock.advance(50)
    await expect.poll(heard).toBe('hello')
  })

  it.each(['fin', 'rst'] as const)('cuts after a number of bytes (%s)', async (cutBy) => {
    const { client } = await start({ cutAfterBytes: 3, cutBy })
    const { socket, heard, ended } = await client()
    socket.write('hello')
    expect(await ended).toBe(cutBy)
    // A reset may overtake what was sent before it.
    expect(cutBy === 'fin' ? heard() : 'hel').toBe('hel')
  })

  it('resets on accept', async () => {
    const { proxy: started } = await start({ resetOnAccept: true })
    const socket = connect({ port: started.port, host: started.host })
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(started.accepted).toBe(1)
  })

  it('resets connections that are open', async () => {
    const { proxy: started, client } = await start()
    const { ended } = await client()
    await expect.poll(() => started.open).toBe(1)
    started.resetAll()
    expect(await ended).toBe('rst')
    expect(started.open).toBe(0)
  })

  it('swallows everything in a black hole, and gives it back afterwards', async () => {
    const { proxy: started, client } = await start({ blackhole: true })
    const { socket, heard, ended } = await client()
    socket.end('hello')
    await expect.poll(() => behind.length).toBe(1)
    expect(behind[0]?.bytesRead).toBe(0)
    started.set({})
    expect(await ended).toBe('fin')
    expect(heard()).toBe('hello')
  })

  it('passes no end on while it is half open', async () => {
    const { proxy: started, client } = await start({ halfOpen: true })
    const { socket, heard, ended } = await client()
    socket.write('hello')
    await expect.poll(heard).toBe('hello')
    behind[0]?.destroy()
    await once(behind[0] as Socket, 'close')
    socket.write('are you there?')
    await expect.poll(() => socket.writableLength).toBe(0)
    expect(heard()).toBe('hello')
    expect(socket.readableEnded).toBe(false)
    started.set({})
    await ended
  })
})
