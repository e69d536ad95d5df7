import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { openaiChat, readChat } from '../dialects/index.ts'
import type { AttemptSummary } from '../errors.ts'
import { createProvider } from '../providers/index.ts'
import type { PlanLimits, Target } from '../routing/index.ts'
import type { AnswerStream } from './answer-stream.ts'
import { dispatch } from './dispatch.ts'
import { events, fakeDeps, FakeTransport, json, type Reply } from './transport.fake.ts'

const limits: PlanLimits = {
  connectTimeoutMs: 1000,
  ttftTimeoutMs: 20_000,
  idleTimeoutMs: 30_000,
  timeoutMs: 60_000,
  retries: 2,
  answerLimitBytes: 1e6,
  eventLimitBytes: 1e5,
  dropUnsupported: false,
  hedgeAfterMs: 200,
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

const answer = (text: string): Reply =>
  json({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  })
const delta = (content: string, finish_reason: string | null = null) => ({
  id: 'x',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: { content }, finish_reason }],
})
const whole = (text: string): Reply => events(delta(text), delta('', 'stop'), '[DONE]')
const hanging: Reply = { hangs: 'headers' }

function start(
  script: readonly Reply[],
  setup: {
    readonly stream?: boolean
    readonly limits?: Partial<PlanLimits>
    readonly targets?: number
    readonly p95?: number
    readonly known?: number
  } = {},
) {
  const clock = new FakeClock()
  const transport = new FakeTransport(script)
  const deps = fakeDeps({ transport, clock })
  const targets = ['a', 'b', 'c'].slice(0, setup.targets ?? 2).map(target)
  for (let at = 0; setup.p95 !== undefined && at < (setup.known ?? 10); at++)
    deps.health.of('a/model').observe(setup.stream === true ? 'stream' : 'whole', setup.p95)
  const controller = new AbortController()
  const attempts: AttemptSummary[] = []
  const body = {
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }],
    ...(setup.stream === true ? { stream: true } : {}),
  }
  const operation = readChat(openaiChat, {
    body,
    bytes: undefined,
    params: {},
    query: new URLSearchParams(),
    header: () => undefined,
  })
  const job = {
    operation,
    requestId: 'req_1',
    plan: { route: 'r', targets, limits: { ...limits, ...setup.limits } },
    signal: controller.signal,
    attempts,
    usages: [],
    degraded: new Set<string>(),
    onStart: () => undefined,
  }
  const done = dispatch(job, deps)
  done.catch(() => undefined)
  const idle = () => clock.pending + getEventListeners(controller.signal, 'abort').length
  const asked = () =>
    transport.requests.map(({ origin }) => new URL(origin).hostname.slice(0, 1)).join('')
  return { clock, transport, controller, attempts, done, idle, asked, deps }
}

async function textOf(body: unknown): Promise<string> {
  let text = ''
  for await (const piece of body as AnswerStream) text += Buffer.from(piece).toString()
  return text
}

describe('a hedged request', () => {
  it('calls no other target while the first is in time', async () => {
    const { done, asked, idle, attempts } = start([answer('first')])
    expect((await done).target.id).toBe('a/model')
    expect([asked(), idle(), attempts.length]).toEqual(['a', 0, 1])
  })

  it.each([false, true])(
    'takes the other one when the first is late, and ends the first (stream: %s)',
    async (stream) => {
      const { clock, done, asked, transport, attempts, idle } = start(
        [hanging, stream ? whole('second') : answer('second')],
        { stream },
      )
      await clock.advance(199)
      expect(asked()).toBe('a')
      await clock.advance(1)
      const { body, target: chosen } = await done
      expect(chosen.id).toBe('b/model')
      expect(stream ? await textOf(body) : String(body)).toContain('second')
      expect(asked()).toBe('ab')
      expect(transport.calls[0]?.aborted?.code).toBe('hedge_lost')
      expect(attempts).toEqual([
        { target: 'b/model', code: 'ok', status: 200, ms: 0, billed: 'yes' },
        {
          target: 'a/model',
          code: 'hedge_lost',
          ms: 200,
          billed: 'unknown',
          usage: {
            input: 6,
            output: 1_024,
            because: stream ? 'reasoning_hidden' : 'answer_unread',
          },
        },
      ])
      expect(idle()).toBe(0)
    },
  )

  it('waits for the other one when one of them fails', async () => {
    const { clock, done, asked, attempts, idle } = start(
      [hanging, json({ error: { message: 'no' } }, { status: 503 }), answer('third')],
      { targets: 3 },
    )
    await clock.advance(200)
    expect(asked()).toBe('ab')
    // Only when the first one has failed as well does the third one have its turn.
    await clock.advance(800)
    await clock.advance(60_000)
    await expect(done).rejects.toMatchObject({
      code: expect.stringMatching(/deadline_exceeded|connect_timeout/),
    })
    expect(attempts.map(({ code }) => code)).toContain('provider_overloaded')
    expect(idle()).toBe(0)
  })

  it('fails as it would without when both fail', async () => {
    const { done, asked, idle } = start([json({}, { status: 500 }), json({}, { status: 500 })])
    await expect(done).rejects.toMatchObject({ code: 'provider_error' })
    expect([asked(), idle()]).toEqual(['ab', 0])
  })

  it.each(['the client leaves', 'the deadline passes'])(
    'ends in both calls when %s',
    async (how) => {
      const { clock, controller, done, transport, idle } = start([
        { hangs: 'body' },
        { hangs: 'body' },
      ])
      await clock.advance(200)
      if (how === 'the client leaves') controller.abort()
      else await clock.advance(limits.timeoutMs)
      await expect(done).rejects.toMatchObject({
        code: how === 'the client leaves' ? 'client_closed' : 'deadline_exceeded',
      })
      expect(transport.calls.map(({ aborted }) => aborted !== undefined)).toEqual([true, true])
      expect(idle()).toBe(0)
    },
  )

  it('is no longer one once a stream has begun: the client’s leaving reaches the winner', async () => {
    const { clock, controller, done, transport, idle } = start(
      [hanging, { ...events(delta('one')), hangs: 'body' }],
      { stream: true },
    )
    await clock.advance(200)
    const { body } = await done
    const stream = body as AnswerStream
    expect(await stream.next()).toMatchObject({ done: false })
    const rest = stream.next()
    controller.abort()
    expect(await rest).toMatchObject({ done: true })
    expect(transport.calls[1]?.aborted?.code).toBe('client_closed')
    await settle()
    expect(idle()).toBe(0)
  })

  it('by the p95 of the target waits that long, and is none while too little is known', async () => {
    const known = start([hanging, answer('second')], { limits: { hedgeAfterMs: 'p95' }, p95: 70 })
    await known.clock.advance(69)
    expect(known.asked()).toBe('a')
    await known.clock.advance(1)
    expect((await known.done).target.id).toBe('b/model')
    const few = start([hanging, hanging], {
      limits: { hedgeAfterMs: 'p95', connectTimeoutMs: 50_000 },
      p95: 70,
      known: 9,
    })
    await few.clock.advance(10_000)
    expect(few.asked()).toBe('a')
    few.controller.abort()
    await expect(few.done).rejects.toThrow()
    const unknown = start([hanging], { limits: { hedgeAfterMs: 'p95', connectTimeoutMs: 50_000 } })
    await unknown.clock.advance(10_000)
    expect(unknown.asked()).toBe('a')
    unknown.controller.abort()
    await expect(unknown.done).rejects.toThrow()
  })
})
