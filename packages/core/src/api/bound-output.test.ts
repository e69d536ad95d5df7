import { describe, expect, it } from 'vitest'
import { boundFields, boundOutput } from './bound-output.ts'

describe('the output of a request, bounded (R87)', () => {
  it.each([
    ['chat', {}, { max_completion_tokens: 100 }],
    ['chat', { max_tokens: 50 }, { max_tokens: 50 }],
    ['chat', { max_tokens: 500 }, { max_tokens: 100 }],
    ['chat', { max_tokens: null }, { max_tokens: null, max_completion_tokens: 100 }],
    // Fields that contradict each other (D6).
    ['chat', { max_tokens: 1, max_completion_tokens: 10_000 }, { max_tokens: 1, max_completion_tokens: 100 }],
    ['chat', { max_tokens: 'many' }, { max_tokens: 'many' }],
    ['responses', { max_output_tokens: 1e9 }, { max_output_tokens: 100 }],
    ['messages', { max_tokens: 101, model: 'm' }, { max_tokens: 100, model: 'm' }],
    ['generate', { contents: [] }, { contents: [], generationConfig: { maxOutputTokens: 100 } }],
    ['generate', { generationConfig: { temperature: 1, maxOutputTokens: 300 } }, { generationConfig: { temperature: 1, maxOutputTokens: 100 } }],
  ] as const)('%s: %j becomes %j', (dialect, body, expected) => {
    expect(boundOutput(body, boundFields[dialect], 100)).toEqual(expected)
  })

  it('is left as it is when it asks for no more', () => {
    const body = { max_tokens: 100 }
    expect(boundOutput(body, boundFields.messages, 100)).toBe(body)
  })
})
