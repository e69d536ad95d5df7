import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, nearNames } from './near-names.ts'

const names = [
  'openai',
  'anthropic',
  'gemini',
  'gpt-5-mini',
  'gpt-5',
  'claude-sonnet-4-6',
  'support-tier',
]

describe('nearNames', () => {
  it.each([
    ['opnai', ['openai']],
    ['Anthropic', ['anthropic']],
    ['gtp-5', ['gpt-5']],
    ['suport-teir', ['support-tier']],
    ['claude-sonnet', ['claude-sonnet-4-6']],
    ['gpt', ['gpt-5', 'gpt-5-mini']],
    ['mistral-large', []],
    ['', []],
  ])('%j is near %j', (name, near) => {
    expect(nearNames(name, names)).toEqual(near)
  })

  it('gives at most three, nearest first, each once', () => {
    expect(
      nearNames('model-1', ['model-3', 'model-2', 'model-1x', 'model-2', 'model-4']),
    ).toHaveLength(3)
    expect(nearNames('route', ['routes', 'route', 'rout'])[0]).toBe('route')
  })

  it('does no work for names of absurd length', () => {
    const long = 'a'.repeat(1_000_000)
    expect(nearNames(long, [long])).toEqual([])
    expect(nearNames('aaaa', [long])).toEqual([])
  })
})

it('didYouMean asks only when something is near', () => {
  expect(didYouMean('opnai', names)).toBe('Did you mean "openai"?')
  expect(didYouMean('zzzzzz', names)).toBeUndefined()
})

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['flaw', 'lawn', 2],
])('editDistance(%j, %j) is %i', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance)
  expect(editDistance(to, from)).toBe(distance)
})
