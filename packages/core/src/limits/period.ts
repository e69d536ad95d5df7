/** Windows that begin and end with the calendar. `total` never ends. */
export const calendarWindows = [
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'total',
] as const
export type CalendarWindow = (typeof calendarWindows)[number]

export interface Period {
  /** First millisecond, since the epoch. */
  readonly startsAt: number
  /** First millisecond after it; infinite for `total`. */
  readonly endsAt: number
}

const LENGTH_MS: Readonly<Partial<Record<CalendarWindow, number>>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
}
const DAY_MS = 86_400_000

/**
 * The period a moment lies in. Days, weeks (from Monday, ISO 8601) and months begin at midnight in
 * the time zone, so that a day has 23 or 25 hours when clocks change; shorter windows are aligned
 * to UTC.
 *
 * @param timeZone IANA name; throws `RangeError` for one that is not
 */
export function periodAt(window: CalendarWindow, nowMs: number, timeZone: string): Period {
  if (window === 'total') return { startsAt: 0, endsAt: Number.POSITIVE_INFINITY }
  const length = LENGTH_MS[window]
  if (length !== undefined) {
    const startsAt = nowMs - (nowMs % length)
    return { startsAt, endsAt: startsAt + length }
  }
  const { year, month, day } = localDate(nowMs, timeZone)
  if (window === 'month')
    return {
      startsAt: midnight(Date.UTC(year, month, 1), timeZone),
      endsAt: midnight(Date.UTC(year, month + 1, 1), timeZone),
    }
  const today = Date.UTC(year, month, day)
  // Sunday is 0 for Date and the last day of a week for ISO 8601.
  const first = window === 'week' ? today - ((new Date(today).getUTCDay() + 6) % 7) * DAY_MS : today
  return {
    startsAt: midnight(first, timeZone),
    endsAt: midnight(first + (window === 'week' ? 7 : 1) * DAY_MS, timeZone),
  }
}

interface LocalDate {
  readonly year: number
  /** From 0. */
  readonly month: number
  readonly day: number
}

function localDate(atMs: number, timeZone: string): LocalDate {
  const local = new Date(atMs + offsetMs(atMs, timeZone))
  return { year: local.getUTCFullYear(), month: local.getUTCMonth(), day: local.getUTCDate() }
}

/**
 * The first moment of a local day, given as if the zone were UTC. Where clocks skip midnight, it is
 * when the day begins.
 */
function midnight(localMs: number, timeZone: string): number {
  // The offset before the day and the one after it: one of them holds at its beginning.
  const candidates = [localMs - DAY_MS, localMs + DAY_MS].map(
    (near) => localMs - offsetMs(near, timeZone),
  )
  const exact = candidates.filter((atMs) => atMs + offsetMs(atMs, timeZone) === localMs)
  // few: two candidates, of which either or both are exact
  return exact.length > 0 ? Math.min(...exact) : Math.max(...candidates)
}

/** Offset of a time zone from UTC at a moment, in milliseconds. */
function offsetMs(atMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs)
  const of = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value)
  return (
    Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) -
    (atMs - (atMs % 1_000))
  )
}
