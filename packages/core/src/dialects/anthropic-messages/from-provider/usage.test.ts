import { describe, expect, it } from 'vitest'
import { mergeUsage, mapUsage } from './usage.ts'

describe('usageOf', () => {
  it('counts the cache into the input', () => {
    const native = {
      input_tokens: 4,
      cache_creation_input_tokens: 51,
      cache_read_input_tokens: 8800,
      output_tokens: 20,
      output_tokens_details: { thinking_tokens: 12 },
    }
    const ours = {
      inputTokens: 8855,
      outputTokens: 20,
      cachedTokens: 8800,
      cacheWriteTokens: 51,
      reasoningTokens: 12,
    }
    expect(mapUsage(native)).toEqual({ ...ours, native })
  })

  it('keeps zero, and leaves absent counts absent', () => {
    const usage = mapUsage({ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0 })
    expect(usage).toMatchObject({
      inputTokens: 0,
      outputTokens: 0,
      cachedTokens: 0,
      cacheWriteTokens: undefined,
    })
    expect(mapUsage({ service_tier: 'standard' })).toBeUndefined()
    expect(mapUsage(undefined)).toBeUndefined()
  })

  it('never has more reasoning than output', () => {
    expect(
      mapUsage({ input_tokens: 1, output_tokens: 5, output_tokens_details: { thinking_tokens: 9 } })
        ?.reasoningTokens,
    ).toBe(5)
  })
})

describe('mergeUsage', () => {
  it('replaces field by field and never adds', () => {
    const start = {
      input_tokens: 10,
      cache_read_input_tokens: 3,
      output_tokens: 1,
      service_tier: 'standard',
    }
    expect(
      mergeUsage(start, { input_tokens: 25, cache_read_input_tokens: null, output_tokens: 40 }),
    ).toEqual({
      input_tokens: 25,
      cache_read_input_tokens: 3,
      output_tokens: 40,
      service_tier: 'standard',
    })
  })
})
