import { createGate, startFakeProvider, type FakeProvider } from '@postern/testing'
import { main } from 'postern'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from './harness/chain.ts'
import { openStream } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'

const KEY = 'pk_served_0123456789'
let provider: FakeProvider
beforeAll(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterAll(() => provider.close())

/** `postern serve` with a stream under way, and the signal to end it. */
async function serving() {
  const [clock, gate] = [new FakeClock(), createGate()]
  const [stopped, listening, drains] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<string>(),
    Promise.withResolvers<void>(),
  ]
  const environment = {
    POSTERN_PROVIDER_DEMO_BASE_URL: provider.url,
    POSTERN_PROVIDER_DEMO_API_KEY: 'test',
    POSTERN_KEYS: `web:${KEY}`,
    POSTERN_LOG: 'silent',
  }
  const ended = main(['serve', '--port', '0'], {
    environment,
    clock,
    fetch,
    out: listening.resolve,
    err: () => drains.resolve(),
    untilStopped: () => stopped.promise,
  })
  const url = /http:\/\/[\d.:]+\d/.exec(await listening.promise)?.[0] ?? ''
  provider.enqueue({ answer: { text: ['one', 'two'] }, gate })
  gate.release()
  const stream = openStream(
    await ask(
      (path, init) => fetch(`${url}${path}`, init),
      { model: 'demo/m', stream: true },
      { headers: { authorization: `Bearer ${KEY}` } },
    ),
  )
  await stream.until('one')
  stopped.resolve()
  await drains.promise
  return { clock, gate, stream, ended, url }
}

it('postern serve, asked to end, lets a request end that takes less than 30 seconds more', async () => {
  const { clock, gate, stream, ended, url } = await serving()
  await clock.advance(29_000)
  await expect(fetch(`${url}/health`)).rejects.toThrow()
  gate.releaseAll()
  expect(await stream.rest()).toContain('[DONE]')
  expect(await ended).toBe(0)
})

it('postern serve, asked to end, ends what takes longer than 30 seconds with an error', async () => {
  const { clock, gate, stream, ended } = await serving()
  await clock.advance(29_999)
  await clock.advance(1)
  const rest = await stream.rest()
  expect([rest.includes('gateway_closed'), rest.includes('[DONE]')]).toEqual([true, false])
  await clock.advance(2_000)
  expect(await ended).toBe(0)
  gate.releaseAll()
})
