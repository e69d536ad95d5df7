import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { type Dialect, openaiChat, readChat } from '../dialects/index.ts'
import { type AttemptSummary, GatewayError } from '../errors.ts'
import { createProvider } from '../providers/index.ts'
import type { PlanLimits, Target } from '../routing/index.ts'
import { AnswerStream } from './answer-stream.ts'
import type { UpstreamResponse } from './attempt-options.ts'
import { dispatch } from './dispatch.ts'
import { events, fakeDeps, FakeTransport, json, type Reply } from './transport.fake.ts'

const KEY = 'canary-provider-key-0001'
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

function target(name: string, dialect: Dialect = openaiChat): Target {
  const provider = createProvider({
    name,
    baseUrl: `http://${name}.test/v1`,
    apiKey: KEY,
    quirks: { exact: true },
  })
  return { id: `${name}/model`, provider, model: 'model', dialects: [dialect] }
}

const answer = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
}
const delta = (finish_reason: string | null = null) => ({
  id: 'x',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta: { content: 'a' }, finish_reason }],
})
const ok = json(answer)
const status = (code: number, headers: Record<string, string> = {}): Reply =>
  json(
    { error: { message: `failed with ${code}` } },
    { status: code, headers: { 'content-type': 'application/json', ...headers } },
  )

interface Setup {
  readonly targets?: readonly Target[]
  readonly limits?: Partial<PlanLimits>
  readonly stream?: boolean
  readonly random?: number
}

/**
 * Starts dispatching; `outcome` is what it came to, once `settled` or the clock has let it get
 * there.
 */
function start(script: readonly Reply[], setup: Setup = {}) {
  const clock = new FakeClock()
  const transport = new FakeTransport(script)
  const controller = new AbortController()
  const attempts: AttemptSummary[] = []
  let cancel: ((reason: GatewayError) => void) | undefined
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
  const plan = {
    route: undefined,
    targets: setup.targets ?? [target('a'), target('b'), target('c')],
    limits: { ...limits, ...setup.limits },
  }
  const deps = fakeDeps({ transport, clock, random: () => setup.random ?? 0.5 })
  const degraded = new Set<string>()
  const outcome: { committed?: UpstreamResponse; error?: GatewayError } = {}
  const done = dispatch(
    {
      operation,
      requestId: 'req_1',
      plan,
      signal: controller.signal,
      attempts,
      usages: [],
      degraded,
      onStart: (end) => void (cancel = end),
    },
    deps,
  ).then(
    (committed) => void (outcome.committed = committed),
    (error: unknown) => {
      if (!(error instanceof GatewayError)) throw error
      outcome.error = error
    },
  )
  const asked = () =>
    transport.requests.map((sent) => new URL(sent.origin).hostname.slice(0, 1)).join('')
  const idle = () => clock.pending + getEventListeners(controller.signal, 'abort').length
  return {
    clock,
    transport,
    controller,
    attempts,
    degraded,
    deps,
    outcome,
    done,
    asked,
    idle,
    cancel: (reason: GatewayError) => cancel?.(reason),
  }
}

/** Dispatches what needs no time to pass. */
async function run(script: readonly Reply[], setup: Setup = {}) {
  const started = start(script, setup)
  await started.done
  expect(started.clock.monotonic()).toBe(0)
  return { ...started, ...started.outcome }
}

async function textOf(committed: UpstreamResponse | undefined): Promise<string> {
  let text = ''
  if (committed?.body instanceof AnswerStream)
    for await (const piece of committed.body) text += Buffer.from(piece).toString()
  return text
}

