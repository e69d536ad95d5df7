import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createGateway } from '@postern/core'
import { startFakeProvider } from '@postern/testing'
import { createClient } from '@redis/client'
import { expect, it, vi } from 'vitest'
import { createServer as createRedisServer } from '../examples/existing-redis/server.ts'
import { createServer as createExpressServer } from '../examples/express/server.ts'
import { createServer as createHonoServer } from '../examples/hono/server.ts'
import { createServer as createKoaServer } from '../examples/koa/server.ts'
import { listen } from './harness/listen.ts'
import { startRedis } from './harness/redis.ts'

type Start = (gateway: ReturnType<typeof createGateway>) => RequestListener
const examples: [string, string, Start][] = [
  ['Express', '', (gateway) => createExpressServer(gateway)],
  ['Koa', '/llm', (gateway) => createKoaServer(gateway).callback()],
  [
    'Hono',
    '',
    (gateway) =>
      getRequestListener(createHonoServer(gateway).fetch, { overrideGlobalObjects: false }),
  ],
]

it.each(examples)(
  'the %s example serves its own page and the gateway',
  async (_name, prefix, start) => {
    const provider = await startFakeProvider({ dialect: 'anthropic-messages' })
    const key = 'pk_example_0123456789'
    const gateway = createGateway({
      prefix,
      providers: { claude: { baseUrl: provider.url, dialect: 'anthropic-messages' } },
      keys: { example: key },
      log: 'silent',
    })
    const server = await listen(start(gateway))
    try {
      expect(await (await fetch(server.url)).text()).toMatch(/your own application/)
      const response = await fetch(`${server.url}/llm/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'claude/claude-sonnet-4-6',
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      })
      expect(await response.json()).toMatchObject({
        choices: [{ message: { content: 'You said: Hi' } }],
      })
    } finally {
      await server.close()
      await gateway.close()
      await provider.close()
    }
  },
)

it('the existing-redis example shares its limits among instances, on the connection it had', async () => {
  const [redis, provider] = [
    await startRedis(),
    await startFakeProvider({ dialect: 'openai-chat' }),
  ]
  const key = 'pk_example_0123456789'
  const environment = {
    POSTERN_PROVIDER_DEMO_BASE_URL: provider.url,
    POSTERN_PROVIDER_DEMO_API_KEY: 'test',
    POSTERN_KEYS: `web:${key}`,
    POSTERN_LOG: 'silent',
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const clients = await Promise.all(
    [1, 2].map(async () => createClient({ url: redis.url }).connect()),
  )
  const servers = await Promise.all(
    clients.map((client) => listen(createRedisServer(client as never))),
  )
  try {
    const seen: number[] = []
    for (let at = 0; at < 7; at++) {
      const response = await fetch(`${servers[at % 2]?.url}/llm/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'demo/m', messages: [{ role: 'user', content: 'Hi' }] }),
      })
      seen.push(response.status)
    }
    // The minute may have turned in between: then there is room again.
    expect(seen.slice(0, 5)).toEqual([200, 200, 200, 200, 200])
    expect(
      seen.filter((status) => status === 429).length +
        (redis.cli('KEYS', '{postern}:p:*').split('\n').length - 1) * 2,
    ).toBeGreaterThanOrEqual(2)
    expect(await (await fetch(`${servers[0]?.url}/`)).text()).toBe('You are visitor 1.')
  } finally {
    vi.unstubAllEnvs()
    for (const server of servers) await server.close()
    for (const client of clients) client.destroy()
    await Promise.all([redis.close(), provider.close()])
  }
})
