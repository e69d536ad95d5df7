/**
 * Benchmark run by `npx -y pnpm@12 resilience`: the figures of docs/reliability.md that are about time and
 * memory. A host with the gateway in it, a provider with every fault, and clients that leave, do
 * not read, or go on.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type ClientRequest, get, type IncomingMessage, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const KEY = 'pk_resilience_0123456789abcdef'
const MIB = 2 ** 20

interface Health {
  readonly rss: number
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  readonly uncaught: number
  readonly active: number
}

async function start(
  file: string,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; port: number; behaviours: string[] }> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { PATH: process.env.PATH, ...env },
  })
  const [message] = (await once(child, 'message')) as [{ port: number; behaviours: string[] }]
  return { child, ...message }
}

const provider = await start('provider.ts', {})
const host = await start('../soak/host.ts', { UPSTREAM: `http://127.0.0.1:${provider.port}`, KEY })
let health: Health[] = []
host.child.on('message', (message) => health.push(message as Health))
const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })

function ask(behaviour: string, onAnswer: (response: IncomingMessage) => void): ClientRequest {
  const body = JSON.stringify({
    model: `main/${behaviour}`,
    stream: true,
    messages: [{ role: 'user', content: 'Go on.' }],
  })
  const call = request(
    {
      host: '127.0.0.1',
      port: host.port,
      path: '/llm/v1/chat/completions',
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    },
    onAnswer,
  )
  call.on('error', () => undefined)
  call.end(body)
  return call
}

/** Asks, reads everything, and does not mind what it was. */
function askAndRead(behaviour: string): Promise<void> {
  return new Promise((resolve) =>
    ask(behaviour, (response) => response.resume()).on('close', resolve),
  )
}

/** Asks for a stream, and hangs up when the first bytes have come. */
async function leave(behaviour: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const call = ask(behaviour, (response) => response.once('data', () => resolve()))
  await promise
  call.destroy()
  return Date.now() + (performance.now() % 1)
}

const percentile = (list: readonly number[], share: number): number =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0

/** How long the host's own page takes while `work` is done, and how late its loop is. */
async function beside(
  seconds: number,
  work: (isOver: () => boolean) => Promise<unknown>,
): Promise<{ pageMs: number[]; health: Health[] }> {
  const pageMs: number[] = []
  health = []
  const visits = setInterval(() => {
    const started = performance.now()
    get({ host: '127.0.0.1', port: host.port, path: '/host', agent }, (response) =>
      response.resume().on('end', () => pageMs.push(performance.now() - started)),
    )
  }, 20)
  const until = performance.now() + seconds * 1_000
  await work(() => performance.now() > until)
  while (performance.now() < until) await wait(100)
  clearInterval(visits)
  return { pageMs, health }
}

const rows: { figure: string; seen: string; bar: string; isMet: boolean }[] = []
const report = (figure: string, seen: number, [bar, unit]: readonly [number, string]): void =>
  void rows.push({
    figure,
    seen: `${seen.toFixed(1)} ${unit}`,
    bar: `${bar} ${unit}`,
    isMet: seen <= bar,
  })

// Warm up: first requests are not measured.
await Promise.all(Array.from({ length: 200 }, () => askAndRead('whole')))

const leavers: number[] = []
for (let at = 0; at < 100; at++) {
  const closed = once(provider.child, 'message') as Promise<[{ closedAt: number }]>
  const left = await leave('endless')
  leavers.push((await closed)[0].closedAt - left)
}
report('client gone until the provider is hung up on, slowest of 100', Math.max(...leavers), [
  100,
  'ms',
])

await wait(3_000)
const before = health.at(-1)?.rss ?? 0
const slow = ask('flood', (response) => void response.pause())
health = []
await wait(5_000)
report(
  'memory for a client that reads nothing of 200 MB',
  (Math.max(...health.map(({ rss }) => rss)) - before) / MIB,
  [20, 'MiB'],
)
slow.destroy()

const quiet = await beside(10, () => Promise.resolve())
const faults = provider.behaviours.filter((name) => !['endless', 'flood'].includes(name))
const worst = await beside(40, async (isOver) => {
  const user = async (at: number): Promise<void> => {
    for (let turn = at; !isOver(); turn++) {
      await askAndRead(faults[turn % faults.length] ?? 'whole')
      // Clients that find out in no time that it is broken would otherwise measure nothing but a
      // full core.
      await wait(50)
    }
  }
  await Promise.all(Array.from({ length: 10 }, (_, at) => user(at)))
})
report(
  'event-loop lag p99 with 10 users meeting every fault, median of the seconds',
  percentile(
    worst.health.map(({ lagP99Ms }) => lagP99Ms),
    0.5,
  ),
  [50, 'ms'],
)
report(
  "the host's page beside them, p99, over what it takes alone",
  percentile(worst.pageMs, 0.99) - percentile(quiet.pageMs, 0.99),
  [20, 'ms'],
)

const crowd = await beside(6, async () => {
  for (let round = 0; round < 3; round++)
    await Promise.all(Array.from({ length: 200 }, () => leave('flood')))
})
report(
  'event-loop lag p99 when 200 clients leave large streams at once, worst second',
  Math.max(...crowd.health.map(({ lagP99Ms }) => lagP99Ms)),
  [200, 'ms'],
)

await wait(3_000)
const final = health.at(-1)
report('requests under way in the gateway afterwards', final?.active ?? 1, [0, ''])
report('uncaught errors', final?.uncaught ?? 1, [0, ''])

for (const { figure, seen, bar, isMet } of rows)
  process.stdout.write(
    `${figure.padEnd(82)} ${seen.padStart(10)}   bar ${bar.padStart(8)}   ${isMet ? 'met' : 'NOT MET'}\n`,
  )
agent.destroy()
host.child.disconnect()
provider.child.disconnect()
process.exit(rows.every(({ isMet }) => isMet) ? 0 : 1)
