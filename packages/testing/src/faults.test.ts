import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from './clock.ts'
import { createGate } from './gate.ts'
import type { ScriptedReply } from './script.ts'
import { type FakeProvider, startFakeProvider } from './server.ts'
import { syntheticRecordings } from './synthetic/recordings.ts'

let provider: FakeProvider
const clock = new ManualClock()

beforeEach(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat', clock })
})
afterEach(() => provider.close())

interface RawAnswer {
  /** Bytes that arrived, one item per read of the socket. */
  readonly reads: Buffer[]
  readonly head: string
  /** Body without chunked framing. */
  readonly body: string
  /** How the connection ended. */
  readonly end: 'fin' | 'rst'
  /** The body ended as HTTP says a body ends. */
  readonly isWhole: boolean
}

/** A client that sees writes, FIN and RST as they are. */
function askRaw(
  reply: ScriptedReply,
  options: { stream?: boolean; onData?: (text: string) => void } = {},
): Promise<RawAnswer> {
  provider.enqueue(reply)
  const json = JSON.stringify({
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }],
    ...(options.stream === false ? {} : { stream: true }),
  })
  const { port } = new URL(provider.url)
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true })
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  )
  const reads: Buffer[] = []
  return new Promise((resolve) => {
    let end: 'fin' | 'rst' = 'fin'
    socket.on('data', (chunk) => {
      reads.push(chunk)
      options.onData?.(Buffer.concat(reads).toString())
    })
    socket.on('error', () => (end = 'rst'))
    socket.on('close', () => resolve({ reads, end, ...parsed(Buffer.concat(reads)) }))
  })
}

function parsed(bytes: Buffer): { head: string; body: string; isWhole: boolean } {
  const at = bytes.indexOf('\r\n\r\n')
  const head = bytes.subarray(0, Math.max(0, at)).toString()
  const rest = bytes.subarray(at + 4)
  const length = /content-length: (\d+)/i.exec(head)?.[1]
  if (length !== undefined)
    return { head, body: rest.toString(), isWhole: rest.length === Number(length) }
  const parts: Buffer[] = []
  let offset = 0
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', offset)
    const size =
      lineEnd === -1 ? Number.NaN : Number.parseInt(rest.subarray(offset, lineEnd).toString(), 16)
    if (!(size > 0)) return { head, body: Buffer.concat(parts).toString(), isWhole: size === 0 }
    parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size))
    offset = lineEnd + 2 + size + 2
  }
}

function dataOf(body: string): string[] {
  return [...body.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? '')
}

const answer = { text: ['one', 'two', 'three'] }

describe('instead of the answer', () => {
  it("sends the dialect's own error with the wait in each spelling", async () => {
    const date = new Date(1_700_000_000_000)
    const spelled = await Promise.all(
      [{ seconds: 2 }, { milliseconds: 1500 }, { date }, { header: 'soon' }].map(
        async (retryAfter) => (await askRaw({ status: 429, retryAfter })).head,
      ),
    )
    expect(spelled[0]).toMatch(/^HTTP\/1\.1 429 .*retry-after: 2\r\n/s)
    expect(spelled[1]).toContain('retry-after-ms: 1500')
    expect(spelled[2]).toContain('retry-after: Tue, 14 Nov 2023 22:13:20 GMT')
    expect(spelled[3]).toContain('retry-after: soon')
    const { body } = await askRaw({
      status: 400,
      errorMessage: 'Too long',
      errorCode: 'context_length_exceeded',
    })
    expect(JSON.parse(body)).toEqual({
      error: {
        message: 'Too long',
        type: 'invalid_request_error',
        param: null,
        code: 'context_length_exceeded',
      },
    })
  })

  it('sends other bodies: given, HTML, none, and a wrong content type', async () => {
    expect((await askRaw({ status: 500, errorBody: 'upstream connect error' })).body).toBe(
      'upstream connect error',
    )
    expect((await askRaw({ status: 422, errorBody: { detail: 'no' } })).body).toBe(
      '{"detail":"no"}',
    )
    const page = await askRaw({ htmlErrorPage: true })
    expect(page.head).toMatch(/^HTTP\/1\.1 502 .*content-type: text\/html/s)
    expect(page.body).toMatch(/^<!DOCTYPE html>/)
    const empty = await askRaw({ emptyBody: true })
    expect(empty).toMatchObject({ body: '', isWhole: true })
    expect(
      (await askRaw({ answer, contentTypeLie: 'text/plain', headers: { 'x-more': '1' } })).head,
    ).toMatch(/content-type: text\/plain.*x-more: 1/s)
    expect((await askRaw({ status: 201, answer }, { stream: false })).head).toContain(
      'HTTP/1.1 201',
    )
  })

  it('sends raw bytes', async () => {
    const raw = await askRaw({
      raw: { status: 418, headers: { 'content-type': 'text/x' }, body: Buffer.from([65, 66]) },
    })
    expect(raw.head).toMatch(/^HTTP\/1\.1 418 .*text\/x/s)
    expect(raw.body).toBe('AB')
  })
})

