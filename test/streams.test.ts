import { createGate, type DialectName, type ScriptedAnswer } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Chain, startChain, startMountedChain, targetOf } from './harness/chain.ts'
import { openStream, seeError, seeStream, type SeenStream } from './harness/client-stream.ts'
import { settled, turns, withoutCrash } from './harness/turns.ts'

const dialects = ['openai-chat', 'anthropic-messages', 'gemini'] as const
const answer: ScriptedAnswer = {
  text: ['One ', 'two ', 'three'],
  toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Rome"}' }],
}
const eventStream = { 'content-type': 'text/event-stream' }

let chain: Chain
afterEach(() => chain.close())

async function start(
  dialect: DialectName,
  options: Parameters<typeof startChain>[0] = {},
): Promise<void> {
  chain = await startChain({ dialects: [dialect], route: { retries: 0 }, ...options })
}

async function see(body: Record<string, unknown> = {}): Promise<SeenStream> {
  return seeStream(await (await chain.ask({ stream: true, ...body })).text())
}

describe.each(dialects)('a stream of %s that breaks', (dialect) => {
  beforeEach(() => start(dialect))

  // No answer has begun before its first content: a chunk with the role; message_start,
  // content_block_start and a ping.
  const withoutContent = { 'openai-chat': 1, 'anthropic-messages': 3, gemini: 0 }[dialect]

  it.each(['fin', 'rst'] as const)('by %s after any event never looks complete', async (cutBy) => {
    const whole = await seeWhole()
    let events = 0
    for (let broken = true; broken; events++) {
      chain.reset()
      // Cut after the finish, it is a stream that lacks nothing but its end.
      chain.provider('first').reply({ answer, cutAfterEvents: events, cutBy })
      const response = await chain.ask({ stream: true })
      if (events <= withoutContent) {
        expect(
          [response.status, (await seeError(response)).code],
          `cut after ${events} events`,
        ).toEqual([502, 'upstream_truncated'])
        continue
      }
      const seen = seeStream(await response.text())
      // Gemini says the end with its finish reason; elsewhere the end is an event of its own,
      // which has not come.
      broken = seen.finishes.length === 0
      if (!broken && dialect === 'gemini') {
        expect(seen).toMatchObject({ text: whole.text, done: true, error: undefined })
        continue
      }
      expect(seen, `cut after ${events} events`).toMatchObject({
        done: false,
        error: { code: 'upstream_truncated', type: 'server_error' },
      })
      expect(whole.text.startsWith(seen.text)).toBe(true)
      expect(chain.records, `cut after ${events} events`).toMatchObject([
        { code: 'upstream_truncated', status: 200 },
      ])
    }
    expect(events).toBeGreaterThan(4)
  })

  it('by ending without a finish never looks complete', async () => {
    chain.provider('first').reply({ answer, withoutFinish: true })
    expect(await see()).toMatchObject({
      done: false,
      finishes: [],
      error: { code: 'upstream_truncated' },
    })
    expect(chain.records).toMatchObject([{ code: 'upstream_truncated' }])
  })

  it('by an error event later on ends with that error, its text cleaned', async () => {
    const errorMessage = 'Something broke for key sk-proj-LEAKLEAKLEAKLEAK'
    chain.provider('first').reply({ answer, errorEventAfter: 4, status: 500, errorMessage })
    const seen = await see()
    expect(seen).toMatchObject({ done: false, finishes: [], error: { code: 'provider_error' } })
    expect(seen.error?.message).toContain('Something broke')
    expect(seen.error?.message).not.toContain('LEAK')
    expect(chain.records).toMatchObject([{ code: 'provider_error', attempts: [{ code: 'ok' }] }])
  })

  it('by malformed JSON ends with an error', async () => {
    chain.provider('first').reply({ answer, malformedJson: true })
    const response = await chain.ask({ stream: true })
    const body = await response.text()
    const error = response.status === 200 ? seeStream(body).error : JSON.parse(body).error
    expect(error).toMatchObject({ code: 'upstream_invalid' })
    expect(body).not.toContain('[DONE]')
  })

  async function seeWhole(): Promise<SeenStream> {
    chain.provider('first').reply({ answer })
    const whole = await see()
    expect(whole).toMatchObject({
      text: 'One two three',
      finishes: ['tool_calls'],
      done: true,
      error: undefined,
    })
    return whole
  }
})

