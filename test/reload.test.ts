import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '@postern/core'
import { createGate, startFakeProvider } from '@postern/testing'
import { expect, it } from 'vitest'
import { ask, CANARY_KEY, CLIENT_KEY } from './harness/chain.ts'
import { openStream } from './harness/client-stream.ts'
import { seeLog } from './harness/log.ts'

const RELOADS = 100
const USERS = 8

it('fails no request while its configuration is reloaded a hundred times, every third time with a mistake', async () => {
  const adminStore = await mkdtemp(join(tmpdir(), 'postern-'))
  const path = join(adminStore, 'postern.json')
  const provider = await startFakeProvider({ dialect: 'openai-chat', apiKey: CANARY_KEY })
  // Clients rotate their key with every configuration; one holds the keys of the two before as
  // well, as a grace.
  const keyOf = (at: number): string => `pk_rotated_${at}_0123456789abcdef`
  const configuration = (at: number): object => ({
    providers: { first: { baseUrl: provider.url, apiKey: CANARY_KEY } },
    routes: { chain: ['first/alpha'], [`route-${at}`]: ['first/beta'] },
    wrongKeysPerAddress: 10_000,
    wrongKeys: 10_000,
    keys: Object.fromEntries(
      [at, at - 1, at - 2].filter((one) => one >= 0).map((one) => [`web-${one}`, keyOf(one)]),
    ),
    ...(at % 3 === 2 && { retrys: at }),
  })
  await writeFile(path, JSON.stringify(configuration(0)))
  const log = seeLog()
  const gateway = createGateway({ log, config: path }, { environment: {} })
  let current = 0
  const send = (at: number, body: Record<string, unknown>): Promise<Response> =>
    ask((url, init) => gateway.fetch(`http://gateway${url}`, init), body, {
      headers: { authorization: `Bearer ${keyOf(at)}` },
    })
  const load = { isOver: false, whole: 0, failed: [] as number[] }
  const user = async (): Promise<void> => {
    while (!load.isOver) {
      const response = await send(current, { stream: load.whole % 2 === 0 })
      const text = await response.text()
      if (
        response.status === 200 &&
        (text.includes('[DONE]') || text.includes('"chat.completion"'))
      )
        load.whole += 1
      else load.failed.push(response.status)
      // The file system's events are read between requests.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const users = Array.from({ length: USERS }, user)
  try {
    for (let at = 1; at <= RELOADS; at++) {
      await writeFile(path, JSON.stringify(configuration(at)))
      const isGood = at % 3 !== 2
      // A file may be read more than once for one write of it.
      const inForce = isGood ? at : at - 1
      await log.next(isGood ? 'configuration reloaded' : 'keeping the last valid one')
      while (!gateway.health().routes.includes(`route-${inForce}`))
        await log.next('configuration reloaded')
      expect(gateway.health().routes).toEqual(['chain', `route-${inForce}`])
      const statusOf = async (one: number): Promise<number> => {
        const response = await send(one, {})
        await response.text()
        return response.status
      }
      const [oldest, newest, taken, coming] = [
        await statusOf(Math.max(0, inForce - 2)),
        await statusOf(inForce),
        inForce < 3 ? 401 : await statusOf(inForce - 3),
        await statusOf(inForce + 1),
      ]
      expect([at, oldest, newest, taken, coming]).toEqual([at, 200, 200, 401, 401])
      current = inForce
    }
  } finally {
    load.isOver = true
    await Promise.all(users)
    await gateway.close()
    await provider.close()
    await rm(adminStore, { recursive: true })
  }
  expect(load.failed).toEqual([])
  expect(load.whole).toBeGreaterThan(RELOADS)
}, 60_000)

it('takes a key out, and lowers a limit, for the next request, and leaves streams alone', async () => {
  const adminStore = await mkdtemp(join(tmpdir(), 'postern-'))
  const path = join(adminStore, 'postern.json')
  const provider = await startFakeProvider({ dialect: 'openai-chat', apiKey: CANARY_KEY })
  const OTHER_KEY = 'pk_other_0123456789abcdef'
  const write = (keys: object, limit: number): Promise<void> =>
    writeFile(
      path,
      JSON.stringify({
        providers: { first: { baseUrl: provider.url, apiKey: CANARY_KEY } },
        keys,
        limits: [{ unit: 'requests', window: 'total', limit, scope: 'key' }],
      }),
    )
  const log = seeLog()
  await write({ web: CLIENT_KEY, other: OTHER_KEY }, 100)
  const gateway = createGateway({ log, config: path }, { environment: {} })
  const send = (key: string, body: object = {}): Promise<Response> =>
    ask(
      (url, init) => gateway.fetch(`http://gateway${url}`, init),
      { model: 'first/m', ...body },
      { headers: { authorization: `Bearer ${key}` } },
    )
  try {
    const gate = createGate()
    provider.enqueue({ answer: { text: ['one', 'two'] }, gate })
    gate.release()
    const stream = openStream(await send(CLIENT_KEY, { stream: true }))
    await stream.until('one')
    expect([(await send(CLIENT_KEY)).status, (await send(OTHER_KEY)).status]).toEqual([200, 200])
    await write({ other: OTHER_KEY }, 2)
    await log.next('configuration reloaded')
    expect([
      (await send(CLIENT_KEY)).status,
      (await send(OTHER_KEY)).status,
      (await send(OTHER_KEY)).status,
    ]).toEqual([401, 200, 429])
    gate.releaseAll()
    expect(await stream.rest()).toContain('[DONE]')
  } finally {
    await gateway.close()
    await provider.close()
    await rm(adminStore, { recursive: true })
  }
})
