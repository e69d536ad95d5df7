import { createGateway, type Gateway, type GatewayOptions, type RequestRecord } from '@postern/core'
import { withBypass } from '@postern/client'
import { type FakeProvider, refusedUrl, startFakeProvider } from '@postern/testing'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CANARY_KEY, CLIENT_KEY } from './harness/chain.ts'

/** The official SDK, a provider, and a gateway that comes and goes. */
describe('going around a gateway that is not there', () => {
  let provider: FakeProvider
  let gateway: Gateway
  let records: RequestRecord[]
  let isUp: boolean
  let refused: string

  beforeEach(async () => {
    provider = await startFakeProvider({ dialect: 'openai-chat', apiKey: CANARY_KEY })
    refused = await refusedUrl()
    records = []
    isUp = false
    gateway = createGateway(
      {
        providers: { openai: { baseUrl: provider.url, apiKey: CANARY_KEY } },
        keys: { app: { key: CLIENT_KEY, mayReport: true } },
        log: 'silent',
        onRecord: (record) => void records.push(record),
      },
      { environment: {} },
    )
  })
  afterEach(async () => {
    await gateway.close({ graceMs: 0 })
    await provider.close()
  })

  function sdk() {
    const baseURL = 'http://gateway.test/v1'
    const reach: typeof fetch = (input, init) => {
      const url = String(input)
      if (!url.startsWith(baseURL)) return fetch(input, init)
      return isUp
        ? gateway.fetch(url, init)
        : fetch(url.replace('http://gateway.test', refused), init)
    }
    const bypass = withBypass({
      gateway: { baseURL, apiKey: CLIENT_KEY, fetch: reach },
      direct: { provider: 'openai', baseURL: provider.url, apiKey: CANARY_KEY },
      retryAfterMs: 0,
    })
    return {
      client: new OpenAI({ baseURL, apiKey: CLIENT_KEY, maxRetries: 0, fetch: bypass }),
      bypass,
    }
  }

  const question = {
    model: 'openai/gpt-5-mini',
    messages: [{ role: 'user' as const, content: 'Hello' }],
  }

  it.each([false, true])(
    'answers, and the gateway gets a report when it is back (stream: %s)',
    async (stream) => {
      const { client, bypass } = sdk()
      if (stream) {
        const completion = await client.chat.completions
          .stream({ ...question, stream_options: { include_usage: true } })
          .finalChatCompletion()
        expect(completion.choices[0]?.message.content).toBe('You said: Hello')
      } else
        expect((await client.chat.completions.create(question)).choices[0]?.message.content).toBe(
          'You said: Hello',
        )
      expect(JSON.stringify(provider.journal.last().headers)).not.toContain(CLIENT_KEY)
      expect([bypass.pending, records.length]).toEqual([1, 0])
      isUp = true
      await client.chat.completions.create(question)
      await bypass.flush()
      expect(bypass.pending).toBe(0)
      expect(records.find(({ endpoint }) => endpoint === 'bypass')).toMatchObject({
        caller: { id: 'app' },
        target: 'openai/gpt-5-mini',
        status: 200,
        usage: { input: 8, output: 3 },
        degraded: ['bypass'],
      })
    },
  )

  it('bypasses a gateway that is closing, for it says so', async () => {
    isUp = true
    await gateway.close({ graceMs: 0 })
    const { client, bypass } = sdk()
    expect((await client.chat.completions.create(question)).choices[0]?.message.content).toBe(
      'You said: Hello',
    )
    expect(bypass.pending).toBe(1)
  })

  it('never goes around a refusal', async () => {
    isUp = true
    const { client } = sdk()
    provider.reply({ status: 429 })
    await expect(client.chat.completions.create(question)).rejects.toMatchObject({ status: 429 })
    await expect(
      new OpenAI({
        baseURL: 'http://gateway.test/v1',
        apiKey: 'pk_wrong_0123456789',
        maxRetries: 0,
        fetch: sdk().bypass,
      }).chat.completions.create(question),
    ).rejects.toMatchObject({ status: 401 })
  })
})

