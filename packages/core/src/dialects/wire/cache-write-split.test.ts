import { describe, expect, it } from 'vitest'
import { mapUsage as messagesUsage } from '../anthropic-messages/from-provider/usage.ts'
import { mapUsage as converseUsage } from '../bedrock-converse/from-provider/usage.ts'
import { mapUsage as chatUsage } from '../openai-chat/from-provider/chunk-rules.ts'
import { readUsage } from './usage-fields.ts'

const split = { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 70 }

describe('prompt cache writes kept for an hour', () => {
  it.each([
    [
      'Messages',
      messagesUsage({
        input_tokens: 5,
        output_tokens: 1,
        cache_creation_input_tokens: 100,
        cache_creation: split,
      }),
    ],
    [
      'Messages without the sum',
      messagesUsage({ input_tokens: 5, output_tokens: 1, cache_creation: split }),
    ],
    [
      'Converse',
      converseUsage({
        inputTokens: 5,
        outputTokens: 1,
        cacheWriteInputTokens: 100,
        cacheDetails: [
          { ttl: '5m', inputTokens: 30 },
          { ttl: '1h', inputTokens: 70 },
        ],
      }),
    ],
    [
      'chat completions of services that pass it on',
      chatUsage({
        usage: {
          prompt_tokens: 105,
          completion_tokens: 1,
          cache_creation: split,
          prompt_tokens_details: { cache_write_tokens: 100 },
        },
      }),
    ],
    [
      'chat completions with details',
      chatUsage({
        usage: {
          prompt_tokens: 105,
          completion_tokens: 1,
          prompt_tokens_details: {
            cache_creation_input_tokens: 100,
            cache_creation_token_details: split,
          },
        },
      }),
    ],
    [
      'native answers',
      readUsage({
        input_tokens: 5,
        output_tokens: 1,
        cache_creation_input_tokens: 100,
        cache_creation: split,
      }),
    ],
  ])('is reported by %s', (_, usage) => {
    expect(usage).toMatchObject({
      inputTokens: 105,
      cacheWriteTokens: 100,
      longCacheWriteTokens: 70,
    })
  })

  it('is never more than was written, and absent when nothing is reported', () => {
    expect(
      messagesUsage({
        input_tokens: 5,
        output_tokens: 1,
        cache_creation_input_tokens: 10,
        cache_creation: split,
      })?.longCacheWriteTokens,
    ).toBe(10)
    for (const odd of [
      null,
      7,
      'x',
      [],
      { ephemeral_1h_input_tokens: -1 },
      { ephemeral_1h_input_tokens: '9' },
    ]) {
      expect(
        messagesUsage({
          input_tokens: 5,
          output_tokens: 1,
          cache_creation_input_tokens: 10,
          cache_creation: odd,
        })?.longCacheWriteTokens,
      ).toBeUndefined()
      expect(
        converseUsage({
          inputTokens: 5,
          outputTokens: 1,
          cacheWriteInputTokens: 10,
          cacheDetails: odd,
        })?.longCacheWriteTokens,
      ).toBeUndefined()
    }
  })
})