describe.each(dialects)('a stream of %s, whole', (dialect) => {
  const foreign: ScriptedAnswer = {
    text: ['日本語の', '文章と👩‍👩‍👧‍👦', ' 🇯🇵 naïve ', 'Ωμέγα'],
    toolCalls: [{ name: 'say', arguments: { text: '你好 👋🏽' } }],
  }
  beforeEach(() => start(dialect))

  it.each([
    { name: 'one byte per write', fault: { writeSizes: 1 } },
    { name: 'every character split', fault: { splitUtf8: true } },
    { name: 'writes of 1 to 97 bytes', fault: { writeSizes: { seed: 11 } } },
    { name: 'comments between events', fault: { comments: 'OPENROUTER PROCESSING' } },
  ])('reads the same in $name', async ({ fault }) => {
    chain.provider('first').reply({ answer: foreign, ...fault })
    const seen = await see()
    const calls = seen.chunks.flatMap((chunk) => chunk.choices?.[0]?.delta.tool_calls ?? [])
    expect(seen).toMatchObject({
      text: '日本語の文章と👩‍👩‍👧‍👦 🇯🇵 naïve Ωμέγα',
      finishes: ['tool_calls'],
      roles: 1,
      done: true,
    })
    expect(JSON.parse(calls.map((call) => call.function?.arguments ?? '').join(''))).toEqual({
      text: '你好 👋🏽',
    })
  })

  it('carries an event of 2 MB', async () => {
    const text = 'é'.repeat(1024 * 1024)
    chain.provider('first').reply({ answer: { text: [text, ' end'] } })
    expect((await see()).text === `${text} end`).toBe(true)
  })

  it('gives the usage to clients that ask, and always to the record', async () => {
    chain.provider('first').reply({ answer: { text: ['Hi'], usage: { input: 12, output: 3 } } })
    const asked = await see({ stream_options: { include_usage: true } })
    const withUsage = asked.chunks.filter((chunk) => chunk.usage != null)
    expect(withUsage).toMatchObject([
      { choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } },
    ])
    expect(asked.chunks.at(-1)).toBe(withUsage[0])
    for (const body of [{}, { stream_options: { include_usage: false } }]) {
      const silent = await see(body)
      expect(
        silent.chunks.every((chunk) => chunk.choices?.length === 1 && chunk.usage == null),
      ).toBe(true)
      expect(silent.done).toBe(true)
    }
    expect(chain.records.map((record) => record.usage)).toMatchObject(
      Array.from({ length: 3 }, () => ({ input: 12, output: 3 })),
    )
  })

  it('sends its headers with the first event, and each event as it comes', async () => {
    const gate = createGate()
    chain.provider('first').reply({ answer: { text: ['one', 'two'] }, gate })
    let arrived = false
    const asked = chain.ask({ stream: true }).then((response) => {
      arrived = true
      return response
    })
    await gate.reached()
    await turns()
    expect(arrived).toBe(false)
    gate.release()
    const stream = openStream(await asked)
    await stream.until('one')
    expect(stream.text).not.toContain('two')
    gate.release()
    await stream.until('two')
    gate.releaseAll()
    expect(seeStream(await stream.rest())).toMatchObject({ text: 'onetwo', done: true })
  })

  it('ends upstream wherever the client leaves it, and crashes no process', async () => {
    await withoutCrash(async () => {
      for (let steps = 0; steps <= 3; steps++) {
        chain.reset()
        const gate = createGate()
        gate.release(steps)
        chain.provider('first').reply({ answer: { text: ['a', 'b', 'c'] }, gate })
        const client = new AbortController()
        const asked = chain.ask({ stream: true }, { signal: client.signal })
        await gate.reached()
        if (steps === 0) {
          client.abort()
          await expect(asked).rejects.toThrow('aborted')
        } else if (steps === 2) {
          await asked
          client.abort()
        } else await openStream(await asked).leave()
        expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
        expect(chain.records, `left after ${steps} steps`).toMatchObject([
          { code: 'client_closed', status: 499 },
        ])
      }
    })
  })
})

