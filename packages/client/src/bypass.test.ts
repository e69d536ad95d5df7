import { describe, expect, it } from 'vitest'
import { type BypassEvent, type BypassOptions, isBypassAllowed, withBypass } from './bypass.ts'
import { usageIn } from './usage.ts'

const GATEWAY_KEY = 'pk_canary_gateway_0123456789'
const PROVIDER_KEY = 'sk-canary-provider-0123456789'
const refused = (code = 'ECONNREFUSED'): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code }) })
const answer = { id: 'x', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }

interface Seen {
  readonly to: 'gateway' | 'provider'
  readonly url: string
  readonly headers: Headers
  readonly body: Record<string, unknown> | undefined
}

/** A world with one gateway and one provider; each call of either is seen. */
function start(
  gateway: (seen: Seen) => Response | Error,
  options: Partial<BypassOptions> & { readonly provider?: () => Response } = {},
) {
  const calls: Seen[] = []
  const events: BypassEvent[] = []
  const time = { now: 1_000_000 }
  const fetch = (async (input: string, init: RequestInit = {}) => {
    const to = input.startsWith('https://provider.test') ? 'provider' : 'gateway'
    const seen: Seen = {
      to,
      url: input,
      headers: new Headers(init.headers),
      body:
        typeof init.body === 'string' && init.body.startsWith('{')
          ? (JSON.parse(init.body) as Seen['body'])
          : undefined,
    }
    calls.push(seen)
    init.signal?.throwIfAborted()
    const result =
      to === 'provider' ? (options.provider?.() ?? Response.json(answer)) : gateway(seen)
    if (result instanceof Error) throw result
    return result
  }) as typeof globalThis.fetch
  const bypass = withBypass({
    gateway: { baseURL: 'http://app.test/llm/v1/', apiKey: GATEWAY_KEY, fetch },
    direct: {
      provider: 'openai',
      baseURL: 'https://provider.test/v1',
      apiKey: () => PROVIDER_KEY,
      models: { support: 'gpt-5-mini' },
    },
    now: () => time.now,
    onBypass: (event) => void events.push(event),
    ...options,
  })
  const ask = (model = 'openai/gpt-5', init: RequestInit = {}): Promise<Response> =>
    bypass('http://app.test/llm/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${GATEWAY_KEY}`, 'x-postern-timeout': '9s' },
      body: JSON.stringify({ model, messages: [] }),
      ...init,
    })
  const asked = (): string => calls.map(({ to }) => to.slice(0, 1)).join('')
  return { bypass, ask, asked, calls, events, time }
}

describe('a bypass without the key of its provider', () => {
  it.each([[undefined], ['']])('is an error when it is made: %o', (apiKey) => {
    expect(() =>
      withBypass({
        gateway: { baseURL: 'http://app.test/llm/v1', apiKey: GATEWAY_KEY },
        direct: { provider: 'openai', baseURL: 'https://provider.test/v1', apiKey },
      }),
    ).toThrow(/direct\.apiKey of openai is not set/)
  })
})

