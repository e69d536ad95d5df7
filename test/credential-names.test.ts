import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  memoryStore,
  type RequestRecord,
} from '@postern/core'
import { createGate, type FakeProvider, type Gate, startFakeProvider } from '@postern/testing'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask } from './harness/chain.ts'
import { listen } from './harness/listen.ts'
import { openStream } from './harness/client-stream.ts'

const TOKEN = 'admin-names-0123456789abcdef'
const STATIC_KEY = 'pk_static_0123456789abcdef'
const NAME = 'support'

let provider: FakeProvider
let issuer: Awaited<ReturnType<typeof listen>>
let pair: Awaited<ReturnType<typeof generateKeyPair>>
let records: RequestRecord[]
let gateway: Gateway
let madeKey: string

beforeAll(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
  pair = await generateKeyPair('ES256')
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }]
  issuer = await listen((_request, response) => void response.end(JSON.stringify({ keys })))
})
afterAll(() => Promise.all([provider.close(), issuer.close()]))
afterEach(() => gateway.close({ graceMs: 0 }))

const options = (): GatewayOptions => ({
  providers: { first: { baseUrl: provider.url, apiKey: 'test' } },
  adminToken: TOKEN,
  log: 'silent',
  jwt: { issuer: 'https://id.example', audience: 'llm', jwksUrl: `${issuer.url}/keys` },
  identify: (request) => {
    const id = (request as Request).headers.get('x-login')
    return id === null ? null : { id }
  },
  onRecord: (record) => records.push(record),
})

/**
 * A key that was made while the gateway ran, and then a key of the same name in the configuration.
 */
async function start(more: Partial<GatewayOptions> = {}): Promise<void> {
  const store = memoryStore(() => Date.now())
  const before = createGateway({ ...options(), store }, { environment: {} })
  madeKey = ((await admin('POST /admin/keys', { name: NAME }, before)).body as { key: string }).key
  await before.close()
  gateway = createGateway(
    { ...options(), store, keys: { [NAME]: STATIC_KEY }, ...more },
    { environment: {} },
  )
}

async function admin(
  act: string,
  body?: object,
  to = gateway,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const [method = '', path = ''] = act.split(' ')
  const response = await to.fetch(`http://g${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

type Headers = Readonly<Record<string, string>>
const bearer = (credential: string): Headers => ({ authorization: `Bearer ${credential}` })
const signed = (sub: string): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer('https://id.example')
    .setAudience('llm')
    .setSubject(sub)
    .setExpirationTime('5m')
    .sign(pair.privateKey)

/** Ids that other credentials might take to be the caller of one name. */
const ids = [NAME, `made:${NAME}`, `token:${NAME}`, `host:${NAME}`]

/** Every credential by the name it has in limits. */
async function everyCredential(): Promise<ReadonlyMap<string, Headers>> {
  const all = new Map<string, Headers>([
    [NAME, bearer(STATIC_KEY)],
    [`made:${NAME}`, bearer(madeKey)],
  ])
  for (const id of ids) {
    all.set(`token:${id}`, bearer(await signed(id)))
    all.set(`host:${id}`, { 'x-login': id })
  }
  return all
}

const send = (headers: Headers, body: Record<string, unknown> = {}): Promise<Response> =>
  ask(
    (path, init) => gateway.fetch(`http://g${path}`, init),
    { model: 'first/m', ...body },
    { headers },
  )

describe('callers of one name and different credentials', () => {
  beforeEach(() => {
    records = []
  })

  it('share no limit, and differ in records', async () => {
    await start({ limits: [{ unit: 'requests', window: 'total', limit: 1 }] })
    const seen: Record<string, number[]> = {}
    const all = await everyCredential()
    for (const [name, headers] of all)
      seen[name] = [(await send(headers)).status, (await send(headers)).status]
    expect(seen).toEqual(Object.fromEntries([...all.keys()].map((name) => [name, [200, 429]])))
    const calls = records.filter(({ endpoint }) => endpoint === 'POST /v1/chat/completions')
    expect(
      new Set(calls.map(({ caller, credential }) => JSON.stringify([credential, caller?.id]))).size,
    ).toBe(all.size)
    expect(calls.slice(0, 4).map(({ caller, credential }) => [credential, caller])).toEqual([
      ['key', { id: NAME }],
      ['key', { id: NAME }],
      ['made', { id: NAME }],
      ['made', { id: NAME }],
    ])
  })

  it('share no session', async () => {
    await start({ limits: [{ unit: 'requests', window: 'total', limit: 1, scope: 'session' }] })
    for (const headers of (await everyCredential()).values())
      expect([(await send(headers)).status, (await send(headers)).status]).toEqual([200, 429])
  })

  it.each([
    [NAME, (name: string) => name === NAME || name === `made:${NAME}`],
    [`made:${NAME}`, (name: string) => name === `made:${NAME}`],
    [`token:${NAME}`, (name: string) => name === `token:${NAME}`],
    [`host:${NAME}`, (name: string) => name === `host:${NAME}`],
  ])('are meant by a limit only for the key %s, and nothing else is', async (key, isMeant) => {
    await start({ limits: [{ unit: 'requests', window: 'total', limit: 1, only: { key } }] })
    for (const [name, headers] of await everyCredential())
      expect([name, (await send(headers)).status, (await send(headers)).status]).toEqual([
        name,
        200,
        isMeant(name) ? 429 : 200,
      ])
  })

  it('are not killed with each other', async () => {
    await start()
    const all = await everyCredential()
    const gates = new Map<string, Gate>()
    const streams = new Map<string, ReturnType<typeof openStream>>()
    for (const [name, headers] of all) {
      const gate = createGate()
      gates.set(name, gate)
      provider.enqueue({ answer: { text: ['one', 'two'] }, gate })
      gate.release()
      const stream = openStream(await send(headers, { stream: true }))
      await stream.until('one')
      streams.set(name, stream)
    }
    expect((await admin(`POST /admin/keys/${NAME}/kill`)).status).toBe(200)
    const killed = streams.get(`made:${NAME}`)
    expect(await killed?.rest()).toContain('revoked')
    for (const gate of gates.values()) gate.releaseAll()
    for (const [name, stream] of streams)
      if (name !== `made:${NAME}`) expect(await stream.rest(), name).toContain('[DONE]')
    for (const [name, headers] of all)
      expect([name, (await send(headers)).status]).toEqual([
        name,
        name === `made:${NAME}` ? 401 : 200,
      ])
  })

  it('are queried by their spelling in usage; a bare name is that of a key', async () => {
    await start({ limits: [{ unit: 'requests', window: 'total', limit: 100 }] })
    let count = 0
    const all = await everyCredential()
    const used = async (path: string): Promise<unknown> =>
      ((await admin(`GET ${path}`)).body as { usage: { used: number }[] }).usage.map(
        (level) => level.used,
      )
    for (const headers of all.values()) {
      count += 1
      for (let at = 0; at < count; at++) await send(headers)
    }
    const seen = await Promise.all(
      [...all.keys()].map((name) => used(`/admin/usage?key=${encodeURIComponent(name)}`)),
    )
    expect(seen).toEqual(Array.from({ length: count }, (_, at) => [at + 1]))
    expect(await used(`/admin/keys/${NAME}/usage`)).toEqual([2])
    await admin(`POST /admin/keys/${NAME}/reset`)
    expect([
      await used(`/admin/usage?key=${NAME}`),
      await used(`/admin/usage?key=made:${NAME}`),
    ]).toEqual([[1], [0]])
  })
})
