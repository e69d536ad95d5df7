import { createGate, type DialectName, type ScriptedReply } from '@postern/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, type ChainOptions, CLIENT_KEY, startChain } from './harness/chain.ts'
import { openStream, seeStream } from './harness/client-stream.ts'

let chain: Chain
afterEach(() => chain.close())

const continuing: ChainOptions = {
  quirks: { second: { continuesTurn: true }, third: { continuesTurn: true } },
  route: { continueStreams: true },
}

async function start(options: ChainOptions = {}): Promise<void> {
  chain = await startChain({ ...continuing, ...options })
}

const cut: ScriptedReply = {
  answer: { text: ['The sky ', 'is '] },
  cutAfterEvents: 3,
  cutBy: 'rst',
}
const rest: ScriptedReply = {
  answer: { text: [' blue', ' today.'], usage: { input: 30, output: 4 } },
}

/** Text that the last provider was asked to continue. */
const lastMessage = (name: 'second' | 'third'): unknown =>
  (
    chain.provider(name).journal.entries.at(-1)?.body as { messages: unknown[] } | undefined
  )?.messages.at(-1)

describe('a stream that breaks on a route with continueStreams', () => {
  it.each<[DialectName, DialectName]>([
    ['openai-chat', 'openai-chat'],
    ['openai-chat', 'anthropic-messages'],
    ['anthropic-messages', 'openai-chat'],
  ])('of %s goes on at %s from where it broke off, as one answer', async (from, to) => {
    await start({ dialects: [from, to] })
    chain.provider('first').reply(from === 'openai-chat' ? cut : { ...cut, cutAfterEvents: 5 })
    chain.provider('second').reply(rest)
    const body = await (
      await chain.ask({ stream: true, stream_options: { include_usage: true } })
    ).text()
    const seen = seeStream(body)
    expect(seen).toMatchObject({
      text: 'The sky is blue today.',
      finishes: ['stop'],
      roles: 1,
      error: undefined,
      done: true,
    })
    expect(seen.ids.size).toBe(1)
    // Marked in the stream, where parsers skip it.
    expect(body).toContain(': continued by second\n\n')
    expect(JSON.stringify(lastMessage('second'))).toContain('The sky is')
    // Text before the break is output, although the continuing provider got it as input.
    const usage = seen.chunks.findLast((chunk) => chunk.usage !== undefined && chunk.usage !== null)
      ?.usage as { prompt_tokens: number; completion_tokens: number }
    expect(usage.prompt_tokens + usage.completion_tokens).toBe(34)
    expect(usage.completion_tokens).toBeGreaterThan(4)
    expect(chain.records).toMatchObject([
      {
        code: 'ok',
        degraded: ['stream-continued'],
        attempts: [
          { target: 'first/model-of-first', code: 'upstream_truncated', billed: 'yes' },
          { target: 'second/model-of-second', code: 'ok' },
        ],
      },
    ])
  })

  it('is one answer for the official SDK', async () => {
    await start()
    chain.provider('first').reply(cut)
    chain.provider('second').reply(rest)
    const client = new OpenAI({
      baseURL: 'http://gateway/v1',
      apiKey: CLIENT_KEY,
      fetch: chain.gateway.fetch,
    })
    const completion = await client.chat.completions
      .stream({ model: 'chain', messages: [{ role: 'user', content: 'Sky?' }] })
      .finalChatCompletion()
    expect(completion.choices[0]?.message.content).toBe('The sky is blue today.')
  })

  it('goes on after an error event, and after silence', async () => {
    await start({ route: { continueStreams: true, idleTimeout: '60ms' } })
    for (const reply of [
      { ...cut, cutAfterEvents: undefined, cutBy: undefined, errorEventAfter: 3, status: 503 },
      { answer: { text: ['The sky ', 'is '] }, hangAfterEvents: 3 },
    ] as ScriptedReply[]) {
      chain.provider('first').reply(reply)
      chain.provider('second').reply(rest)
      expect(seeStream(await (await chain.ask({ stream: true })).text())).toMatchObject({
        text: 'The sky is blue today.',
        done: true,
      })
    }
  })

  it('goes on as often as retries say, and then says that it broke', async () => {
    await start({
      dialects: ['openai-chat', 'openai-chat', 'openai-chat'],
      route: { continueStreams: true, retries: 2 },
    })
    chain.provider('first').reply(cut)
    chain
      .provider('second')
      .reply({ answer: { text: ['blue ', 'or '] }, cutAfterEvents: 3, cutBy: 'fin' })
    chain
      .provider('third')
      .reply({ answer: { text: ['grey', '?'] }, cutAfterEvents: 2, cutBy: 'fin' })
    const seen = seeStream(await (await chain.ask({ stream: true })).text())
    expect(seen).toMatchObject({
      text: 'The sky is blue or grey',
      done: false,
      error: { code: 'upstream_truncated' },
    })
    expect(chain.calls()).toEqual([1, 1, 1])
    expect(lastMessage('third')).toMatchObject({
      role: 'assistant',
      content: 'The sky is blue or ',
    })
  })

  it.each<[string, ChainOptions, ScriptedReply]>([
    ['where the route does not say so', { route: { continueStreams: false } }, cut],
    ['where no other target can continue a turn', { quirks: {} }, cut],
    [
      'where a tool was being called',
      {},
      {
        answer: { text: ['Let me see. '], toolCalls: [{ name: 'look', arguments: '{"a":1}' }] },
        withoutFinish: true,
      },
    ],
    ['where the route has no retries', { route: { continueStreams: true, retries: 0 } }, cut],
  ])('ends with an error event %s', async (_, options, reply) => {
    await start(options)
    chain.provider('first').reply(reply)
    const seen = seeStream(await (await chain.ask({ stream: true })).text())
    expect(seen).toMatchObject({ done: false, error: { code: 'upstream_truncated' } })
    expect(chain.calls()).toEqual([1, 0])
    expect(chain.records[0]?.usage).toMatchObject({ estimated: true })
  })

  it('ends with the error of the break when no target can continue', async () => {
    await start()
    chain.provider('first').reply(cut)
    chain.provider('second').reply({ status: 400 })
    expect(seeStream(await (await chain.ask({ stream: true })).text())).toMatchObject({
      text: 'The sky is ',
      done: false,
      error: { code: 'upstream_truncated' },
    })
    expect(chain.records[0]?.attempts.map(({ code }) => code)).toEqual([
      'upstream_truncated',
      'provider_rejected',
    ])
  })

  it('ends the call of the one who was asked to go on, when the client leaves', async () => {
    await start()
    chain.provider('first').reply(cut)
    chain.provider('second').reply({ hangBeforeHeaders: true })
    const controller = new AbortController()
    const stream = openStream(await chain.ask({ stream: true }, { signal: controller.signal }))
    await stream.until('is ')
    void stream.rest().catch(() => undefined)
    await expect.poll(() => chain.calls()).toEqual([1, 1])
    controller.abort()
    expect((await chain.provider('second').journal.waitForClose()).aborted).toBe(true)
    await expect.poll(() => chain.records.map(({ code }) => code)).toEqual(['client_closed'])
  })
})

