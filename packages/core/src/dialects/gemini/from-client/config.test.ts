import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import type { Extensions } from './fields.ts'

const read = (generationConfig: unknown, extensions: Extensions = {}) =>
  readConfig({ value: { generationConfig }, path: '' }, extensions)

describe('sampling', () => {
  it('has a name for every option other providers know', () => {
    const config = {
      temperature: 0,
      topP: 0.5,
      topK: 40,
      maxOutputTokens: '100',
      stopSequences: ['x'],
      seed: -1,
      candidateCount: 2,
      presencePenalty: 0.1,
      frequencyPenalty: -0.1,
      responseLogprobs: true,
      logprobs: 3,
    }
    expect(read(config).sampling).toEqual({
      temperature: 0,
      topP: 0.5,
      topK: 40,
      maxOutputTokens: 100,
      stop: ['x'],
      seed: -1,
      n: 2,
      presencePenalty: 0.1,
      frequencyPenalty: -0.1,
      logprobs: true,
      topLogprobs: 3,
    })
  })

  it("is the provider's own where nothing is said", () => {
    expect(read(undefined)).toEqual({ sampling: {} })
    expect(read({ temperature: null, stopSequences: [] }).sampling).toEqual({})
  })

  it('keeps what only this API has', () => {
    const extensions: Extensions = {}
    read(
      { responseModalities: ['TEXT'], speech_config: {}, topK: 1, thinkingConfig: { newKnob: 1 } },
      extensions,
    )
    expect(Object.keys(extensions)).toEqual([
      'generationConfig.responseModalities',
      'generationConfig.speech_config',
      'generationConfig.thinkingConfig.newKnob',
    ])
  })

  it.each([
    [
      { temperature: 'hot' },
      'generationConfig.temperature must be a number, got the string "hot".',
    ],
    [
      { maxOutputTokens: 1.5 },
      'generationConfig.maxOutputTokens must be an integer, got the number 1.5.',
    ],
    [
      { stop_sequences: 'x' },
      'generationConfig.stop_sequences must be an array of strings, got the string "x".',
    ],
    [
      { responseLogprobs: 1 },
      'generationConfig.responseLogprobs must be a boolean, got the number 1.',
    ],
    ['x', 'generationConfig must be an object, got the string "x".'],
  ])('names what is wrong with %j', (config, message) => {
    expect(() => read(config)).toThrow(message)
  })
})

describe('the response format', () => {
  const schema = { type: 'OBJECT', properties: { a: { type: 'STRING' } } }
  const json = { type: 'object', properties: { a: { type: 'string' } } }

  it.each([
    [{}, undefined],
    [{ responseMimeType: 'text/plain' }, { type: 'text' }],
    [{ responseMimeType: 'application/json' }, { type: 'json_object' }],
    [
      { responseMimeType: 'application/json', responseSchema: schema },
      { type: 'json_schema', name: 'response', schema: json },
    ],
    [
      { response_mime_type: 'application/json', response_json_schema: json },
      { type: 'json_schema', name: 'response', schema: json },
    ],
    [{ responseSchema: schema }, { type: 'json_schema', name: 'response', schema: json }],
  ])('of %j is %j', (config, format) => {
    expect(read(config).responseFormat).toEqual(format)
  })

  it('another API does not know is kept as it is', () => {
    const extensions: Extensions = {}
    expect(
      read(
        { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } },
        extensions,
      ).responseFormat,
    ).toBeUndefined()
    expect(extensions).toEqual({ 'generationConfig.responseMimeType': 'text/x.enum' })
  })
})

describe('thinking', () => {
  it.each([
    [{ thinkingBudget: 0 }, { effort: 'none' }],
    [{ thinkingBudget: -1, includeThoughts: true }, undefined],
    [{ thinkingBudget: 2048 }, { budgetTokens: 2048 }],
    [{ thinkingLevel: 'HIGH' }, { effort: 'high' }],
    [{ thinkingLevel: 'THINKING_LEVEL_UNSPECIFIED' }, undefined],
    [{ includeThoughts: true }, undefined],
  ])('%j is %j', (thinkingConfig, reasoning) => {
    expect(read({ thinkingConfig }).reasoning).toEqual(reasoning)
  })
})
