import { createGate, type Gate, startSilentServer } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Chain, type ChainOptions, startChain, targetOf } from './harness/chain.ts'
import { type LiveStream, openStream, seeError, seeStream } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { turns } from './harness/turns.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

let chain: Chain
let clock: FakeClock

beforeEach(() => {
  clock = new FakeClock()
})
afterEach(async () => {
  await chain.close()
  expect(clock.pending).toBe(0)
})

async function start(options: ChainOptions = {}): Promise<void> {
  chain = await startChain({ ...options, injected: { clock } })
}

describe('the connect timeout', () => {
  it.each([false, true])('gives way to the next target (stream: %s)', async (stream) => {
    const silent = await startSilentServer()
    await start({ addresses: { first: silent.url } })
    const asked = chain.ask({ stream })
    await clock.armed(3 * SECOND)
    clock.advance(3 * SECOND)
    const response = await asked
    await response.text()
    expect(response.headers.get('x-postern-target')).toBe(targetOf('second'))
    expect(chain.records[0]?.attempts).toMatchObject([
      { code: 'connect_timeout', ms: 3 * SECOND },
      { code: 'ok' },
    ])
    await silent.close()
  })

  it('with nowhere else to go is a 504 that names the option', async () => {
    const silent = await startSilentServer()
    await start({
      dialects: ['openai-chat'],
      addresses: { first: silent.url },
      route: { retries: 0 },
      gateway: { connectTimeout: '250ms' },
    })
    const asked = chain.ask()
    await clock.armed(250)
    clock.advance(250)
    const response = await asked
    expect(response.status).toBe(504)
    expect(await seeError(response)).toMatchObject({
      code: 'connect_timeout',
      type: 'timeout_error',
      message: expect.stringContaining('POSTERN_CONNECT_TIMEOUT'),
    })
    await silent.close()
  })
})

describe('the first-token timeout', () => {
  it.each([
    { name: 'before headers', reply: { hangBeforeHeaders: true } },
    { name: 'after headers', reply: { hangAfterBytes: 0 } },
    {
      name: 'after comments',
      reply: {
        raw: {
          headers: { 'content-type': 'text/event-stream' },
          body: [': ping\n\n', ': ping\n\n'],
        },
        hangAfterEvents: 2,
      },
    },
    { name: 'within the first event', reply: { hangAfterBytes: 20 } },
  ])('a stream that stands still $name falls over unseen', async ({ reply }) => {
    await start({ route: { ttftTimeout: '2s' } })
    chain.provider('first').reply(reply)
    chain.provider('second').reply({ answer: { text: 'Served by second' } })
    const asked = chain.ask({ stream: true })
    await clock.armed(2 * SECOND)
    await chain.provider('first').journal.waitForRequest()
    await turns()
    clock.advance(2 * SECOND)
    const response = await asked
    expect(seeStream(await response.text())).toMatchObject({
      text: 'Served by second',
      roles: 1,
      done: true,
    })
    expect(chain.records).toMatchObject([
      { code: 'ok', attempts: [{ code: 'first_token_timeout', ms: 2 * SECOND }, { code: 'ok' }] },
    ])
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
  })

  it('is not for whole answers, which may take as long as the request where no other target is left', async () => {
    await start({ dialects: ['openai-chat'], route: { ttftTimeout: '2s', timeout: '30s' } })
    chain.provider('first').reply({ hangBeforeHeaders: true })
    const asked = chain.ask()
    await chain.provider('first').journal.waitForRequest()
    clock.advance(29 * SECOND)
    await turns()
    expect(chain.calls()).toEqual([1])
    clock.advance(SECOND)
    expect((await asked).status).toBe(504)
  })

  it('with nowhere else to go is a 504: the same target is not asked again', async () => {
    await start({ dialects: ['openai-chat'] })
    chain.provider('first').reply({ hangBeforeHeaders: true })
    const asked = chain.ask({ stream: true })
    await chain.provider('first').journal.waitForRequest()
    clock.advance(MINUTE)
    const response = await asked
    expect(response.status).toBe(504)
    expect(await seeError(response)).toMatchObject({
      code: 'first_token_timeout',
      attempts: [{ code: 'first_token_timeout' }],
    })
    expect(chain.calls()).toEqual([1])
  })
})

