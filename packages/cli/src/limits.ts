import { UsageError } from './usage-error.ts'

/** A limit as `/admin/keys` takes it. */
export interface WrittenLimit {
  readonly unit: string
  readonly limit: number
  readonly window?: string
  readonly sliding?: string
}

const WINDOWS = new Set(['second', 'minute', 'hour', 'day', 'week', 'month', 'total'])

/** `50/month`: dollars. */
export function readBudget(text: string): WrittenLimit {
  const [amount, window] = split(text, '--budget 50/month')
  return { unit: 'usd', limit: amount, ...windowOf(window, '--budget 50/month') }
}

/** `tokens=90000/minute`, `requests=10/30s`, `concurrency=5`. */
export function readLimit(text: string): WrittenLimit {
  const example = '--limit tokens=90000/minute'
  const match = /^([a-z-]+)=(.+)$/.exec(text.trim())
  if (match === null) throw new UsageError(`${JSON.stringify(text)} is no limit: write ${example}.`)
  const [, unit = '', rest = ''] = match
  if (unit === 'concurrency') return { unit, limit: number(rest, '--limit concurrency=5') }
  const [limit, window] = split(rest, example)
  return { unit, limit, ...windowOf(window, example) }
}

function split(text: string, example: string): [number, string] {
  const slash = text.indexOf('/')
  if (slash === -1) throw new UsageError(`${JSON.stringify(text)} has no window: write ${example}.`)
  return [number(text.slice(0, slash), example), text.slice(slash + 1).trim()]
}

function number(text: string, example: string): number {
  const value = Number(text.trim().replace(/^\$/, ''))
  if (text.trim() === '' || !Number.isFinite(value))
    throw new UsageError(`${JSON.stringify(text)} is no number: write ${example}.`)
  return value
}

/** A word of the calendar, or a duration that slides. */
function windowOf(text: string, example: string): Pick<WrittenLimit, 'window' | 'sliding'> {
  if (WINDOWS.has(text)) return { window: text }
  if (/^\d+(?:\.\d+)?(?:ms|s|m|h)$/.test(text)) return { sliding: text }
  throw new UsageError(
    `${JSON.stringify(text)} is no window: write ${[...WINDOWS].join(', ')}, or a duration such as 60s (${example}).`,
  )
}
