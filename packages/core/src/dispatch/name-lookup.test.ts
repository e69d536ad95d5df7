import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGateway } from '../gateway/create-gateway.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { createTransport } from './transport.ts'

const ANSWER = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
}

let provider: Server
let gateway: Gateway | undefined

beforeEach(async () => {
  provider = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(ANSWER))
  }).listen(0, '127.0.0.1')
  await once(provider, 'listening')
})
afterEach(async () => {
  await gateway?.close({ graceMs: 0 })
  gateway = undefined
  provider.closeAllConnections()
  provider.close()
})

/** Asks a provider whose name only `lookup` knows. */
async function ask(
  lookup: LookupFunction,
): Promise<{ status: number; body: { error?: { code: string; message: string } } }> {
  const { port } = provider.address() as AddressInfo
  gateway = createGateway(
    {
      providers: { main: { baseUrl: `http://provider.test:${port}/v1`, apiKey: 'test' } },
      auth: 'none',
      retries: 0,
      connectTimeout: '100ms',
      log: 'silent',
    },
    { environment: {}, transport: createTransport({ connectTimeoutMs: 100, lookup }) },
  )
  const response = await gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'main/m', messages: [{ role: 'user', content: 'hi' }] }),
  })
  return {
    status: response.status,
    body: (await response.json()) as { error?: { code: string; message: string } },
  }
}

const found =
  (...addresses: LookupAddress[]): LookupFunction =>
  (_name, { all }, callback) => {
    const [first] = addresses
    if (all === true) callback(null, addresses)
    else callback(null, first?.address ?? '', first?.family)
  }

describe('the name of a provider', () => {
  it('that does not resolve makes the provider unreachable', async () => {
    const { status, body } = await ask((name, _options, callback) =>
      callback(
        Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }),
        '',
      ),
    )
    expect(status).toBe(502)
    expect(body.error?.code).toBe('provider_unreachable')
    expect(body.error?.message).not.toContain('provider.test')
  })

  it('that is looked for without an end meets the connect timeout', async () => {
    const { status, body } = await ask(() => undefined)
    expect([status, body.error?.code]).toEqual([504, 'connect_timeout'])
  })

  it('with an IPv6 address that is dead is reached by its IPv4 address', async () => {
    const { status } = await ask(
      found({ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }),
    )
    expect(status).toBe(200)
  })
})
