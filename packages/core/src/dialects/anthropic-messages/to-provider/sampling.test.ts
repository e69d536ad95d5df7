import { describe, expect, it } from 'vitest'
import type { Sampling } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'
import { findModelRules } from './models.ts'
import { maxTokens, samplingFields } from './sampling.ts'

function sampled(model: string, sampling: Sampling, thinks = false) {
  const context: RequestContext = { provider: 'claude', rules: findModelRules(model), dropped: [] }
  const fields = samplingFields(sampling, thinks, context)
  return { fields, dropped: context.dropped }
}

describe('samplingFields', () => {
  it('keeps what old models take', () => {
    expect(sampled('claude-3-5-haiku-latest', { temperature: 0.3, topP: 0.5, topK: 40 })).toEqual({
      fields: { temperature: 0.3, top_p: 0.5, top_k: 40 },
      dropped: [],
    })
  })

  it('clamps the temperature and reports it', () => {
    expect(sampled('claude-haiku-4-5', { temperature: 1.7 })).toEqual({
      fields: { temperature: 1 },
      dropped: ['temperature (lowered to 1)'],
    })
  })

  it('leaves other makers models alone', () => {
    expect(sampled('glm-5', { temperature: 1.7, topP: 0.5 })).toEqual({
      fields: { temperature: 1.7, top_p: 0.5 },
      dropped: [],
    })
  })

  it('sends temperature or top_p, whichever is not the default', () => {
    expect(sampled('claude-sonnet-4-5', { temperature: 0.2, topP: 0.9 })).toEqual({
      fields: { temperature: 0.2 },
      dropped: ['top_p (not with temperature)'],
    })
    expect(sampled('claude-sonnet-4-5', { temperature: 1, topP: 0.9, topK: 5 })).toEqual({
      fields: { top_p: 0.9, top_k: 5 },
      dropped: ['temperature (not with top_p)'],
    })
  })

  it('sends no sampling to models that refuse it', () => {
    const { fields, dropped } = sampled('claude-opus-4-7', { temperature: 0.2, topP: 0.9, topK: 5 })
    expect(fields).toEqual({})
    expect(dropped.map((entry) => entry.split(' ')[0])).toEqual(['temperature', 'top_p', 'top_k'])
  })

  it('drops what cannot go with thinking', () => {
    expect(sampled('claude-sonnet-4-5', { temperature: 0.2, topP: 0.97, topK: 5 }, true)).toEqual({
      fields: { top_p: 0.97 },
      dropped: [
        'temperature (fixed while the model thinks)',
        'top_k (fixed while the model thinks)',
      ],
    })
    expect(sampled('claude-sonnet-4-5', { topP: 0.5 }, true).fields).toEqual({})
  })

  it('sends stop sequences except white space', () => {
    expect(sampled('claude-haiku-4-5', { stop: ['END', '\n', ''] })).toEqual({
      fields: { stop_sequences: ['END'] },
      dropped: ['stop[1] (only white space)', 'stop[2] (only white space)'],
    })
    expect(sampled('claude-haiku-4-5', { stop: ['\n'] }).fields).toEqual({})
  })

  it('reports what the provider has no word for', () => {
    const { fields, dropped } = sampled('claude-haiku-4-5', {
      frequencyPenalty: 0.5,
      presencePenalty: -1,
      seed: 0,
      logprobs: true,
      topLogprobs: 3,
      logitBias: { '5': 1 },
    })
    expect(fields).toEqual({})
    expect(dropped).toEqual([
      'frequency_penalty',
      'presence_penalty',
      'seed',
      'logprobs',
      'top_logprobs',
      'logit_bias',
    ])
  })

  it('does not report what asks for nothing', () => {
    expect(
      sampled('claude-haiku-4-5', {
        frequencyPenalty: 0,
        presencePenalty: 0,
        logprobs: false,
        logitBias: {},
      }).dropped,
    ).toEqual([])
  })
})

describe('maxTokens', () => {
  const limit = (model: string, maxOutputTokens?: number) => {
    const context: RequestContext = {
      provider: 'claude',
      rules: findModelRules(model),
      dropped: [],
    }
    return [maxTokens({ maxOutputTokens }, context), context.dropped]
  }

  it('takes the client limit, the model default without one, and the model limit above it', () => {
    expect(limit('claude-haiku-4-5', 100)).toEqual([100, []])
    expect(limit('claude-opus-4-1')).toEqual([32_000, []])
    expect(limit('claude-opus-4-1', 50_000)).toEqual([
      32_000,
      ["max_tokens (lowered to 32000, the model's limit)"],
    ])
    expect(limit('claude-future-9', 500_000)).toEqual([500_000, []])
  })
})
