import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    [250, 250],
    ['250ms', 250],
    ['60s', 60_000],
    ['1.5s', 1_500],
    ['1.1m', 66_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    [' 10 M ', 600_000],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ])('%j is %i ms', (value, ms) => {
    expect(parseDuration(value)).toBe(ms)
  })

  // A bare number in text could be meant as seconds or as milliseconds.
  it.each([
    '600',
    '',
    'soon',
    '10 minutes',
    '1d',
    '-1s',
    '0.5ms',
    '0s',
    '600h',
    0,
    -1,
    1.5,
    2 ** 31,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    null,
    {},
    [],
  ])('%j is no duration', (value) => {
    expect(parseDuration(value)).toBeUndefined()
  })
})