describe('inside the answer', () => {
  it.each(['fin', 'rst'] as const)(
    'cuts a stream after n bytes by %s, without the end of the body',
    async (cutBy) => {
      const cut = await askRaw({ answer, cutAfterBytes: 700, cutBy })
      expect(cut).toMatchObject({ end: cutBy, isWhole: false })
      expect(Buffer.byteLength(cut.body)).toBe(700)
    },
  )

  it('cuts a JSON answer short of its promised length', async () => {
    const cut = await askRaw({ answer, cutAfterBytes: 10 }, { stream: false })
    expect(cut).toMatchObject({ end: 'fin', isWhole: false })
    expect(cut.body).toHaveLength(10)
  })

  it('cuts after n events, and before the headers', async () => {
    const cut = await askRaw({ answer, cutAfterEvents: 2, cutBy: 'rst' })
    expect(dataOf(cut.body)).toHaveLength(2)
    expect(cut).toMatchObject({ end: 'rst', isWhole: false })
    expect(await askRaw({ cutBeforeHeaders: 'fin' })).toMatchObject({ reads: [], end: 'fin' })
    expect(await askRaw({ cutBeforeHeaders: 'rst' })).toMatchObject({ reads: [], end: 'rst' })
  })

  it('hangs after n bytes or events with the connection open', async () => {
    const { promise: bytesSeen, resolve: seeBytes } = Promise.withResolvers<void>()
    const { promise: eventSeen, resolve: seeEvent } = Promise.withResolvers<void>()
    const hanging = askRaw(
      { answer, hangAfterBytes: 5 },
      { onData: (text) => text.includes('data:') && seeBytes() },
    )
    await bytesSeen
    const silent = askRaw(
      { answer, hangAfterEvents: 1 },
      { onData: (text) => text.includes('"role"') && seeEvent() },
    )
    await eventSeen
    expect(provider.journal.entries.map((entry) => entry.closedAtMs)).toEqual([
      undefined,
      undefined,
    ])
    await provider.close()
    expect((await hanging).body).toBe('data:')
    expect(dataOf((await silent).body)).toHaveLength(1)
  })

  it('puts an error event into a 200, first or later', async () => {
    const first = await askRaw({ errorEventAfter: 0, status: 429 })
    expect(first.head).toContain('HTTP/1.1 200')
    expect(dataOf(first.body).map((data) => JSON.parse(data))).toMatchObject([
      { error: { code: 'rate_limit_exceeded' } },
    ])
    const later = dataOf((await askRaw({ answer, errorEventAfter: 2 })).body)
    expect(later).toHaveLength(3)
    expect(JSON.parse(later[2] ?? '')).toMatchObject({ error: { type: 'server_error' } })
    const json = await askRaw({ errorEventAfter: 0 }, { stream: false })
    expect(json.head).toContain('HTTP/1.1 200')
    expect(JSON.parse(json.body)).toHaveProperty('error')
  })

  it('breaks JSON, leaves out and repeats what ends a stream, adds comments', async () => {
    const broken = dataOf((await askRaw({ answer, malformedJson: true })).body)
    expect(() => JSON.parse(broken[1] ?? '')).toThrow()
    expect(() => JSON.parse(broken[2] ?? '')).not.toThrow()
    expect(() => JSON.parse(provider.journal.last().bodyText)).not.toThrow()
    const json = (await askRaw({ answer, malformedJson: true }, { stream: false })).body
    expect(() => JSON.parse(json)).toThrow()
    const plain = dataOf((await askRaw({ answer })).body)
    expect(dataOf((await askRaw({ answer, withoutDone: true })).body)).toHaveLength(
      plain.length - 1,
    )
    expect((await askRaw({ answer, withoutFinish: true })).body).not.toContain(
      '"finish_reason":"stop"',
    )
    expect(
      (await askRaw({ answer, duplicateFinish: true })).body.match(/"finish_reason":"stop"/g),
    ).toHaveLength(2)
    const commented = (await askRaw({ answer, comments: 'busy' })).body
    expect(commented.startsWith(': busy\n\ndata: ')).toBe(true)
    expect(commented.match(/^: busy$/gm)).toHaveLength(plain.length)
  })
})

