import { describe, expect, it } from 'vitest'
import { renderContext } from './server.fake.ts'
import { responseObject } from './response-object.ts'

describe('the response object', () => {
  it('repeats every setting, or says its default', () => {
    expect(
      responseObject(renderContext(), {
        status: 'completed',
        output: [],
        usage: { inputTokens: 5, outputTokens: 7 },
      }),
    ).toEqual({
      id: 'resp_postern_1',
      object: 'response',
      created_at: 1_700_000_000,
      completed_at: 1_700_000_000,
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'physical',
      output: [],
      usage: {
        input_tokens: 5,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 12,
      },
      previous_response_id: null,
      instructions: null,
      tools: [],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      text: { format: { type: 'text' } },
      reasoning: { effort: null, summary: null },
      truncation: 'disabled',
      temperature: 1,
      top_p: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      top_logprobs: 0,
      max_output_tokens: null,
      max_tool_calls: null,
      store: false,
      background: false,
      service_tier: 'default',
      metadata: {},
      user: null,
      safety_identifier: null,
      prompt_cache_key: null,
    })
  })

  it('says what the client asked for', () => {
    const tools = [
      { type: 'function', name: 'f' },
      { type: 'web_search', filters: null },
    ]
    const fields = {
      instructions: 'Be kind.',
      tools,
      tool_choice: { type: 'function', name: 'f' },
      text: { format: { type: 'json_schema', name: 'n', schema: {} }, verbosity: 'low' },
      reasoning: { effort: 'high' },
      temperature: 0,
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
    }
    expect(
      responseObject(renderContext(fields), { status: 'in_progress', output: [] }),
    ).toMatchObject({
      ...fields,
      tools: [
        { type: 'function', name: 'f', description: null, parameters: null, strict: null },
        tools[1],
      ],
      text: {
        format: { type: 'json_schema', name: 'n', schema: {}, description: null, strict: false },
        verbosity: 'low',
      },
      reasoning: { effort: 'high', summary: null },
      completed_at: null,
      usage: null,
    })
  })

  it('never says that something was stored', () => {
    expect(
      responseObject(renderContext({ store: true }), { status: 'completed', output: [] }).store,
    ).toBe(false)
  })

  it('counts tokens as this dialect does: cache and reasoning are included', () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 5,
      cachedTokens: 4,
      cacheWriteTokens: 3,
      reasoningTokens: 2,
    }
    expect(
      responseObject(renderContext(), { status: 'completed', output: [], usage }).usage,
    ).toEqual({
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 15,
    })
  })
})
