import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { GuardedLimitStore } from './guarded-limit-store.ts'
import type { LimitStore, ReservationRequest, ReserveAnswer } from './limit-store.ts'

const request: ReservationRequest = {
  id: 'a',
  charges: [{ kind: 'period', key: 'k', amount: 5, limit: 10, startsAt: 0, endsAt: 10 }],
  ttlMs: 1,
}
const reserved: ReserveAnswer = {
  status: 'reserved',
  reservation: { ...request, buckets: [undefined] },
  used: [5],
  nowMs: 0,
}

/** A scripted store that keeps its calls. */
function start() {
  const clock = new FakeClock()
  const calls: string[] = []
  const told: string[] = []
  const state: { answer: () => Promise<ReserveAnswer> } = {
    answer: () => Promise.resolve(reserved),
  }
  const limitStore: LimitStore = {
    reserve() {
      calls.push('reserve')
      return state.answer()
    },
    settle(_reservation, actuals) {
      calls.push(`settle ${actuals.join()}`)
      return Promise.resolve('settled')
    },
    read: () => Promise.resolve([]),
    reset: () => Promise.resolve(),
  }
  const guarded = new GuardedLimitStore(limitStore, {
    clock,
    onChange: (circuit, cause) => told.push(`${circuit} ${String(cause)}`),
    onCounterFailure: (cause) => told.push(`counter ${String(cause)}`),
  })
  const outcome = (): Promise<string> =>
    guarded.reserve(request).then(
      ({ status }) => status,
      (error: { code: string }) => error.code,
    )
  return { clock, calls, told, state, guarded, outcome }
}

const never = (): Promise<never> => new Promise(() => undefined)

describe('a counter that cannot be used', () => {
  it('fails its own callers, and opens no circuit for the others', async () => {
    const { calls, told, state, outcome } = start()
    state.answer = () =>
      Promise.reject(Object.assign(new Error('WRONGTYPE'), { isOfCounter: true }))
    for (let call = 0; call < 50; call++) expect(await outcome()).toBe('store_unavailable')
    state.answer = () => Promise.resolve(reserved)
    expect(await outcome()).toBe('reserved')
    expect([calls.length, told.length, told[0]]).toEqual([51, 50, 'counter Error: WRONGTYPE'])
  })
})

describe('a store that hangs', () => {
  it('keeps no request longer than 50 ms, and after five calls none at all', async () => {
    const { clock, calls, told, state, outcome } = start()
    state.answer = never
    const seen: string[] = []
    for (let call = 0; call < 5; call++) {
      const asked = outcome().then((status) => seen.push(status))
      await clock.advance(49)
      expect(seen).toHaveLength(call)
      await clock.advance(1)
      await asked
    }
    expect(seen).toEqual(Array(5).fill('store_unavailable'))
    // The store is not called and no request waits: the clock stands still.
    for (let call = 0; call < 100; call++) expect(await outcome()).toBe('store_unavailable')
    expect(calls).toHaveLength(5)
    expect(told).toEqual(['open Error: The store did not answer within 50 ms.'])
    expect(clock.pending).toBe(0)
  })

  it('is asked once a second, and used again as soon as it answers', async () => {
    const { clock, calls, told, state, outcome } = start()
    state.answer = () => Promise.reject(new Error('ECONNREFUSED'))
    for (let call = 0; call < 5; call++) await outcome()
    await clock.advance(1_000)
    expect(await outcome()).toBe('store_unavailable')
    expect(await outcome()).toBe('store_unavailable')
    expect(calls).toHaveLength(6)
    state.answer = () => Promise.resolve(reserved)
    await clock.advance(1_000)
    expect([await outcome(), await outcome()]).toEqual(['reserved', 'reserved'])
    expect(told).toEqual([
      'open Error: ECONNREFUSED',
      'half-open Error: ECONNREFUSED',
      'open Error: ECONNREFUSED',
      'half-open Error: ECONNREFUSED',
      'closed Error: ECONNREFUSED',
    ])
  })

  it('gives back a reservation that arrives after its deadline', async () => {
    const { clock, calls, state, outcome } = start()
    let answer: (late: ReserveAnswer) => void = () => undefined
    state.answer = () => new Promise((resolve) => (answer = resolve))
    const asked = outcome()
    await clock.advance(50)
    expect(await asked).toBe('store_unavailable')
    answer(reserved)
    await settle()
    expect(calls).toEqual(['reserve', 'settle 0'])
  })
})