describe('a gateway that is there', () => {
  it('is called, and no provider', async () => {
    const { ask, asked, bypass } = start(() => Response.json(answer))
    const response = await ask()
    expect([
      response.status,
      response.headers.get('x-postern-bypassed'),
      asked(),
      bypass.pending,
    ]).toEqual([200, null, 'g', 0])
  })

  it.each([400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504])(
    'is not gone around when it answers %i',
    async (status) => {
      const { ask, asked } = start(() => new Response('{}', { status }))
      expect((await ask()).status).toBe(status)
      expect(asked()).toBe('g')
    },
  )

  it.each([402, 403, 429, 502])('is not gone around by a header on %i', async (status) => {
    const { ask, asked } = start(
      () => new Response('{}', { status, headers: { 'x-postern-bypass': 'allowed' } }),
    )
    expect((await ask()).status).toBe(status)
    expect(asked()).toBe('g')
  })

  it('is gone around when it says so itself', async () => {
    const { ask, asked, events } = start(
      () => new Response('{}', { status: 503, headers: { 'x-postern-bypass': 'allowed' } }),
    )
    expect((await ask()).headers.get('x-postern-bypassed')).toBe('true')
    expect(asked()).toBe('gp')
    expect(events).toEqual([{ reason: 'allowed', model: 'gpt-5' }])
    expect(isBypassAllowed(new Response('{}', { status: 503 }))).toBe(false)
  })

  it.each(['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'ETIMEDOUT'])(
    'is not gone around when it breaks off after it was asked (%s)',
    async (code) => {
      const { ask, asked } = start(() => refused(code))
      await expect(ask()).rejects.toThrow('fetch failed')
      expect(asked()).toBe('g')
    },
  )
})

describe('a gateway that is not there', () => {
  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
  ])('is gone around (%s)', async (code) => {
    const { ask, asked, calls } = start(() => refused(code))
    expect(await (await ask()).json()).toEqual(answer)
    expect(asked()).toBe('gp')
    expect(calls[1]).toMatchObject({
      url: 'https://provider.test/v1/chat/completions',
      body: { model: 'gpt-5', messages: [] },
    })
  })

  it('is gone around when every address of it refuses', async () => {
    const all = new TypeError('fetch failed', {
      cause: Object.assign(
        new AggregateError([{ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }]),
        { code: undefined },
      ),
    })
    const { ask, asked } = start(() => all)
    await ask()
    expect(asked()).toBe('gp')
  })

  it('never learns the key of the provider, nor the provider that of the gateway', async () => {
    const { ask, calls } = start(() => refused())
    await ask('openai/gpt-5', {
      headers: {
        authorization: `Bearer ${GATEWAY_KEY}`,
        'x-api-key': GATEWAY_KEY,
        cookie: `key=${GATEWAY_KEY}`,
        'x-postern-provider': 'openai',
        'x-own': 'kept',
      },
    })
    const [toGateway, toProvider] = calls.map(({ headers }) => JSON.stringify([...headers]))
    expect(toGateway).not.toContain(PROVIDER_KEY)
    expect(toProvider).not.toContain(GATEWAY_KEY)
    expect(toProvider).toContain(`Bearer ${PROVIDER_KEY}`)
    expect(toProvider).toContain('kept')
    expect(toProvider).not.toContain('x-postern')
  })

  it.each<[string, RequestInit & { readonly model?: string }]>([
    ['for a model of another provider', { model: 'anthropic/claude-sonnet-4-6' }],
    ['for an unknown route', { model: 'unknown-route' }],
    ['for a body that can be sent once only', { body: new ReadableStream() }],
    ['for a body that is no JSON', { body: 'hello' }],
    ['for a body without a model', { body: '{}' }],
    ['for anything but a POST', { method: 'GET', body: null }],
  ])('is not gone around %s', async (_, { model, ...init }) => {
    const { ask, asked } = start(() => refused())
    await expect(ask(model, init)).rejects.toThrow('fetch failed')
    expect(asked()).toBe('g')
  })

  it('is not gone around by who has left', async () => {
    const { ask, asked } = start(() => refused())
    await expect(ask('openai/gpt-5', { signal: AbortSignal.abort() })).rejects.toThrow()
    expect(asked()).toBe('g')
  })

  it('is gone around for a route whose model is known', async () => {
    const { ask, calls } = start(() => refused())
    await ask('support')
    expect(calls[1]?.body).toMatchObject({ model: 'gpt-5-mini' })
  })

  it('is not tried for a while, then by one call only, and then by all', async () => {
    let isBack = false
    const { ask, asked, time } = start(() => (isBack ? Response.json(answer) : refused()))
    await ask()
    await ask()
    expect(asked()).toBe('gpp')
    time.now += 5_000
    await Promise.all([ask(), ask()])
    expect(asked()).toBe('gppgpp')
    time.now += 5_000
    isBack = true
    await ask()
    await ask()
    expect(asked().slice(0, 8)).toBe('gppgppgg')
  })

  it('uses the provider’s own header for its key', async () => {
    const { ask, calls } = start(() => refused(), {
      direct: {
        provider: 'anthropic',
        baseURL: 'https://provider.test',
        apiKey: PROVIDER_KEY,
        auth: 'x-api-key',
        headers: { 'anthropic-version': '2023-06-01' },
      },
    })
    await ask('anthropic/claude-sonnet-4-6')
    expect(calls[1]?.headers.get('x-api-key')).toBe(PROVIDER_KEY)
    expect(calls[1]?.headers.get('authorization')).toBeNull()
    expect(calls[1]?.headers.get('anthropic-version')).toBe('2023-06-01')
  })
})

