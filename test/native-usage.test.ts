import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain } from './harness/chain.ts'
import { listen } from './harness/listen.ts'

let chain: Chain
let server: Awaited<ReturnType<typeof listen>>
afterEach(async () => {
  await chain.close()
  await server.close()
})

type Answer = {
  readonly type: string
  readonly pieces: readonly string[]
  readonly hangs?: boolean
}

/** A provider's own API, which answers so, piece by piece. */
async function start({ type, pieces, hangs }: Answer): Promise<void> {
  server = await listen((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': type })
    for (const piece of pieces) response.write(piece)
    if (hangs !== true) response.end()
  })
  chain = await startChain({
    addresses: { first: server.url },
    dialects: ['openai-chat'],
    quirks: { first: { reasoning: 'none' } },
    gateway: {
      keys: { client: CLIENT_KEY },
      limits: [{ unit: 'tokens', window: 'day', limit: 100_000 }],
    },
  })
}

async function used(): Promise<number> {
  await expect.poll(() => chain.records.length).toBe(1)
  const { usage } = chain.records[0] ?? {}
  return (usage?.input ?? 0) + (usage?.output ?? 0)
}

const event = (text: string): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`

describe('a call of a provider\u2019s own API', () => {
  it.each<[string, Answer, number, number]>([
    [
      'that is reported',
      {
        type: 'application/json',
        pieces: [JSON.stringify({ usage: { prompt_tokens: 30, completion_tokens: 70 } })],
      },
      100,
      100,
    ],
    [
      'of JSON without one',
      { type: 'application/json', pieces: [JSON.stringify({ text: 'x'.repeat(4_000) })] },
      1_000,
      1_100,
    ],
    ['of what is no JSON', { type: 'text/plain', pieces: ['x'.repeat(4_000)] }, 1_000, 1_100],
    ['of what has no type', { type: '', pieces: ['x'.repeat(4_000)] }, 1_000, 1_100],
    [
      'of events without one',
      {
        type: 'text/event-stream',
        pieces: Array.from({ length: 50 }, (_, at) => event(` word${at}`)),
      },
      50,
      300,
    ],
  ])('counts the usage %s', async (_, answer, least, most) => {
    await start(answer)
    await (await chain.send('/providers/first/x/generate', { method: 'POST', body: '{}' })).text()
    const tokens = await used()
    expect(tokens).toBeGreaterThanOrEqual(least)
    expect(tokens).toBeLessThanOrEqual(most)
  })

  it.each<[string, Answer, number]>([
    [
      'of events',
      {
        type: 'text/event-stream',
        pieces: Array.from({ length: 50 }, (_, at) => event(` word${at}`)),
        hangs: true,
      },
      50,
    ],
    ['of bytes', { type: 'text/plain', pieces: ['x'.repeat(4_000)], hangs: true }, 1_000],
    [
      'of JSON',
      { type: 'application/json', pieces: ['{"text":"', 'x'.repeat(4_000)], hangs: true },
      1_000,
    ],
  ])('counts a stream %s that is left half way', async (_, answer, least) => {
    await start(answer)
    const controller = new AbortController()
    const response = await chain.send('/providers/first/x/generate', {
      method: 'POST',
      body: '{}',
      signal: controller.signal,
    })
    await response.body?.getReader().read()
    controller.abort()
    expect(await used()).toBeGreaterThanOrEqual(least)
    expect(chain.records[0]).toMatchObject({ code: 'client_closed', usage: { estimated: true } })
  })

  it.each<[string, string, boolean]>([
    ['GET', 'v1/models', true],
    ['GET', 'v1/files/file-1/content', true],
    ['GET', 'v1/chat/completions/chatcmpl-1', true],
    ['DELETE', 'v1/files/file-1', true],
    ['GET', 'v1/generate', false],
    ['DELETE', 'v1/models/m:predict', false],
    ['GET', 'v1/anything?prompt=hello', false],
    ['GET', 'search?q=hello', false],
    ['POST', 'v1/models', false],
  ])('%s %s is free: %s', async (method, path, isFree) => {
    await start({ type: 'text/plain', pieces: ['x'.repeat(4_000)] })
    await (
      await chain.send(`/providers/first/${path}`, {
        method,
        ...(method === 'POST' && { body: '{}' }),
      })
    ).text()
    expect((await used()) === 0).toBe(isFree)
  })
})
