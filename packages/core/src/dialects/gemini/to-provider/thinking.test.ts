import { describe, expect, it } from 'vitest'
import type { ReasoningRequest } from '../../model/conversation.ts'
import { modelTraits } from './models.ts'
import { thinkingConfig } from './thinking.ts'

function configured(model: string, request: ReasoningRequest | undefined) {
  const dropped = new Set<string>()
  return {
    config: thinkingConfig(request, modelTraits(model).thinking, dropped),
    dropped: [...dropped],
  }
}

describe('thinkingConfig', () => {
  it.each([
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-flash', 'low', { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-flash', 'medium', { thinkingBudget: 8192, includeThoughts: true }],
    ['gemini-2.5-flash', 'max', { thinkingBudget: 24_576, includeThoughts: true }],
    ['gemini-2.5-pro', 'xhigh', { thinkingBudget: 32_768, includeThoughts: true }],
    ['gemini-3-flash-preview', 'minimal', { thinkingLevel: 'MINIMAL', includeThoughts: true }],
    ['gemini-3-pro-preview', 'minimal', { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemini-3.1-pro-preview', 'medium', { thinkingLevel: 'MEDIUM', includeThoughts: true }],
    ['gemini-2.0-flash', 'none', undefined],
  ])('%s at effort %s', (model, effort, config) => {
    expect(configured(model, { effort })).toEqual({ config, dropped: [] })
  })

  it('thinks as little as possible, and says so, where thinking cannot stop', () => {
    expect(configured('gemini-2.5-pro', { effort: 'none' }).config).toEqual({ thinkingBudget: 128 })
    expect(configured('gemini-3-pro-preview', { effort: 'none' })).toEqual({
      config: { thinkingLevel: 'LOW' },
      dropped: ['reasoning_effort (the model cannot stop thinking; least used)'],
    })
  })

  it('carries a budget within the bounds of the model', () => {
    expect(configured('gemini-2.5-flash', { budgetTokens: 2000 })).toEqual({
      config: { thinkingBudget: 2000, includeThoughts: true },
      dropped: [],
    })
    expect(configured('gemini-2.5-pro', { budgetTokens: 10 })).toEqual({
      config: { thinkingBudget: 128, includeThoughts: true },
      dropped: ['reasoning.budget_tokens (128 used)'],
    })
    expect(configured('gemini-2.5-flash', { budgetTokens: 0 }).config).toEqual({
      thinkingBudget: 0,
    })
  })

  it.each([
    [500, 'LOW'],
    [4000, 'MEDIUM'],
    [20_000, 'HIGH'],
  ])(
    'turns a budget of %d into level %s where the model has levels',
    (budgetTokens, thinkingLevel) => {
      expect(configured('gemini-3-flash-preview', { budgetTokens }).config).toEqual({
        thinkingLevel,
        includeThoughts: true,
      })
    },
  )

  it('reports what the model or this gateway does not know', () => {
    expect(configured('gemini-2.0-flash', { effort: 'high' })).toEqual({
      config: undefined,
      dropped: ['reasoning_effort (the model has no such setting)'],
    })
    expect(configured('gemini-2.5-flash', { effort: 'constructor' })).toEqual({
      config: undefined,
      dropped: ['reasoning_effort (unknown value)'],
    })
    expect(configured('gemini-2.5-flash', undefined)).toEqual({ config: undefined, dropped: [] })
  })
})