describe('a provider that charges for unread output', () => {
  it('is read to its end after the client has left, so that what it costs is known', async () => {
    chain = await startChain({
      dialects: ['openai-chat'],
      quirks: { first: { billsAfterDisconnect: true } },
    })
    const gate = createGate()
    chain
      .provider('first')
      .reply({ answer: { text: ['one', 'two', 'three'], usage: { input: 7, output: 3 } }, gate })
    gate.release()
    const controller = new AbortController()
    const stream = openStream(await chain.ask({ stream: true }, { signal: controller.signal }))
    await stream.until('one')
    controller.abort()
    void stream.rest().catch(() => undefined)
    expect(chain.records).toEqual([])
    gate.releaseAll()
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(false)
    await expect.poll(() => chain.records.length).toBe(1)
    expect(chain.records[0]).toMatchObject({
      status: 499,
      code: 'client_closed',
      usage: { input: 7, output: 3 },
    })
    expect(chain.records[0]?.usage?.estimated).toBeUndefined()
  })

  it('holds up no shutdown', async () => {
    chain = await startChain({
      dialects: ['openai-chat'],
      quirks: { first: { billsAfterDisconnect: true } },
    })
    chain.provider('first').reply({ answer: { text: ['one', 'two'] }, hangAfterEvents: 2 })
    const controller = new AbortController()
    const stream = openStream(await chain.ask({ stream: true }, { signal: controller.signal }))
    await stream.until('one')
    controller.abort()
    await chain.gateway.close({ graceMs: 0 })
    await expect.poll(() => chain.records.map(({ code }) => code)).toEqual(['client_closed'])
  })
})

describe('an answer that broke off before the provider said what it took', () => {
  it.each([
    ['as it came', ['openai-chat']],
    ['translated', ['anthropic-messages']],
  ] as [string, DialectName[]][])(
    'has an estimate in its record, marked as one (%s)',
    async (_, dialects) => {
      chain = await startChain({ dialects, quirks: { first: { reasoning: 'none' } } })
      chain.provider('first').reply({
        answer: { text: Array.from({ length: 40 }, (_nothing, at) => `w${at} `) },
        hangAfterEvents: 35,
      })
      const controller = new AbortController()
      const stream = openStream(await chain.ask({ stream: true }, { signal: controller.signal }))
      await stream.until('w29')
      controller.abort()
      await expect.poll(() => chain.records.length).toBe(1)
      const { usage } = chain.records[0] ?? {}
      expect(usage?.estimated).toBe(true)
      expect(usage?.output).toBeGreaterThan(20)
      expect(usage?.output).toBeLessThan(200)
      expect(usage?.input).toBeGreaterThan(0)
    },
  )
})
