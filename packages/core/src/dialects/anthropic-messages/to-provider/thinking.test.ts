import { describe, expect, it } from 'vitest'
import type { ReasoningRequest } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'
import { findModelRules } from './models.ts'
import type { ThinkingSituation } from '../../claude/thinking.ts'
import { planThinking } from './thinking.ts'

function plan(
  model: string,
  request: ReasoningRequest | undefined,
  situation: Partial<ThinkingSituation> = {},
) {
  const context: RequestContext = { provider: 'claude', rules: findModelRules(model), dropped: [] }
  const thinking = planThinking(
    request,
    { maxTokens: 64_000, toolIsForced: false, unsignedToolLoop: false, ...situation },
    context,
  )
  return { ...thinking, dropped: context.dropped }
}

describe('planThinking', () => {
  it('leaves the provider its default', () => {
    expect(plan('claude-opus-5', undefined)).toEqual({ dropped: [] })
    expect(plan('claude-opus-5', {})).toEqual({ dropped: [] })
  })

  it('asks new models to adapt, with an effort', () => {
    expect(plan('claude-opus-4-8', { effort: 'xhigh' })).toEqual({
      thinking: { type: 'adaptive' },
      effort: 'xhigh',
      dropped: [],
    })
    expect(plan('claude-future-9', { effort: 'max' })).toEqual({
      thinking: { type: 'adaptive' },
      effort: 'max',
      dropped: [],
    })
  })

  it('sends the nearest effort a model has and says which', () => {
    expect(plan('claude-opus-4-8', { effort: 'minimal' })).toMatchObject({
      effort: 'low',
      dropped: ['reasoning_effort (sent as low)'],
    })
    expect(plan('claude-opus-4-6', { effort: 'xhigh' })).toMatchObject({
      effort: 'high',
      dropped: ['reasoning_effort (sent as high)'],
    })
  })

  it.each(['minimal', 'low', 'medium', 'high', 'xhigh', 'max'])(
    'keeps the budget of %s within its bounds',
    (effort) => {
      for (const maxTokens of [1300, 2000, 8192, 64_000]) {
        const { thinking } = plan('claude-sonnet-4-5', { effort }, { maxTokens })
        expect(thinking).toMatchObject({ type: 'enabled' })
        expect(thinking?.budget_tokens).toBeGreaterThanOrEqual(1024)
        expect(thinking?.budget_tokens).toBeLessThan(maxTokens)
      }
    },
  )

  it('does not think where the output limit leaves no room', () => {
    expect(plan('claude-sonnet-4-5', { effort: 'high' }, { maxTokens: 1024 })).toEqual({
      dropped: ['reasoning_effort (the output limit leaves no room for thinking)'],
    })
  })

  it('takes a budget in tokens', () => {
    expect(plan('claude-sonnet-4-5', { budgetTokens: 5000 }).thinking).toEqual({
      type: 'enabled',
      budget_tokens: 5000,
    })
    expect(plan('claude-sonnet-4-5', { budgetTokens: 10 }).thinking).toEqual({
      type: 'enabled',
      budget_tokens: 1024,
    })
    expect(plan('claude-opus-5', { budgetTokens: 5000 })).toEqual({
      thinking: { type: 'adaptive' },
      dropped: ['reasoning (the model sets its own thinking budget)'],
    })
  })

  it.each([
    ['claude-3-5-haiku-latest', {}, 0],
    ['claude-sonnet-4-5', {}, 0],
    ['claude-opus-4-8', {}, 0],
    ['claude-opus-5', { thinking: { type: 'disabled' } }, 0],
    ['claude-sonnet-5-5', { thinking: { type: 'between_tools' } }, 1],
    ['claude-opus-5-5', { effort: 'low' }, 1],
    ['claude-fable-5', { effort: 'low' }, 1],
  ])('keeps %s from thinking as far as it can be', (model, expected, reports) => {
    for (const request of [{ effort: 'none' }, { budgetTokens: 0 }]) {
      const { dropped, ...rest } = plan(model, request)
      expect(rest).toEqual(expected)
      expect(dropped).toHaveLength(reports)
    }
  })

  it('does not think while a tool is forced', () => {
    expect(plan('claude-sonnet-4-5', { effort: 'high' }, { toolIsForced: true })).toEqual({
      dropped: ['reasoning_effort (no thinking while a tool is forced)'],
    })
    expect(plan('claude-opus-4-8', { effort: 'high' }, { toolIsForced: true })).toEqual({
      effort: 'high',
      dropped: ['reasoning_effort (no thinking while a tool is forced)'],
    })
  })

  it('does not think in a tool loop that began without signed thinking, with a budget', () => {
    expect(plan('claude-sonnet-4-5', { effort: 'high' }, { unsignedToolLoop: true })).toEqual({
      dropped: ['reasoning_effort (the tool calls before were made without signed thinking)'],
    })
    expect(
      plan('claude-opus-4-8', { effort: 'high' }, { unsignedToolLoop: true }).thinking,
    ).toEqual({ type: 'adaptive' })
  })

  it('reports unknown efforts and models that do not think', () => {
    expect(plan('claude-opus-5', { effort: 'heroic' })).toEqual({
      dropped: ['reasoning_effort (unknown effort)'],
    })
    expect(plan('claude-3-5-haiku-latest', { effort: 'high' })).toEqual({
      dropped: ['reasoning_effort (the model does not think)'],
    })
  })
})
