import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { settle } from '../clock.fake.ts'
import { createTransport, type Transport } from './transport.ts'

// A file of its own: the timers of undici are made once for a process, and these are made of the
// fake ones.
let transport: Transport
let answer: Promise<ServerResponse>
let origin = ''
let close: () => Promise<unknown>

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
beforeEach(async () => {
  const waiting = Promise.withResolvers<ServerResponse>()
  answer = waiting.promise
  const server = createServer((request, response) =>
    request.resume().on('end', () => waiting.resolve(response)),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  close = () => {
    server.closeAllConnections()
    server.close()
    return once(server, 'close')
  }
  transport = createTransport({ connectTimeoutMs: 5_000 })
})
afterEach(async () => {
  await transport.close()
  await close()
})
afterAll(() => void vi.useRealTimers())

/** An hour, in steps in which everything that falls due can have its effect. */
async function anHour(): Promise<void> {
  for (let minute = 0; minute < 60; minute++) {
    vi.advanceTimersByTime(60_000)
    await settle()
  }
}

const post = () =>
  transport.send({
    origin,
    method: 'POST',
    path: '/',
    headers: {},
    body: '{}',
    onConnected: () => undefined,
  })

it('waits for headers as long as the gateway does: no timeout of undici ends a call', async () => {
  const call = post()
  const response = await answer
  await anHour()
  response.end('late')
  const { status } = await call.response
  expect([status, Buffer.from((await call.read()) ?? '').toString()]).toEqual([200, 'late'])
})

it('waits for the next event as long as the gateway does: no timeout of undici cuts a silent stream', async () => {
  const call = post()
  const response = await answer
  response.write('one')
  await call.response
  expect(Buffer.from((await call.read()) ?? '').toString()).toBe('one')
  await anHour()
  response.end('two')
  expect(Buffer.from((await call.read()) ?? '').toString()).toBe('two')
  expect(await call.read()).toBeUndefined()
})
