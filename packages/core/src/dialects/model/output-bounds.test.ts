import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dialects } from '../index.ts'
import { boundOutput, type OutputBounds, requestedOutput } from './output-bounds.ts'

const boundsOf = (name: string): OutputBounds =>
  dialects.get(name)?.clientSide?.outputBounds ?? { names: ['?'] }
const chat = boundsOf('openai-chat')
const responses = boundsOf('openai-responses')
const messages = boundsOf('anthropic-messages')
const gemini = boundsOf('gemini')

describe('boundOutput', () => {
  it.each<[string, OutputBounds, Record<string, unknown>, Record<string, unknown>]>([
    ['sets a bound', chat, {}, { max_completion_tokens: 100 }],
    ['keeps a smaller bound', chat, { max_tokens: 50 }, { max_tokens: 50 }],
    ['lowers a larger bound', chat, { max_tokens: 500 }, { max_tokens: 100 }],
    [
      'sets a bound beside null',
      chat,
      { max_tokens: null },
      { max_tokens: null, max_completion_tokens: 100 },
    ],
    [
      'lowers each of two fields',
      chat,
      { max_tokens: 1, max_completion_tokens: 10_000 },
      { max_tokens: 1, max_completion_tokens: 100 },
    ],
    ['replaces what is no number', chat, { max_tokens: 'many' }, { max_tokens: 100 }],
    ['replaces a number in a string', chat, { max_tokens: '5000' }, { max_tokens: 100 }],
    ['replaces what servers take for "no bound"', chat, { max_tokens: -1 }, { max_tokens: 100 }],
    [
      'takes no bound of another API for its own',
      chat,
      { maxOutputTokens: 5 },
      { maxOutputTokens: 5, max_completion_tokens: 100 },
    ],
    [
      'lowers spellings of other servers',
      chat,
      { Max_Tokens: 9_000, n_predict: -1, options: { num_predict: 9_000 } },
      {
        Max_Tokens: 100,
        n_predict: 100,
        options: { num_predict: 100 },
        max_completion_tokens: 100,
      },
    ],
    ['shares the bound among choices', chat, { max_tokens: 100, n: 4 }, { max_tokens: 25, n: 4 }],
    [
      'reads the largest number of choices',
      chat,
      { n: 2, best_of: '10' },
      { n: 2, best_of: '10', max_completion_tokens: 10 },
    ],
    [
      'shares the bound among prompts',
      chat,
      { max_tokens: 100, prompt: ['a', 'b'] },
      { max_tokens: 50, prompt: ['a', 'b'] },
    ],
    [
      'shares the bound among choices of each prompt',
      chat,
      { max_tokens: 100, n: 5, prompt: [[1], [2]] },
      { max_tokens: 10, n: 5, prompt: [[1], [2]] },
    ],
    [
      'takes tokens for one prompt',
      chat,
      { max_tokens: 100, prompt: [1, 2, 3] },
      { max_tokens: 100, prompt: [1, 2, 3] },
    ],
    [
      'lowers a bound of Responses',
      responses,
      { max_output_tokens: 1e9 },
      { max_output_tokens: 100 },
    ],
    [
      'lowers a bound of Messages',
      messages,
      { max_tokens: 101, model: 'm' },
      { max_tokens: 100, model: 'm' },
    ],
    [
      'sets a bound of Gemini',
      gemini,
      { contents: [] },
      { contents: [], generationConfig: { maxOutputTokens: 100 } },
    ],
    [
      'lowers a bound of Gemini',
      gemini,
      { generationConfig: { temperature: 1, maxOutputTokens: 300 } },
      { generationConfig: { temperature: 1, maxOutputTokens: 100 } },
    ],
    [
      'lowers a bound of Gemini in snake case',
      gemini,
      { generation_config: { max_output_tokens: 300, candidate_count: 2 } },
      { generation_config: { max_output_tokens: 50, candidate_count: 2 } },
    ],
    [
      'sets a bound of Gemini where its settings are',
      gemini,
      { generation_config: { temperature: 1 } },
      { generation_config: { temperature: 1, maxOutputTokens: 100 } },
    ],
  ])('%s', (_, bounds, body, expected) => {
    expect(boundOutput(body, bounds, 100)).toEqual(expected)
  })

  it('returns the same body when it asks for no more', () => {
    for (const [bounds, body] of [
      [messages, { max_tokens: 100 }],
      [gemini, { generation_config: { maxOutputTokens: 7 } }],
      [chat, { n: 2, max_completion_tokens: 50 }],
    ] as const)
      expect(boundOutput(body, bounds, 100)).toBe(body)
  })

  it('refuses more choices than tokens', () => {
    expect(() => boundOutput({ n: 101 }, chat, 100)).toThrow(/n must be at most 100/)
  })

  it('refuses more prompts than tokens', () => {
    expect(() => boundOutput({ prompt: Array(101).fill('x') }, chat, 100)).toThrow(
      /prompt must be at most 100/,
    )
  })

  it('leaves no larger bound in any spelling', () => {
    const names = [
      'max_tokens',
      'max_completion_tokens',
      'max_output_tokens',
      'maxOutputTokens',
      'maxTokens',
      'MAX_TOKENS',
      'n_predict',
      'num_predict',
      'max_new_tokens',
      'temperature',
    ]
    const value = fc.oneof(
      fc.integer({ min: -5, max: 2_000_000 }),
      fc.constantFrom(null, '900000', 'x', 1e308, 0.5, true),
    )
    const fields = fc.dictionary(fc.constantFrom(...names), value)
    const body = fc.record({
      top: fields,
      place: fc.constantFrom('generationConfig', 'generation_config', 'inferenceConfig', 'options'),
      held: fields,
      n: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(chat, responses, messages, gemini),
        body,
        fc.integer({ min: 20, max: 5_000 }),
        (bounds, { top, place, held, n }, most) => {
          const bounded = boundOutput({ ...top, [place]: held, n }, bounds, most)
          const {
            tokens = Number.POSITIVE_INFINITY,
            mentioned,
            choices,
          } = requestedOutput(bounded, bounds)
          expect(Math.max(tokens, mentioned) * choices).toBeLessThanOrEqual(most)
          expect(boundOutput(bounded, bounds, most)).toBe(bounded)
        },
      ),
    )
  })
})

