import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createClient } from '@redis/client'

/** A Redis of a test's own, which it may break. */
export interface TestRedis {
  readonly port: number
  readonly url: string
  /** One command, on a connection of its own. */
  cli(...args: string[]): string
  /** Stops the process where it is: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /**
   * Ends it without a word; `start` brings it back on the same port with what it had written down.
   */
  kill(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** @param options of the server, as on its command line: `--maxmemory 2mb` */
export async function startRedis(options: readonly string[] = []): Promise<TestRedis> {
  const binary = process.env['TEST_REDIS_SERVER']
  if (binary === undefined) throw new Error('test/harness/find-redis.ts has not run.')
  const folder = await mkdtemp(join(tmpdir(), 'postern-redis-'))
  const port = await freePort()
  // Unpacked from packages, it has its libraries beside it.
  const root = dirname(dirname(binary))
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: ['x86_64-linux-gnu', 'aarch64-linux-gnu']
      .map((machine) => join(root, 'lib', machine))
      .join(':'),
  }
  let server: ChildProcess | undefined
  const redis: TestRedis = {
    port,
    url: `redis://127.0.0.1:${port}`,
    cli: (...args) =>
      execFileSync(join(dirname(binary), 'redis-cli'), ['-p', String(port), ...args], {
        env,
        encoding: 'utf8',
      }).trim(),
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    async kill() {
      if (server === undefined) return
      const gone = once(server, 'exit')
      server.kill('SIGKILL')
      await gone
      server = undefined
    },
    async start() {
      const started = spawn(
        binary,
        [
          '--port',
          String(port),
          '--bind',
          '127.0.0.1',
          '--dir',
          folder,
          '--save',
          '',
          '--appendonly',
          'yes',
          '--appendfsync',
          'always',
          ...options,
        ],
        { env, stdio: ['ignore', 'pipe', 'inherit'] },
      )
      server = started
      for await (const text of started.stdout.setEncoding('utf8')) {
        if (!(text as string).includes('Ready to accept connections')) continue
        // Later output is ignored, but must be read.
        started.stdout.resume()
        return
      }
      throw new Error('redis-server ended before it was ready.')
    },
    async close() {
      redis.resume()
      await redis.kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
  await redis.start()
  return redis
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A Redis from the environment, where nothing is broken and nothing is left behind. */
export interface NamedRedis {
  readonly url: string
  /** Of this run alone. */
  readonly prefix: string
  clean(): Promise<void>
}

/** That of `POSTERN_TEST_REDIS_URL`; a test that takes it has another one for everybody else. */
export function namedRedis(): NamedRedis | undefined {
  const { TEST_REDIS_URL: url } = process.env
  if (url === undefined) return undefined
  const prefix = `postern-test-${randomUUID()}`
  return {
    url,
    prefix,
    async clean() {
      const client = createClient({ url })
      await client.connect()
      for await (const names of client.scanIterator({ MATCH: `{${prefix}*`, COUNT: 1_000 }))
        if (names.length > 0) await client.unlink(names)
      await client.close()
    },
  }
}
