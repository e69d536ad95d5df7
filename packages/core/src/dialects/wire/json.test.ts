import { expect, it } from 'vitest'
import { isObject, listOf, parseObject, stringsOf, textOf } from './json.ts'

it.each([
  [{}, true],
  [[], false],
  [null, false],
  ['x', false],
])('isObject(%j) is %s', (value, expected) => {
  expect(isObject(value)).toBe(expected)
})

it('passes over what has another shape', () => {
  expect([textOf('a'), textOf(''), textOf(1)]).toEqual(['a', undefined, undefined])
  expect([listOf([1]), listOf({}), listOf(undefined)]).toEqual([[1], [], []])
  expect([stringsOf(['a', 1, null, 'b']), stringsOf('ab')]).toEqual([['a', 'b'], []])
  expect([parseObject('{"a":1}'), parseObject('[1]'), parseObject('{"a"')]).toEqual([
    { a: 1 },
    undefined,
    undefined,
  ])
})
