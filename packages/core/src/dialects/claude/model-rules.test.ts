import { describe, expect, it } from 'vitest'
import { findClaudeRules, isClaude, parseClaudeModel } from './model-rules.ts'

describe('parseClaudeModel', () => {
  it.each([
    ['claude-2.1', 'claude', 2],
    ['anthropic.claude-instant-v1', 'claude', 2],
    ['claude-3-5-sonnet-20241022', 'sonnet', 3.5],
    ['anthropic.claude-3-haiku-20240307-v1:0', 'haiku', 3],
    ['us.anthropic.claude-opus-4-20250514-v1:0', 'opus', 4],
    ['claude-opus-4.8', 'opus', 4.8],
    ['claude-sonnet-4@20250514', 'sonnet', 4],
    ['claude-mythos-preview', 'mythos', Number.POSITIVE_INFINITY],
  ])('reads family and version from %s', (id, family, version) => {
    expect(parseClaudeModel(id)).toEqual({ family, version })
  })

  it('knows no model of another maker', () => {
    expect(parseClaudeModel('kimi-k2')).toBeUndefined()
  })
})

describe('findClaudeRules', () => {
  it('gives a later version the rules of the last known one', () => {
    const last = findClaudeRules({ family: 'opus', version: 5.5 })
    expect(findClaudeRules({ family: 'opus', version: 9 })).toBe(last)
  })

  it('gives an unknown family the newest rules that do not forbid forced tools', () => {
    expect(findClaudeRules({ family: 'future', version: 1 })).toMatchObject({
      thinking: 'adaptive',
      thinkingOff: 'disabled',
      forcedToolChoice: true,
    })
  })

  it('takes no family from the names every object has', () => {
    expect(findClaudeRules({ family: 'constructor', version: 1 }).thinkingOff).toBe('disabled')
  })
})

it.each([
  ['claude-opus-5-5', true],
  ['claude-next', true],
  ['eu.anthropic.claude-sonnet-4-5-20250929-v1:0', true],
  ['kimi-k3', false],
])('isClaude(%s) is %s', (model, expected) => {
  expect(isClaude(model)).toBe(expected)
})
