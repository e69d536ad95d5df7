import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { readConversation } from './conversation.ts'

const read = (fields: JsonObject) =>
  readConversation({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields })
const parameters = { type: 'object', properties: {} }

describe('readConversation', () => {
  it('reads sampling and the rest of the named fields', () => {
    const conversation = read({
      temperature: 0,
      top_p: 0.5,
      top_k: 4,
      frequency_penalty: 1,
      presence_penalty: -1,
      seed: 7,
      stop: 'END',
      max_tokens: 5,
      max_completion_tokens: 9,
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { '50256': -100 },
      reasoning_effort: 'low',
      user: 'u',
      metadata: { a: 'b' },
      parallel_tool_calls: false,
    })
    expect(conversation.sampling).toEqual({
      temperature: 0,
      topP: 0.5,
      topK: 4,
      frequencyPenalty: 1,
      presencePenalty: -1,
      seed: 7,
      stop: ['END'],
      maxOutputTokens: 9,
      n: 2,
      logprobs: true,
      topLogprobs: 3,
      logitBias: { '50256': -100 },
    })
    expect(conversation).toMatchObject({
      reasoning: { effort: 'low' },
      user: 'u',
      metadata: { a: 'b' },
      parallelToolCalls: false,
      extensions: {},
    })
  })

  it('keeps fields it has no name for, but not those of this connection', () => {
    const extensions = { store: true, verbosity: 'low', web_search_options: {}, my_field: [1] }
    expect(
      read({
        ...extensions,
        service_tier: null,
        stream: true,
        stream_options: { include_usage: true },
      }).extensions,
    ).toEqual(extensions)
  })

  it('reads max_tokens, an array of stops, and no stops', () => {
    expect(read({ max_tokens: 5, stop: ['a', 'b'] }).sampling).toMatchObject({
      maxOutputTokens: 5,
      stop: ['a', 'b'],
    })
    expect(read({ stop: [] }).sampling.stop).toBeUndefined()
  })

  it('reads tools of every kind, and the old functions', () => {
    const custom = {
      type: 'custom',
      custom: { name: 'shell', description: 'd', format: { type: 'text' } },
    }
    const search = { type: 'web_search', max: 3 }
    const { tools } = read({
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', parameters, strict: true },
          cache_control: { type: 'ephemeral' },
        },
        custom,
        search,
      ],
      functions: [{ name: 'old', parameters }],
    })
    expect(tools).toEqual([
      { kind: 'function', name: 'f', description: 'd', parameters, strict: true, cacheHint: {} },
      { kind: 'custom', name: 'shell', description: 'd', value: custom },
      { kind: 'extension', name: 'web_search', value: search },
      { kind: 'function', name: 'old', parameters },
    ])
  })

  it.each([
    ['auto', { mode: 'auto' }],
    ['none', { mode: 'none' }],
    ['required', { mode: 'required' }],
    [
      { type: 'function', function: { name: 'f' } },
      { mode: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', custom: { name: 'c' } },
      { mode: 'tool', name: 'c' },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [{ type: 'function', function: { name: 'f' } }, { type: 'web_search' }],
        },
      },
      { mode: 'allowed', required: true, names: ['f', 'web_search'] },
    ],
  ])('reads tool_choice %j', (tool_choice, expected) =>
    expect(read({ tool_choice }).toolChoice).toEqual(expected),
  )

  it('reads function_call of the old form', () => {
    expect(read({ function_call: 'none' }).toolChoice).toEqual({ mode: 'none' })
    expect(read({ function_call: { name: 'f' } }).toolChoice).toEqual({ mode: 'tool', name: 'f' })
  })

  it('reads response formats', () => {
    const schema = { type: 'object' }
    expect(read({ response_format: { type: 'json_object' } }).responseFormat).toEqual({
      type: 'json_object',
    })
    expect(
      read({
        response_format: { type: 'json_schema', json_schema: { name: 's', schema, strict: true } },
      }).responseFormat,
    ).toEqual({ type: 'json_schema', name: 's', schema, strict: true })
  })

  it.each([
    [{ tools: [{ description: 'f' }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [
      { tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
      'tools[0].function.parameters',
    ],
    [{ tools: ['f'] }, 'tools[0]'],
    [{ functions: [{}] }, 'functions[0].name'],
    [{ tool_choice: 'sometimes' }, 'tool_choice'],
    [{ tool_choice: { type: 'function' } }, 'tool_choice.function'],
    [{ tool_choice: { type: 'magic' } }, 'tool_choice.type'],
    [
      { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'x' } } },
      'tool_choice.allowed_tools.mode',
    ],
    [{ function_call: 'f' }, 'function_call'],
    [{ response_format: { type: 'xml' } }, 'response_format.type'],
    [
      { response_format: { type: 'json_schema', json_schema: { schema: 7 } } },
      'response_format.json_schema.schema',
    ],
    [{ logit_bias: { '1': 'x' } }, 'logit_bias.1'],
  ])('refuses %j', (fields, param) => {
    expect(() => read(fields)).toThrow(
      expect.objectContaining({ code: 'invalid_request', details: { param } }),
    )
  })
})
