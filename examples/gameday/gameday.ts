/**
 * Program run by `npx -y pnpm@12 gameday`: users talk to a host with the gateway in it, by way of
 * `@postern/client`, while a provider, then both, then the host itself go down and come back.
 * Prints what the users saw in each phase.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { withBypass } from '@postern/client'
import { type FakeProvider, startFakeProvider } from '@postern/testing'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    users: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
})
const phaseMs = Number(values.seconds) * 1000
const users = Number(values.users)
if (!(phaseMs > 0 && phaseMs <= 600_000) || !Number.isInteger(users) || users < 1 || users > 500) {
  process.stderr.write(
    'gameday [--seconds <length of a phase, up to 600>] [--users <1 to 500>] [--json]\n',
  )
  process.exit(2)
}

const KEY = 'pk_gameday_0123456789abcdef'
const PROVIDER_KEY = 'sk-gameday-0123456789abcdef'

interface Phase {
  readonly name: string
  begin(): Promise<void> | void
}

/** Results that the users of one phase saw. */
interface Seen {
  readonly phase: string
  requests: number
  answered: number
  /** Of the answers: those of the second provider, and those that came around the gateway. */
  spare: number
  bypassed: number
  /** How often each failure was seen. */
  readonly failures: Record<string, number>
  readonly latencies: number[]
}

const main = await startFakeProvider({
  dialect: 'openai-chat',
  apiKey: PROVIDER_KEY,
  validate: false,
})
const spare = await startFakeProvider({
  dialect: 'openai-chat',
  apiKey: PROVIDER_KEY,
  validate: false,
})
for (const provider of [main, spare]) well(provider)

let port = 0
let host = await startHost()
const phases: readonly Phase[] = [
  { name: 'all is well', begin: () => undefined },
  { name: 'the first provider fails', begin: () => main.reply({ status: 503 }) },
  { name: 'and answers nothing at all', begin: () => main.reply({ hangBeforeHeaders: true }) },
  {
    name: 'and breaks off its streams',
    begin: () => main.reply({ answer: { text: ['a', 'b', 'c'] }, cutAfterEvents: 2, cutBy: 'rst' }),
  },
  {
    name: 'both providers fail',
    begin: () => [main, spare].forEach((provider) => provider.reply({ status: 503 })),
  },
  { name: 'both are back', begin: () => [main, spare].forEach(well) },
  { name: 'the host is killed', begin: () => kill(host) },
  { name: 'the host is back', begin: async () => void (host = await startHost()) },
]

const seen: Seen[] = []
let current: Seen = phase('warm-up')
const day = { isOver: false }
const loop = Promise.all(Array.from({ length: users }, (_, at) => use(at)))
for (const { name, begin } of phases) {
  await begin()
  current = phase(name)
  seen.push(current)
  await new Promise((resolve) => setTimeout(resolve, phaseMs))
}
day.isOver = true
await loop
await kill(host)
await Promise.all([main.close(), spare.close()])
process.stdout.write(values.json ? `${JSON.stringify(seen.map(summary))}\n` : table())

function well(provider: FakeProvider): void {
  provider.reply({ answer: { text: ['All ', 'is ', 'well'] } })
}

function phase(name: string): Seen {
  return {
    phase: name,
    requests: 0,
    answered: 0,
    spare: 0,
    bypassed: 0,
    failures: {},
    latencies: [],
  }
}

/** One user: asks, reads, waits a moment, asks again. Every other answer is a stream. */
async function use(at: number): Promise<void> {
  const fetchOrBypass = withBypass({
    gateway: { baseURL: base(), apiKey: KEY },
    direct: { provider: 'main', baseURL: main.url, apiKey: PROVIDER_KEY, models: { chat: 'm' } },
    retryAfterMs: 500,
  })
  for (let asked = at; !day.isOver; asked++) {
    const mine = current
    const stream = asked % 2 === 0
    const started = performance.now()
    mine.requests += 1
    const outcome = await ask(fetchOrBypass, stream).catch((error: unknown) => ({
      failure: nameOf(error),
    }))
    mine.latencies.push(performance.now() - started)
    if ('failure' in outcome)
      mine.failures[outcome.failure] = (mine.failures[outcome.failure] ?? 0) + 1
    else {
      mine.answered += 1
      if (outcome.target === 'spare/m') mine.spare += 1
      if (outcome.isBypassed) mine.bypassed += 1
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

interface Answered {
  readonly target: string | null
  readonly isBypassed: boolean
}

async function ask(
  send: typeof fetch,
  stream: boolean,
): Promise<Answered | { readonly failure: string }> {
  const response = await send(`${base()}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({
      model: 'chat',
      stream,
      messages: [{ role: 'user', content: 'How is it going?' }],
    }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  if (!response.ok) return { failure: `${response.status} ${code ?? ''}`.trim() }
  // A stream that broke says so; one that neither says so nor is whole would be a lie.
  if (stream && !text.includes('[DONE]'))
    return {
      failure:
        code === undefined
          ? 'a stream that ends without a word'
          : `a stream that ends with ${code}`,
    }
  return {
    target: response.headers.get('x-postern-target'),
    isBypassed: response.headers.has('x-postern-bypassed'),
  }
}

function nameOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } }
  return cause?.code ?? `${name}: ${message}`
}

function base(): string {
  return `http://127.0.0.1:${port}/llm/v1`
}

async function startHost(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('host.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      POSTERN_KEYS: `users:${KEY}`,
      POSTERN_PROVIDER_MAIN_BASE_URL: main.url,
      POSTERN_PROVIDER_MAIN_API_KEY: PROVIDER_KEY,
      POSTERN_PROVIDER_SPARE_BASE_URL: spare.url,
      POSTERN_PROVIDER_SPARE_API_KEY: PROVIDER_KEY,
      POSTERN_ROUTE_CHAT: 'main/m, spare/m',
      POSTERN_TTFT_TIMEOUT: '300ms',
      POSTERN_TIMEOUT: '2s',
    },
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  port = Number(String(line).trim())
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function summary({ latencies, ...rest }: Seen) {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { ...rest, p50Ms: at(0.5), p95Ms: at(0.95) }
}

function table(): string {
  const rows = seen.map(summary).map((row) => {
    const failures = Object.entries(row.failures)
      .map(([name, count]) => `${count} x ${name}`)
      .join(', ')
    return [
      row.phase.padEnd(28),
      String(row.requests).padStart(8),
      String(row.answered).padStart(8),
      String(row.spare).padStart(7),
      String(row.bypassed).padStart(8),
      String(row.p50Ms).padStart(6),
      String(row.p95Ms).padStart(6),
      `  ${failures}`,
    ].join('')
  })
  return `\n${'phase'.padEnd(28)}${'requests'.padStart(8)}${'answered'.padStart(9)}${'spare'.padStart(6)}${'around'.padStart(8)}${'p50 ms'.padStart(7)}${'p95'.padStart(5)}   failures\n${rows.join('\n')}\n`
}
