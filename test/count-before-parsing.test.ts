import { memoryStore, type Store } from '@postern/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Chain, type ChainOptions, startChain } from './harness/chain.ts'
import { failOnUncaught } from './harness/uncaught.ts'

failOnUncaught()

afterEach(() => {
  vi.restoreAllMocks()
})

const LARGE = 'x'.repeat(70_000)

/** A body of each API that takes JSON, as text up to its last field. */
const BODIES: Readonly<Record<string, string>> = {
  '/v1/chat/completions': '{"model":"chain","messages":[{"role":"user","content":"hi"}]',
  '/v1/messages': '{"model":"chain","max_tokens":9,"messages":[{"role":"user","content":"hi"}]',
  '/v1/messages/count_tokens': '{"model":"chain","messages":[{"role":"user","content":"hi"}]',
  '/v1/responses': '{"model":"chain","store":false,"input":"hi"',
  '/v1beta/models/chain:generateContent': '{"contents":[{"role":"user","parts":[{"text":"hi"}]}]',
  '/v1beta/models/chain:streamGenerateContent':
    '{"contents":[{"role":"user","parts":[{"text":"hi"}]}]',
  '/v1/embeddings': '{"model":"chain","input":"hi"',
  '/v1/completions': '{"model":"chain","prompt":"hi"',
  '/v1/rerank': '{"model":"chain","query":"hi","documents":["a"]',
  '/v1/images/generations': '{"model":"chain","prompt":"hi"',
  '/v1/audio/speech': '{"model":"chain","input":"hi"',
}

type Limits = NonNullable<NonNullable<ChainOptions['gateway']>['limits']>

async function withLimits(
  limits: Limits,
  run: (chain: Chain, post: (body: string, path?: string) => Promise<number>) => Promise<void>,
  more: ChainOptions['gateway'] = {},
): Promise<void> {
  const chain = await startChain({ gateway: { limits, ...more } })
  try {
    await run(chain, async (body, path = '/v1/chat/completions') => {
      const response = await chain.send(path, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
        },
      })
      await response.text()
      return response.status
    })
  } finally {
    await chain.close()
  }
}

const requests = (count: number): Limits => [
  { unit: 'requests', window: 'day', limit: count, scope: 'key' },
]
const chat = (text: string): string => `${BODIES['/v1/chat/completions']},"user":"${text}"}`

describe.each(Object.entries(BODIES))('a large body of %s', (path, open) => {
  it('is not parsed where the requests of its caller are used up', async () => {
    await withLimits(requests(1), async (_chain, post) => {
      const parse = vi.spyOn(JSON, 'parse')
      const parsed = (): number =>
        parse.mock.calls.filter(([text]) => String(text).includes(LARGE.slice(0, 1_000))).length
      expect(await post(`${open},"x":"${LARGE}"}`, path)).not.toBe(429)
      expect(parsed()).toBeGreaterThan(0)
      parse.mockClear()
      expect([await post(`${open},"x":"${LARGE}"}`, path), parsed()]).toEqual([429, 0])
    })
  })
})

describe('a request', () => {
  it.each([
    ['small', 'x'],
    ['large', LARGE],
  ])('with a %s body is counted once', async (_size, text) => {
    await withLimits(requests(2), async (_chain, post) => {
      expect([await post(chat(text)), await post(chat(text)), await post(chat(text))]).toEqual([
        200, 200, 429,
      ])
    })
  })

  it.each([
    ['no JSON', '{"model":', 400],
    ['no object', '[1]', 400],
    ['a model name that is too long', `{"model":"${'m'.repeat(300)}","messages":[]}`, 400],
    ['larger than the limit', `{"a":"${'x'.repeat(2_000)}"}`, 413],
  ])('whose body is %s is counted', async (_what, body, status) => {
    await withLimits(
      requests(2),
      async (_chain, post) => {
        expect([
          await post(body),
          await post(body),
          await post(body),
          await post(chat('x')),
        ]).toEqual([status, status, 429, 429])
      },
      { bodyLimit: '1KB' },
    )
  })

  it('is counted once where callers share one list of limits', async () => {
    const shared = [{ unit: 'requests', window: 'day', limit: 2 }] as const
    const chain = await startChain({
      gateway: {
        identify: (request) => ({
          id: (request as Request).headers.get('x-user') ?? 'none',
          limits: shared,
        }),
      },
    })
    const post = async (user: string): Promise<number> => {
      const response = await chain.send('/v1/chat/completions', {
        method: 'POST',
        body: chat(LARGE),
        headers: { 'content-type': 'application/json', 'x-user': user },
      })
      await response.text()
      return response.status
    }
    expect(await Promise.all(['ada', 'bob', 'ada', 'bob'].map(post))).toEqual([200, 200, 200, 200])
    expect(await Promise.all(['ada', 'bob'].map(post))).toEqual([429, 429])
    await chain.close()
  })

  it('gives its place back when its large body was answered, and when it was refused', async () => {
    await withLimits([{ unit: 'concurrency', limit: 1, scope: 'key' }], async (_chain, post) => {
      for (const body of [chat(LARGE), `${chat(LARGE)}no`, chat('x')]) {
        expect(await post(body)).not.toBe(429)
        // Places are given back in the background.
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
  })

  it('with a large body keeps the limits of its model and its tokens as well, and gets the headers of all', async () => {
    const limits: Limits = [
      ...requests(10),
      { unit: 'requests', window: 'day', limit: 3, scope: ['key', 'model'] },
      { unit: 'tokens', window: 'minute', limit: 10_000_000, scope: 'key' },
    ]
    const chain = await startChain({ gateway: { limits } })
    const statuses: [number, string | null, boolean][] = []
    for (let at = 0; at < 4; at++) {
      const response = await chain.send('/v1/chat/completions', {
        method: 'POST',
        body: chat(LARGE),
        headers: { 'content-type': 'application/json' },
      })
      await response.text()
      statuses.push([
        response.status,
        response.headers.get('x-ratelimit-remaining-requests'),
        response.headers.has('x-ratelimit-limit-tokens'),
      ])
    }
    expect(statuses).toEqual([
      [200, '2', true],
      [200, '1', true],
      [200, '0', true],
      [429, '6', false],
    ])
    await chain.close()
  })

  it.each([
    ['small', 'x', 1],
    ['large', LARGE, 2],
  ])('with a %s body asks the store as often as it must', async (_size, text, times) => {
    const { limitStore } = memoryStore(() => Date.now())
    let reservations = 0
    const store: Store = {
      name: 'own',
      isShared: false,
      limitStore: {
        reserve: (asked) => {
          reservations += 1
          return limitStore.reserve(asked)
        },
        settle: (reservation, actuals) => limitStore.settle(reservation, actuals),
        read: (charges) => limitStore.read(charges),
        reset: (charges) => limitStore.reset(charges),
      },
      close: () => Promise.resolve(),
    }
    await withLimits(
      [...requests(9), { unit: 'tokens', window: 'minute', limit: 10_000_000, scope: 'key' }],
      async (_chain, post) => {
        expect([await post(chat(text)), reservations]).toEqual([200, times])
      },
      { store },
    )
  })
})