describe('the idle timeout', () => {
  const event = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  const start200 =
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
  const block =
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
  const text = (words: string): string =>
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } })}\n\n`
  const ping = 'event: ping\ndata: {"type":"ping"}\n\n'

  const streams = [
    {
      dialect: 'openai-chat',
      alive: ': ping\n\n',
      opening: event({ role: 'assistant', content: 'one' }),
      next: event({ content: 'two' }),
    },
    {
      dialect: 'anthropic-messages',
      alive: ping,
      opening: start200 + block + text('one'),
      next: text('two'),
    },
  ] as const

  it.each(streams)(
    '$dialect: ends a stream that stands still with an error, and no [DONE]',
    async ({ dialect, opening }) => {
      const { stream } = await openGated(dialect, [opening])
      const rest = stream.rest()
      await turns()
      clock.advance(MINUTE)
      await expectIdleError(await rest)
    },
  )

  it.each(streams)(
    '$dialect: is fed by events, not by signs of life',
    async ({ dialect, opening, alive, next }) => {
      const { gate, stream } = await openGated(dialect, [opening, alive, next, alive, alive])
      await release(gate)
      clock.advance(40 * SECOND)
      await release(gate)
      await stream.until('two')
      const rest = stream.rest()
      await release(gate)
      clock.advance(40 * SECOND)
      await release(gate)
      clock.advance(20 * SECOND - 1)
      await turns()
      expect(chain.records).toEqual([])
      clock.advance(1)
      await expectIdleError(await rest)
    },
  )

  it('does not run while the client is the slow side', async () => {
    await start({ route: { idleTimeout: '20s' } })
    chain.provider('first').reply({ answer: { text: Array.from({ length: 50 }, () => 'word ') } })
    const response = await chain.ask({ stream: true })
    await chain.provider('first').journal.waitForClose()
    await turns()
    clock.advance(55_000)
    await turns()
    expect(seeStream(await response.text())).toMatchObject({ done: true, error: undefined })
  })

  async function openGated(
    dialect: 'openai-chat' | 'anthropic-messages',
    body: readonly string[],
  ): Promise<{ gate: Gate; stream: LiveStream }> {
    const gate = createGate()
    await start({ dialects: [dialect] })
    chain.provider('first').reply({
      raw: { headers: { 'content-type': 'text/event-stream' }, body: [...body, ''] },
      gate,
    })
    gate.release()
    const stream = openStream(await chain.ask({ stream: true }))
    await stream.until('one')
    return { gate, stream }
  }

  /** The next step is with the gateway when this resolves. */
  async function release(gate: Gate): Promise<void> {
    await gate.reached()
    gate.release()
    await gate.reached()
    await turns()
  }

  async function expectIdleError(body: string): Promise<void> {
    expect(seeStream(body)).toMatchObject({
      done: false,
      finishes: [],
      error: {
        code: 'idle_timeout',
        type: 'timeout_error',
        message: expect.stringContaining('POSTERN_IDLE_TIMEOUT'),
      },
    })
    expect(chain.records).toMatchObject([{ code: 'idle_timeout', status: 200 }])
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
  }
})

describe('the deadline of the whole request', () => {
  it('covers all attempts: one that hangs ends it, and no other is begun', async () => {
    await start({ route: { timeout: '10s' } })
    chain.provider('first').reply({ status: 503 })
    chain.provider('second').reply({ hangBeforeHeaders: true })
    const asked = chain.ask()
    await chain.provider('second').journal.waitForRequest()
    clock.advance(10 * SECOND)
    const response = await asked
    expect(response.status).toBe(504)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(await seeError(response)).toMatchObject({
      code: 'deadline_exceeded',
      attempts: [{ code: 'provider_overloaded' }, { code: 'deadline_exceeded' }],
    })
    expect(chain.calls()).toEqual([1, 1])
    expect((await chain.provider('second').journal.waitForClose()).aborted).toBe(true)
  })

  it('covers the waits: one that would outlast it is not begun', async () => {
    await start({ dialects: ['openai-chat'], route: { timeout: '5s' } })
    chain.provider('first').reply({ status: 429, retryAfter: { seconds: 4 } })
    const asked = chain.ask()
    await clock.armed(4 * SECOND)
    clock.advance(4 * SECOND)
    const response = await asked
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('4')
    expect(chain.calls()).toEqual([2])
  })

  it('ends a stream that is still running', async () => {
    const gate = createGate()
    await start({ route: { timeout: '5s' } })
    chain.provider('first').reply({ answer: { text: ['one', 'two'] }, gate })
    gate.release()
    const stream = openStream(await chain.ask({ stream: true }))
    await stream.until('one')
    clock.advance(5 * SECOND)
    expect(seeStream(await stream.rest())).toMatchObject({
      text: 'one',
      done: false,
      error: { code: 'deadline_exceeded' },
    })
    expect(chain.records).toMatchObject([{ code: 'deadline_exceeded', status: 200 }])
  })

  it('ends an unread stream, too', async () => {
    const gate = createGate()
    await start({ route: { timeout: '5s' } })
    chain.provider('first').reply({ answer: { text: ['one', 'two'] }, gate })
    gate.release()
    const response = await chain.ask({ stream: true })
    clock.advance(5 * SECOND)
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
    expect(chain.records).toMatchObject([{ code: 'deadline_exceeded' }])
    expect(seeStream(await response.text())).toMatchObject({
      done: false,
      error: { code: 'deadline_exceeded' },
    })
  })

  it("is the route's own where it has one", async () => {
    await start({
      dialects: ['openai-chat'],
      gateway: { timeout: '5s' },
      route: { timeout: '20s' },
    })
    chain.provider('first').reply({ hangBeforeHeaders: true })
    const asked = chain.ask()
    await chain.provider('first').journal.waitForRequest()
    clock.advance(19 * SECOND)
    await turns()
    expect(chain.records).toEqual([])
    clock.advance(SECOND)
    expect((await seeError(await asked)).message).toContain('20000 ms')
  })
})
