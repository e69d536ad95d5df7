import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY } from './harness/chain.ts'

const script = fileURLToPath(new URL('harness/starved-host.ts', import.meta.url))

let provider: FakeProvider
let child: ChildProcess | undefined
const uncaught: string[] = []

beforeEach(async () => {
  uncaught.length = 0
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterEach(async () => {
  if (child !== undefined && child.exitCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await provider.close()
})

/** @param limits what the shell takes away before the host starts */
async function start(
  limits: string,
  nodeOptions: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<number> {
  const started = spawn(
    'sh',
    ['-c', `${limits}; exec "$0" "$@"`, process.execPath, ...nodeOptions, script],
    {
      env: { PATH: process.env['PATH'], UPSTREAM: provider.url, KEY: CLIENT_KEY, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  child = started
  const [message] = (await once(started, 'message')) as [{ port: number }]
  started.on(
    'message',
    (later: { uncaught?: string }) =>
      void (later.uncaught !== undefined && uncaught.push(later.uncaught)),
  )
  return message.port
}

/** The answer's status, or how the connection failed. */
function ask(
  port: number,
  body: Record<string, unknown> = {},
): Promise<{ status: number | string; text: string }> {
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
    call.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ status: error.code ?? error.message, text: '' }),
    )
    call.end(
      JSON.stringify({ model: 'main/m', messages: [{ role: 'user', content: 'hi' }], ...body }),
    )
  })
}

const isWhole = ({ status, text }: { status: number | string; text: string }): boolean =>
  status === 200 && text.includes('[DONE]')

describe('a host that has too little', () => {
  it('of file descriptors refuses what it cannot connect, and serves on', async () => {
    const port = await start('ulimit -n 64')
    provider.reply({ answer: { text: ['a', 'b', 'c'] }, pauseBetweenEventsMs: 30 })
    const answers = await Promise.all(
      Array.from({ length: 120 }, () => ask(port, { stream: true })),
    )
    for (const answer of answers) {
      // A connection the system could not accept is no answer of ours; everything else is whole or
      // says that it is not.
      if (typeof answer.status === 'number')
        expect(isWhole(answer) || answer.text.includes('"error"')).toBe(true)
    }
    expect(answers.some(({ status }) => status === 502)).toBe(true)
    await expect
      .poll(async () => isWhole(await ask(port, { stream: true })), { timeout: 10_000 })
      .toBe(true)
    expect(uncaught).toEqual([])
    expect(child?.exitCode).toBeNull()
  }, 30_000)

  it('of memory carries more than it could hold', async () => {
    const port = await start('true', ['--max-old-space-size=128', '--max-semi-space-size=4'])
    // 50 answers of 4 MiB each, all at once: what is held is what is on its way.
    const words = Array.from({ length: 64 }, () => 'x'.repeat(65_536))
    provider.reply({ answer: { text: words } })
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(port, { stream: true })))
    expect(answers.filter(isWhole)).toHaveLength(50)
    expect(uncaught).toEqual([])
  }, 60_000)
})
