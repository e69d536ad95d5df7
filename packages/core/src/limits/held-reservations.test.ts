import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import {
  GuardedLimitStore,
  type InstanceLease,
  type LimitStore,
  memoryStore,
  type Reservation,
  type ReservationRequest,
  type ReserveAnswer,
  type SettleAnswer,
} from '../storage/index.ts'
import { AdmissionControl } from './admission.ts'
import type { Admitted } from './admission-options.ts'
import type { Limit } from './limit.ts'

const limit = (part: Partial<Limit>): Limit => ({
  place: 'limits[0]',
  scope: [],
  only: new Map(),
  unit: 'tokens',
  window: 'total',
  timeZone: 'UTC',
  amount: 100_000,
  alertAt: [],
  isSoft: false,
  ...part,
})
const limits = [
  limit({}),
  limit({ unit: 'concurrency', window: undefined, amount: 3 }),
  limit({ unit: 'usd', amount: 100_000_000 }),
  limit({ window: { slidingMs: 86_400_000 } }),
]
const amounts = { inputTokens: 20, outputTokens: 300, nanoDollars: 122_000 }

/** One store in memory that several instances share, over connections that may fail. */
function start() {
  const clock = new FakeClock()
  const { limitStore } = memoryStore(() => clock.now())
  const calls: string[] = []
  /** Fate of a call: answered, its answer lost, or never arrived. */
  const link = { state: 'well' as 'well' | 'loses answers' | 'cut', refuses: '' }
  const over = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    calls.push(name)
    if (link.state === 'cut') throw new Error('ECONNREFUSED')
    const answer = await call()
    if (link.state === 'loses answers') throw new Error('ECONNRESET')
    return answer
  }
  const shared: LimitStore = {
    reserve: (request: ReservationRequest): Promise<ReserveAnswer> =>
      over('reserve', () => limitStore.reserve(request)),
    settle: (reservation: Reservation, actuals: readonly number[]): Promise<SettleAnswer> =>
      over('settle', () =>
        reservation.id === link.refuses
          ? Promise.reject(new Error('WRONGTYPE'))
          : limitStore.settle(reservation, actuals),
      ),
    read: (charges) => over('read', () => limitStore.read(charges)),
    reset: (charges) => over('reset', () => limitStore.reset(charges)),
    renew: (lease: InstanceLease) =>
      over('renew', () => limitStore.renew?.(lease) as Promise<boolean>),
    giveBack: () => over('give back', () => limitStore.giveBack?.() as Promise<number>),
  }
  let ids = 0
  const lost: number[] = []
  const instance = (name: string) => {
    const admission = new AdmissionControl({
      clock,
      limitStore: new GuardedLimitStore(shared, {
        clock,
        onChange: () => undefined,
        onCounterFailure: () => undefined,
      }),
      limitFailMode: 'local',
      budgetFailMode: 'local',
      longestMs: 600_000,
      instance: name,
      onLost: (count) => lost.push(count),
    })
    return {
      admission,
      admit: (): Promise<Admitted> =>
        admission.admit(limits, {
          id: `${name}-${(ids += 1)}`,
          subject: {},
          degraded: new Set(),
          estimate: () => amounts,
        }) as Promise<Admitted>,
    }
  }
  const reader = new AdmissionControl({
    clock,
    limitStore,
    limitFailMode: 'local',
    budgetFailMode: 'local',
    longestMs: 600_000,
    onLost: () => undefined,
  })
  const used = async (): Promise<number[]> =>
    (await reader.levels(limits, {})).map(({ used: one, unit }) =>
      unit === 'usd' ? Math.round(one * 1e9) : one,
    )
  const count = (name: string): number => calls.filter((call) => call === name).length
  return { clock, calls, count, link, lost, instance, used }
}

