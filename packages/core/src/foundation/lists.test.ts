import { describe, expect, it } from 'vitest'
import { append, largest, smallest } from './lists.ts'

/** More than fit on the stack as arguments. */
const many = Array.from({ length: 1_000_000 }, (_, index) => index)

describe('lists', () => {
  it('are appended, and searched for the smallest and the largest number, at any length', () => {
    const to = [-1]
    append(to, many)
    expect([to.length, to[0], to.at(-1)]).toEqual([1_000_001, -1, 999_999])
    expect([smallest(many), largest(many)]).toEqual([0, 999_999])
  })

  it('have the bounds of Math where they are empty, and keep NaN', () => {
    expect([smallest([]), largest([])]).toEqual([Math.min(), Math.max()])
    expect([smallest([1, Number.NaN]), largest([Number.NaN, 1])]).toEqual([Number.NaN, Number.NaN])
  })
})