describe('what went around', () => {
  const events = [
    { choices: [] },
    { choices: [], usage: { prompt_tokens: 7, completion_tokens: 5 } },
  ]
  const stream = (): Response =>
    new Response(
      `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`,
      { headers: { 'content-type': 'text/event-stream' } },
    )

  it('gets each report once, when it is back, even when reporting fails at first', async () => {
    let isBack = false
    let refusals = 1
    const reported: unknown[] = []
    const { ask, bypass, time } = start(
      ({ url, body, headers }) => {
        if (!isBack) return refused()
        if (!url.endsWith('/usage-reports')) return Response.json(answer)
        expect(headers.get('authorization')).toBe(`Bearer ${GATEWAY_KEY}`)
        if (refusals-- > 0) return new Response('{}', { status: 503 })
        reported.push(...(body?.['reports'] as unknown[]))
        return Response.json({ accepted: 1 })
      },
      { provider: stream },
    )
    expect(await (await ask()).text()).toContain('[DONE]')
    expect(bypass.pending).toBe(1)
    isBack = true
    time.now += 5_000
    await ask()
    await bypass.flush()
    time.now += 60_000
    await ask()
    await bypass.flush()
    expect(bypass.pending).toBe(0)
    expect(reported).toEqual([
      {
        id: expect.stringMatching(/^bypass_/),
        at: new Date(1_000_000).toISOString(),
        provider: 'openai',
        model: 'gpt-5',
        status: 200,
        usage: events[1]?.usage,
      },
    ])
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('odd')
      },
    ],
    ['rejects', () => Promise.reject(new Error('odd'))],
    ['never settles', () => new Promise(() => undefined)],
    [
      'answers a proxy that throws',
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('looked at')
            },
          },
        ),
    ],
  ])('is still answered when onBypass %s', async (_, onBypass) => {
    const { ask } = start(() => refused(), { onBypass: onBypass as () => void })
    expect((await ask()).status).toBe(200)
  })

  it.each([
    [400, 0, 2],
    [413, 0, 2],
    [422, 0, 2],
    [401, 2, 0],
    [403, 2, 0],
    [404, 2, 0],
    [429, 2, 0],
    [500, 2, 0],
  ])(
    'that is answered with %i waits (%i), or is given up (%i)',
    async (status, pending, dropped) => {
      let isBack = false
      const { ask, bypass } = start(({ url }) =>
        isBack
          ? url.endsWith('/usage-reports')
            ? new Response('{}', { status })
            : Response.json(answer)
          : refused(),
      )
      for (let at = 0; at < 2; at++) await (await ask()).text()
      isBack = true
      await bypass.flush()
      expect([bypass.pending, bypass.dropped]).toEqual([pending, dropped])
    },
  )

  it('is kept up to a bound, the newest first', async () => {
    const { ask, bypass } = start(() => refused(), { maxReports: 3 })
    for (let at = 0; at < 5; at++) await (await ask()).text()
    expect(bypass.pending).toBe(3)
  })

  it('gets reports of answers that were not read to their end, too', async () => {
    const { ask, bypass } = start(() => refused(), { provider: stream })
    const response = await ask()
    await response.body?.cancel()
    expect(bypass.pending).toBe(1)
  })

  it('is the answer byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251)
    const { ask } = start(() => refused(), {
      provider: () => new Response(bytes, { headers: { 'content-type': 'audio/mpeg' } }),
    })
    const response = await ask()
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
    expect(response.headers.get('content-type')).toBe('audio/mpeg')
  })
})

describe('usage', () => {
  it.each([
    ['{"usage":{"prompt_tokens":1}}', { prompt_tokens: 1 }],
    ['data: {"response":{"usage":{"input_tokens":2}}}\n\n', { input_tokens: 2 }],
    [
      'event: message_start\ndata: {"message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\ndata: {"usage":{"output_tokens":9}}\n\n',
      { input_tokens: 3, output_tokens: 9 },
    ],
    ['{"usageMetadata":{"promptTokenCount":4}}', { promptTokenCount: 4 }],
    ['data: {"usage":', undefined],
    ['', undefined],
  ])('of %j is %j', (text, usage) => {
    expect(usageIn(text)).toEqual(usage)
  })
})
