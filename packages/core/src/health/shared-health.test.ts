import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import type { HealthStore, HealthFact } from '../storage/index.ts'
import { SharedHealth } from './shared-health.ts'
import { TargetHealth } from './target-health.ts'

/** Two instances with clocks of their own, and a board between them. */
function start() {
  const facts = new Map<string, HealthFact>()
  const state = { reads: 0, isDown: false }
  const healthStore: HealthStore = {
    async post(posted) {
      if (state.isDown) throw new Error('ECONNREFUSED')
      for (const fact of posted) {
        if (fact.forMs > 0) facts.set(`${fact.state} ${fact.target}`, fact)
        else facts.delete(`${fact.state} ${fact.target}`)
      }
    },
    async read() {
      state.reads += 1
      if (state.isDown) throw new Error('ECONNREFUSED')
      return [...facts.values()]
    },
  }
  const instance = (epoch: number) => {
    const clock = new FakeClock(epoch)
    const health: TargetHealth = new TargetHealth(clock, (target, circuit, forMs) =>
      shared.tell(target, circuit, forMs),
    )
    const shared = new SharedHealth(healthStore, health, clock)
    health.onCoolDown = (target, ms) => shared.tellCooling(target, ms)
    const touch = async (): Promise<void> => {
      shared.touch()
      await settle()
    }
    return { clock, health, touch }
  }
  // Their clocks differ by two hours: only durations are shared.
  return { state, facts, one: instance(1_700_000_000_000), other: instance(1_700_007_200_000) }
}

const fail = (health: TargetHealth, count: number): void => {
  for (let call = 0; call < count; call++) health.of('a/b').enter()?.end('failed')
}

describe('the health of targets, shared', () => {
  it('a circuit that one instance opens is open for the others within a second, and for as long', async () => {
    const { one, other } = start()
    fail(one.health, 5)
    await other.touch()
    expect(other.health.of('a/b').state).toBe('open')
    expect(other.health.of('a/b').enter()).toBeUndefined()
    expect(other.health.unavailable).toEqual(['a/b'])
    await other.clock.advance(30_000)
    expect(other.health.of('a/b').enter()).toBeDefined()
  })

  it('a circuit that one instance closes is closed for the others', async () => {
    const { one, other } = start()
    fail(one.health, 5)
    await other.touch()
    await one.clock.advance(30_000)
    one.health.of('a/b').enter()?.end('succeeded')
    await other.clock.advance(1_000)
    await other.touch()
    expect(other.health.of('a/b').state).toBe('closed')
  })

  it('what an instance has found out itself is not closed because a board has forgotten it', async () => {
    const { one, facts } = start()
    fail(one.health, 5)
    facts.clear()
    await one.touch()
    expect(one.health.of('a/b').state).toBe('open')
  })

  it('a wait that a target asked one instance for is kept by the others', async () => {
    const { one, other } = start()
    one.health.of('a/b').coolDown(20_000)
    one.health.of('a/short').coolDown(100)
    await other.touch()
    expect([other.health.of('a/b').coolsForMs, other.health.of('a/short').coolsForMs]).toEqual([
      20_000, 0,
    ])
  })

  it('is read once a second, however many requests there are', async () => {
    const { one, state } = start()
    for (let request = 0; request < 100; request++) await one.touch()
    expect(state.reads).toBe(1)
    await one.clock.advance(1_000)
    await one.touch()
    expect(state.reads).toBe(2)
  })

  it('without a store each instance decides alone, and no request fails', async () => {
    const { one, other, state } = start()
    state.isDown = true
    fail(one.health, 5)
    await other.touch()
    expect([one.health.of('a/b').state, other.health.of('a/b').state]).toEqual(['open', 'closed'])
    state.isDown = false
    await other.clock.advance(1_000)
    await other.touch()
    expect(state.reads).toBe(2)
  })
})
