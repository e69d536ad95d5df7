import { dialectNames, type ScriptedReply } from '@postern/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type MountedChain, startChain, startMountedChain, targetOf } from './harness/chain.ts'
import { seeStream } from './harness/client-stream.ts'
import { startRawUpstream } from './harness/raw-upstream.ts'
import { streamingClients } from './harness/streaming-clients.ts'

const eventStream = { 'content-type': 'text/event-stream' }
const usage = { input: 12, output: 7 }
const answer = { text: ['One ', 'two ', 'three'], usage }
const ALL = 1_000
const clients = Object.entries(streamingClients)

/** Far more than an end takes, far less than the idle timeout of a minute. */
const SOON_MS = 10_000

describe.each(dialectNames)('a provider of %s that has said the end', (dialect) => {
  let chain: MountedChain
  beforeAll(async () => {
    chain = await startMountedChain('Express', { dialects: [dialect, dialect] })
  })
  afterEach(() => chain.reset())
  afterAll(() => chain.close())

  const endings: readonly (readonly [string, ScriptedReply])[] = [
    ['keeps its connection open', { answer, hangAfterEvents: ALL }],
    ['resets its connection', { answer, cutAfterEvents: ALL, cutBy: 'rst' }],
    ['hangs up without ending the body', { answer, cutAfterEvents: ALL, cutBy: 'fin' }],
  ]

  it.each(endings)(
    'and %s has answered, whichever client asks',
    { timeout: SOON_MS },
    async (_how, reply) => {
      chain.provider('first').reply(reply)
      expect(await Promise.all(clients.map(([, read]) => read(chain.url)))).toEqual(
        clients.map(() => 'One two three'),
      )
      expect(chain.records).toMatchObject(
        clients.map(() => ({
          code: 'ok',
          target: targetOf('first'),
          usage,
          attempts: [{ code: 'ok' }],
        })),
      )
      expect(chain.calls()).toEqual([clients.length, 0])
      // The connection is not kept for a provider that has nothing more to say.
      const { entries } = chain.provider('first').journal
      expect(await Promise.all(entries.map(async ({ closed }) => (await closed).aborted))).toEqual(
        clients.map(() => 'hangAfterEvents' in reply),
      )
    },
  )

  it('is not to be blamed for its connection', { timeout: SOON_MS }, async () => {
    const own = await startMountedChain('Express', {
      dialects: [dialect, dialect],
      gateway: { circuitBreaker: 'on' },
    })
    own.provider('first').reply({ answer, cutAfterEvents: ALL, cutBy: 'rst' })
    for (let request = 0; request < 6; request++) await (await own.ask({ stream: true })).text()
    expect(own.calls()).toEqual([6, 0])
    await own.close()
  })

  it('is heard to the end of its usage, which comes later', { timeout: SOON_MS }, async () => {
    chain.provider('first').reply({ answer, pauseBetweenEventsMs: 20, hangAfterEvents: ALL })
    const seen = seeStream(
      await (await chain.ask({ stream: true, stream_options: { include_usage: true } })).text(),
    )
    expect(seen).toMatchObject({ text: 'One two three', done: true, error: undefined })
    expect(seen.chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 7 })
    expect(chain.records).toMatchObject([{ code: 'ok', usage }])
  })

  it.each(['fin', 'rst'] as const)(
    'and only then is whole: cut by %s before, it is an error',
    async (cutBy) => {
      let broken = 0
      for (let events = 0; ; events++) {
        chain.reset()
        chain.provider('first').reply({ answer, cutAfterEvents: events, cutBy })
        chain.provider('second').reply({ status: 400 })
        const response = await chain.ask({ stream: true })
        if (response.status !== 200) continue
        const seen = seeStream(await response.text())
        if (seen.done) break
        broken += 1
        expect(seen, `cut after ${events} events`).toMatchObject({
          error: { code: 'upstream_truncated' },
        })
        expect(chain.records).toMatchObject([{ code: 'upstream_truncated' }])
      }
      // Each of the three words was sent once without the rest.
      expect(broken).toBeGreaterThanOrEqual(3)
      expect(chain.records).toMatchObject([{ code: 'ok' }])
    },
  )
})

describe('after the end was said', () => {
  const chunk = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more })}\n\n`
  const said =
    chunk([{ index: 0, delta: { role: 'assistant', content: 'hi' }, finish_reason: null }]) +
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }])

  it('comments without end are not read on', { timeout: SOON_MS }, async () => {
    const chain = await startChain({ dialects: ['openai-chat'] })
    const body = function* (): Generator<string> {
      yield said + 'data: [DONE]\n\n'
      for (;;) yield ': keep-alive\n\n'.repeat(100)
    }
    chain
      .provider('first')
      .reply({ raw: { headers: eventStream, body: { [Symbol.iterator]: body } } })
    expect(seeStream(await (await chain.ask({ stream: true })).text())).toMatchObject({
      text: 'hi',
      done: true,
      error: undefined,
    })
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
    await chain.close()
  })

  it('an end without a reason is a truncation, at once', { timeout: SOON_MS }, async () => {
    const chain = await startChain({ dialects: ['openai-chat'] })
    chain.provider('first').reply({
      raw: {
        headers: eventStream,
        body: [
          chunk([{ index: 0, delta: { content: 'hi' }, finish_reason: null }]),
          'data: [DONE]\n\n',
        ],
      },
      hangAfterEvents: 2,
    })
    expect(seeStream(await (await chain.ask({ stream: true })).text())).toMatchObject({
      text: 'hi',
      done: false,
      error: { code: 'upstream_truncated' },
    })
    await chain.close()
  })

  it('a connection that ends in order serves the next call', async () => {
    const body = said + 'data: [DONE]\n\n'
    const upstream = await startRawUpstream((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
      )
      setTimeout(() => socket.write('0\r\n\r\n'), 5)
    })
    const chain = await startChain({
      dialects: ['openai-chat'],
      addresses: { first: `http://${upstream.url}/v1` },
    })
    for (let call = 0; call < 3; call++) {
      await (await chain.ask({ stream: true })).text()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(upstream.connections()).toBe(1)
    await chain.close()
    await upstream.close()
  })
})

describe('Gemini, which has no last event', () => {
  const event = (candidates: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ candidates, modelVersion: 'm', responseId: 'r', ...more })}\r\n\r\n`
  const words = (text: string, more: object = {}): object => ({
    index: 0,
    content: { role: 'model', parts: [{ text }] },
    ...more,
  })

  it.each(clients)(
    'usage in a chunk after the finish counts, and a finish in every chunk ends nothing: %s',
    { timeout: SOON_MS },
    async (name, read) => {
      const chain = await startMountedChain('Express', { dialects: ['gemini'] })
      const last = event([], {
        usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 7, totalTokenCount: 19 },
      })
      chain.provider('first').reply({
        raw: {
          headers: eventStream,
          body: [
            event([words('One ', { finishReason: 'STOP' })]),
            event([words('two', { finishReason: 'STOP' })]),
            last,
          ],
        },
      })
      if (name === 'Google GenAI') expect(await read(chain.url)).toBe('One two')
      else await read(chain.url)
      expect(chain.records).toMatchObject([{ code: 'ok', usage }])
      await chain.close()
    },
  )
})
