import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PriceList } from './prices.ts'

const list = new PriceList(
  new Map([
    ['gpu/*', { input: 1, output: 3 }],
    ['gpu/hour', { input: 1, output: 1, cacheWriteHour: 7 }],
    ['gpu/large', { input: 2.5, output: 10, cached: 0.25, cacheWrite: 3.125 }],
  ]),
)

describe('what a call costs', () => {
  it.each([
    ['gpu/small', { inputTokens: 1_000_000, outputTokens: 1_000_000 }, 4_000_000_000],
    ['gpu/large', { inputTokens: 1_000, outputTokens: 100 }, 3_500_000],
    // Cached tokens are part of the input, and cheaper.
    [
      'gpu/large',
      { inputTokens: 1_000, outputTokens: 0, cachedTokens: 400, cacheWriteTokens: 100 },
      1_250_000 + 100_000 + 312_500,
    ],
    // For an hour it costs twice the input, or what the configuration says.
    [
      'gpu/large',
      { inputTokens: 1_000, outputTokens: 0, cacheWriteTokens: 300, longCacheWriteTokens: 100 },
      700 * 2_500 + 200 * 3_125 + 100 * 5_000,
    ],
    [
      'gpu/hour',
      { inputTokens: 1_000, outputTokens: 0, cacheWriteTokens: 1_000, longCacheWriteTokens: 1_000 },
      7_000_000,
    ],
    ['gpu/small', { inputTokens: 0, outputTokens: 0 }, 0],
  ])('%s for %j is %i nano-dollars, by prices of the configuration', (target, usage, expected) => {
    expect(list.nanoDollars(target, usage)).toBe(expected)
  })

  it('is a number that can be counted for whatever a provider says it took', () => {
    const count = fc.oneof(fc.constantFrom(0, 1, 1_000_000_000), fc.integer({ min: 0, max: 1_000 }))
    const dear = new PriceList(
      new Map([['dear/*', { input: 1_000_000, output: 1_000_000, cacheWrite: 1_000_000 }]]),
    )
    const targets: readonly (readonly [PriceList, string])[] = [
      [list, 'gpu/large'],
      [dear, 'dear/m'],
      ...['openai/gpt-5-mini', 'anthropic/claude-sonnet-4-5', 'gemini/gemini-2.5-flash'].map(
        (target) => [list, target] as const,
      ),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...targets),
        fc.record({
          inputTokens: count,
          outputTokens: count,
          cachedTokens: count,
          cacheWriteTokens: count,
          longCacheWriteTokens: count,
        }),
        ([prices, target], usage) => {
          const price = prices.nanoDollars(target, usage)
          expect(Number.isSafeInteger(price) && (price ?? -1) >= 0).toBe(true)
        },
      ),
    )
  })

  it('is known of the models of the large providers, clouds too', () => {
    const usage = { inputTokens: 1_000_000, outputTokens: 0 }
    expect(list.nanoDollars('openai/gpt-5-mini', usage)).toBe(250_000_000)
    for (const target of [
      'anthropic/claude-sonnet-4-5',
      'gemini/gemini-2.5-flash',
      'bedrock/anthropic.claude-sonnet-4-20250514-v1:0',
      'mistral/mistral-large-latest',
    ])
      expect(list.nanoDollars(target, usage)).toBeGreaterThan(0)
  })

  it('of the list is twice the input for what is written to the cache for an hour', () => {
    const written = { inputTokens: 1_000, outputTokens: 0, cacheWriteTokens: 1_000 }
    for (const target of [
      'anthropic/claude-sonnet-4-5',
      'bedrock/anthropic.claude-sonnet-4-20250514-v1:0',
    ]) {
      const input = list.nanoDollars(target, { inputTokens: 1_000, outputTokens: 0 }) ?? 0
      expect(list.nanoDollars(target, written)).toBe(1.25 * input)
      expect(list.nanoDollars(target, { ...written, longCacheWriteTokens: 1_000 })).toBe(2 * input)
      expect(list.nanoDollars(target, { ...written, longCacheWriteTokens: 400 })).toBe(
        0.6 * 1.25 * input + 0.4 * 2 * input,
      )
    }
  })

  it('is unknown for a model without a price', () => {
    for (const target of ['openai/no-such-model', 'nobody/gpt-5-mini', 'ollama/llama3'])
      expect(list.nanoDollars(target, { inputTokens: 1, outputTokens: 1 })).toBeUndefined()
  })

  it('is a whole number that never falls as more is used', () => {
    const count = fc.integer({ min: 0, max: 10_000_000 })
    fc.assert(
      fc.property(
        count,
        count,
        fc.integer({ min: 0, max: 1000 }),
        (inputTokens, outputTokens, more) => {
          const [less, greater] = [
            list.nanoDollars('gpu/large', { inputTokens, outputTokens }),
            list.nanoDollars('gpu/large', { inputTokens, outputTokens: outputTokens + more }),
          ] as [number, number]
          expect(Number.isSafeInteger(less)).toBe(true)
          expect(greater).toBeGreaterThanOrEqual(less)
        },
      ),
    )
  })
})
