import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, retryAfterMs } from './backoff.ts'

const NOW = Date.parse('2026-01-02T03:04:05Z')

describe('backoffMs', () => {
  it.each([
    [0, 250],
    [1, 500],
    [2, 1000],
    [5, 8000],
    [50, 8000],
  ])('after failure %i stays below %i ms', (attempt, cap) => {
    const wait = (random: number): number =>
      backoffMs({ attempt, retryAfterMs: undefined, random: () => random })
    expect(wait(0)).toBe(0)
    expect(wait(0.5)).toBe(cap / 2)
    expect(wait(0.999_999)).toBeLessThan(cap)
    expect(wait(0.999_999)).toBeGreaterThan(cap * 0.99)
  })

  it('never shortens what the provider asked for', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 20 }),
        fc.nat({ max: 60_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, asked, random) => {
          const wait = backoffMs({ attempt, retryAfterMs: asked, random: () => random })
          expect(wait).toBeGreaterThanOrEqual(asked)
          expect(wait).toBeLessThanOrEqual(Math.max(asked, 8000))
        },
      ),
      { seed: 1 },
    )
  })
})

describe('retryAfterMs', () => {
  it.each<[Record<string, string | string[] | undefined>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': ' 1.5 ' }, 1500],
    [{ 'retry-after': ['3', '9'] }, 3000],
    [{ 'retry-after-ms': '1234' }, 1234],
    [{ 'retry-after-ms': '20', 'retry-after': '60' }, 20],
    [{ 'retry-after-ms': 'soon', 'retry-after': '60' }, 60_000],
    [{ 'retry-after': 'Fri, 02 Jan 2026 03:04:15 GMT' }, 10_000],
    [{ 'retry-after': 'Fri, 02 Jan 2026 03:00:00 GMT' }, 0],
    [{ 'retry-after': '1000000' }, 1_000_000_000],
    [{ 'retry-after': '' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': 'NaN' }, undefined],
    [{ 'retry-after': 'Infinity' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': 'in 5' }, undefined],
    [{ 'retry-after': 'Friday, 02-Jan-26 03:04:07 GMT' }, 2000],
  ])('%j is %j', (headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected)
  })
})