describe('what an instance holds', () => {
  it('is kept by a small call every three seconds while something is held, and by none otherwise', async () => {
    const { clock, calls, count, instance, used } = start()
    const one = instance('one')
    const admitted = await one.admit()
    for (let time = 0; time < 60; time++) await clock.advance(1_000)
    expect([count('reserve'), count('renew'), calls.length]).toEqual([1, 20, 21])
    expect(await used()).toEqual([320, 1, 122_000, 320])
    admitted.settle(amounts)
    await settle()
    await clock.advance(600_000)
    expect([count('renew'), calls.length, clock.pending]).toEqual([20, 22, 0])
  })

  it('is given back by the next request of another once it is no longer heard of: places, and all that is not input', async () => {
    const { clock, count, instance, used } = start()
    const [dead, other] = [instance('dead'), instance('other')]
    await dead.admit()
    await dead.admit()
    await dead.admit()
    // It is killed: nothing of it runs any more.
    await dead.admission.close()
    await clock.advance(9_000)
    await expect(other.admit()).rejects.toMatchObject({ code: 'rate_limit_exceeded' })
    await clock.advance(1_500)
    const admitted = await other.admit()
    expect(await used()).toEqual([3 * 20 + 320, 1, 3 * 2_000 + 122_000, 3 * 20 + 320])
    admitted.settle({ inputTokens: 1, outputTokens: 1, nanoDollars: 1 })
    await settle()
    expect(await used()).toEqual([62, 0, 6_001, 62])
    const asked = count('give back')
    for (let time = 0; time < 5; time++) (await other.admit()).settle(amounts)
    expect(count('give back')).toBe(asked)
  })

  it('is given back as well by one that only keeps what it holds', async () => {
    const { clock, instance, used } = start()
    const [dead, other] = [instance('dead'), instance('other')]
    await other.admit()
    await dead.admit()
    await dead.admission.close()
    await clock.advance(15_000)
    expect(await used()).toEqual([340, 1, 124_000, 340])
  })

  it('of a stream that had asked for more stays counted as far as it was used up', async () => {
    const { clock, instance, used } = start()
    const [dead, other] = [instance('dead'), instance('other')]
    const stream = await dead.admit()
    for (let time = 0; time < 2; time++)
      expect(await stream.extend({ inputTokens: 0, outputTokens: 100, nanoDollars: 1_000 })).toBe(
        true,
      )
    await dead.admission.close()
    await clock.advance(11_000)
    ;(await other.admit()).settle({ inputTokens: 0, outputTokens: 0, nanoDollars: 0 })
    await clock.advance(1)
    expect(await used()).toEqual([20 + 2 * 100, 0, 2_000 + 2 * 1_000, 20 + 2 * 100])
  })

  it('is not given back for ten seconds after the store was away: others could not say that they are there', async () => {
    const { clock, link, instance, used } = start()
    const [one, other] = [instance('one'), instance('other')]
    await one.admit()
    const held = await other.admit()
    link.state = 'cut'
    await clock.advance(20_000)
    link.state = 'well'
    // The first to reach it finds the lease of the other run out.
    const next = await other.admit()
    await clock.advance(4_000)
    expect(await used()).toEqual([960, 3, 366_000, 960])
    for (const admitted of [held, next]) admitted.settle(amounts)
    await one.admission.close()
    await clock.advance(30_000)
    ;(await other.admit()).settle(amounts)
    await clock.advance(1)
    expect((await used())[1]).toBe(0)
  })
})

describe('a reservation whose answer is lost with the connection', () => {
  it.each(['loses answers', 'cut'] as const)(
    'is given back when the store is there again, once (%s)',
    async (state) => {
      const { clock, link, instance, used } = start()
      const one = instance('one')
      link.state = state
      const admitted = await one.admit()
      if (state === 'loses answers') expect(await used()).toEqual([320, 1, 122_000, 320])
      link.state = 'well'
      await clock.advance(3_000)
      expect(await used()).toEqual([0, 0, 0, 0])
      // It was counted by this instance alone.
      admitted.settle(amounts)
      await clock.advance(3_000)
      expect([await used(), clock.pending]).toEqual([[0, 0, 0, 0], 0])
    },
  )

  it('is no obstacle to the ones after it: an answer that asks for more is given it', async () => {
    const { clock, link, instance, used } = start()
    const stream = await instance('one').admit()
    const more = { inputTokens: 0, outputTokens: 100, nanoDollars: 1_000 }
    link.state = 'loses answers'
    await stream.extend(more).catch(() => undefined)
    link.state = 'well'
    await clock.advance(3_000)
    expect(await stream.extend(more)).toBe(true)
    expect(await used()).toEqual([420, 1, 123_000, 420])
  })

  it('that can never be settled keeps no other from being settled', async () => {
    const { clock, link, instance, used, lost } = start()
    const one = instance('one')
    const admitted = [await one.admit(), await one.admit(), await one.admit()]
    link.state = 'cut'
    for (const each of admitted) each.settle(amounts)
    await settle()
    link.state = 'well'
    link.refuses = 'one-1'
    await clock.advance(5_000)
    expect([await used(), lost]).toEqual([[960, 1, 366_000, 960], []])
    link.refuses = ''
    await clock.advance(2_000)
    expect(await used()).toEqual([960, 0, 366_000, 960])
  })
})
