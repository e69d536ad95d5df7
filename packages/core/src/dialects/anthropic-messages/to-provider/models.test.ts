import { describe, expect, it } from 'vitest'
import { findModelRules } from './models.ts'

describe('findModelRules', () => {
  it.each([
    ['claude-3-haiku-20240307', 4096],
    ['claude-3-5-sonnet-20241022', 8192],
    ['claude-3-5-haiku-latest', 8192],
    ['claude-3-7-sonnet-20250219', 64_000],
    ['claude-opus-4-20250514', 32_000],
    ['claude-opus-4-1-20250805', 32_000],
    ['claude-sonnet-4-20250514', 64_000],
    ['claude-haiku-4-5-20251001', 64_000],
    ['us.anthropic.claude-opus-4-5-20251101-v1:0', 64_000],
    ['claude-sonnet-4-6', 128_000],
    ['claude-opus-5-5', 128_000],
    ['claude-fable-5-1', 128_000],
    ['claude-2.1', 4096],
    ['claude-instant-v1', 4096],
  ])('knows the output limit of %s', (model, limit) => {
    expect(findModelRules(model)).toMatchObject({ defaultMaxTokens: limit, maxTokensLimit: limit })
  })

  it.each([
    ['claude-sonnet-4-20250514', 'either'],
    ['claude-opus-4-6', 'either'],
    ['claude-haiku-4-5', 'either'],
    ['claude-3-5-sonnet-20241022', 'all'],
    ['claude-opus-4-7', 'none'],
    ['claude-opus-4.8', 'none'],
    ['claude-opus-5', 'none'],
    ['claude-opus-5-20260801', 'none'],
    ['claude-sonnet-5', 'none'],
    ['claude-haiku-5-5', 'none'],
    ['claude-fable-5', 'none'],
    ['claude-mythos-preview', 'none'],
    ['claude-future-9', 'none'],
    ['kimi-k2', 'all'],
  ])('knows the sampling of %s', (model, sampling) => {
    expect(findModelRules(model).sampling).toBe(sampling)
  })

  it.each([
    ['claude-3-5-haiku-latest', 'unsupported', 'omit'],
    ['claude-sonnet-4-5-20250929', 'budget', 'omit'],
    ['claude-opus-4-6', 'adaptive', 'omit'],
    ['claude-sonnet-5', 'adaptive', 'disabled'],
    ['claude-sonnet-5-5', 'adaptive', 'between_tools'],
    ['claude-opus-5-5', 'adaptive', 'never'],
    ['claude-fable-5', 'adaptive', 'never'],
    ['MiniMax-M2', 'budget', 'omit'],
  ])('knows the thinking of %s', (model, thinking, thinkingOff) => {
    expect(findModelRules(model)).toMatchObject({ thinking, thinkingOff })
  })

  it('knows which models refuse a forced tool', () => {
    const refusing = [
      'claude-opus-5-5',
      'claude-sonnet-5-5',
      'claude-fable-5-1',
      'claude-fable-5-2',
    ]
    const taking = [
      'claude-opus-5',
      'claude-sonnet-5',
      'claude-fable-5',
      'claude-haiku-5-5',
      'claude-haiku-4-5',
      'glm-5',
    ]
    expect(refusing.filter((model) => findModelRules(model).forcedToolChoice)).toEqual([])
    expect(taking.filter((model) => !findModelRules(model).forcedToolChoice)).toEqual([])
  })

  it('assumes nothing about limits of models it does not know', () => {
    expect(findModelRules('claude-future-9').maxTokensLimit).toBe(Number.POSITIVE_INFINITY)
    expect(findModelRules('glm-5')).toMatchObject({
      temperatureLimit: Number.POSITIVE_INFINITY,
      maxTokensLimit: Number.POSITIVE_INFINITY,
    })
  })
})
