import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import type Sqlite from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY } from './harness/chain.ts'
import { startRedis, type TestRedis } from './harness/redis.ts'

const script = fileURLToPath(new URL('harness/starved-host.ts', import.meta.url))

/** The shared store, and a reader of its counters. */
interface Shared {
  readonly env: Record<string, string>
  places(): number
  tokens(): number
  /** Lets the leases of all instances run out, as seconds would. */
  endLeases(): void
}

let redis: TestRedis
let folder: string
let provider: FakeProvider
const children: ChildProcess[] = []

beforeAll(async () => {
  redis = await startRedis()
  folder = await mkdtemp(join(tmpdir(), 'postern-instances-end-'))
})
beforeEach(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await provider.close()
  redis.cli('FLUSHALL')
})
afterAll(() => Promise.all([redis.close(), rm(folder, { recursive: true })]))

function onRedis(): Shared {
  const keys = (pattern: string): string[] => redis.cli('KEYS', pattern).split('\n').filter(Boolean)
  return {
    env: { REDIS: redis.url },
    places: () =>
      keys('{starved}:c:*').reduce((sum, key) => sum + Number(redis.cli('ZCARD', key)), 0),
    tokens: () =>
      keys('{starved}:p:*').reduce((sum, key) => sum + Number(redis.cli('GET', key)), 0),
    endLeases: () =>
      redis
        .cli('ZRANGE', '{starved}:instances', '0', '-1')
        .split('\n')
        .filter(Boolean)
        .forEach((instance) => redis.cli('ZADD', '{starved}:instances', '1', instance)),
  }
}

let files = 0
function inFile(): Shared {
  const path = join(folder, `${(files += 1)}.db`)
  const sqlite = createRequire(import.meta.url)('node:sqlite') as typeof Sqlite
  const look = <T>(step: (database: Sqlite.DatabaseSync) => T): T => {
    const database = new sqlite.DatabaseSync(path)
    try {
      database.exec('PRAGMA busy_timeout = 2000')
      return step(database)
    } finally {
      database.close()
    }
  }
  const sum = (what: string, table: string): number =>
    look((database) => {
      // The first request that is counted makes the tables.
      const isThere =
        database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table) !== undefined
      return isThere
        ? Number(database.prepare(`SELECT ${what} AS n FROM ${table}`).get()?.['n'] ?? 0)
        : 0
    })
  return {
    env: { SQLITE: path },
    places: () => sum('count(*)', 'leases'),
    tokens: () => sum('sum(value)', 'counters'),
    endLeases: () => look((database) => database.exec('UPDATE instances SET until = 1')),
  }
}

async function start({
  env,
}: Shared): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'], UPSTREAM: provider.url, KEY: CLIENT_KEY, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  children.push(child)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { child, port }
}

/** The answer's status, and its text as far as it came. */
function ask(
  port: number,
  body: Record<string, unknown> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const call = request(
      {
        port,
        host: '127.0.0.1',
        path: '/llm/v1/chat/completions',
        method: 'POST',
        agent: false,
        headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('close', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    call.on('error', () => resolve({ status: 0, text: '' }))
    call.end(
      JSON.stringify({ model: 'main/m', messages: [{ role: 'user', content: 'hi' }], ...body }),
    )
  })
}

/**
 * Requests that take both places, in answers that do not go on. One that came before the store was
 * there is counted by the host alone, and not meant.
 */
async function fill(shared: Shared, port: number): Promise<Promise<unknown>[]> {
  const waiting: Promise<unknown>[] = []
  while (shared.places() < 2) {
    const before = provider.journal.length
    waiting.push(ask(port, { stream: waiting.length % 2 === 0, max_tokens: 500 }))
    await expect.poll(() => provider.journal.length, { timeout: 10_000 }).toBe(before + 1)
  }
  return waiting
}

describe.each([
  ['on Redis', onRedis],
  ['in a file', inFile],
] as const)('an instance that ends without a word, %s', (_where, make) => {
  it('has its places and what it had reserved given back by the next request of another, once', async () => {
    const shared = make()
    provider.reply({ answer: { text: ['one', 'two'] }, hangAfterEvents: 2 })
    const [first, second] = [await start(shared), await start(shared)]
    const waiting = await fill(shared, first.port)
    const reserved = shared.tokens()
    expect(reserved).toBeGreaterThanOrEqual(1_000)
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    await Promise.all(waiting)
    provider.reply({ answer: { text: 'hi', usage: { input: 3, output: 2 } } })
    // For all that is known it may be alive yet.
    await expect.poll(async () => (await ask(second.port)).status, { timeout: 10_000 }).toBe(429)
    shared.endLeases()
    expect((await ask(second.port)).status).toBe(200)
    await expect.poll(() => shared.places()).toBe(0)
    // The input of the two stays counted, and their reserved output does not.
    await expect.poll(() => shared.tokens()).toBe(reserved - 2 * 500 + 5)
    expect((await ask(second.port)).status).toBe(200)
    await expect.poll(() => shared.tokens()).toBe(reserved - 2 * 500 + 10)
  }, 30_000)

  it('and has only been asleep: what it used is counted once it says so, in place of what was given back', async () => {
    const shared = make()
    let goOn: () => void = () => undefined
    const end = new Promise<void>((resolve) => (goOn = resolve))
    provider.reply(async () => {
      await end
      return { answer: { text: 'hi', usage: { input: 70, output: 30 } } }
    })
    const [first, second] = [await start(shared), await start(shared)]
    const waiting = await fill(shared, first.port)
    const reserved = shared.tokens()
    first.child.kill('SIGSTOP')
    shared.endLeases()
    provider.reply({ answer: { text: 'hi', usage: { input: 3, output: 2 } } })
    await expect.poll(async () => (await ask(second.port)).status, { timeout: 10_000 }).toBe(200)
    await expect.poll(() => shared.places()).toBe(0)
    const givenBack = shared.tokens()
    expect(givenBack).toBeLessThan(reserved - 900)
    goOn()
    first.child.kill('SIGCONT')
    await Promise.all(waiting)
    const floors = reserved - waiting.length * 500
    await expect
      .poll(() => shared.tokens(), { timeout: 10_000 })
      .toBe(givenBack - floors + waiting.length * 100)
  }, 30_000)
})
