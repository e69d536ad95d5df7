import type { IncomingMessage, ServerResponse } from 'node:http'
import { createGateway, type Gateway } from '@postern/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CANARY_KEY, CLIENT_KEY } from './harness/chain.ts'
import { seeError } from './harness/client-stream.ts'
import { listen } from './harness/listen.ts'

interface Held {
  readonly name: string
  /** Lets the provider answer. */
  release(status?: number): void
}

/** A provider that answers on command. */
async function startHolding() {
  const held: Held[] = []
  const seen: string[] = []
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = ''
    for await (const piece of request.setEncoding('utf8')) text += piece as string
    const name =
      (JSON.parse(text) as { messages: { content: string }[] }).messages[0]?.content ?? ''
    seen.push(name)
    held.push({
      name,
      release(status = 200) {
        held.splice(
          held.findIndex((one) => one.name === name),
          1,
        )
        const body =
          status === 200
            ? {
                id: 'x',
                object: 'chat.completion',
                created: 1,
                model: 'm',
                choices: [
                  {
                    index: 0,
                    message: { role: 'assistant', content: name },
                    finish_reason: 'stop',
                  },
                ],
              }
            : { error: { message: 'too much' } }
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      },
    })
  }
  const server = await listen((request, response) => void serve(request, response))
  return { ...server, held, seen }
}

/**
 * An answer that says nothing about how much the provider takes, so that the pace stays what it is.
 */
const NO_SIGN = 400

describe('the pace of a provider', () => {
  let provider: Awaited<ReturnType<typeof startHolding>>
  let gateway: Gateway

  beforeEach(async () => {
    provider = await startHolding()
    gateway = createGateway(
      {
        providers: { acme: { baseUrl: `${provider.url}/v1`, apiKey: CANARY_KEY } },
        keys: { client: CLIENT_KEY },
        retries: 0,
        log: 'silent',
      },
      { environment: {} },
    )
  })
  afterEach(async () => {
    await gateway.close({ graceMs: 0 })
    await provider.close()
  })

  const ask = (name: string, headers: Record<string, string> = {}): Promise<Response> =>
    gateway.fetch('http://g/v1/chat/completions', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${CLIENT_KEY}`,
        ...headers,
      },
      body: JSON.stringify({ model: 'acme/m', messages: [{ role: 'user', content: name }] }),
    })
  const batch = { 'x-postern-lane': 'batch' }
  const underWay = (count: number) => expect.poll(() => provider.held.length).toBe(count)

  /**
   * Five calls are under way, and the provider says that it is too much: from then on four may be,
   * three of which are.
   */
  async function leaveOnePlace(): Promise<void> {
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) => ask(name))
    await underWay(5)
    provider.held[0]?.release(429)
    await underWay(4)
    for (let at = 0; at < 4; at++) provider.held[0]?.release(NO_SIGN)
    expect(
      (await Promise.all(calls)).map(({ status }) => status).toSorted((x, y) => x - y),
    ).toEqual([NO_SIGN, NO_SIGN, NO_SIGN, NO_SIGN, 429])
    for (const name of ['kept 1', 'kept 2', 'kept 3']) void ask(name).catch(() => undefined)
    await underWay(3)
    provider.seen.length = 0
    provider.held.length = 0
  }

  it('is the clients’ until it says that it is too much; then the rest wait for a place', async () => {
    await leaveOnePlace()
    const calls = ['one', 'two', 'three'].map((name) => ask(name))
    await underWay(1)
    for (const name of ['one', 'two', 'three']) {
      await expect.poll(() => provider.held[0]?.name).toBe(name)
      expect(provider.held).toHaveLength(1)
      provider.held[0]?.release(NO_SIGN)
    }
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([
      NO_SIGN,
      NO_SIGN,
      NO_SIGN,
    ])
  })

  it('serves interactive requests first, and still serves batch', async () => {
    await leaveOnePlace()
    const calls = [ask('first')]
    await underWay(1)
    calls.push(...['batch 1', 'batch 2'].map((name) => ask(name, batch)))
    calls.push(...Array.from({ length: 8 }, (_, at) => ask(`interactive ${at}`)))
    for (let at = 0; at < calls.length; at++) {
      await underWay(1)
      provider.held[0]?.release(NO_SIGN)
    }
    await Promise.all(calls)
    expect(provider.seen.slice(0, 8).filter((name) => name.startsWith('batch'))).toHaveLength(0)
    expect(provider.seen.indexOf('batch 1')).toBeLessThanOrEqual(9)
    expect(provider.seen).toHaveLength(11)
  })

  it('is not waited for by a client that has left', async () => {
    await leaveOnePlace()
    const first = ask('first')
    await underWay(1)
    const controller = new AbortController()
    const left = gateway.fetch('http://g/v1/chat/completions', {
      method: 'POST',
      signal: controller.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` },
      body: JSON.stringify({ model: 'acme/m', messages: [{ role: 'user', content: 'left' }] }),
    })
    const last = ask('last')
    controller.abort()
    await expect(left).rejects.toThrow()
    provider.held[0]?.release()
    await expect.poll(() => provider.held[0]?.name).toBe('last')
    provider.held[0]?.release()
    expect([(await first).status, (await last).status]).toEqual([200, 200])
    expect(provider.seen).toEqual(['first', 'last'])
  })

  it('has lanes by name', async () => {
    const response = await ask('x', { 'x-postern-lane': 'fast' })
    expect([response.status, (await seeError(response)).param]).toEqual([400, 'x-postern-lane'])
  })
})
