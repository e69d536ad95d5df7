/**
 * Benchmark run by `npx -y pnpm@12 hostile`: how long one request holds the event loop of the host, and
 * twenty at once, when its body or its provider's answer is made to be slow to read, or is large
 * and right. `--only <part of a name>` runs a few.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { HOSTILE_ANSWERS, provider } from './answers.ts'
import { type Client, HOSTILE, LEGIT } from './bodies.ts'
import type { Held } from './host.ts'

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const KEY = 'pk_hostile_bodies_of_a_bench'
const TOGETHER = 20

const upstream = createServer(provider).listen(0, '127.0.0.1')
await once(upstream, 'listening')
const host = fork(
  new URL('host.ts', import.meta.url),
  [`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, KEY],
  { execArgv: ['--expose-gc'] },
)
const port = (await once(host, 'message'))[0] as number
const agent = new Agent({ keepAlive: false })

const PATHS: Readonly<Record<Client, (model: string) => string>> = {
  chat: () => '/v1/chat/completions',
  messages: () => '/v1/messages',
  responses: () => '/v1/responses',
  gemini: (model) => `/v1beta/models/${model}:generateContent`,
}

function send(path: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          'content-length': body.length,
        },
      },
      (response) => {
        response.resume().on('close', () => resolve(response.statusCode ?? 0))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

async function held(): Promise<Held> {
  host.send('read')
  const figures = (await once(host, 'message'))[0] as Held
  return figures
}

interface Row {
  readonly name: string
  readonly path: string
  readonly body: () => string
}

function* rows(): Generator<Row> {
  for (const [name, make] of Object.entries(HOSTILE)) {
    yield { name: `body: ${name}`, path: PATHS.chat(''), body: () => make('chat/m') }
    yield {
      name: `body, translated: ${name}`,
      path: PATHS.chat(''),
      body: () => make('messages/m'),
    }
  }
  for (const [name, makes] of Object.entries(LEGIT)) {
    for (const [client, make] of Object.entries(makes) as [Client, (model: string) => string][]) {
      for (const target of Object.keys(PATHS))
        yield {
          name: `${name}: ${client} to ${target}`,
          path: PATHS[client](`${target}/m`),
          body: () => make(`${target}/m`),
        }
    }
  }
  for (const name of HOSTILE_ANSWERS) {
    for (const path of ['chat', 'messages'] as const) {
      yield {
        name: `${name}, to a client of ${path}`,
        path: PATHS[path](''),
        body: () =>
          JSON.stringify({
            model: `chat/${name}`,
            max_tokens: 16,
            stream: name.startsWith('event-'),
            messages: [{ role: 'user', content: 'hi' }],
          }),
      }
    }
  }
}

// Warm up: compilation does not count.
for (let at = 0; at < 50; at++)
  await send(
    PATHS.chat(''),
    Buffer.from(
      JSON.stringify({
        model: 'chat/m',
        messages: [{ role: 'user', content: 'x'.repeat(70_000) }],
      }),
    ),
  )

const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0)
console.log(
  '| | MiB | status | held by one, CPU ms | clock ms | held by 20 at once, CPU ms | RSS over rest, 20 at once, MiB |\n|---|---|---|---|---|---|---|',
)
for (const { name, path, body } of rows()) {
  if (!name.includes(values.only)) continue
  const bytes = Buffer.from(body())
  await held()
  const status = await send(path, bytes)
  const one = await held()
  const rest = await held()
  await Promise.all(Array.from({ length: TOGETHER }, () => send(path, bytes).catch(() => 0)))
  const many = await held()
  console.log(
    `| ${name} | ${mebibytes(bytes.length)} | ${status} | ${one.cpuMs.toFixed(0)} | ${one.wallMs.toFixed(0)} | ${many.cpuMs.toFixed(0)} | ${mebibytes(many.rssBytes - rest.rssBytes)} |`,
  )
}
host.disconnect()
host.kill()
upstream.close()
