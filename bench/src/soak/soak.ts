/**
 * Benchmark run by `npx -y pnpm@12 soak`: many streams at a steady pace through a host with the gateway in
 * it, for minutes, with or without faults. Every stream is read to its end: one that is whole has
 * all its events, one that is not says so.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    streams: { type: 'string', default: '500' },
    pace: { type: 'string', default: '20' },
    events: { type: 'string', default: '250' },
    faults: { type: 'string', default: '0' },
  },
})
const [minutes, streams, paceMs, events, faults] = [
  values.minutes,
  values.streams,
  values.pace,
  values.events,
  values.faults,
].map(Number) as [number, number, number, number, number]
if (
  !(minutes > 0 && minutes <= 60) ||
  !(streams >= 1 && streams <= 2000) ||
  !(paceMs >= 1) ||
  !(events >= 2) ||
  !(faults >= 0 && faults <= 1)
) {
  process.stderr.write(
    'soak [--minutes 5] [--streams 500] [--pace 20] [--events 250] [--faults 0.1]\n',
  )
  process.exit(2)
}

const KEY = 'pk_soak_0123456789abcdef'

interface Health {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  readonly cpuMicros: number
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  readonly uncaught: number
  readonly active: number
}

const seen = { whole: 0, broken: 0, refused: 0, lostEvents: 0, lies: 0, events: 0 }
const hostMs: number[] = []
const health: Health[] = []
const soak = { isOver: false }

async function start(
  file: URL,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(file), { env: { PATH: process.env.PATH, ...env } })
  const [message] = (await once(child, 'message')) as [{ port: number }]
  return { child, port: message.port }
}

const upstream = await start(new URL('upstream.ts', import.meta.url), {
  EVENTS: String(events),
  PACE_MS: String(paceMs),
  FAULTS: String(faults),
})
const host = await start(new URL('host.ts', import.meta.url), {
  UPSTREAM: `http://127.0.0.1:${upstream.port}`,
  KEY,
})
host.child.on('message', (message) => health.push(message as Health))

const agent = new Agent({ keepAlive: true, maxSockets: streams })
const body = JSON.stringify({
  model: 'main/m',
  stream: true,
  messages: [{ role: 'user', content: 'Go on.' }],
})

function stream(): Promise<void> {
  return new Promise((resolve) => {
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
      (response) => {
        let count = 0
        let tail = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => {
          for (let at = text.indexOf('"word "'); at !== -1; at = text.indexOf('"word "', at + 1))
            count += 1
          tail = (tail + text).slice(-400)
        })
        response.on('close', () => {
          seen.events += count
          if (response.statusCode !== 200) seen.refused += 1
          else if (tail.includes('[DONE]')) {
            seen.whole += 1
            seen.lostEvents += Math.abs(events - count)
          } else if (tail.includes('"error"')) seen.broken += 1
          else seen.lies += 1
          resolve()
        })
      },
    )
    call.on('error', () => {
      seen.lies += 1
      resolve()
    })
    call.end(body)
  })
}

async function user(): Promise<void> {
  while (!soak.isOver) await stream()
}

/** A visitor of the host's own page. */
function visit(): void {
  const started = performance.now()
  get({ host: '127.0.0.1', port: host.port, path: '/host' }, (response) => {
    response.resume()
    response.on('end', () => hostMs.push(performance.now() - started))
  })
}

const users: Promise<void>[] = []
for (let at = 0; at < streams; at++) {
  users.push(user())
  // Spread the start: real users do not arrive in one instant.
  if (at % 10 === 9) await new Promise((resolve) => setTimeout(resolve, paceMs))
}
const visits = setInterval(visit, 100)
await new Promise((resolve) => setTimeout(resolve, minutes * 60_000))
soak.isOver = true
await Promise.all(users)
clearInterval(visits)
agent.destroy()
await new Promise((resolve) => setTimeout(resolve, 1_500))
host.child.disconnect()
upstream.child.disconnect()

const percentile = (list: readonly number[], share: number): number =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0
/** Least squares over the second half, in MiB a minute: by then it is warm. */
function slope(list: readonly number[]): number {
  const half = list.slice(Math.floor(list.length / 2))
  const mean = (values_: readonly number[]): number =>
    values_.reduce((sum, value) => sum + value, 0) / values_.length
  const times = half.map((_, at) => at / 60)
  const [meanTime, meanValue] = [mean(times), mean(half)]
  const covariance = half.reduce(
    (sum, value, at) => sum + ((times[at] ?? 0) - meanTime) * (value - meanValue),
    0,
  )
  return covariance / times.reduce((sum, time) => sum + (time - meanTime) ** 2, 0) / 2 ** 20
}
const first = health[0]
const final = health.at(-1)
const rows = {
  'streams under way, events a second': `${streams}, ${Math.round(seen.events / (minutes * 60))}`,
  'whole, broken and said so, refused': `${seen.whole}, ${seen.broken}, ${seen.refused}`,
  'events lost of whole streams': seen.lostEvents,
  'streams that ended without a word': seen.lies,
  'uncaught errors in the host': final?.uncaught,
  'event-loop lag p99, median and worst second (ms)': `${percentile(
    health.map(({ lagP99Ms }) => lagP99Ms),
    0.5,
  ).toFixed(1)}, ${Math.max(...health.map(({ lagP99Ms }) => lagP99Ms)).toFixed(1)}`,
  'page of the host p50, p99 (ms)': `${percentile(hostMs, 0.5).toFixed(1)}, ${percentile(hostMs, 0.99).toFixed(1)}`,
  'CPU of the host (share of one core)': (
    ((final?.cpuMicros ?? 0) - (first?.cpuMicros ?? 0)) /
    1e6 /
    Math.max(1, health.length - 1)
  ).toFixed(2),
  'memory, last (MiB)': ((final?.rss ?? 0) / 2 ** 20).toFixed(0),
  'memory slope of the second half, RSS and heap (MiB/min)': `${slope(health.map(({ rss }) => rss)).toFixed(2)}, ${slope(health.map(({ heapUsed }) => heapUsed)).toFixed(2)}`,
  'requests still under way in the gateway at the end': final?.active,
}
for (const [name, value] of Object.entries(rows))
  process.stdout.write(`${name.padEnd(60)} ${value}\n`)
process.exit(
  seen.lies + seen.lostEvents + (final?.uncaught ?? 1) + (final?.active ?? 1) === 0 ? 0 : 1,
)
