import { describe, expect, it } from 'vitest'
import { dialectsOf } from './spoken-dialects.ts'

describe('dialectsOf', () => {
  it('is nothing where every model is spoken to alike', () => {
    expect(dialectsOf({ dialect: 'gemini', alsoSpeaks: [], exceptions: [] })).toBeUndefined()
  })

  it('names the first dialect first, and no dialect twice', () => {
    const spoken = dialectsOf({
      dialect: 'openai-chat',
      alsoSpeaks: ['openai-chat', 'openai-responses'],
      exceptions: [],
    })
    expect(spoken?.('any')).toEqual(['openai-chat', 'openai-responses'])
    expect(Object.isFrozen(spoken?.('any'))).toBe(true)
  })

  it('makes the exception that fits first', () => {
    const exceptions = [
      { models: /^a/, dialects: ['gemini'] },
      { models: /b$/, dialects: ['bedrock-converse'] },
    ] as const
    const spoken = dialectsOf({ dialect: 'openai-chat', alsoSpeaks: [], exceptions })
    expect(['ab', 'b', 'c'].map((model) => spoken?.(model))).toEqual([
      ['gemini'],
      ['bedrock-converse'],
      ['openai-chat'],
    ])
  })
})
