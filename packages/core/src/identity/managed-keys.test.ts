import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { type AdminStore, memoryStore, AdminCache, type StoredKey } from '../storage/index.ts'
import { ManagedKeys } from './managed-keys.ts'

function start() {
  const clock = new FakeClock()
  const kept = memoryStore(() => clock.now()).adminStore as AdminStore
  const state = { asked: 0, isDown: false, hangs: false }
  const adminStore: AdminStore = {
    changesSince(version) {
      state.asked += 1
      if (state.hangs) return new Promise(() => undefined)
      return state.isDown ? Promise.reject(new Error('ECONNREFUSED')) : kept.changesSince(version)
    },
    put: (key) => kept.put(key),
    secret: (fresh) => kept.secret(fresh),
  }
  const instance = (): ManagedKeys => {
    const register: AdminCache = new AdminCache({
      adminStore,
      clock,
      onChange: (changed, isAnew) => ring.learn(changed, isAnew),
    })
    const ring = new ManagedKeys({
      register,
      clock,
      callerOf: ({ name }) => ({ id: name, credential: 'made' }),
    })
    return ring
  }
  return { clock, kept, state, one: instance(), other: instance() }
}

describe('a key ring', () => {
  it('knows a key that another instance has made, and no other', async () => {
    const { one, other } = start()
    const { key, stored } = await one.make({ name: 'web', grants: {} })
    expect(key).toMatch(/^pk_[\w-]{43}$/)
    expect(await other.find(key)).toEqual({ id: 'web', credential: 'made' })
    expect([
      await other.find(`${key}x`),
      await other.find('pk_'),
      await other.find(stored.hash),
    ]).toEqual([undefined, undefined, undefined])
  })

  it('keeps no key: what is written down opens nothing', async () => {
    const { one, kept } = start()
    const { key } = await one.make({ name: 'web', grants: { team: 'a' } })
    const { entries } = await kept.changesSince(0)
    expect(JSON.stringify(entries)).not.toContain(key.slice(10))
    expect((entries[0] as StoredKey).hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('refuses a revoked key everywhere within half a second', async () => {
    const { clock, one, other } = start()
    const { key, stored } = await one.make({ name: 'web', grants: {} })
    expect(await other.find(key)).toBeDefined()
    await one.revoke(stored)
    expect(await one.find(key)).toBeUndefined()
    await clock.advance(500)
    expect(await other.find(key)).toBeUndefined()
  })

  it('lets the old key of a rotated one live for its grace, for the same caller', async () => {
    const { clock, one } = start()
    const old = await one.make({ name: 'web', grants: {} })
    const made = await one.rotate(old.stored, 60_000)
    expect([await one.find(old.key), await one.find(made.key)]).toEqual([
      { id: 'web', credential: 'made' },
      { id: 'web', credential: 'made' },
    ])
    await clock.advance(60_000)
    expect([await one.find(old.key), await one.find(made.key)]).toEqual([
      undefined,
      { id: 'web', credential: 'made' },
    ])
  })

  it('forgets a key when its time is over', async () => {
    const { clock, one } = start()
    const { key } = await one.make({ name: 'web', grants: {}, expiresAt: clock.now() + 1_000 })
    expect(await one.find(key)).toBeDefined()
    await clock.advance(1_000)
    expect(await one.find(key)).toBeUndefined()
  })

  it('asks once in half a second, however many requests there are', async () => {
    const { clock, one, state } = start()
    const { key } = await one.make({ name: 'web', grants: {} })
    const before = state.asked
    for (let request = 0; request < 50; request++) await one.find(key)
    expect(state.asked).toBe(before)
    await clock.advance(500)
    await Promise.all(Array.from({ length: 50 }, () => one.find(key)))
    expect(state.asked).toBe(before + 1)
  })

  it('trusts its knowledge for a minute while the store is down, and no key after that', async () => {
    const { clock, one, state } = start()
    const { key } = await one.make({ name: 'web', grants: {} })
    state.isDown = true
    await clock.advance(30_000)
    expect(await one.find(key)).toBeDefined()
    await clock.advance(31_000)
    await expect(one.find(key)).rejects.toMatchObject({ code: 'store_unavailable', status: 503 })
    state.isDown = false
    await clock.advance(500)
    expect(await one.find(key)).toBeDefined()
  })

  it('keeps no request waiting longer than 50 ms', async () => {
    const { clock, one, state } = start()
    const { key } = await one.make({ name: 'web', grants: {} })
    state.hangs = true
    await clock.advance(1_000)
    const finding = one.find(key)
    await clock.advance(50)
    expect(await finding).toBeDefined()
    // No other request waits for the same answer.
    const before = clock.monotonic()
    expect(await one.find(key)).toBeDefined()
    expect(clock.monotonic()).toBe(before)
  })
})
