import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  CLIENT_KEY,
  type Framework,
  type MountedChain,
  startMountedChain,
} from './harness/chain.ts'
import { failOnUncaught } from './harness/uncaught.ts'

failOnUncaught()

interface Call {
  /** Resolves with the first bytes of the body. */
  readonly firstBytes: Promise<void>
  /** The connection is cut, as a process that ends does it. */
  leave(): void
}

function call(url: string, body: object): Call {
  const { promise, resolve } = Promise.withResolvers<void>()
  const sent = request(
    `${url}/v1/chat/completions`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` },
      agent: false,
    },
    (response) => {
      response.once('data', () => resolve())
      response.on('error', () => undefined)
    },
  )
  sent.on('error', () => undefined)
  sent.end(
    JSON.stringify({ model: 'chain', messages: [{ role: 'user', content: 'Hello' }], ...body }),
  )
  return { firstBytes: promise, leave: () => void sent.destroy() }
}

describe.each<Framework>(['Express', 'Koa', 'Hono'])(
  'a client of %s that leaves ends its call of the provider',
  (framework) => {
    let chain: MountedChain
    beforeEach(async () => {
      chain = await startMountedChain(framework, { dialects: ['openai-chat'], mountPath: '/llm' })
    })
    afterEach(() => chain.close())

    async function expectOneRecord(): Promise<void> {
      await expect.poll(() => chain.records.length).toBe(1)
      expect(chain.records).toMatchObject([{ status: 499, code: 'client_closed' }])
      expect(chain.hostErrors).toEqual([])
    }

    it.each([true, false])('before the first byte (stream: %s)', async (stream) => {
      const first = chain.provider('first')
      first.reply({ hangBeforeHeaders: true })
      const { leave } = call(chain.url, { stream })
      await expect.poll(() => first.journal.length).toBe(1)
      leave()
      expect((await first.journal.waitForClose()).aborted).toBe(true)
      await expectOneRecord()
    })

    it('in the middle of a stream, which leaves one record of what was seen', async () => {
      const first = chain.provider('first')
      first.reply({ answer: { text: ['one', 'two', 'three'] }, hangAfterEvents: 2 })
      const { firstBytes, leave } = call(chain.url, { stream: true })
      await firstBytes
      leave()
      expect((await first.journal.waitForClose()).aborted).toBe(true)
      await expectOneRecord()
      expect(chain.records[0]).toMatchObject({
        target: 'first/model-of-first',
        attempts: [{ code: 'ok', billed: 'yes' }],
      })
    })

    it('during the wait before a retry: no provider is called again', async () => {
      const first = chain.provider('first')
      first.reply({ status: 429, headers: { 'retry-after': '20' } })
      const { leave } = call(chain.url, {})
      await first.journal.waitForClose()
      leave()
      await expectOneRecord()
      expect(first.journal.length).toBe(1)
    })

    it('at any moment takes nothing of the host along', async () => {
      const first = chain.provider('first')
      first.reply({ answer: { text: Array.from({ length: 20 }, (_, at) => `word ${at} `) } })
      const steps = Array.from({ length: 24 }, (_, at) => at)
      for (const step of steps) {
        const { leave } = call(chain.url, { stream: step % 2 === 0 })
        for (let turn = 0; turn < step; turn++)
          await new Promise((resolve) => setImmediate(resolve))
        leave()
      }
      // The host and the gateway serve on.
      const response = await chain.ask()
      expect(response.status).toBe(200)
      expect(chain.hostErrors).toEqual([])
    })

    it('by ending its side of the connection, as HTTP servers of Node take it', async () => {
      const first = chain.provider('first')
      first.reply({ answer: { text: ['one', 'two'] }, hangAfterEvents: 2 })
      const body = JSON.stringify({
        model: 'chain',
        stream: true,
        messages: [{ role: 'user', content: 'Hello' }],
      })
      const { port, pathname } = new URL(chain.url)
      const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
      socket.write(
        `POST ${pathname}/v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${CLIENT_KEY}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
      const [bytes] = (await once(socket, 'data')) as [Buffer]
      expect(bytes.toString()).toContain('200 OK')
      socket.end()
      expect((await first.journal.waitForClose()).aborted).toBe(true)
      await expectOneRecord()
      socket.destroy()
    })
  },
)
