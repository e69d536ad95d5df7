import { describe, expect, it } from 'vitest'
import { findModelRules } from './models.ts'

describe('rulesOf', () => {
  it.each([
    ['anthropic.claude-v2:1', 'none', 'all'],
    ['anthropic.claude-instant-v1', 'none', 'all'],
    ['anthropic.claude-3-haiku-20240307-v1:0', 'none', 'all'],
    ['us.anthropic.claude-3-7-sonnet-20250219-v1:0', 'budget', 'all'],
    ['us.anthropic.claude-opus-4-20250514-v1:0', 'budget', 'either'],
    ['global.anthropic.claude-sonnet-4-5-20250929-v1:0', 'budget', 'either'],
    ['anthropic.claude-opus-4-6-v1', 'adaptive', 'either'],
    ['anthropic.claude-opus-4-8', 'adaptive', 'none'],
    ['anthropic.claude-sonnet-5', 'adaptive', 'none'],
    ['anthropic.claude-somethingnew-6', 'adaptive', 'none'],
    [
      'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'budget',
      'either',
    ],
    ['amazon.nova-pro-v1:0', 'none', 'all'],
    ['eu.amazon.nova-2-lite-v1:0', 'config', 'all'],
    ['openai.gpt-oss-20b-1:0', 'effort', 'all'],
    ['us.deepseek.r1-v1:0', 'always', 'all'],
    ['deepseek.v3-v1:0', 'none', 'all'],
    ['meta.llama3-8b-instruct-v1:0', 'none', 'all'],
  ])('%s thinks by %s and samples %s', (model, kind, sampling) => {
    expect(findModelRules(model)).toMatchObject({ thinking: { kind }, sampling })
  })

  it('has structured output where the service says so', () => {
    const able = [
      'anthropic.claude-haiku-4-5-20251001-v1:0',
      'anthropic.claude-opus-4-6-v1',
      'mistral.ministral-3-8b-instruct',
      'google.gemma-3-27b-it',
      'moonshotai.kimi-k2.5',
    ]
    const unable = [
      'anthropic.claude-sonnet-4-20250514-v1:0',
      'anthropic.claude-sonnet-4-6',
      'anthropic.claude-opus-5',
      'amazon.nova-2-lite-v1:0',
      'mistral.mistral-large-2402-v1:0',
    ]
    expect(able.filter((model) => !findModelRules(model).structuredOutput)).toEqual([])
    expect(unable.filter((model) => findModelRules(model).structuredOutput)).toEqual([])
  })

  it('takes the word of the client for ids that do not say which model they lead to', () => {
    for (const id of [
      'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4',
      'arn:aws:bedrock:us-east-1:123456789012:imported-model/x',
      'my-model',
    ]) {
      expect(findModelRules(id)).toMatchObject({
        thinking: { kind: 'none' },
        toolChoices: ['any', 'tool'],
        cachePoints: 'anywhere',
      })
    }
  })
})