describe('the plan', () => {
  it('ends with the first target that answers', async () => {
    const { committed, asked, attempts, idle } = await run([ok])
    expect(JSON.parse(String(committed?.body))).toEqual(answer)
    expect([committed?.target.id, committed?.status, asked(), idle()]).toEqual([
      'a/model',
      200,
      'a',
      0,
    ])
    expect(attempts).toEqual([{ target: 'a/model', code: 'ok', status: 200, ms: 0, billed: 'yes' }])
  })

  it('gives way to the next target at once, in order', async () => {
    const { committed, asked, attempts } = await run([status(500), status(503), ok])
    expect([committed?.target.id, asked()]).toEqual(['c/model', 'abc'])
    expect(attempts.map(({ target: id, code, status: answered }) => [id, code, answered])).toEqual([
      ['a/model', 'provider_error', 500],
      ['b/model', 'provider_overloaded', 503],
      ['c/model', 'ok', 200],
    ])
  })

  it.each([
    [0, 'a'],
    [1, 'ab'],
    [2, 'abc'],
  ])('makes no more than 1 + %i calls', async (retries, calls) => {
    const { asked, error, attempts } = await run([status(503), status(503), status(503)], {
      limits: { retries },
    })
    expect([asked(), error?.code, attempts.length]).toEqual([
      calls,
      'provider_overloaded',
      calls.length,
    ])
  })

  it.each([400, 401, 403, 404, 422])(
    'stops at once after %i: another provider would only hide the fault',
    async (code) => {
      const { asked, error, attempts, idle } = await run([status(code), ok])
      expect([asked(), error?.details.upstreamStatus, error?.details.attempts, idle()]).toEqual([
        'a',
        code,
        attempts,
        0,
      ])
      expect(error?.details.headers).toMatchObject({ 'x-should-retry': 'false' })
    },
  )

  it.each<[string, Reply]>([
    ['429', status(429)],
    ['529', status(529)],
    ['402', status(402)],
    ['a refused connection', { breaks: { at: 'connect', code: 'ECONNREFUSED' } }],
    ['a reset before the headers', { breaks: { at: 'headers', code: 'ECONNRESET' } }],
    ['a reset in the body', { ...ok, body: ['{"id'], breaks: { at: 'body', code: 'ECONNRESET' } }],
    ['a body that is no JSON', { ...ok, body: ['<html>'] }],
    ['a body cut short', { ...ok, body: ['{"id":'] }],
    ['an empty body', { ...ok, body: [] }],
    ['JSON that is no object', json([answer])],
    ['an answer without choices', json({ ...answer, choices: [] })],
    ['an error with status 200', json({ error: { message: 'overloaded', code: 503 } })],
  ])('goes on after %s', async (_what, reply) => {
    const { committed, asked, attempts } = await run([reply, ok])
    expect([committed?.target.id, asked(), attempts.length]).toEqual(['b/model', 'ab', 2])
    expect(attempts[0]?.code).not.toBe('ok')
  })

  it('skips a target that cannot take the request, which costs no attempt', async () => {
    const picky: Dialect = {
      ...openaiChat,
      providerSide: {
        ...openaiChat.providerSide,
        buildRequest: () => {
          throw new GatewayError('unsupported_content', 'no audio here', { param: 'messages[0]' })
        },
      },
    }
    const { relay: _, ...noRelay } = picky
    const { committed, asked, attempts } = await run([status(500), ok], {
      targets: [target('x', noRelay), target('a'), target('y', noRelay), target('b')],
      limits: { retries: 1 },
    })
    expect([committed?.target.id, asked()]).toEqual(['b/model', 'ab'])
    expect(attempts.map((item) => item.code)).toEqual([
      'unsupported_content',
      'provider_error',
      'unsupported_content',
      'ok',
    ])
    const none = await run([], { targets: [target('x', noRelay)] })
    expect([none.error?.code, none.error?.details.param, none.asked()]).toEqual([
      'unsupported_content',
      'messages[0]',
      '',
    ])
  })
})

