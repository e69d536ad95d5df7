import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { dialects, readEmbeddings } from '../dialects/index.ts'
import { type AttemptSummary, GatewayError } from '../errors.ts'
import { createProvider } from '../providers/index.ts'
import type { Target } from '../routing/index.ts'
import { dispatch } from './dispatch.ts'
import { fakeDeps, FakeTransport, json, type Reply } from './transport.fake.ts'

const limits = {
  connectTimeoutMs: 1000,
  ttftTimeoutMs: 2000,
  idleTimeoutMs: 3000,
  timeoutMs: 60_000,
  retries: 1,
  answerLimitBytes: 1e6,
  eventLimitBytes: 1e5,
  dropUnsupported: false,
}

/** Its embedding models take one text a call. */
function target(name: string): Target {
  const dialect = dialects.get('bedrock-converse')
  if (dialect === undefined) throw new TypeError('There is no such dialect.')
  const provider = createProvider({
    name,
    baseUrl: `http://${name}.test`,
    apiKey: 'canary-provider-key-0001',
    dialect: 'bedrock-converse',
  })
  const model = 'amazon.titan-embed-text-v2:0'
  return { id: `${name}/${model}`, provider, model, dialects: [dialect] }
}

function start(
  script: readonly Reply[],
  { inputs, targets = [target('a')] }: { inputs: number; targets?: readonly Target[] },
) {
  const clock = new FakeClock()
  const transport = new FakeTransport(script)
  const controller = new AbortController()
  const attempts: AttemptSummary[] = []
  const body = {
    model: 'm',
    input: Array.from({ length: inputs }, (_, at) => `text ${at}`),
    user: 'u',
  }
  const operation = readEmbeddings({
    body,
    bytes: undefined,
    params: {},
    query: new URLSearchParams(),
    header: () => undefined,
  })
  const job = {
    operation,
    requestId: 'req_1',
    plan: { route: undefined, targets, limits },
    signal: controller.signal,
    attempts,
    usages: [],
    degraded: new Set<string>(),
    onStart: () => undefined,
  }
  const done = dispatch(job, fakeDeps({ transport, clock }))
  const idle = () => clock.pending + getEventListeners(controller.signal, 'abort').length
  return { clock, transport, controller, attempts, done, idle }
}

const vector = (value: number): Reply => json({ embedding: [value], inputTextTokenCount: 2 })
const hanging: Reply = { hangs: 'headers' }

describe('a request that takes several calls', () => {
  it('is one answer and one attempt', async () => {
    const { done, transport, attempts, idle } = start(
      Array.from({ length: 20 }, (_, at) => vector(at)),
      { inputs: 20 },
    )
    const { body, observation, dropped } = await done
    const { data, usage } = JSON.parse(String(body)) as {
      data: { index: number; embedding: number[] }[]
      usage: object
    }
    expect(data.map(({ index, embedding }) => [index, ...embedding])).toEqual(
      Array.from({ length: 20 }, (_, at) => [at, at]),
    )
    expect(usage).toEqual({ prompt_tokens: 40, total_tokens: 40 })
    expect(observation.usage?.inputTokens).toBe(40)
    expect(dropped).toEqual(['user'])
    expect(transport.requests).toHaveLength(20)
    expect(attempts).toMatchObject([{ code: 'ok', status: 200 }])
    expect(idle()).toBe(0)
  })

  it('has no more than eight calls under way', async () => {
    const { done, transport, controller } = start(
      Array.from({ length: 20 }, () => hanging),
      { inputs: 20 },
    )
    await settle()
    expect(transport.requests).toHaveLength(8)
    controller.abort()
    await expect(done).rejects.toMatchObject({ code: 'client_closed' })
    expect(transport.requests).toHaveLength(8)
  })

  it('fails as a whole with its first failure, and the next target gets the whole request', async () => {
    const failing = json({ message: 'no' }, { status: 503 })
    const script = [
      hanging,
      failing,
      ...Array.from({ length: 3 }, () => hanging),
      ...Array.from({ length: 5 }, (_, at) => vector(at)),
    ]
    const { done, transport, attempts, idle } = start(script, {
      inputs: 5,
      targets: [target('a'), target('b')],
    })
    const { target: answering } = await done
    expect(answering.provider.name).toBe('b')
    expect(attempts).toMatchObject([
      { target: expect.stringContaining('a/'), code: 'provider_overloaded' },
      { target: expect.stringContaining('b/'), code: 'ok' },
    ])
    expect(
      transport.calls.slice(0, 5).map(({ aborted }) => aborted instanceof GatewayError),
    ).toEqual([true, true, true, true, true])
    expect(idle()).toBe(0)
  })

  it.each(['the client leaves', 'the deadline passes'])(
    'ends in all its calls when %s',
    async (how) => {
      const { done, clock, controller, transport, idle } = start(
        Array.from({ length: 3 }, () => ({ hangs: 'body' }) as const),
        { inputs: 3 },
      )
      const outcome = done.catch((error: unknown) => error)
      await settle()
      if (how === 'the client leaves') controller.abort()
      else await clock.advance(limits.timeoutMs)
      expect(await outcome).toMatchObject({
        code: how === 'the client leaves' ? 'client_closed' : 'deadline_exceeded',
      })
      expect(transport.calls.every(({ aborted }) => aborted !== undefined)).toBe(true)
      expect(idle()).toBe(0)
    },
  )
})