describe('how it is written', () => {
  it('flushes every write on its own', async () => {
    const plain = await askRaw({ answer })
    const small = await askRaw({ answer, writeSizes: { seed: 3 } })
    const expected = plain.body.length / 49
    expect(small.reads.length).toBeGreaterThan(expected / 2)
    expect(small.body.replaceAll(/chatcmpl-\d+/g, '')).toBe(
      plain.body.replaceAll(/chatcmpl-\d+/g, ''),
    )
  })

  it('divides multi-byte characters between writes', async () => {
    const trace = syntheticRecordings('openai-chat').find(
      (recording) => recording.name === 'openai-multibyte',
    )!
    const split = await askRaw({ replay: trace, splitUtf8: true })
    expect(split.body).toBe(trace.body.toString())
    expect(split.reads.some((read) => read.toString().includes('\uFFFD'))).toBe(true)
  })

  it('drips by the clock it was given', async () => {
    let seen = ''
    const done = askRaw(
      { raw: { body: 'abcdef' }, slowDrip: { bytes: 2, everyMs: 1000 } },
      { onData: (text) => (seen = text) },
    )
    await clock.sleeping()
    expect(seen).not.toContain('cd')
    clock.advance(999)
    expect(seen).not.toContain('cd')
    clock.advance(1)
    await clock.sleeping()
    clock.advance(1000)
    expect((await done).body).toBe('abcdef')
  })

  it('waits before the headers and between events by the clock it was given', async () => {
    const done = askRaw({ answer: { text: [] }, delayHeadersMs: 50, pauseBetweenEventsMs: 10 })
    await clock.sleeping()
    clock.advance(50)
    for (let pause = 0; pause < 2; pause++) {
      await clock.sleeping()
      clock.advance(10)
    }
    expect(dataOf((await done).body)).toHaveLength(3)
  })

  it('goes step by step through a gate: a fragment with what is before it, then the ending', async () => {
    const gate = createGate()
    let seen = ''
    const waiters: { text: string; resolve: () => void }[] = []
    const arrived = (text: string) =>
      new Promise<void>((resolve) => waiters.push({ text, resolve }))
    const done = askRaw(
      { answer, gate },
      {
        onData: (text) => {
          seen = text
          for (const waiter of waiters) if (text.includes(waiter.text)) waiter.resolve()
        },
      },
    )
    await gate.reached()
    expect(seen).not.toContain('data:')
    for (const [text, next] of [
      ['"one"', '"two"'],
      ['"two"', '"three"'],
      ['"three"', '"stop"'],
    ] as const) {
      gate.release()
      await arrived(text)
      await gate.reached()
      expect(seen).not.toContain(next)
    }
    gate.releaseAll()
    expect((await done).body).toContain('[DONE]')
  })

  it('takes one step per event of a replay', async () => {
    const gate = createGate()
    const trace = syntheticRecordings('openai-chat').find(
      (recording) => recording.name === 'openai-multibyte',
    )!
    const done = askRaw({ replay: trace, gate })
    for (let step = 0; step < dataOf(trace.body.toString()).length; step++) {
      await gate.reached()
      gate.release()
    }
    expect((await done).body).toBe(trace.body.toString())
  })

  it('reads a large raw body only as fast as the client takes it', async () => {
    let produced = 0
    function* large(): Generator<Buffer> {
      for (let item = 0; item < 3000; item++) {
        produced += 1
        yield Buffer.alloc(65_536, 'x')
      }
    }
    provider.enqueue({ raw: { headers: { 'content-type': 'text/event-stream' }, body: large() } })
    const { port } = new URL(provider.url)
    const socket = connect({ host: '127.0.0.1', port: Number(port) })
    socket.pause()
    const json = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
    )
    await provider.journal.waitForRequest()
    let before = -1
    while (produced !== before) {
      before = produced
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    socket.destroy()
    expect((await provider.journal.waitForClose()).aborted).toBe(true)
    expect(produced).toBeLessThan(1500)
  })
})
