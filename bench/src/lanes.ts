/**
 * Benchmark run by `npx -y pnpm@12 lanes`: a provider with a limit on concurrent calls, a
 * few people who wait for answers, and many workers of the lane `batch` who do not. How long the
 * people wait, alone and beside the workers; and beside as many workers of another tenant who say
 * that they are people too.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { createGateway } from '@postern/core'

const CAPACITY = 16
const ANSWER_MS = 100
const PEOPLE = 4
const WORKERS = 60
const SECONDS = 10
const KEY = 'pk_lanes_0123456789abcdef'
const FLOOD_KEY = 'pk_flood_0123456789abcdef'

const seen = { underWay: 0, refused: 0 }
const answer = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
})
const provider = createServer((request, response) => {
  request.resume()
  if (seen.underWay >= CAPACITY) {
    seen.refused += 1
    response
      .writeHead(429, { 'content-type': 'application/json' })
      .end('{"error":{"message":"too many at once"}}')
    return
  }
  seen.underWay += 1
  response.on('close', () => (seen.underWay -= 1))
  setTimeout(
    () => response.writeHead(200, { 'content-type': 'application/json' }).end(answer),
    ANSWER_MS,
  )
}).listen(0, '127.0.0.1')
await new Promise((resolve) => provider.once('listening', resolve))
const gateway = createGateway(
  {
    providers: {
      main: {
        baseUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`,
        apiKey: 'test',
      },
    },
    keys: { web: KEY, flood: FLOOD_KEY },
    log: 'silent',
    circuitBreaker: 'on',
  },
  { environment: {} },
)

async function ask(lane: User['lane']): Promise<{ ms: number; status: number }> {
  const started = performance.now()
  const response = await gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${lane === 'flood' ? FLOOD_KEY : KEY}`,
      'content-type': 'application/json',
      'x-postern-lane': lane === 'batch' ? 'batch' : 'interactive',
    },
    body: JSON.stringify({ model: 'main/m', messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.text()
  return { ms: performance.now() - started, status: response.status }
}

/** Asks one after the other until the time is over. */
interface User {
  /** `flood`: interactive, of another tenant, and never tired. */
  readonly lane: 'interactive' | 'batch' | 'flood'
  readonly until: number
  readonly times: number[]
  readonly failures: number[]
}

async function user({ lane, until, times, failures }: User): Promise<void> {
  while (performance.now() < until) {
    const { ms, status } = await ask(lane)
    if (status === 200) times.push(ms)
    else {
      failures.push(status)
      await wait(50)
    }
    // People read; workers do not.
    if (lane === 'interactive') await wait(50)
  }
}

async function measure(
  workers: number,
  of: User['lane'] = 'batch',
): Promise<{ people: number[]; batch: number[]; failed: number[]; batchFailed: number[] }> {
  const [people, batch, failed, batchFailed]: [number[], number[], number[], number[]] = [
    [],
    [],
    [],
    [],
  ]
  const until = performance.now() + SECONDS * 1_000
  await Promise.all([
    ...Array.from({ length: PEOPLE }, () =>
      user({ lane: 'interactive', until, times: people, failures: failed }),
    ),
    ...Array.from({ length: workers }, () =>
      user({ lane: of, until, times: batch, failures: batchFailed }),
    ),
  ])
  return { people, batch, failed, batchFailed }
}

const p95 = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length * 0.95)] ?? 0
const alone = await measure(0)
// The limit is found by being met: what is measured is how it is then.
await measure(WORKERS)
const refusedBefore = seen.refused
const beside = await measure(WORKERS)
const ratio = p95(beside.people) / p95(alone.people)
process.stdout.write(
  `people wait (p95), alone and beside ${WORKERS} workers of batch: ${p95(alone.people).toFixed(0)} ms, ${p95(beside.people).toFixed(0)} ms: ${ratio.toFixed(2)} times (bar 1.2)\n`,
)
process.stdout.write(
  `people who got no answer: ${beside.failed.length}; answers of batch a second: ${(beside.batch.length / SECONDS).toFixed(0)}, refused: ${beside.batchFailed.length}\n`,
)
process.stdout.write(
  `refusals of the provider a second: ${((seen.refused - refusedBefore) / SECONDS).toFixed(1)}\n`,
)
const flooded = await measure(WORKERS, 'flood')
const flood = p95(flooded.people) / p95(alone.people)
process.stdout.write(
  `people beside ${WORKERS} workers of another tenant in the same lane: ${p95(flooded.people).toFixed(0)} ms, ${flood.toFixed(2)} times; no answer: ${flooded.failed.length}; of the other tenant's, p95 ${p95(flooded.batch).toFixed(0)} ms\n`,
)
await gateway.close({ graceMs: 0 })
provider.closeAllConnections()
provider.close()
process.exit(ratio <= 1.2 && beside.batch.length > 0 && beside.failed.length === 0 ? 0 : 1)
