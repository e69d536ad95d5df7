import { type AdminAct, createGateway, type Gateway, type GatewayOptions, type RequestRecord } from '@postern/core'
import { redisStore } from '@postern/redis'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ask } from './harness/chain.ts'
import { seeLog, type SeenLog } from './harness/log.ts'
import { startRedis, type TestRedis } from './harness/redis.ts'

const TOKEN = 'admin-canary-0123456789abcdef'

let provider: FakeProvider
let log: SeenLog
let acts: AdminAct[]
let records: RequestRecord[]
const closers: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
beforeEach(() => {
  log = seeLog()
  acts = []
  records = []
  provider.reply({ answer: { text: 'hi', usage: { input: 6, output: 4 } } })
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
afterAll(() => provider.close())

function start(options: Partial<GatewayOptions> = {}): Gateway {
  const gateway = createGateway({ providers: { first: { baseUrl: provider.url, apiKey: 'test' } }, keys: { fixed: 'pk_fixed_0123456789abcdef' }, adminToken: TOKEN, log, onAdmin: (act) => acts.push(act), onRecord: (record) => records.push(record), ...options }, { environment: {} })
  closers.push(() => gateway.close({ graceMs: 0 }))
  return gateway
}

type Answer = { readonly status: number; readonly body: Record<string, unknown> & { error?: { code: string; message: string }; keys?: Record<string, unknown>[]; usage?: Record<string, unknown>[] } }

async function admin(gateway: Gateway, act: string, body?: object, token: string | null = TOKEN): Promise<Answer> {
  const [method = '', path = ''] = act.split(' ')
  const response = await gateway.fetch(`http://gateway${path}`, { method, headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }) }, ...(body !== undefined && { body: JSON.stringify(body) }) })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const use = async (gateway: Gateway, key: unknown, body: Record<string, unknown> = {}): Promise<number> =>
  (await ask((path, init) => gateway.fetch(`http://gateway${path}`, init), { model: 'first/m', ...body }, { headers: { authorization: `Bearer ${String(key)}` } })).status

describe('keys that are made while the gateway runs', () => {
  it('are shown once, work at once, and are listed without anything that opens a door', async () => {
    const gateway = start()
    const made = await admin(gateway, 'POST /admin/keys', { name: 'support', team: 'support', limits: [{ unit: 'requests', window: 'hour', limit: 2 }] })
    expect(made).toMatchObject({ status: 201, body: { name: 'support', status: 'active', key: expect.stringMatching(/^pk_[\w-]{43}$/) } })
    const { key } = made.body
    expect([await use(gateway, key), await use(gateway, key), await use(gateway, key)]).toEqual([200, 200, 429])
    expect(records[0]?.endpoint).toBe('POST /admin')
    expect(records.find(({ caller }) => caller !== undefined)?.caller).toEqual({ id: 'support', team: 'support' })
    const { body } = await admin(gateway, 'GET /admin/keys')
    expect(body.keys).toMatchObject([{ name: 'support', status: 'active', grants: { team: 'support' } }])
    expect(JSON.stringify(body)).not.toMatch(/hash/)
    expect(JSON.stringify([body, acts, records, log.lines])).not.toContain(String(key))
  })

  it('are rotated with a grace, revoked, and run out', async () => {
    const gateway = start()
    const { key } = (await admin(gateway, 'POST /admin/keys', { name: 'web', expiresIn: '90d' })).body
    const rotated = await admin(gateway, 'POST /admin/keys/web/rotate', { grace: '1h' })
    expect(rotated.status).toBe(201)
    expect([await use(gateway, key), await use(gateway, rotated.body['key'])]).toEqual([200, 200])
    const again = await admin(gateway, `POST /admin/keys/${String(rotated.body['id'])}/rotate`, { grace: 0 })
    expect([await use(gateway, rotated.body['key']), await use(gateway, again.body['key'])]).toEqual([401, 200])
    expect((await admin(gateway, `POST /admin/keys/${String(again.body['id'])}/revoke`)).body).toMatchObject({ status: 'revoked' })
    expect(await use(gateway, again.body['key'])).toBe(401)
    expect((await admin(gateway, `POST /admin/keys/${String(again.body['id'])}/rotate`)).status).toBe(409)
    expect((await admin(gateway, 'GET /admin/keys')).body.keys?.map(({ status }) => status)).toEqual(['active', 'expired', 'revoked'])
  })

  it('are held to their routes and models, and may be given others', async () => {
    const gateway = start({ routes: { support: ['first/m'] } })
    const { key } = (await admin(gateway, 'POST /admin/keys', { name: 'web', routes: ['support'] })).body
    expect([await use(gateway, key, { model: 'support' }), await use(gateway, key)]).toEqual([200, 403])
    expect((await admin(gateway, 'PATCH /admin/keys/web', { models: ['first/*'] })).body).toMatchObject({ grants: { routes: ['support'], models: ['first/*'] } })
    expect(await use(gateway, key)).toBe(200)
  })

  it('show what they have used, and begin anew on demand', async () => {
    const gateway = start({ limits: [{ unit: 'tokens', window: 'day', limit: 1_000, scope: 'team' }], prices: { 'first/*': { input: 100, output: 100 } } })
    const { key } = (await admin(gateway, 'POST /admin/keys', { name: 'web', team: 'a', limits: [{ unit: 'usd', window: 'month', limit: 50 }] })).body
    await use(gateway, key, { max_tokens: 10 })
    const { usage } = (await admin(gateway, 'GET /admin/keys/web/usage')).body
    expect(usage).toMatchObject([{ unit: 'tokens', used: 10, amount: 1_000, limit: '1000 tokens per day of this team' }, { unit: 'usd', used: 0.001, amount: 50, resetsAt: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00/) }])
    expect((await admin(gateway, 'POST /admin/keys/web/reset')).body.usage).toMatchObject([{ used: 0 }, { used: 0 }])
  })

  it.each<[string, object, RegExp]>([
    ['no name', {}, /name/],
    ['a name that is no name', { name: 'a b' }, /name/],
    ['a field that does not exist', { name: 'a', budgt: 1 }, /budgt: there is no such field/],
    ['a limit that cannot be', { name: 'a', limits: [{ unit: 'usd', window: 'month', limit: -5 }] }, /limits\.0\.limit/],
    ['a life that is none', { name: 'a', expiresIn: 'soon' }, /expiresIn/],
    ['a name that is taken', { name: 'fixed' }, /already/],
  ])('are not made with %s', async (_what, body, message) => {
    const answer = await admin(start(), 'POST /admin/keys', body)
    expect([400, 409]).toContain(answer.status)
    expect(answer.body.error?.message).toMatch(message)
  })

  it('that do not exist are said not to', async () => {
    const gateway = start()
    expect((await admin(gateway, 'POST /admin/keys/nobody/revoke')).status).toBe(404)
    expect((await admin(gateway, 'DELETE /admin/keys/nobody')).status).toBe(404)
  })
})

