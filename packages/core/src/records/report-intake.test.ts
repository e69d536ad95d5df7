import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { MOST_REPORTS_PER_HOUR, MOST_TOKENS_PER_HOUR, ReportIntake } from './report-intake.ts'
import type { UsageReport } from './usage-reports.ts'

const report = (id: string, inputTokens = 1, outputTokens = 0): UsageReport => ({
  id,
  at: '2026-01-01T00:00:00Z',
  provider: 'p',
  model: 'm',
  status: 200,
  usage: { inputTokens, outputTokens },
})

/** Takes, or says that it is too much. */
function taken(
  intake: ReportIntake,
  caller: string,
  reports: readonly UsageReport[],
): number | string {
  try {
    return intake.take(caller, reports).length
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the intake of usage reports', () => {
  it('takes each report once, of each caller', () => {
    const intake = new ReportIntake(new FakeClock())
    expect(taken(intake, 'a', [report('1'), report('1'), report('2')])).toBe(2)
    expect([
      taken(intake, 'a', [report('2'), report('3')]),
      taken(intake, 'b', [report('2')]),
    ]).toEqual([1, 1])
  })

  it('takes no more reports and no more tokens an hour than one caller may name, and all or none of a batch', () => {
    const clock = new FakeClock()
    const intake = new ReportIntake(clock)
    const batch = (from: number, count: number, tokens: number): UsageReport[] =>
      Array.from({ length: count }, (_, at) => report(`r${from + at}`, tokens / 2, tokens / 2))
    expect(taken(intake, 'tokens', batch(0, 99, 10_000_000))).toBe(99)
    expect(taken(intake, 'tokens', batch(100, 2, 10_000_000))).toBe('rate_limit_exceeded')
    expect(taken(intake, 'tokens', batch(100, 1, 10_000_000))).toBe(1)
    expect(taken(intake, 'tokens', batch(200, 1, 2))).toBe('rate_limit_exceeded')
    expect(taken(intake, 'other', batch(0, 1, 2))).toBe(1)
    for (let at = 0; at < 100; at++)
      expect(taken(intake, 'many', batch(at * 100, 100, 0))).toBe(100)
    expect(taken(intake, 'many', batch(20_000, 1, 0))).toBe('rate_limit_exceeded')
    clock.skip(3_600_001)
    expect([
      taken(intake, 'tokens', batch(300, 1, 2)),
      taken(intake, 'many', batch(20_000, 1, 0)),
    ]).toEqual([1, 1])
  })

  it('never lets any history of batches beyond the bounds of an hour', () => {
    const batches = fc.array(
      fc.record({
        caller: fc.constantFrom('a', 'b'),
        count: fc.integer({ min: 1, max: 100 }),
        tokens: fc.constantFrom(0, 1, 5_000_000, 10_000_000),
      }),
      { minLength: 50, maxLength: 150 },
    )
    fc.assert(
      fc.property(batches, (history) => {
        const intake = new ReportIntake(new FakeClock())
        const sums = new Map<string, { reports: number; tokens: number }>()
        for (const [at, { caller, count, tokens }] of history.entries()) {
          const sum = sums.get(caller) ?? { reports: 0, tokens: 0 }
          const outcome = taken(
            intake,
            caller,
            Array.from({ length: count }, (_, index) => report(`${at}-${index}`, tokens)),
          )
          const fits =
            sum.reports + count <= MOST_REPORTS_PER_HOUR &&
            sum.tokens + count * tokens <= MOST_TOKENS_PER_HOUR
          expect(outcome).toBe(fits ? count : 'rate_limit_exceeded')
          if (fits)
            sums.set(caller, { reports: sum.reports + count, tokens: sum.tokens + count * tokens })
        }
      }),
      { numRuns: 30 },
    )
  })
})
