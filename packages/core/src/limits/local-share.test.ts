import { describe, expect, it } from 'vitest'
import type { Charge } from '../storage/index.ts'
import type { SharedCounter } from './counters.ts'
import type { Limit } from './limit.ts'
import { LocalShare } from './local-share.ts'

const limit = (part: Partial<Limit> = {}): Limit => ({
  place: '',
  scope: [],
  only: new Map(),
  unit: 'requests',
  window: 'hour',
  timeZone: 'UTC',
  amount: 100,
  alertAt: [],
  isSoft: false,
  ...part,
})
const period = (startsAt: number, amount = 1): Charge => ({
  kind: 'period',
  key: 'k',
  amount,
  limit: 100,
  startsAt,
  endsAt: startsAt + 1_000,
})
const sliding: Charge = { kind: 'sliding', key: 'k', amount: 1, limit: 100, windowMs: 1_000 }
const lease: Charge = { kind: 'lease', key: 'k', amount: 1, limit: 100, leaseMs: 1_000 }

function seen(charge: Charge, used: number, instances?: number): LocalShare {
  const share = new LocalShare()
  share.see([charge], {
    status: 'reserved',
    reservation: { id: 'r', charges: [charge], buckets: [undefined], ttlMs: 1 },
    used: [used],
    nowMs: 0,
    ...(instances !== undefined && { instances }),
  })
  return share
}

const roomOf = (
  share: LocalShare,
  charge: Charge,
  { nowMs = 0, own = limit() } = {},
): number | undefined =>
  share.of([{ charge, limits: [own] } satisfies SharedCounter], nowMs)[0]?.charge.limit

describe('LocalShare', () => {
  it.each<[string, Charge]>([
    ['a period', period(0)],
    ['a sliding window', sliding],
    ['what is under way', lease],
  ])('is its part of what was left: %s', (_, charge) => {
    expect(roomOf(seen(charge, 40, 3), charge)).toBe(20)
    expect(roomOf(seen(charge, 100, 3), charge)).toBe(0)
    expect(roomOf(seen(charge, 41, 3), charge)).toBe(20)
    expect(roomOf(seen(charge, 40), charge)).toBe(60)
    expect(roomOf(new LocalShare(), charge)).toBe(100)
  })

  it('begins again with a period, and with a window that is over', () => {
    expect(roomOf(seen(period(0), 40, 2), period(1_000))).toBe(50)
    expect(roomOf(seen(sliding, 40, 2), sliding, { nowMs: 999 })).toBe(30)
    expect(roomOf(seen(sliding, 40, 2), sliding, { nowMs: 1_000 })).toBe(50)
  })

  it('lets a request take all of a share, and none of a budget that is too small for it', () => {
    const pickAmount = (own: Limit): number | undefined =>
      seen(period(0), 40, 3).of([{ charge: period(0, 50), limits: [own] }], 0)[0]?.charge.amount
    expect(pickAmount(limit())).toBe(20)
    expect(pickAmount(limit({ unit: 'usd' }))).toBe(50)
  })

  it('refuses nothing by soft limits', () => {
    const charge = { ...period(0), limit: Number.MAX_SAFE_INTEGER }
    expect(roomOf(seen(charge, 40, 3), charge, { own: limit({ isSoft: true }) })).toBe(
      Number.MAX_SAFE_INTEGER,
    )
  })

  it('remembers ten thousand counters, the latest', () => {
    const share = new LocalShare()
    for (let at = 0; at <= 10_000; at++) {
      const charge = { ...period(0), key: `k${at}` }
      share.see([charge], {
        status: 'reserved',
        reservation: { id: 'r', charges: [charge], buckets: [undefined], ttlMs: 1 },
        used: [40],
        nowMs: 0,
      })
    }
    expect([
      roomOf(share, { ...period(0), key: 'k0' }),
      roomOf(share, { ...period(0), key: 'k1' }),
    ]).toEqual([100, 60])
  })
})
