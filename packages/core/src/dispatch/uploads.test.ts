import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import {
  type BuiltRequest,
  openaiChat,
  type Operation,
  type StreamRelay,
  type Translation,
} from '../dialects/index.ts'
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
  answerLimitBytes: 10,
  eventLimitBytes: 1e5,
  dropUnsupported: false,
}

function target(name: string): Target {
  const provider = createProvider({ name, baseUrl: `http://${name}.test/v1`, apiKey: KEY })
  return { id: `${name}/model`, provider, model: 'model', dialects: [openaiChat] }
}

class PassingRelay implements StreamRelay {
  events = 0
  complete = false
  readonly endGraceMs = undefined
  readonly usage = undefined
  readonly finishes = []
  readonly error = undefined

  push(chunk: Uint8Array): Uint8Array {
    this.events += 1
    return chunk
  }

  flush(): undefined {
    this.events += 1
    this.complete = true
  }

  end(): string {
    return ''
  }

  fail(): undefined {}
}

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    await Promise.resolve()
    yield Buffer.from(text)
  }
}

interface Setup extends Partial<Translation> {
  readonly body?: BuiltRequest['body']
}

/** Starts a call of two targets. */
function start(script: readonly Reply[], { body, ...translation }: Setup = {}) {
  const clock = new FakeClock()
  const transport = new FakeTransport(script)
  const attempts: AttemptSummary[] = []
  const operation: Operation = {
    model: 'm',
    stream: false,
    translationFor: () => ({
      answer: 'bytes',
      accept: '*/*',
      buildRequest: () => ({ path: '/things', body, dropped: [] }),
      readAnswer: (_value, bytes) => ({ body: bytes, usage: undefined, finishes: [] }),
      openStream: () => new PassingRelay(),
      readError: (response) => openaiChat.providerSide.readError(response),
      ...translation,
    }),
  }
  const plan = { route: undefined, targets: [target('a'), target('b')], limits }
  const outcome: { committed?: UpstreamResponse; error?: GatewayError } = {}
  const done = dispatch(
    {
      operation,
      requestId: 'req_1',
      plan,
      signal: new AbortController().signal,
      attempts,
      usages: [],
      degraded: new Set<string>(),
      onStart: () => undefined,
    },
    fakeDeps({ transport, clock }),
  ).then(
    (committed) => void (outcome.committed = committed),
    (error: unknown) => void (outcome.error = error as GatewayError),
  )
  const asked = () =>
    transport.requests.map((sent) => new URL(sent.origin).hostname.slice(0, 1)).join('')
  return { clock, transport, attempts, outcome, done, asked }
}

async function run(script: readonly Reply[], setup?: Setup) {
  const started = start(script, setup)
  await started.done
  return { ...started, ...started.outcome }
}

async function textOf(committed: UpstreamResponse | undefined): Promise<string> {
  if (!(committed?.body instanceof AnswerStream)) return String(committed?.body)
  let text = ''
  for await (const piece of committed.body) text += Buffer.from(piece).toString()
  return text
}

const INERT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
}
const bytes = (...body: string[]): Reply => ({ headers: { 'content-type': 'audio/mpeg' }, body })
const status = (code: number): Reply =>
  json({ error: { message: `failed with ${code}` } }, { status: code })

describe('a body that can be sent once', () => {
  it('is sent as it comes', async () => {
    const { transport, committed } = await run([bytes('ok')], { body: pieces('one ', 'two') })
    expect([
      Buffer.concat(transport.calls[0]?.uploaded ?? []).toString(),
      await textOf(committed),
    ]).toEqual(['one two', 'ok'])
  })

  it('is not tried again once it has begun to leave', async () => {
    for (const reply of [
      status(500),
      status(429),
      { breaks: { at: 'headers', code: 'ECONNRESET' } } as const,
    ]) {
      const { asked, error, attempts } = await run([reply, bytes('ok')], { body: pieces('one') })
      expect([asked(), attempts.length, error?.details.headers]).toEqual([
        'a',
        1,
        { 'x-should-retry': 'false' },
      ])
    }
  })

  it('goes to the next target while nothing has left', async () => {
    const { asked, committed, transport } = await run(
      [{ breaks: { at: 'connect', code: 'ECONNREFUSED' } }, bytes('ok')],
      { body: pieces('one') },
    )
    expect([asked(), committed?.target.id, transport.calls[1]?.uploaded.length]).toEqual([
      'ab',
      'b/model',
      1,
    ])
  })

  it('that breaks says why', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one')
      throw new GatewayError('body_too_large', 'too large')
    }
    const { asked, error } = await run([bytes('ok'), bytes('ok')], { body: broken() })
    expect([asked(), error?.code, error?.status]).toEqual(['a', 'body_too_large', 413])
  })

  it('that is answered early gives the answer', async () => {
    const { error } = await run([{ ...status(413), answersEarly: true }], {
      body: pieces('one', 'two', 'three'),
    })
    expect([error?.status, error?.details.upstreamStatus]).toEqual([413, 413])
  })

  it('owes no first token while it leaves', async () => {
    const gate = Promise.withResolvers<undefined>()
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one')
      await gate.promise
    }
    const { clock, outcome, done } = start([events({ a: 1 })], { answer: 'events', body: slow() })
    await clock.advance(10_000)
    expect(outcome).toEqual({})
    gate.resolve(undefined)
    await done
    expect(outcome.committed?.status).toBe(200)
  })

  it('bytes at hand are sent to one target after another', async () => {
    const { asked, transport } = await run([status(500), bytes('ok')], { body: Buffer.from('one') })
    expect([asked(), ...transport.requests.map((sent) => String(sent.body))]).toEqual([
      'ab',
      'one',
      'one',
    ])
  })
})

