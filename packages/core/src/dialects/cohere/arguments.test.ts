import { expect, it } from 'vitest'
import { areNone, serializeArguments, mayBeNone } from './arguments.ts'

it.each([
  ['', true, true],
  [' \n', true, true],
  ['null', true, true],
  [' null ', true, true],
  ['nu', false, true],
  ['nulls', false, false],
  ['{', false, false],
  ['{}', false, false],
  ['"null"', false, false],
])('%j are none: %j, may be none: %j', (text, none, possibly) => {
  expect([areNone(text), mayBeNone(text)]).toEqual([none, possibly])
})

it.each<[unknown, string]>([
  ['{"a": 1}', '{"a": 1}'],
  ['no json', 'no json'],
  ['null', '{}'],
  [null, '{}'],
  [undefined, '{}'],
  [{ a: 1 }, '{"a":1}'],
  [7, '{}'],
])('%j are written %s', (value, text) => {
  expect(serializeArguments(value)).toBe(text)
})