describe('reports of usage', () => {
  const records: RequestRecord[] = []
  const report = {
    id: 'bypass_1',
    at: '2026-01-02T03:04:05.000Z',
    provider: 'openai',
    model: 'gpt-5',
    status: 200,
    usage: { prompt_tokens: 3, completion_tokens: 4 },
  }

  async function send(body: unknown, gateway: Gateway): Promise<Response> {
    return gateway.fetch('http://g/v1/usage-reports', {
      method: 'POST',
      headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  const start = (): Gateway =>
    createGateway(
      {
        providers: { openai: { apiKey: CANARY_KEY } },
        keys: { app: { key: CLIENT_KEY, mayReport: true } },
        log: 'silent',
        onRecord: (record) => void records.push(record),
      },
      { environment: {} },
    )

  it('become one record each, however often they are sent', async () => {
    const gateway = start()
    records.length = 0
    expect(
      await (await send({ reports: [report, { ...report, id: 'bypass_2' }] }, gateway)).json(),
    ).toEqual({ accepted: 2, known: 0 })
    expect(await (await send({ reports: [report] }, gateway)).json()).toEqual({
      accepted: 0,
      known: 1,
    })
    expect(
      records.filter(({ endpoint }) => endpoint === 'bypass').map(({ id, usage }) => [id, usage]),
    ).toEqual([
      ['bypass_1', { input: 3, output: 4 }],
      ['bypass_2', { input: 3, output: 4 }],
    ])
    await gateway.close()
  })

  it('count against the limits of their caller, once, and beyond them', async () => {
    const gateway = createGateway(
      {
        providers: { openai: { apiKey: CANARY_KEY, baseUrl: 'http://127.0.0.1:9/v1' } },
        keys: { app: { key: CLIENT_KEY, mayReport: true } },
        limits: [
          { unit: 'tokens', window: 'total', limit: 10 },
          { unit: 'usd', window: 'month', limit: 1 },
        ],
        prices: { 'openai/*': { input: 1, output: 1 } },
        retries: 0,
        log: 'silent',
      },
      { environment: {} },
    )
    const chat = async (): Promise<number> =>
      (
        await gateway.fetch('http://g/v1/chat/completions', {
          method: 'POST',
          headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'openai/gpt-5',
            max_tokens: 1,
            messages: [{ role: 'user', content: 'hi' }],
          }),
        })
      ).status
    await send(
      { reports: [{ ...report, usage: { prompt_tokens: 1, completion_tokens: 1 } }] },
      gateway,
    )
    // There is room, but no server answers.
    expect(await chat()).toBe(502)
    await send(
      {
        reports: [
          { ...report, id: 'bypass_2' },
          { ...report, id: 'bypass_3' },
        ],
      },
      gateway,
    )
    expect(await chat()).toBe(429)
    await gateway.close()
  })

  it('need the right to report, whatever credential they come with', async () => {
    const rightless: readonly [GatewayOptions, Record<string, string>][] = [
      [{ keys: { app: CLIENT_KEY } }, { authorization: `Bearer ${CLIENT_KEY}` }],
      [
        { keys: { app: { key: CLIENT_KEY, mayReport: false } } },
        { authorization: `Bearer ${CLIENT_KEY}` },
      ],
      [{ identify: () => ({ id: 'ada' }) }, {}],
      [{ identify: () => ({ id: 'ada', mayReport: false }) }, {}],
      [{ auth: 'none' }, {}],
    ]
    for (const [options, headers] of rightless) {
      const kept: RequestRecord[] = []
      const gateway = createGateway(
        {
          providers: { openai: { apiKey: CANARY_KEY } },
          log: 'silent',
          limits: [{ unit: 'tokens', window: 'total', limit: 10 }],
          onRecord: (record) => void kept.push(record),
          ...options,
        },
        { environment: {} },
      )
      const response = await gateway.fetch('http://g/v1/usage-reports', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ reports: [report] }),
      })
      expect([
        response.status,
        ((await response.json()) as { error: { code: string } }).error.code,
        kept.some(({ endpoint }) => endpoint === 'bypass'),
      ]).toEqual([403, 'permission_denied', false])
      await gateway.close()
    }
  })

  it('may be sent by a caller that identify gives the right to, by a key of /admin, and by one of the environment', async () => {
    const admin = {
      authorization: 'Bearer admin-reports-0123456789',
      'content-type': 'application/json',
    }
    const gateway = createGateway(
      {
        providers: { openai: { apiKey: CANARY_KEY } },
        adminToken: 'admin-reports-0123456789',
        log: 'silent',
        identify: (request) =>
          (request as Request).headers.has('x-login') ? { id: 'ada', mayReport: true } : null,
      },
      {
        environment: {
          POSTERN_KEYS: JSON.stringify({ app: { key: CLIENT_KEY, mayReport: true } }),
        },
      },
    )
    const made = (await (
      await gateway.fetch('http://g/admin/keys', {
        method: 'POST',
        headers: admin,
        body: JSON.stringify({ name: 'made', mayReport: true }),
      })
    ).json()) as { key: string }
    const statuses: number[] = []
    for (const headers of [
      { authorization: `Bearer ${CLIENT_KEY}` },
      { authorization: `Bearer ${made.key}` },
      { 'x-login': 'yes' },
    ]) {
      statuses.push(
        (
          await gateway.fetch('http://g/v1/usage-reports', {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body: JSON.stringify({ reports: [report] }),
          })
        ).status,
      )
    }
    expect(statuses).toEqual([200, 200, 200])
    await gateway.close()
  })

  it.each<[string, NonNullable<GatewayOptions['limits']>[number], boolean]>([
    ['of the key', { unit: 'tokens', window: 'total', limit: 10 }, true],
    [
      'of the key and its team',
      { unit: 'tokens', window: 'total', limit: 10, scope: ['key', 'team'] },
      true,
    ],
    [
      'of all, but for that key only',
      { unit: 'tokens', window: 'total', limit: 10, scope: 'all', only: { key: 'app' } },
      true,
    ],
    [
      'of all, for that key and another',
      { unit: 'tokens', window: 'total', limit: 10, scope: 'all', only: { key: ['app', 'web'] } },
      false,
    ],
    ['of the team', { unit: 'tokens', window: 'total', limit: 10, scope: 'team' }, false],
    ['of the tenant', { unit: 'tokens', window: 'total', limit: 10, scope: 'tenant' }, false],
    ['of the user', { unit: 'tokens', window: 'total', limit: 10, scope: 'user' }, false],
    ['of all', { unit: 'tokens', window: 'total', limit: 10, scope: 'all' }, false],
    ['of the model', { unit: 'tokens', window: 'total', limit: 10, scope: 'model' }, false],
  ])('use up a limit %s: %o %s', async (_, limit, isCharged) => {
    const provider = await startFakeProvider({ dialect: 'openai-chat', apiKey: CANARY_KEY })
    const gateway = createGateway(
      {
        providers: { openai: { apiKey: CANARY_KEY, baseUrl: provider.url } },
        keys: { app: { key: CLIENT_KEY, mayReport: true, team: 't', tenant: 'n', user: 'u' } },
        limits: [limit],
        log: 'silent',
      },
      { environment: {} },
    )
    expect(
      (
        await send(
          { reports: [{ ...report, usage: { prompt_tokens: 9_000_000, completion_tokens: 1 } }] },
          gateway,
        )
      ).status,
    ).toBe(200)
    const { status } = await gateway.fetch('http://g/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'openai/gpt-5',
        max_completion_tokens: 1,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    })
    expect(status).toBe(isCharged ? 429 : 200)
    await Promise.all([gateway.close(), provider.close()])
  })

  it.each<[object, string]>([
    ...[
      'prompt_tokens',
      'completion_tokens',
      'input_tokens',
      'output_tokens',
      'total_tokens',
      'promptTokenCount',
      'candidatesTokenCount',
    ].map(
      (name) =>
        [{ reports: [{ ...report, usage: { [name]: 10_000_001 } }] }, 'reports[0].usage'] as [
          object,
          string,
        ],
    ),
    [
      {
        reports: [
          report,
          {
            ...report,
            id: 'x',
            usage: { input_tokens: 1, cache_read_input_tokens: Number.MAX_SAFE_INTEGER },
          },
        ],
      },
      'reports[1].usage',
    ],
    [
      {
        reports: [
          { ...report, usage: { input_tokens: 1, cache_creation_input_tokens: 10_000_001 } },
        ],
      },
      'reports[0].usage',
    ],
    [
      {
        reports: [
          {
            ...report,
            usage: { input_tokens: 1, output_tokens_details: { reasoning_tokens: 10_000_001 } },
          },
        ],
      },
      'reports[0].usage',
    ],
    [{}, 'reports'],
    [{ reports: [] }, 'reports'],
    [{ reports: Array.from({ length: 101 }, () => report) }, 'reports'],
    [{ reports: [report, { ...report, id: '' }] }, 'reports[1].id'],
    [{ reports: [{ ...report, at: 'yesterday' }] }, 'reports[0].at'],
    [{ reports: [{ ...report, provider: 7 }] }, 'reports[0].provider'],
    [{ reports: [{ ...report, model: undefined }] }, 'reports[0].model'],
    [{ reports: [{ ...report, status: 99 }] }, 'reports[0].status'],
    [{ reports: [{ ...report, usage: [] }] }, 'reports[0].usage'],
    [{ reports: [null] }, 'reports[0]'],
  ])('that are wrong are refused by their place: %#', async (body, param) => {
    const gateway = start()
    const response = await send(body, gateway)
    expect([
      response.status,
      ((await response.json()) as { error: { param: string } }).error.param,
    ]).toEqual([400, param])
    await gateway.close()
  })

  it('are taken from callers only', async () => {
    const gateway = start()
    const response = await gateway.fetch('http://g/v1/usage-reports', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reports: [report] }),
    })
    expect(response.status).toBe(401)
    await gateway.close()
  })
})
