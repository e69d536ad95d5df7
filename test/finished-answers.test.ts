import { createGate } from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain } from './harness/chain.ts'

let chain: Chain
afterEach(() => chain.close())

const USAGE = { input: 12, output: 700 }

async function leave(stream: boolean): Promise<() => void> {
  const gate = createGate()
  const first = chain.provider('first')
  first.reply({ answer: { text: ['one ', 'two ', 'three'], usage: USAGE }, gate })
  const controller = new AbortController()
  const asked = chain
    .ask({ stream, max_tokens: 900 }, { signal: controller.signal })
    .then((response) => response.text())
  asked.catch(() => undefined)
  await expect.poll(() => first.journal.length).toBe(1)
  if (stream) {
    gate.release(1)
    await gate.reached()
  }
  controller.abort()
  return () => gate.releaseAll()
}

describe.each([true, false])('an answer whose client has left (stream: %s)', (stream) => {
  it.each<[string, Parameters<typeof startChain>[0]]>([
    ['of a route', { route: { onClientLeave: 'finish' } }],
    ['of the gateway', { gateway: { onClientLeave: 'finish', keys: { client: CLIENT_KEY } } }],
    ['by the quirk of its provider', { quirks: { first: { billsAfterDisconnect: true } } }],
  ])('is read to its end, and counted with its usage: %s', async (_, options) => {
    chain = await startChain({
      ...options,
      dialects: ['openai-chat'],
      gateway: {
        keys: { client: CLIENT_KEY },
        ...options?.gateway,
        limits: [{ unit: 'tokens', window: 'day', limit: 1_000 }],
      },
    })
    const release = await leave(stream)
    expect(chain.records).toEqual([])
    release()
    await expect
      .poll(() => chain.records)
      .toMatchObject([{ status: 499, code: 'client_closed', usage: { input: 12, output: 700 } }])
    expect(chain.records[0]?.usage).not.toHaveProperty('estimated')
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(false)
    // 712 are counted: what is left is enough for 200, and not for 300.
    expect((await chain.ask({ max_tokens: 300 })).status).not.toBe(200)
    expect((await chain.ask({ max_tokens: 200 })).status).toBe(200)
  })

  it('is ended by a host that shuts down, and counted with what it may have cost', async () => {
    chain = await startChain({ dialects: ['openai-chat'], route: { onClientLeave: 'finish' } })
    await leave(stream)
    await chain.gateway.close({ graceMs: 0 })
    await expect.poll(() => chain.records.length).toBe(1)
    expect(chain.records[0]?.usage?.estimated).toBe(true)
  })

  it('is cancelled unless a route says otherwise', async () => {
    chain = await startChain({ dialects: ['openai-chat'] })
    await leave(stream)
    await expect
      .poll(() => chain.records)
      .toMatchObject([{ code: 'client_closed', usage: { estimated: true } }])
    expect((await chain.provider('first').journal.waitForClose()).aborted).toBe(true)
  })
})
