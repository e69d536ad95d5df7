import { describe, expect, it } from 'vitest'
import type { Draw } from '../storage/index.ts'
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
const period = (startsAt: number, amount = 1): Draw => ({
  kind: 'period',
  key: 'k',
  amount,
  limit: 100,
  startsAt,
  endsAt: startsAt + 1_000,
})
const sliding: Draw = { kind: 'sliding', key: 'k', amount: 1, limit: 100, windowMs: 1_000 }
const lease: Draw = { kind: 'lease', key: 'k', amount: 1, limit: 100, leaseMs: 1_000 }

function seen(draw: Draw, used: number, instances?: number): LocalShare {
  const share = new LocalShare()
  share.see([draw], {
    status: 'reserved',
    reservation: { id: 'r', draws: [draw], buckets: [undefined], ttlMs: 1 },
    used: [used],
    nowMs: 0,
    ...(instances !== undefined && { instances }),
  })
  return share
}

const roomOf = (
  share: LocalShare,
  draw: Draw,
  { nowMs = 0, own = limit() } = {},
): number | undefined =>
  share.of([{ draw, limits: [own] } satisfies SharedCounter], nowMs)[0]?.draw.limit

describe('LocalShare', () => {
  it.each<[string, Draw]>([
    ['a period', period(0)],
    ['a sliding window', sliding],
    ['what is under way', lease],
  ])('is its part of what was left: %s', (_, draw) => {
    expect(roomOf(seen(draw, 40, 3), draw)).toBe(20)
    expect(roomOf(seen(draw, 100, 3), draw)).toBe(0)
    expect(roomOf(seen(draw, 41, 3), draw)).toBe(20)
    expect(roomOf(seen(draw, 40), draw)).toBe(60)
    expect(roomOf(new LocalShare(), draw)).toBe(100)
  })

  it('begins again with a period, and with a window that is over', () => {
    expect(roomOf(seen(period(0), 40, 2), period(1_000))).toBe(50)
    expect(roomOf(seen(sliding, 40, 2), sliding, { nowMs: 999 })).toBe(30)
    expect(roomOf(seen(sliding, 40, 2), sliding, { nowMs: 1_000 })).toBe(50)
  })

  it('lets a request take all of a share, and none of a budget that is too small for it', () => {
    const amountOf = (own: Limit): number | undefined =>
      seen(period(0), 40, 3).of([{ draw: period(0, 50), limits: [own] }], 0)[0]?.draw.amount
    expect(amountOf(limit())).toBe(20)
    expect(amountOf(limit({ unit: 'usd' }))).toBe(50)
  })

  it('refuses nothing by soft limits', () => {
    const draw = { ...period(0), limit: Number.MAX_SAFE_INTEGER }
    expect(roomOf(seen(draw, 40, 3), draw, { own: limit({ isSoft: true }) })).toBe(
      Number.MAX_SAFE_INTEGER,
    )
  })

  it('remembers ten thousand counters, the latest', () => {
    const share = new LocalShare()
    for (let at = 0; at <= 10_000; at++) {
      const draw = { ...period(0), key: `k${at}` }
      share.see([draw], {
        status: 'reserved',
        reservation: { id: 'r', draws: [draw], buckets: [undefined], ttlMs: 1 },
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