describe('requestedOutput', () => {
  it.each<[string, OutputBounds, Record<string, unknown>, ReturnType<typeof requestedOutput>]>([
    ['no bound', chat, {}, { tokens: undefined, mentioned: 0, choices: 1 }],
    [
      'the largest of two',
      chat,
      { max_tokens: 5, max_completion_tokens: 900 },
      { tokens: 900, mentioned: 900, choices: 1 },
    ],
    [
      'a bound of another API is none, and may be gone by',
      chat,
      { maxOutputTokens: 900 },
      { tokens: undefined, mentioned: 900, choices: 1 },
    ],
    [
      'numbers that are none of ours',
      chat,
      { max_tokens: 1e300 },
      { tokens: 1e9, mentioned: 1e9, choices: 1 },
    ],
    [
      'parts of a token',
      chat,
      { max_tokens: 1_000_000.5, n: 2.5 },
      { tokens: 1_000_001, mentioned: 1_000_001, choices: 3 },
    ],
    [
      'a number in a string bounds nothing for certain',
      chat,
      { max_tokens: '5' },
      { tokens: undefined, mentioned: 5, choices: 1 },
    ],
    [
      'Gemini in snake case',
      gemini,
      { generation_config: { max_output_tokens: 70, candidate_count: 3 } },
      { tokens: 70, mentioned: 70, choices: 3 },
    ],
  ])('%s', (_, bounds, body, expected) => {
    expect(requestedOutput(body, bounds)).toEqual(expected)
  })
})
