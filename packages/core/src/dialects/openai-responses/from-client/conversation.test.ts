import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { conversationIn } from '../to-client/server.fake.ts'

describe('fields the neutral model has names for', () => {
  it('sampling and the rest', () => {
    const conversation = conversationIn({
      temperature: 0,
      top_p: 0.5,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      max_output_tokens: 9,
      top_logprobs: 3,
      reasoning: { effort: 'low' },
      user: 'u',
      metadata: { a: 'b' },
      parallel_tool_calls: false,
    })
    expect(conversation).toMatchObject({
      origin: 'openai-responses',
      sampling: {
        temperature: 0,
        topP: 0.5,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        maxOutputTokens: 9,
        logprobs: true,
        topLogprobs: 3,
      },
      reasoning: { effort: 'low' },
      user: 'u',
      metadata: { a: 'b' },
      parallelToolCalls: false,
      extensions: {},
    })
  })

  it('log probabilities are requested by name, and `top_logprobs: 0` does not request them', () => {
    expect(conversationIn({ include: ['message.output_text.logprobs'] }).sampling).toMatchObject({
      logprobs: true,
      topLogprobs: undefined,
    })
    expect(conversationIn({ top_logprobs: 0 }).sampling).toMatchObject({
      logprobs: undefined,
      topLogprobs: undefined,
    })
  })

  it.each<[JsonObject, unknown]>([
    [{ type: 'text' }, { type: 'text' }],
    [{ type: 'json_object' }, { type: 'json_object' }],
    [
      {
        type: 'json_schema',
        name: 'n',
        schema: { type: 'object' },
        strict: true,
        description: 'd',
      },
      {
        type: 'json_schema',
        name: 'n',
        schema: { type: 'object' },
        strict: true,
        description: 'd',
      },
    ],
  ])('the format %j', (format, expected) => {
    expect(conversationIn({ text: { format } }).responseFormat).toEqual(expected)
  })

  it('an unknown format is a 400 that names it', () => {
    expect(() => conversationIn({ text: { format: { type: 'xml' } } })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ param: 'text.format.type' }) }),
    )
  })

  it('the end user has one id, by its new name or its old one', () => {
    expect(conversationIn({ safety_identifier: 's' })).toMatchObject({ user: 's', extensions: {} })
    expect(conversationIn({ safety_identifier: 's', user: 'u' })).toMatchObject({
      user: 'u',
      extensions: { safety_identifier: 's' },
    })
  })
})

describe('extensions', () => {
  it('keep what has no neutral name, and say nothing of what every answer does anyway', () => {
    const { extensions } = conversationIn({
      store: false,
      include: [
        'reasoning.encrypted_content',
        'message.output_text.logprobs',
        'file_search_call.results',
      ],
      text: { format: { type: 'text' }, verbosity: 'low' },
      reasoning: { effort: 'high', summary: 'auto', context: null },
      prompt_cache_key: 'k',
      client_metadata: { a: 'b' },
      service_tier: 'flex',
      truncation: null,
      stream: true,
      stream_options: { include_obfuscation: false },
      background: false,
    })
    expect(extensions).toEqual({
      include: ['file_search_call.results'],
      text: { verbosity: 'low' },
      reasoning: { summary: 'auto' },
      prompt_cache_key: 'k',
      client_metadata: { a: 'b' },
      service_tier: 'flex',
    })
  })

  it('asking for a store is one, since there is none', () => {
    expect(conversationIn({ store: true }).extensions).toEqual({ store: true })
  })
})
