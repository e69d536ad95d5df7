import { request } from 'node:http'
import { createGateway } from '@postern/core'
import type { ScriptedReply } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CANARY_KEY,
  CLIENT_KEY,
  type Framework,
  type MountedChain,
  startMountedChain,
} from './harness/chain.ts'
import { failOnUncaught } from './harness/uncaught.ts'

failOnUncaught()

/** Open handles of this process: sockets, servers, timers. */
const openNow = (): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo())
    if (/TCP|TLS|Timeout|Pipe/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
let before: Record<string, number>
let listenersBefore: number[]
beforeAll(() => {
  before = openNow()
  listenersBefore = [
    process.listenerCount('uncaughtException'),
    process.listenerCount('unhandledRejection'),
  ]
})

const words = Array.from({ length: 12 }, (_, at) => `word ${at} `)
const replies: Readonly<Record<string, ScriptedReply>> = {
  'a whole answer': { answer: { text: words } },
  'a refusal': { status: 400 },
  'a failure': { status: 500 },
  'a limit': { status: 429, retryAfter: { milliseconds: 5 } },
  silence: { hangBeforeHeaders: true },
  'a broken answer': { answer: { text: words }, cutAfterEvents: 4, cutBy: 'rst' },
  'an error in the stream': { answer: { text: words }, errorEventAfter: 5, status: 503 },
  'a stream that stands still': { answer: { text: words }, hangAfterEvents: 4 },
  'one byte at a time': { answer: { text: words.slice(0, 3) }, writeSizes: 1 },
}

/**
 * Turns of the event loop after which a client leaves: every await between the first byte and the
 * last is among them.
 */
const MOMENTS = Array.from({ length: 24 }, (_, at) => at)

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function send(url: string, stream: boolean): { leave(): void; readonly closed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const call = request(
    `${url}/v1/chat/completions`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` },
      agent: false,
    },
    (response) => response.resume().on('error', () => undefined),
  )
  call.on('error', () => undefined)
  call.on('close', () => resolve())
  call.end(
    JSON.stringify({ model: 'chain', stream, messages: [{ role: 'user', content: 'Hello' }] }),
  )
  return { leave: () => void call.destroy(), closed: promise }
}

const LIMITS = {
  retries: 2,
  timeout: '2s',
  ttftTimeout: '50ms',
  idleTimeout: '50ms',
  continueStreams: true,
} as const

describe.each<Framework>(['Express', 'Koa', 'Hono'])('a client of %s that leaves', (framework) => {
  let chain: MountedChain
  beforeAll(async () => {
    chain = await startMountedChain(framework, {
      mountPath: '/llm',
      quirks: { second: { continuesTurn: true } },
      route: LIMITS,
    })
  })
  afterAll(() => chain.close())

  it.each(Object.entries(replies))(
    'at any moment of %s takes nothing along, and leaves at most one record',
    async (_, reply) => {
      chain.reset()
      chain.provider('first').reply(reply)
      chain.provider('second').reply({ answer: { text: words } })
      await Promise.all(
        MOMENTS.map(async (moment) => {
          const { leave, closed } = send(chain.url, moment % 2 === 0)
          await turns(moment)
          leave()
          await closed
        }),
      )
      // The host and the gateway serve on; every admitted request has one record.
      chain.provider('first').reply({ answer: { text: 'hi' } })
      expect((await chain.ask()).status).toBe(200)
      expect(chain.hostErrors).toEqual([])
      expect(new Set(chain.records.map(({ id }) => id)).size).toBe(chain.records.length)
      expect(chain.records.length).toBeLessThanOrEqual(MOMENTS.length + 1)
    },
  )
})

it.each(Object.entries(replies))(
  'a gateway that is closed at any moment of %s ends whatever is under way',
  async (_, reply) => {
    const chain = await startMountedChain('Express', {
      dialects: ['openai-chat'],
      mountPath: '/llm',
    })
    const first = chain.provider('first')
    first.reply(reply)
    try {
      for (const moment of MOMENTS.filter((at) => at % 3 === 0)) {
        const records: string[] = []
        const gateway = createGateway(
          {
            providers: { first: { baseUrl: first.url, apiKey: CANARY_KEY } },
            routes: { chain: { targets: ['first/m'], ...LIMITS } },
            keys: { client: CLIENT_KEY },
            log: 'silent',
            onRecord: ({ id }) => records.push(id),
          },
          { environment: {} },
        )
        const answers = [true, false].map(async (stream) => {
          const response = await gateway.fetch('http://gateway/v1/chat/completions', {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` },
            body: JSON.stringify({
              model: 'chain',
              stream,
              messages: [{ role: 'user', content: 'Hello' }],
            }),
          })
          return response.text()
        })
        await turns(moment)
        await gateway.close({ graceMs: 0 })
        for (const text of await Promise.all(answers)) expect(text).not.toBe('')
        expect(gateway.health()).toMatchObject({ status: 'closing', active: 0 })
        expect(new Set(records).size).toBe(2)
      }
    } finally {
      await chain.close()
    }
  },
)

it('nothing of all that is left open: no socket, no server, no timer, no listener', async () => {
  await expect
    .poll(
      () => {
        const now = openNow()
        return Object.entries(now).filter(([kind, count]) => count > (before[kind] ?? 0))
      },
      { timeout: 5_000 },
    )
    .toEqual([])
  // One of each is this test's own.
  expect([
    process.listenerCount('uncaughtException'),
    process.listenerCount('unhandledRejection'),
  ]).toEqual(listenersBefore.map((count) => count + 1))
})