describe('a target that is tried again', () => {
  const alone = [target('a')]

  it('waits first, longer each time, and only then', async () => {
    const { clock, asked, outcome, done, idle } = start([status(503), status(503), ok], {
      targets: alone,
    })
    await settle()
    expect([asked(), clock.nextInMs]).toEqual(['a', 125])
    await clock.advance(124)
    expect(asked()).toBe('a')
    await clock.advance(1)
    expect([asked(), clock.nextInMs]).toEqual(['aa', 250])
    await clock.advance(250)
    await done
    expect([asked(), outcome.committed?.target.id, idle()]).toEqual(['aaa', 'a/model', 0])
  })

  it('is the one that may be back first', async () => {
    const { clock, asked } = start(
      [status(429, { 'retry-after': '9' }), status(429, { 'retry-after': '4' }), ok],
      { targets: [target('a'), target('b')] },
    )
    await clock.advance(3999)
    expect(asked()).toBe('ab')
    await clock.advance(1)
    expect(asked()).toBe('abb')
  })

  it('gets the time it asked for, to the millisecond', async () => {
    const { clock, asked } = start(
      [status(429, { 'retry-after-ms': '5000', 'retry-after': '1' }), ok],
      { targets: alone, random: 0 },
    )
    await clock.advance(4999)
    expect(asked()).toBe('a')
    await clock.advance(1)
    expect(asked()).toBe('aa')
  })

  it('waits from the moment the provider asked, not from the end of the others', async () => {
    const { clock, asked } = start(
      [status(429, { 'retry-after': '5' }), { hangs: 'headers' }, ok],
      { targets: [target('a'), target('b')], stream: true },
    )
    await clock.advance(4999)
    expect(asked()).toBe('ab')
    await clock.advance(1)
    expect(asked()).toBe('aba')
  })

  it('does not come before the untried ones, nor after a fault that lasts', async () => {
    const { asked, error } = await run([status(402), status(402)], {
      targets: [target('a'), target('b')],
    })
    expect([asked(), error?.code]).toEqual(['ab', 'insufficient_quota'])
  })

  it.each([
    ['longer than the deadline', '20', 15_000],
    ['longer than any client waits', '31', 600_000],
    ['absurdly long', '1000000', 600_000],
  ])('is given up at once when it wants a wait %s', async (_what, seconds, timeoutMs) => {
    const { asked, error, idle } = await run([status(429, { 'retry-after': seconds })], {
      targets: alone,
      limits: { timeoutMs },
    })
    expect([asked(), error?.code, error?.details.retryAfterMs, idle()]).toEqual([
      'a',
      'rate_limit_exceeded',
      Number(seconds) * 1000,
      0,
    ])
  })
})

describe('a refusal', () => {
  it('that repeats our own credential reaches the client without it', async () => {
    const refusal = json({ error: { message: `no such thing: ${KEY}` } }, { status: 422 })
    const { error } = await run([refusal], { targets: [target('a')] })
    expect(error?.message).toBe('a: no such thing: [removed]')
  })
})