describe('bytes', () => {
  it('pass with what describes them, whatever their size', async () => {
    const headers = {
      'content-type': 'audio/mpeg',
      'content-disposition': 'attachment',
      etag: '"1"',
      'set-cookie': 'a=b',
      server: 'x',
      'retry-after': '1',
    }
    const { committed } = await run([{ headers, body: ['x'.repeat(8), 'y'.repeat(8)] }])
    expect(committed?.headers).toEqual({
      ...INERT,
      'content-type': 'audio/mpeg',
      'content-disposition': 'attachment',
      etag: '"1"',
    })
    expect((await textOf(committed)).length).toBe(16)
  })

  it('may be none', async () => {
    expect(await textOf((await run([bytes()])).committed)).toBe('')
    const { committed } = await run([{ status: 204 }])
    expect([committed?.status, committed?.body]).toEqual([204, null])
  })

  it('that break off cut the stream', async () => {
    const { committed } = await run([
      { ...bytes('half'), breaks: { at: 'body', code: 'ECONNRESET' } },
    ])
    await expect(textOf(committed)).rejects.toMatchObject({ code: 'upstream_truncated' })
  })
})

describe('an answer of any kind', () => {
  it.each<[string, Reply, string, string]>([
    [
      'JSON',
      json({ a: 1 }, { headers: { 'content-type': 'application/json; charset=utf-8' } }),
      'application/json',
      '{"a":1}',
    ],
    ['a stream', events('x'), 'text/event-stream; charset=utf-8', 'data: x\n\n'],
    ['text', { headers: { 'content-type': 'text/plain' }, body: ['hi'] }, 'text/plain', 'hi'],
    ['bytes without a name', { body: ['hi'] }, '', 'hi'],
  ])('is taken for the %s it says it is', async (_what, reply, contentType, text) => {
    const types: (string | undefined)[] = []
    const { committed } = await run([reply], {
      answer: 'any',
      openStream(type) {
        types.push(type)
        return new PassingRelay()
      },
    })
    expect([committed?.headers['content-type'] ?? '', await textOf(committed)]).toEqual([
      contentType,
      text,
    ])
    expect(types).toEqual(
      contentType === 'application/json' ? [] : [reply.headers?.['content-type'] ?? ''],
    )
  })

  it('that says it is JSON and is not is tried elsewhere', async () => {
    const { asked, committed } = await run([json({}, { body: ['{"a":'] }), json({ a: 1 })], {
      answer: 'any',
    })
    expect([asked(), committed?.target.id]).toEqual(['ab', 'b/model'])
  })
})

describe('refusals that pass as they are', () => {
  const native = { relaysRefusals: true } as const

  it.each([300, 400, 403, 404, 422, 429, 500, 503])(
    '%i, with what the client goes by',
    async (code) => {
      const reply = json(
        { error: { message: 'no' } },
        {
          status: code,
          headers: { 'content-type': 'application/json', 'retry-after': '7', 'set-cookie': 'a=b' },
        },
      )
      const { committed, asked, attempts } = await run([reply], native)
      expect([committed?.status, asked(), String(committed?.body)]).toEqual([
        code,
        'a',
        JSON.stringify({ error: { message: 'no' } }).slice(0),
      ])
      expect(committed?.headers).toEqual({
        ...INERT,
        'content-type': 'application/json',
        'retry-after': '7',
      })
      expect([committed?.refusal?.code === undefined, attempts[0]?.code === 'ok']).toEqual([
        false,
        false,
      ])
    },
    1000,
  )

  it('but for one of our own credentials', async () => {
    for (const reply of [
      status(401),
      json(
        { error: { message: 'API key not valid. Please pass a valid API key.' } },
        { status: 400 },
      ),
    ]) {
      const { error, asked } = await run([reply], native)
      expect([error?.code, error?.status, asked()]).toEqual(['provider_credentials', 502, 'a'])
    }
  })

  it('without our credentials, should they be repeated', async () => {
    const { committed } = await run(
      [
        json(
          { error: `you sent ${KEY}` },
          { status: 418, headers: { 'content-type': 'application/json' } },
        ),
      ],
      native,
    )
    expect(String(committed?.body)).not.toContain(KEY)
  })

  it('byte for byte', async () => {
    const { committed } = await run([{ status: 404, body: ['\u00e9\u{1f600}'] }], native)
    expect(String(committed?.body)).toBe('\u00e9\u{1f600}')
  })

  it('but for a status that is none', async () => {
    expect((await run([{ ...status(500), status: 999 }, bytes('ok')], native)).asked()).toBe('ab')
  })
})

it('leaves no timer', async () => {
  const { clock } = await run([{ ...status(500), status: 404 }], { relaysRefusals: true })
  await settle()
  expect(clock.pending).toBe(0)
})
