import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { openaiChat, readChat } from '../dialects/index.ts'
import type { AttemptSummary, GatewayError } from '../errors.ts'
import { createProvider } from '../providers/index.ts'
import type { PlanLimits, Target } from '../routing/index.ts'
import { dispatch } from './dispatch.ts'
import { fakeDeps } from './transport.fake.ts'
import type { Transport, UpstreamCall } from './transport.ts'

const limits: PlanLimits = {
  connectTimeoutMs: 1000,
  ttftTimeoutMs: 2000,
  idleTimeoutMs: 3000,
  timeoutMs: 60_000,
  retries: 2,
  answerLimitBytes: 1e6,
  eventLimitBytes: 1e5,
  dropUnsupported: false,
}
const good = Buffer.from(
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  }),
)
const bad = Buffer.from('{"error":{"message":"no"}}')
const headers = { 'content-type': 'application/json' }
const operation = readChat(openaiChat, {
  body: { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  bytes: undefined,
  params: {},
  query: new URLSearchParams(),
  header: () => undefined,
})

/** Reproducible chance: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Providers that answer as `statusOf` says. */
class Providers implements Transport {
  calls = 0
  readonly #statusOf: (host: string) => number

  constructor(statusOf: (host: string) => number) {
    this.#statusOf = statusOf
  }

  send({ origin, onConnected }: Parameters<Transport['send']>[0]): UpstreamCall {
    this.calls += 1
    onConnected()
    const status = this.#statusOf(new URL(origin).hostname)
    const body = status === 200 ? good : bad
    return {
      response: Promise.resolve({ status, headers }),
      read: () => Promise.resolve(undefined),
      unread: () => undefined,
      nudge: () => undefined,
      collect: () => Promise.resolve(body),
      abort: () => undefined,
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function target(name: string): Target {
  const provider = createProvider({
    name,
    baseUrl: `http://${name}.test/v1`,
    apiKey: 'canary-provider-key-0001',
    quirks: { exact: true },
  })
  return { id: `${name}/model`, provider, model: 'model', dialects: [openaiChat] }
}

function start(statusOf: (host: string) => number, names: readonly string[], random: () => number) {
  const clock = new FakeClock()
  const transport = new Providers(statusOf)
  const deps = fakeDeps({ transport, clock, random })
  const plan = { route: 'r', targets: names.map(target), limits }
  const ask = async (): Promise<{
    readonly error?: GatewayError
    readonly attempts: readonly AttemptSummary[]
  }> => {
    const attempts: AttemptSummary[] = []
    const outcome = dispatch(
      {
        operation,
        requestId: 'r',
        plan,
        signal: new AbortController().signal,
        attempts,
        usages: [],
        degraded: new Set(),
        onStart: () => undefined,
      },
      deps,
    )
    // Waits between tries pass at once.
    const done = outcome.then(
      () => ({ attempts }),
      (error: unknown) => ({ attempts, error: error as GatewayError }),
    )
    const state = { isOver: false }
    void done.then(() => (state.isOver = true))
    for (let turn = 0; !state.isOver; turn++) {
      await Promise.resolve()
      if (turn > 50 && clock.nextInMs !== undefined && clock.nextInMs < 30_000)
        await clock.advance(clock.nextInMs)
    }
    return done
  }
  return { clock, transport, ask }
}

describe('in numbers', () => {
  it(
    'two providers of 99 % each are 99.9 % together, in 100,000 requests',
    { timeout: 60_000 },
    async () => {
      const random = seeded(42)
      const { ask, transport } = start(() => (random() < 0.01 ? 500 : 200), ['a', 'b'], random)
      const requests = 100_000
      let failed = 0
      for (let at = 0; at < requests; at++) {
        const { error, attempts } = await ask()
        if (error !== undefined) failed += 1
        if (attempts.length > 3) throw new Error(`${attempts.length} attempts`)
      }
      expect(1 - failed / requests).toBeGreaterThanOrEqual(0.999)
      expect(transport.calls / requests).toBeLessThanOrEqual(1.05)
    },
  )

  it.each([
    [['a'], 500],
    [['a', 'b'], 500],
    [['a', 'b'], 503],
  ])(
    'an outage of all of %j (%i) brings no more calls than health does, with clients that retry as the official SDKs do',
    async (names, status) => {
      const { ask, transport, clock } = start(() => status, names, seeded(7))
      const requests = 1_000
      let most = 0
      for (let at = 0; at < requests; at++) {
        const before = transport.calls
        // Two retries of the client's own, unless the gateway says that there is no use in it.
        for (let retry = 0; retry <= 2; retry++) {
          const { error } = await ask()
          if (error === undefined || error.details.headers?.['x-should-retry'] === 'false') break
        }
        most = Math.max(most, transport.calls - before)
        clock.skip(100)
      }
      expect(transport.calls / requests).toBeLessThanOrEqual(1.2)
      expect(most).toBeLessThanOrEqual(3)
      // Nearly nothing once it is known: one call now and then finds out whether it is over.
      expect(transport.calls).toBeLessThan(100)
    },
  )

  it('is over at most five seconds after a provider is back that was the only one', async () => {
    let status = 500
    const { ask, clock } = start(() => status, ['a'], seeded(1))
    for (let at = 0; at < 10; at++) await ask()
    clock.skip(4_000)
    status = 200
    let waited = 0
    while ((await ask()).error !== undefined) {
      clock.skip(100)
      waited += 100
    }
    expect(waited).toBeLessThanOrEqual(5_000)
  })
})