describe('/admin', () => {
  it('is not there without a token or a guard', async () => {
    const gateway = createGateway({ providers: { first: { baseUrl: provider.url, apiKey: 'test' } }, auth: 'none', log: 'silent' }, { environment: {} })
    closers.push(() => gateway.close({ graceMs: 0 }))
    expect((await admin(gateway, 'GET /admin/keys')).status).toBe(404)
  })

  it('is closed to virtual keys and wrong tokens, and answers no more than twenty of those a minute', async () => {
    const gateway = start()
    const { key } = (await admin(gateway, 'POST /admin/keys', { name: 'web' })).body
    const seen: number[] = []
    for (const token of [null, 'wrong', String(key), 'pk_fixed_0123456789abcdef', ...Array.from({ length: 20 }, (_, at) => `guess-${at}`)]) seen.push((await admin(gateway, 'GET /admin/keys', undefined, token)).status)
    expect(seen).toEqual([...Array<number>(20).fill(401), ...Array<number>(4).fill(429)])
    // Who has the token is not locked out by those who have not.
    expect((await admin(gateway, 'GET /admin/keys')).status).toBe(200)
  })

  it('opens to the host’s own login, and tells who did what', async () => {
    const gateway = start({ adminGuard: () => 'ada@example.com' })
    await admin(gateway, 'POST /admin/keys', { name: 'web' }, null)
    await admin(gateway, 'POST /admin/keys/web/revoke', undefined, null)
    await admin(gateway, 'POST /admin/keys/nobody/revoke', undefined, null)
    expect(acts).toMatchObject([
      { by: 'ada@example.com', act: 'POST /admin/keys', status: 201 },
      { by: 'ada@example.com', act: 'POST /admin/keys/{id}/revoke', target: 'web', status: 200 },
      { by: 'ada@example.com', act: 'POST /admin/keys/{id}/revoke', target: 'nobody', status: 404 },
    ])
  })

  it('shows its token nowhere', async () => {
    const gateway = start()
    await admin(gateway, 'GET /admin/keys')
    expect(JSON.stringify([log.lines, acts, records, gateway.health()])).not.toContain(TOKEN)
    expect(() => start({ adminToken: 'short' })).toThrow(/admin token/)
  })
})

describe('on Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())

  it('what one instance does holds for the others within a second, also after a restart', async () => {
    const stores = [redisStore({ url: redis.url }), redisStore({ url: redis.url }), redisStore({ url: redis.url })] as const
    closers.push(() => Promise.all(stores.map((store) => store.close())))
    const [one, other] = [start({ store: stores[0] }), start({ store: stores[1] })]
    await vi.waitFor(async () => expect((await admin(one, 'GET /admin/keys')).status).toBe(200))
    const { key } = (await admin(one, 'POST /admin/keys', { name: 'web', limits: [{ unit: 'requests', window: 'day', limit: 100 }] })).body
    await vi.waitFor(async () => expect(await use(other, key)).toBe(200), { timeout: 1_000, interval: 50 })
    await admin(one, 'PATCH /admin/keys/web', { limits: [{ unit: 'requests', window: 'day', limit: 1 }] })
    await vi.waitFor(async () => expect(await use(other, key)).toBe(429), { timeout: 1_000, interval: 50 })
    const third = start({ store: stores[2] })
    await vi.waitFor(async () => expect(await use(third, key)).toBe(429), { timeout: 2_000, interval: 50 })
    await admin(third, 'POST /admin/keys/web/revoke')
    for (const gateway of [one, other]) await vi.waitFor(async () => expect(await use(gateway, key)).toBe(401), { timeout: 1_000, interval: 50 })
    // Nothing in the store opens a door (S-05, guarantee 2).
    const kept = redis.cli('KEYS', '*').split('\n').map((name) => redis.cli('--no-raw', 'DUMP', name)).join('')
    expect(kept).not.toContain(String(key).slice(12))
  }, 20_000)

  it('a store that is away does not lock out whom it has let in', async () => {
    const store = redisStore({ url: redis.url, prefix: 'away' })
    closers.push(() => store.close())
    const gateway = start({ store })
    await vi.waitFor(async () => expect((await admin(gateway, 'GET /admin/keys')).status).toBe(200))
    const { key } = (await admin(gateway, 'POST /admin/keys', { name: 'web' })).body
    redis.pause()
    try {
      for (let at = 0; at < 5; at++) expect(await use(gateway, key)).toBe(200)
    } finally {
      redis.resume()
    }
  })
})
