import { describe, expect, it } from 'vitest'
import type { Conversation } from '../../model/conversation.ts'
import { build, text, weather, time, refusalOf } from '../dialect.fake.ts'

describe('a request', () => {
  it('is translated to Cohere’s fields', () => {
    const { path, body, dropped } = build({
      messages: [
        { role: 'developer', parts: [text('Be brief.')] },
        {
          role: 'user',
          parts: [
            text('Hi'),
            { type: 'image', source: { kind: 'url', url: 'https://x/a.png' }, detail: 'low' },
          ],
        },
      ],
      tools: [{ ...weather, description: 'd', strict: true }],
      toolChoice: { mode: 'required' },
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 5,
        maxOutputTokens: 9,
        stop: ['x', ''],
        seed: 1,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
      },
    })
    expect(path).toBe('/v2/chat')
    expect(dropped).toEqual([])
    expect(body).toEqual({
      model: 'command-a-03-2025',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hi' },
            { type: 'image_url', image_url: { url: 'https://x/a.png', detail: 'low' } },
          ],
        },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'weather', description: 'd', parameters: { type: 'object' } },
        },
      ],
      strict_tools: true,
      tool_choice: 'REQUIRED',
      max_tokens: 9,
      temperature: 0.5,
      p: 0.9,
      k: 5,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      seed: 1,
      stop_sequences: ['x'],
      stream: false,
    })
  })

  it('clamps values outside the ranges, and reports them', () => {
    const { body, dropped } = build({
      sampling: {
        temperature: 2,
        topP: 1,
        topK: 1000,
        frequencyPenalty: -1,
        stop: ['1', '2', '3', '4', '5', '6'],
        logprobs: true,
        topLogprobs: 3,
        logitBias: { 1: 1 },
      },
    })
    expect(body).toMatchObject({
      temperature: 1,
      p: 0.99,
      k: 500,
      frequency_penalty: 0,
      stop_sequences: ['1', '2', '3', '4', '5'],
    })
    expect(dropped).toEqual([
      'stop (all after the first 5)',
      'top_logprobs',
      'logprobs',
      'logit_bias',
      'temperature (lowered to 1)',
      'top_p (lowered to 0.99)',
      'top_k (lowered to 500)',
      'frequency_penalty (raised to 0)',
    ])
  })

  it('reports fields without a place', () => {
    expect(
      build({
        user: 'u',
        metadata: { a: 1 },
        extensions: { store: true },
        parallelToolCalls: false,
        tools: [weather],
      }).dropped,
    ).toEqual(['store', 'user', 'metadata', 'parallel_tool_calls'])
    expect(build({}, { quirks: { dropFields: ['stream'] } }).dropped).toEqual(['stream'])
  })

  it('offers only the tool that has to be called', () => {
    const forced = build({ tools: [weather, time], toolChoice: { mode: 'tool', name: 'time' } })
    expect(forced.body).toMatchObject({
      tools: [{ function: { name: 'time', parameters: { type: 'object', properties: {} } } }],
      tool_choice: 'REQUIRED',
    })
    expect(forced.dropped).toEqual(['tools (those that may not be called)'])
    expect(
      build({
        tools: [weather, time],
        toolChoice: { mode: 'allowed', required: false, names: ['weather'] },
      }).body,
    ).not.toHaveProperty('tool_choice')
    expect(build({ tools: [weather], toolChoice: { mode: 'none' } }).body.tool_choice).toBe('NONE')
    expect(build({ toolChoice: { mode: 'required' } }).body).not.toHaveProperty('tool_choice')
    expect(build({ tools: [{ ...weather, strict: true }, time] }).dropped).toEqual([
      'strict (of some tools only)',
    ])
  })

  it('asks for JSON, but not together with tools', () => {
    const responseFormat = { type: 'json_schema', name: 'a', schema: { type: 'object' } } as const
    expect(build({ responseFormat }).body.response_format).toEqual({
      type: 'json_object',
      json_schema: { type: 'object' },
    })
    expect(build({ responseFormat: { type: 'json_object' } }).body.response_format).toEqual({
      type: 'json_object',
    })
    expect(build({ responseFormat, tools: [weather] }).dropped).toEqual([
      'response_format (not beside tools)',
    ])
    expect(build({ responseFormat: { type: 'text' } }).body).not.toHaveProperty('response_format')
  })

  it.each([
    ['command-a-reasoning-08-2025', { effort: 'none' }, { type: 'disabled' }, []],
    [
      'command-a-reasoning-08-2025',
      { effort: 'high' },
      { type: 'enabled' },
      ['reasoning_effort (on or off)'],
    ],
    [
      'command-a-reasoning-08-2025',
      { budgetTokens: 500 },
      { type: 'enabled', token_budget: 500 },
      [],
    ],
    [
      'command-a-03-2025',
      { effort: 'high', budgetTokens: 500 },
      undefined,
      ['reasoning_effort', 'reasoning budget in tokens'],
    ],
    ['command-a-03-2025', { effort: 'none' }, undefined, []],
  ])('lets %s think as asked: %j', (model, reasoning, thinking, dropped) => {
    const built = build({ reasoning }, { model })
    expect([built.body.thinking, built.dropped]).toEqual([thinking, dropped])
  })

  it.each([
    [{ tools: [{ kind: 'custom', name: 'c' }] }, 'tools[0]'],
    [{ tools: [{ kind: 'extension', name: 'w', value: { type: 'web_search' } }] }, 'tools[0]'],
    [
      {
        messages: [
          { role: 'user', parts: [text('a'), { type: 'audio', format: 'wav', data: 'x' }] },
        ],
      },
      'messages[0]',
    ],
    [
      {
        messages: [
          { role: 'user', parts: [text('a'), { type: 'image', source: { kind: 'id', id: 'x' } }] },
        ],
      },
      'messages[0]',
    ],
    [
      {
        messages: [
          {
            role: 'tool',
            parts: [
              {
                type: 'tool-result',
                id: 'c',
                content: [text('a'), { type: 'image', source: { kind: 'url', url: 'u' } }],
              },
            ],
          },
        ],
      },
      'messages[0]',
    ],
  ] as const)(
    'refuses what the service cannot take, unless it may be dropped: %j',
    (conversation, param) => {
      expect(refusalOf(() => build(conversation as Partial<Conversation>))).toMatchObject({
        code: 'unsupported_content',
        details: { param },
      })
      expect(
        build(conversation as Partial<Conversation>, { dropUnsupported: true }).dropped,
      ).toEqual([expect.stringContaining(param)])
    },
  )

  it('is refused for more than one choice, and without content', () => {
    expect(refusalOf(() => build({ sampling: { n: 2 } }))).toMatchObject({
      code: 'unsupported_content',
      details: { param: 'n' },
    })
    expect(
      refusalOf(() => build({ messages: [{ role: 'user', parts: [text('')] }] })),
    ).toMatchObject({ code: 'invalid_request', details: { param: 'messages' } })
  })
})
