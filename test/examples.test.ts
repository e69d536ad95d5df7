import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createGateway } from '@postern/core'
import { startFakeProvider } from '@postern/testing'
import { expect, it } from 'vitest'
import { createServer as createExpressServer } from '../examples/express/server.ts'
import { createServer as createHonoServer } from '../examples/hono/server.ts'
import { createServer as createKoaServer } from '../examples/koa/server.ts'
import { listen } from './harness/listen.ts'

type Start = (gateway: ReturnType<typeof createGateway>) => RequestListener
const examples: [string, string, Start][] = [
  ['Express', '', (gateway) => createExpressServer(gateway)],
  ['Koa', '/llm', (gateway) => createKoaServer(gateway).callback()],
  ['Hono', '', (gateway) => getRequestListener(createHonoServer(gateway).fetch, { overrideGlobalObjects: false })],
]

it.each(examples)('the %s example serves its own page and the gateway', async (_name, prefix, start) => {
  const provider = await startFakeProvider({ dialect: 'anthropic-messages' })
  const key = 'pk_example_0123456789'
  const gateway = createGateway({ prefix, providers: { claude: { baseUrl: provider.url, dialect: 'anthropic-messages' } }, keys: { example: key }, log: 'silent' })
  const server = await listen(start(gateway))
  try {
    expect(await (await fetch(server.url)).text()).toMatch(/your own application/)
    const response = await fetch(`${server.url}/llm/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'claude/claude-sonnet-4-6', messages: [{ role: 'user', content: 'Hi' }] }),
    })
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'You said: Hi' } }] })
  } finally {
    await server.close()
    await gateway.close()
    await provider.close()
  }
})