describe('clocks', () => {
  it.each<[string, Reply, boolean, number, string]>([
    ['a connection that does not open', { hangs: 'connect' }, false, 1000, 'connect_timeout'],
    ['a first event that does not come', { hangs: 'headers' }, true, 2000, 'first_token_timeout'],
    [
      'a stream of nothing but comments',
      {
        headers: { 'content-type': 'text/event-stream' },
        body: [': ping\n\n', ': ping\n\n'],
        hangs: 'body',
      },
      true,
      2000,
      'first_token_timeout',
    ],
  ])('give up on %s and go on', async (_what, reply, stream, ms, code) => {
    const { clock, asked, attempts, transport } = start(
      [reply, stream ? events(delta('stop'), '[DONE]') : ok],
      { stream },
    )
    await clock.advance(ms - 1)
    expect(asked()).toBe('a')
    await clock.advance(1)
    expect(asked()).toBe('ab')
    expect(attempts[0]).toMatchObject({ code, ms })
    expect(transport.calls[0]?.aborted?.code).toBe(code)
  })

  it('let a whole answer take as long as the deadline', async () => {
    const { clock, asked, outcome, done, attempts, transport, idle } = start([
      { hangs: 'headers' },
      ok,
    ])
    await clock.advance(59_999)
    expect([asked(), outcome.error]).toEqual(['a', undefined])
    await clock.advance(1)
    await done
    expect([asked(), outcome.error?.code, outcome.error?.details.attempts, idle()]).toEqual([
      'a',
      'deadline_exceeded',
      attempts,
      0,
    ])
    expect(transport.calls[0]?.aborted?.code).toBe('deadline_exceeded')
  })

  it('hold one deadline over all attempts and waits', async () => {
    const { clock, asked, outcome, done } = start(
      [{ hangs: 'connect' }, { hangs: 'connect' }, { hangs: 'connect' }],
      { limits: { timeoutMs: 2500 } },
    )
    await clock.advance(2500)
    await done
    expect([asked(), outcome.error?.code]).toEqual(['abc', 'deadline_exceeded'])
  })
})

describe('a client that leaves', () => {
  it('during a call ends it, and no other begins', async () => {
    const { controller, asked, outcome, done, transport, attempts, idle } = start([
      { hangs: 'headers' },
      ok,
    ])
    await settle()
    controller.abort()
    await done
    expect([asked(), outcome.error?.code, transport.calls[0]?.aborted?.code, idle()]).toEqual([
      'a',
      'client_closed',
      'client_closed',
      0,
    ])
    expect(attempts).toMatchObject([{ target: 'a/model', code: 'client_closed' }])
  })

  it('while a refusal is read is what ended the request, not the refusal', async () => {
    const { controller, outcome, done, attempts } = start(
      [{ status: 500, body: ['{"err'], hangs: 'body' }],
      { limits: { retries: 0 } },
    )
    await settle()
    controller.abort()
    await done
    expect([outcome.error?.code, attempts[0]?.code]).toEqual(['client_closed', 'provider_error'])
  })

  it('during a wait is noticed at once, and no further call is made', async () => {
    const { clock, controller, asked, outcome, done, idle } = start([status(500), ok], {
      targets: [target('a')],
    })
    await clock.advance(10)
    controller.abort()
    await done
    await clock.advance(10_000)
    expect([asked(), outcome.error?.code, idle()]).toEqual(['a', 'client_closed', 0])
    expect(outcome.error?.details.attempts).toMatchObject([
      { target: 'a/model', code: 'provider_error' },
    ])
  })

  it('before anything began costs no call (K5)', async () => {
    const started = start([ok])
    started.controller.abort()
    await started.done
    expect(started.outcome.error?.code).toBe('client_closed')
    expect(started.transport.calls.every((call) => call.aborted !== undefined)).toBe(true)
  })

  it('differs from a gateway that closes', async () => {
    const { cancel, outcome, done, asked } = start([{ hangs: 'headers' }, ok])
    await settle()
    cancel(new GatewayError('gateway_closed', 'closing'))
    await done
    expect([outcome.error?.code, asked()]).toEqual(['gateway_closed', 'a'])
    expect(outcome.error?.details.headers).toBeUndefined()
  })
})

