import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { attemptTimeoutMs, longestUsualMs } from './attempt-timeout.ts'
import { TargetHealth } from '../health/target-health.ts'

const MINUTE = 60_000

function conditionAfter(latencies: readonly number[]) {
  const condition = new TargetHealth(new FakeClock(), () => undefined).of('a/m')
  for (const ms of latencies) condition.observe('whole', ms)
  return condition
}

describe('the clock of an attempt', () => {
  it.each<[string, readonly number[], number]>([
    ['unknown target', [], 2 * MINUTE],
    ['few fast answers', [100, 200], 2 * MINUTE],
    ['few slow answers', [100, 50_000], 200_000],
    ['many fast answers', Array.from({ length: 20 }, () => 900), MINUTE],
    ['many slow answers', Array.from({ length: 20 }, () => 30_000), 2 * MINUTE],
    ['one slow answer among many', [...Array.from({ length: 63 }, () => 900), 90_000], MINUTE],
  ])('%s: %j -> %i ms', (_what, latencies, ms) => {
    expect(longestUsualMs(conditionAfter(latencies))).toBe(ms)
  })

  it('follows a target that becomes slower', () => {
    const condition = conditionAfter(Array.from({ length: 64 }, () => 900))
    expect(longestUsualMs(condition)).toBe(MINUTE)
    for (let answer = 0; answer < 20; answer++) condition.observe('whole', MINUTE)
    expect(longestUsualMs(condition)).toBe(4 * MINUTE)
  })

  const condition = conditionAfter([])
  it.each([
    [
      'leaves the next target half of the deadline',
      { limit: 'derived', remainingMs: 20_000, hasAlternative: true },
      10_000,
    ],
    [
      'is the usual time where the deadline is far',
      { limit: 'derived', remainingMs: 600_000, hasAlternative: true },
      2 * MINUTE,
    ],
    [
      'does not run for the last target',
      { limit: 'derived', remainingMs: 600_000, hasAlternative: false },
      undefined,
    ],
    [
      'is the configured one for every target',
      { limit: 5_000, remainingMs: 600_000, hasAlternative: false },
      5_000,
    ],
    [
      'does not run without a limit',
      { limit: undefined, remainingMs: 600_000, hasAlternative: true },
      undefined,
    ],
  ] as const)('%s', (_what, clock, ms) =>
    expect(attemptTimeoutMs({ condition, ...clock })).toBe(ms),
  )
})
