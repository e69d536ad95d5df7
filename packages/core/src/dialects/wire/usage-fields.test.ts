import { describe, expect, it } from 'vitest'
import { nativeUsageOf, readUsage, UsageTally } from './usage-fields.ts'

const counts = (native: Record<string, unknown>) => {
  const usage = readUsage(native)
  return (
    usage && [
      usage.inputTokens,
      usage.outputTokens,
      usage.cachedTokens,
      usage.cacheWriteTokens,
      usage.reasoningTokens,
    ]
  )
}

describe('readUsage', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    [
      'completions',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
      [10, 5, 4, undefined, 2],
    ],
    [
      'images and transcriptions',
      {
        input_tokens: 10,
        output_tokens: 5,
        input_tokens_details: { text_tokens: 10, image_tokens: 0 },
      },
      [10, 5, undefined, undefined, undefined],
    ],
    [
      'counts that leave the cache out of the input',
      {
        input_tokens: 3,
        cache_read_input_tokens: 100,
        cache_creation_input_tokens: 20,
        output_tokens: 5,
      },
      [123, 5, 100, 20, undefined],
    ],
    [
      'counts that leave the thoughts out of the output',
      {
        promptTokenCount: 7,
        candidatesTokenCount: 2,
        thoughtsTokenCount: 30,
        cachedContentTokenCount: 6,
      },
      [7, 32, 6, undefined, 30],
    ],
    ['a total alone', { total_tokens: 9 }, [9, 0, undefined, undefined, undefined]],
    ['zero', { prompt_tokens: 0, completion_tokens: 0 }, [0, 0, undefined, undefined, undefined]],
    ['seconds', { type: 'duration', seconds: 3 }, undefined],
    [
      'more than there can be',
      {
        prompt_tokens: Number.MAX_SAFE_INTEGER,
        completion_tokens: 1e308,
        completion_tokens_details: { reasoning_tokens: Number.POSITIVE_INFINITY },
      },
      [1e9, 1e9, undefined, undefined, 1e9],
    ],
    ['nonsense', { prompt_tokens: 'x', completion_tokens: -1 }, undefined],
  ])('reads %s', (_what, native, expected) => {
    expect(counts(native)).toEqual(expected)
  })
})

it('finds the usage wherever it is put', () => {
  const usage = { input_tokens: 1 }
  for (const body of [
    { usage },
    { response: { usage } },
    { message: { usage } },
    { usageMetadata: usage },
  ])
    expect(nativeUsageOf(body)).toBe(usage)
  for (const body of [{}, { usage: null }, { usage: 'x', response: null, message: 'text' }])
    expect(nativeUsageOf(body)).toBeUndefined()
})

it('takes the last count of a stream without adding counts up', () => {
  const tally = new UsageTally()
  for (const body of [
    { message: { usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 } } },
    { other: 1 },
    { usage: { output_tokens: 7 } },
  ])
    tally.add(body)
  expect(tally.usage).toMatchObject({ inputTokens: 15, outputTokens: 7, cachedTokens: 5 })
})
