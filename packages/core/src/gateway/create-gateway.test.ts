import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { FakeTransport, json, type Reply } from '../dispatch/transport.fake.ts'
import { createGateway } from './create-gateway.ts'
import type { Gateway } from './gateway.ts'

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const credentials = {
  type: 'service_account',
  project_id: 'p-1',
  client_email: 'a@b.example',
  private_key: privateKey,
}
const answer = json({
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }],
})

function start(...script: Reply[]) {
  const clock = new FakeClock()
  const transport = new FakeTransport(script)
  const gateway = createGateway(
    { providers: { vertex: { credentials } }, auth: 'none', retries: 0, log: 'silent' },
    { clock, transport, environment: {} },
  )
  return { clock, transport, gateway }
}

function ask(gateway: Gateway): Promise<Response> {
  const body = JSON.stringify({
    model: 'vertex/gemini-3-pro',
    messages: [{ role: 'user', content: 'Hi' }],
  })
  return gateway.fetch('http://llm/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
}

describe('a token of a provider', () => {
  it('is requested over the same connections, and kept', async () => {
    const { transport, gateway } = start(
      json({ access_token: 'issued-token', expires_in: 3600 }),
      answer,
      answer,
    )
    for (const response of [await ask(gateway), await ask(gateway)])
      expect(response.status).toBe(200)
    expect(transport.requests.map(({ origin, method, path }) => [origin, method, path])).toEqual([
      ['https://oauth2.googleapis.com', 'POST', '/token'],
      ...[1, 2].map(() => [
        'https://aiplatform.googleapis.com',
        'POST',
        '/v1/projects/p-1/locations/global/publishers/google/models/gemini-3-pro:generateContent',
      ]),
    ])
    expect(transport.requests.slice(1).map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer issued-token',
      'Bearer issued-token',
    ])
    await gateway.close()
  })

  it('that is refused is reported as an error of the gateway, not in the words of the provider', async () => {
    const { gateway } = start(
      json({ error: 'invalid_grant', error_description: 'a@b.example is hidden' }, { status: 400 }),
    )
    const response = await ask(gateway)
    expect(response.status).toBe(502)
    expect(await response.text()).not.toContain('hidden')
    await gateway.close()
  })

  it('that does not come ends the wait', async () => {
    const { clock, transport, gateway } = start(json({}, { hangs: 'headers' }))
    const pending = ask(gateway)
    for (let turn = 0; turn < 20 && transport.calls.length === 0; turn += 1) await settle()
    await clock.advance(10_000)
    expect((await pending).status).toBeGreaterThanOrEqual(502)
    expect(transport.calls[0]?.aborted).toMatchObject({ code: 'provider_unreachable' })
    expect(clock.pending).toBe(0)
    await gateway.close()
  })
})