describe('framing a provider may use', () => {
  const chunk = (delta: object, finish: string | null = null): string =>
    JSON.stringify({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  const events = [
    chunk({ role: 'assistant', content: 'Hello' }),
    chunk({ content: ' world' }),
    chunk({}, 'stop'),
    '[DONE]',
  ]

  it.each([
    { name: 'LF', body: events.map((event) => `data: ${event}\n\n`).join('') },
    { name: 'CRLF', body: events.map((event) => `data: ${event}\r\n\r\n`).join('') },
    { name: 'lone CR', body: events.map((event) => `data: ${event}\r\r`).join('') },
    { name: 'no space after the colon', body: events.map((event) => `data:${event}\n\n`).join('') },
    {
      name: 'an event field after its data',
      body: events.map((event) => `data: ${event}\nevent: message\nid: 1\n\n`).join(''),
    },
    {
      name: 'several data lines',
      body: events
        .map(
          (event) =>
            `${event
              .split(',')
              .map((part, at, all) => `data: ${part}${at < all.length - 1 ? ',' : ''}`)
              .join('\n')}\n\n`,
        )
        .join(''),
    },
    {
      name: 'a byte order mark',
      body: `\uFEFF${events.map((event) => `data: ${event}\n\n`).join('')}`,
    },
    {
      name: 'no blank line at the end',
      body: events.map((event) => `data: ${event}`).join('\n\n'),
    },
    {
      name: 'a finish, but no end marker',
      body: events
        .slice(0, 3)
        .map((event) => `data: ${event}\n\n`)
        .join(''),
    },
    {
      name: 'another content type',
      body: events.map((event) => `data: ${event}\n\n`).join(''),
      type: 'text/plain',
    },
  ])('$name', async ({ body, type }) => {
    await start('openai-chat')
    for (const writeSizes of [undefined, 1, 7]) {
      const reply = {
        raw: { headers: { 'content-type': type ?? 'text/event-stream' }, body: [body] },
      }
      chain.provider('first').reply(writeSizes === undefined ? reply : { ...reply, writeSizes })
      expect(await see(), `writes of ${writeSizes}`).toMatchObject({
        text: 'Hello world',
        finishes: ['stop'],
        done: true,
        error: undefined,
      })
    }
  })

  it('an end marker without a finish is a break', async () => {
    await start('openai-chat')
    chain
      .provider('first')
      .reply({ raw: { headers: eventStream, body: `data: ${events[0]}\n\ndata: [DONE]\n\n` } })
    expect(await see()).toMatchObject({
      text: 'Hello',
      done: false,
      error: { code: 'upstream_truncated' },
    })
  })

  it('an event over the limit ends a stream, and before the commit point the attempt', async () => {
    await start('openai-chat', {
      gateway: { eventLimit: '64kb' },
      dialects: ['openai-chat', 'openai-chat'],
      route: {},
    })
    chain.provider('first').reply({ answer: { text: ['small', 'x'.repeat(200_000)] } })
    expect(await see()).toMatchObject({
      text: 'small',
      done: false,
      error: { code: 'upstream_invalid' },
    })
    chain.reset()
    chain
      .provider('first')
      .reply({ raw: { headers: eventStream, body: `data: ${'x'.repeat(200_000)}` } })
    const response = await chain.ask({ stream: true })
    expect(seeStream(await response.text())).toMatchObject({ text: 'You said: Hello', done: true })
    expect(chain.calls()).toEqual([1, 1])
  })

  it('an answer over the limit ends with an error', async () => {
    await start('openai-chat', { gateway: { answerLimit: '64kb' } })
    chain
      .provider('first')
      .reply({ answer: { text: Array.from({ length: 100 }, () => 'x'.repeat(2000)) } })
    expect(await see()).toMatchObject({ done: false, error: { code: 'answer_too_large' } })
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
    const whole = await chain.ask()
    expect([whole.status, (await seeError(whole)).code]).toEqual([502, 'answer_too_large'])
  })
})

describe('a client that does not read', () => {
  const TOTAL_BYTES = 200 * 1024 * 1024
  const MEGABYTE = 1024 * 1024

  /** Most bytes in the kernel buffers of both sockets, with room to spare. */
  const MOST_SENT_BYTES = 32 * MEGABYTE

  const event = Buffer.from(
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'x'.repeat(64 * 1024) }, finish_reason: null }] })}\n\n`,
  )
  const sent = { bytes: 0 }
  function* endless(): Generator<Uint8Array> {
    for (sent.bytes = 0; sent.bytes < TOTAL_BYTES; sent.bytes += event.length) yield event
  }
  /**
   * Buffers of the provider, the gateway and the client together; `external` holds those of arrays
   * as well.
   */
  const held = (): number => process.memoryUsage().external

  it('stops the provider instead of filling memory, and lets it go when it leaves', async () => {
    await start('openai-chat')
    chain.provider('first').reply({ raw: { headers: eventStream, body: endless() } })
    const before = held()
    const response = await chain.ask({ stream: true })
    expect(await settled(() => sent.bytes)).toBeLessThan(MOST_SENT_BYTES)
    expect(held() - before).toBeLessThan(20 * MEGABYTE)
    await response.body?.cancel()
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
    expect(chain.records).toMatchObject([{ code: 'client_closed', status: 499 }])
  })

  it.each(['Express', 'Koa', 'Hono'] as const)(
    'does the same over a socket of %s',
    async (framework) => {
      await start('openai-chat')
      const mounted = await startMountedChain(framework, { dialects: ['openai-chat'] })
      mounted.provider('first').reply({ raw: { headers: eventStream, body: endless() } })
      const before = held()
      const client = new AbortController()
      const response = await mounted.ask({ stream: true }, { signal: client.signal })
      expect(response.status).toBe(200)
      expect(await settled(() => sent.bytes)).toBeLessThan(MOST_SENT_BYTES)
      expect(held() - before).toBeLessThan(20 * MEGABYTE)
      client.abort()
      expect((await mounted.provider('first').journal.waitForClose()).aborted).toBe(true)
      expect(mounted.records).toMatchObject([{ code: 'client_closed' }])
      // Koa itself reports every connection its client resets, whatever middleware answers it.
      expect(
        mounted.hostErrors.filter((error) => (error as { code?: string }).code !== 'ECONNRESET'),
      ).toEqual([])
      await mounted.close()
    },
  )
})

it('commits to the first target that sends content, and to none before', async () => {
  await start('openai-chat', { dialects: ['openai-chat', 'openai-chat'], route: {} })
  chain.provider('first').reply({ answer: { text: ['From first'] }, cutAfterEvents: 0 })
  chain.provider('second').reply({ answer: { text: ['From second'] }, cutAfterEvents: 2 })
  const response = await chain.ask({ stream: true })
  const body = await response.text()
  expect(response.headers.get('x-postern-target')).toBe(targetOf('second'))
  expect(body).not.toContain('From first')
  expect(seeStream(body)).toMatchObject({
    text: 'From second',
    done: false,
    error: { code: 'upstream_truncated' },
  })
  expect(chain.calls()).toEqual([1, 1])
})
