import { describe, expect, it } from 'vitest'
import { parseSize } from './size.ts'

describe('parseSize', () => {
  it.each([
    [1024, 1024],
    ['1024', 1024],
    ['10b', 10],
    ['512kb', 524_288],
    ['512KiB', 524_288],
    ['20mb', 20_971_520],
    ['20MiB', 20_971_520],
    ['1.5 MB', 1_572_864],
    ['0.25gib', 268_435_456],
  ])('%j is %i bytes', (value, bytes) => {
    expect(parseSize(value)).toBe(bytes)
  })

  it.each([
    '',
    'big',
    '20m',
    '20 megabytes',
    '-1mb',
    '0',
    '0.3b',
    '1gb',
    0,
    -1,
    1.5,
    2 ** 29,
    Number.NaN,
    false,
    null,
    {},
  ])('%j is no size', (value) => {
    expect(parseSize(value)).toBeUndefined()
  })
})
