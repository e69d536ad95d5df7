import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CalendarWindow, calendarWindows, periodAt } from './period.ts'

const at = (iso: string): number => Date.parse(iso)
const iso = (window: CalendarWindow, when: string, timeZone = 'UTC'): string[] => {
  const { startsAt, endsAt } = periodAt(window, at(when), timeZone)
  return [startsAt, endsAt].map((ms) => new Date(ms).toISOString().replace('.000', ''))
}

describe('the period a moment lies in', () => {
  it.each<[CalendarWindow, string, string, string, string]>([
    ['second', '2026-11-21T10:20:30.999Z', 'UTC', '2026-11-21T10:20:30Z', '2026-11-21T10:20:31Z'],
    ['minute', '2026-11-21T10:20:30Z', 'UTC', '2026-11-21T10:20:00Z', '2026-11-21T10:21:00Z'],
    ['hour', '2026-11-21T10:20:30Z', 'UTC', '2026-11-21T10:00:00Z', '2026-11-21T11:00:00Z'],
    ['day', '2026-11-21T00:00:00Z', 'UTC', '2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z'],
    ['day', '2026-11-21T23:59:59.999Z', 'UTC', '2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z'],
    ['week', '2026-11-22T12:00:00Z', 'UTC', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['week', '2026-11-23T00:00:00Z', 'UTC', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
    ['month', '2026-12-31T23:59:59Z', 'UTC', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['month', '2028-02-29T12:00:00Z', 'UTC', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
    [
      'day',
      '2026-11-21T23:30:00Z',
      'Europe/Berlin',
      '2026-11-21T23:00:00Z',
      '2026-11-22T23:00:00Z',
    ],
    // A day of 23 hours, and one of 25.
    [
      'day',
      '2026-03-29T12:00:00Z',
      'Europe/Berlin',
      '2026-03-28T23:00:00Z',
      '2026-03-29T22:00:00Z',
    ],
    [
      'day',
      '2026-10-25T12:00:00Z',
      'Europe/Berlin',
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z',
    ],
    [
      'month',
      '2026-03-15T12:00:00Z',
      'America/New_York',
      '2026-03-01T05:00:00Z',
      '2026-04-01T04:00:00Z',
    ],
    // Half an hour beside the hour, and the other side of the date line.
    ['day', '2026-11-21T18:29:59Z', 'Asia/Kolkata', '2026-11-20T18:30:00Z', '2026-11-21T18:30:00Z'],
    [
      'day',
      '2026-11-21T10:00:00Z',
      'Pacific/Kiritimati',
      '2026-11-21T10:00:00Z',
      '2026-11-22T10:00:00Z',
    ],
    // Clocks go from 24:00 to 1:00: the day begins at one.
    ['day', '2026-04-24T12:00:00Z', 'Africa/Cairo', '2026-04-23T22:00:00Z', '2026-04-24T21:00:00Z'],
  ])('%s at %s in %s', (window, when, timeZone, startsAt, endsAt) => {
    expect(iso(window, when, timeZone)).toEqual([startsAt, endsAt])
  })

  it('holds the moment, begins where the one before it ends, and is the same for all its moments', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'America/Santiago',
    ]
    fc.assert(
      fc.property(
        fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
        fc.constantFrom(...zones),
        fc.constantFrom(...calendarWindows),
        (nowMs, timeZone, window) => {
          const period = periodAt(window, nowMs, timeZone)
          expect(period.startsAt).toBeLessThanOrEqual(nowMs)
          expect(period.endsAt).toBeGreaterThan(nowMs)
          if (window === 'total') return
          expect(periodAt(window, period.startsAt, timeZone)).toEqual(period)
          expect(periodAt(window, period.endsAt - 1, timeZone)).toEqual(period)
          expect(periodAt(window, period.endsAt, timeZone).startsAt).toBe(period.endsAt)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('knows no zones that do not exist', () => {
    expect(() => periodAt('day', 0, 'Mars/Olympus')).toThrow(RangeError)
  })
})
