import { describe, expect, it } from 'vitest'
import { sample } from './sample.ts'
import { checkSpreads } from './spreads.ts'

const whats = (text: string, path?: string): string[] =>
  checkSpreads(sample(text, path)).map(({ what }) => what)

describe('a list spread over arguments', () => {
  it.each([
    ['push', 'a.push(...b)'],
    ['push', 'a?.list.push(first, ...b.map((x) => f(x)))'],
    ['unshift', 'a.unshift(...b)'],
    ['splice', 'a.splice(0, 1, ...b)'],
    ['concat', '[].concat(...b)'],
    ['max', 'Math.max(0, ...b)'],
    ['min', 'Math.min(...b, 1)'],
    ['fromCharCode', 'String.fromCharCode(...bytes)'],
    ['assign', 'Object.assign({}, ...b)'],
    ['apply', 'Math.max.apply(undefined, b)'],
  ])('fails: %s in %s', (name, text) => {
    expect(whats(text)).toEqual([`a list spread over the arguments of \`${name}\``])
  })

  it.each([
    'a.push(b)',
    'a.push([...b])',
    'a.push({ ...b })',
    'a.push(...[1, 2])',
    'const a = [...b]',
    'enqueue(...scripts) {}',
    'a.push(f(() => [...b]))',
    'a.splice(-1, 1, { ...b })',
    '// a.push(...b)',
  ])('passes: %s', (text) => {
    expect(whats(text)).toEqual([])
  })

  it('is excused by a comment with a reason, on its line or the one above', () => {
    expect(whats('a.push(...b) // few: one for each part of a date')).toEqual([])
    expect(whats('// few: one for each part of a date\nMath.max(...b)')).toEqual([])
    expect(whats('// few: yes\nMath.max(...b)')).toHaveLength(1)
  })

  it('may stand in a test', () => {
    expect(whats('a.push(...b)', 'packages/core/src/ledger/sample.test.ts')).toEqual([])
  })
})
