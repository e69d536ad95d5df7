import { expect, it } from 'vitest'
import { isObject, asList, parseObject, asStrings, asText } from './json.ts'

it.each([
  [{}, true],
  [[], false],
  [null, false],
  ['x', false],
])('isObject(%j) is %s', (value, expected) => {
  expect(isObject(value)).toBe(expected)
})

it('ignores values of another shape', () => {
  expect([asText('a'), asText(''), asText(1)]).toEqual(['a', undefined, undefined])
  expect([asList([1]), asList({}), asList(undefined)]).toEqual([[1], [], []])
  expect([asStrings(['a', 1, null, 'b']), asStrings('ab')]).toEqual([['a', 'b'], []])
  expect([parseObject('{"a":1}'), parseObject('[1]'), parseObject('{"a"')]).toEqual([
    { a: 1 },
    undefined,
    undefined,
  ])
})