describe('streams', () => {
  const good = events(delta(), delta('stop'), '[DONE]')

  it.each<[string, Reply, string]>([
    [
      'an error as the first event',
      events({ error: { message: 'overloaded', type: 'overloaded_error' } }),
      'provider_overloaded',
    ],
    ['an end before the first event', events('[DONE]'), 'upstream_truncated'],
    ['nothing at all', { headers: { 'content-type': 'text/event-stream' } }, 'upstream_truncated'],
    ['an event that is no JSON', events('<html>'), 'upstream_invalid'],
    ['an error as a whole answer', json({ error: { message: 'x', code: 500 } }), 'provider_error'],
    [
      'a break before the first event',
      { headers: {}, breaks: { at: 'body', code: 'ECONNRESET' } },
      'upstream_truncated',
    ],
    ['status 500', status(500), 'provider_error'],
  ])('fail over after %s: no client has seen them begin', async (_what, reply, code) => {
    const { committed, asked, attempts } = await run([reply, good], { stream: true })
    expect([asked(), attempts.map((item) => item.code)]).toEqual(['ab', [code, 'ok']])
    expect(await textOf(committed)).toBe(
      `data: ${JSON.stringify(delta())}\n\ndata: ${JSON.stringify(delta('stop'))}\n\ndata: [DONE]\n\n`,
    )
  })

  it('do not fall over after the first event, whatever follows', async () => {
    const { committed, asked, idle } = await run(
      [events(delta(), { error: { message: 'overloaded' } })],
      { stream: true },
    )
    const ends: (string | undefined)[] = []
    if (committed?.body instanceof AnswerStream) {
      committed.body.onEnd(({ error }) => {
        ends.push(error?.code)
      })
    }
    const [first, last] = (await textOf(committed)).trimEnd().split('\n\n')
    expect(first).toBe(`data: ${JSON.stringify(delta())}`)
    expect(last).toContain('"code":"provider_overloaded"')
    expect([asked(), ends, idle()]).toEqual(['a', ['provider_overloaded'], 0])
  })

  it('keep the deadline and the client\u2019s signal until they end', async () => {
    const { committed, idle } = await run([good], { stream: true })
    expect(idle()).toBe(3)
    await textOf(committed)
    expect(idle()).toBe(0)
  })
})

describe('what is sent and said', () => {
  it('sends the provider its own key and nothing of the client\u2019s', async () => {
    const { transport } = await run([ok])
    expect(transport.requests[0]).toMatchObject({
      origin: 'http://a.test',
      path: '/v1/chat/completions',
      method: 'POST',
    })
    expect(transport.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      accept: 'application/json',
    })
    expect(Object.keys(transport.requests[0]?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'content-type',
      'user-agent',
    ])
    expect(
      (await run([events(delta('stop'))], { stream: true })).transport.requests[0]?.headers.accept,
    ).toBe('text/event-stream')
  })

  it('lists the attempts, passes the shortest wait on and asks clients not to multiply them', async () => {
    const { error, attempts } = await run([
      status(429, { 'retry-after': '40' }),
      status(500),
      status(429, { 'retry-after': '50' }),
    ])
    expect(error?.message).toBe(
      'All 3 attempts failed (a/model: rate_limit_exceeded after 0 ms; b/model: provider_error after 0 ms; c/model: rate_limit_exceeded after 0 ms). Last: c: failed with 429',
    )
    expect(error?.details).toMatchObject({
      retryAfterMs: 40_000,
      attempts,
      upstreamStatus: 429,
      provider: 'c',
      headers: { 'x-should-retry': 'false' },
    })
  })

  it.each<[string, Reply]>([
    ['401', json({ error: { message: `Incorrect API key provided: ${KEY}` } }, { status: 401 })],
    ['400', json({ error: { message: `bad token Bearer ${KEY}` } }, { status: 400 })],
    ['500', { status: 500, body: [`trace: authorization: Bearer ${KEY}`] }],
  ])('never says a key, also when the provider does: %s', async (_what, reply) => {
    const { error, attempts } = await run([reply], { limits: { retries: 0 } })
    expect(JSON.stringify([error?.message, error?.details.attempts, attempts])).not.toContain(
      'canary',
    )
  })

  it('takes a failing provider\u2019s status also when its body breaks off', async () => {
    const { attempts } = await run([
      { status: 503, body: ['{"err'], breaks: { at: 'body', code: 'ECONNRESET' } },
      ok,
    ])
    expect(attempts[0]).toMatchObject({ code: 'provider_overloaded', status: 503 })
  })
})
