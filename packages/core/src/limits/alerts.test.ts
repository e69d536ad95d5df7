import { describe, expect, it } from 'vitest'
import { settle } from '../clock.fake.ts'
import { type ClaimAlert, Alerts } from './alerts.ts'
import type { Limit } from './limit.ts'

const limit: Limit = {
  place: 'limits[0]',
  scope: ['team'],
  only: new Map(),
  unit: 'requests',
  window: 'total',
  timeZone: 'UTC',
  amount: 10,
  alertAt: [0.5, 1],
  isSoft: false,
}
const period = { startsAt: 0, endsAt: Number.POSITIVE_INFINITY }
const seen = (used: number, nowMs = 0) => ({ subject: { team: 'a' }, used, nowMs, period })

describe('alerts', () => {
  it('are sent once by a single instance, and again when the counter resets', async () => {
    const told: number[] = []
    const alerts = new Alerts(({ threshold }) => told.push(threshold))
    for (const used of [4, 5, 6, 10, 10]) alerts.see(limit, seen(used))
    alerts.see(limit, seen(10, 10_000_000))
    await settle()
    expect(told).toEqual([0.5, 1])
    expect(alerts.forget(limit, { team: 'a' })).toHaveLength(2)
    alerts.see(limit, seen(5))
    await settle()
    expect(told).toEqual([0.5, 1, 0.5])
  })

  it('are sent by the instance that claims them first; the others check again after a minute, for the counter may have been reset', async () => {
    const claimed = new Set<string>()
    const claim: ClaimAlert = (name) => {
      const isFirst = !claimed.has(name)
      claimed.add(name)
      return Promise.resolve(isFirst)
    }
    const told: string[] = []
    const [one, other] = [
      new Alerts(() => told.push('one'), claim),
      new Alerts(() => told.push('other'), claim),
    ]
    one.see(limit, seen(5))
    other.see(limit, seen(6))
    await settle()
    claimed.clear()
    other.see(limit, seen(6, 59_000))
    await settle()
    expect(told).toEqual(['one'])
    other.see(limit, seen(6, 61_000))
    one.see(limit, seen(6, 61_000))
    await settle()
    expect(told).toEqual(['one', 'other'])
  })

  it('of two limits on one counter are sent for each', async () => {
    const told: string[] = []
    const alerts = new Alerts(({ amount, threshold }) => told.push(`${amount} at ${threshold}`))
    const larger = { ...limit, amount: 20 }
    for (const used of [10, 20]) for (const one of [limit, larger]) alerts.see(one, seen(used))
    await settle()
    expect(told).toEqual(['10 at 1', '20 at 0.5', '20 at 1'])
    expect(
      new Set([...alerts.forget(limit, { team: 'a' }), ...alerts.forget(larger, { team: 'a' })])
        .size,
    ).toBe(4)
  })

  it('are rather sent twice than never', async () => {
    const told: number[] = []
    new Alerts(
      ({ threshold }) => told.push(threshold),
      () => Promise.reject(new Error('away')),
    ).see(limit, seen(5))
    await settle()
    expect(told).toEqual([0.5])
  })
})
