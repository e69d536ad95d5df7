import { describe, expect, it } from 'vitest'
import type { Conversation } from '../../model/conversation.ts'
import { build, calls, CLAUDE, LLAMA, NOVA, result, says, UNKNOWN } from './build.fake.ts'

describe('buildRequest', () => {
  it('sends what was asked and nothing else', () => {
    const { path, body, headers, dropped } = build(
      { sampling: { temperature: 0.5, maxOutputTokens: 100, stop: ['END'] } },
      { model: NOVA },
    )
    expect(path).toBe('/model/us.amazon.nova-2-lite-v1%3A0/converse')
    expect(body).toEqual({
      messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
      inferenceConfig: { temperature: 0.5, maxTokens: 100, stopSequences: ['END'] },
    })
    expect(headers).toBeUndefined()
    expect(dropped).toEqual([])
  })

  it.each([
    ['amazon.nova-lite-v1:0', '/model/amazon.nova-lite-v1%3A0/converse-stream'],
    ['eu.anthropic.claude-opus-4-6-v1', '/model/eu.anthropic.claude-opus-4-6-v1/converse-stream'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0',
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/converse-stream',
    ],
  ])(
    'nasty 9: the model id must be URL-encoded, region prefixes and ARNs pass: %s',
    (model, path) => {
      expect(build({}, { model, stream: true }).path).toBe(path)
    },
  )

  it('builds the same bytes for the same conversation', () => {
    const conversation: Partial<Conversation> = {
      tools: [{ kind: 'function', name: 'a' }],
      user: 'u',
      sampling: { temperature: 0.5, stop: ['x'] },
      metadata: { b: '1', a: '2' },
    }
    expect(JSON.stringify(build(conversation).body)).toBe(
      JSON.stringify(build(structuredClone(conversation)).body),
    )
  })

  it('changes nothing of the conversation', () => {
    const conversation: Partial<Conversation> = {
      messages: [says('user', 'a'), says('assistant', 'b ')],
      tools: [{ kind: 'function', name: 'a', parameters: {} }],
      extensions: { x: 1 },
    }
    const before = structuredClone(conversation)
    build(conversation)
    expect(conversation).toEqual(before)
  })

  it('refuses more than one choice', () => {
    expect(() => build({ sampling: { n: 2 } })).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        details: { param: 'n', provider: 'cloud' },
      }),
    )
    expect(build({ sampling: { n: 1 } }).dropped).toEqual([])
  })

  it('reports unknown fields and removes those the service refuses', () => {
    const { body, dropped } = build(
      { extensions: { service_tier: 'flex', store: true }, user: 'u' },
      { quirks: { dropFields: ['requestMetadata', 'toolConfig'] } },
    )
    expect(body).not.toHaveProperty('requestMetadata')
    expect(dropped).toEqual(['service_tier', 'store', 'requestMetadata'])
  })

  it('keeps metadata and the user where the service logs them, as far as it takes them', () => {
    const many = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`k${index}`, 'v']))
    const { body, dropped } = build({
      metadata: { team: 'a b', 'bad,key': 'x', bad: 'x;', number: 7, ...many },
      user: 'u-1',
    })
    expect(body.requestMetadata).toEqual({ team: 'a b', ...many })
    expect(dropped).toEqual(['metadata.bad,key', 'metadata.bad', 'metadata.number', 'user'])
    expect(build({ user: 'u-1' }).body.requestMetadata).toEqual({ user: 'u-1' })
    expect(build({ metadata: { user: 'theirs' }, user: 'u-1' })).toMatchObject({
      body: { requestMetadata: { user: 'theirs' } },
      dropped: ['user'],
    })
  })
})

describe('sampling', () => {
  const sampled = (sampling: Conversation['sampling'], model: string) => {
    const { body, dropped } = build({ sampling }, { model })
    return {
      config: body.inferenceConfig,
      own: body.additionalModelRequestFields,
      paths: body.additionalModelResponseFieldPaths,
      dropped,
    }
  }

  it('puts top_k where the model has it', () => {
    expect(sampled({ topK: 5 }, CLAUDE).own).toEqual({ top_k: 5 })
    expect(sampled({ topK: 5 }, NOVA).own).toEqual({ inferenceConfig: { topK: 5 } })
    expect(sampled({ topK: 5 }, 'cohere.command-r-v1:0').own).toEqual({ k: 5 })
    expect(sampled({ topK: 5 }, LLAMA)).toMatchObject({ own: undefined, dropped: ['top_k'] })
  })

  it('temperature xor top_p, a clamp to 1, none at all', () => {
    expect(sampled({ temperature: 0.2, topP: 0.9 }, CLAUDE)).toMatchObject({
      config: { temperature: 0.2 },
      dropped: ['top_p (not with temperature)'],
    })
    expect(sampled({ temperature: 1, topP: 0.9, maxOutputTokens: 9 }, CLAUDE)).toMatchObject({
      config: { topP: 0.9, maxTokens: 9 },
      dropped: ['temperature (not with top_p)'],
    })
    expect(sampled({ temperature: 0.2, topP: 0.9 }, LLAMA)).toMatchObject({
      config: { temperature: 0.2, topP: 0.9 },
      dropped: [],
    })
    expect(sampled({ temperature: 1.7 }, LLAMA)).toMatchObject({
      config: { temperature: 1 },
      dropped: ['temperature (lowered to 1)'],
    })
    expect(
      sampled({ temperature: 1, topP: 1, topK: 1 }, 'anthropic.claude-opus-4-8'),
    ).toMatchObject({
      config: undefined,
      own: undefined,
      dropped: ['temperature', 'top_p', 'top_k'].map(
        (name) => `${name} (the model samples its own way)`,
      ),
    })
  })

  it('reports what the service has no word for', () => {
    const { dropped } = build({
      sampling: {
        frequencyPenalty: 1,
        presencePenalty: 1,
        seed: 7,
        logprobs: true,
        topLogprobs: 2,
        logitBias: { 1: 1 },
        stop: [' ', 'x'],
      },
    })
    expect(dropped).toEqual([
      'frequency_penalty',
      'presence_penalty',
      'seed',
      'logprobs',
      'top_logprobs',
      'logit_bias',
      'stop[0] (only white space)',
    ])
    expect(
      build({
        sampling: { frequencyPenalty: 0, presencePenalty: 0, logprobs: false, logitBias: {} },
      }).dropped,
    ).toEqual([])
  })

  it('asks which stop sequence ended the answer, of models that know', () => {
    expect(sampled({ stop: ['x'] }, CLAUDE).paths).toEqual(['/delta/stop_sequence'])
    expect(sampled({}, CLAUDE).paths).toBeUndefined()
    expect(sampled({ stop: ['x'] }, LLAMA).paths).toBeUndefined()
  })
})

describe('reasoning', () => {
  const OPUS = 'us.anthropic.claude-opus-4-6-v1'
  const thought = (
    reasoning: Conversation['reasoning'],
    model: string,
    more: Partial<Conversation> = {},
  ) => {
    const { body, dropped } = build({ reasoning, ...more }, { model })
    return {
      own: body.additionalModelRequestFields,
      effort: (body.outputConfig as { effort?: string } | undefined)?.effort,
      config: body.inferenceConfig,
      dropped,
    }
  }

  it.each([
    [CLAUDE, { effort: 'medium' }, { thinking: { type: 'enabled', budget_tokens: 8192 } }],
    [CLAUDE, { budgetTokens: 500 }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    [CLAUDE, { effort: 'none' }, undefined],
    [CLAUDE, { budgetTokens: 0 }, undefined],
    [NOVA, { effort: 'low' }, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }],
    [NOVA, { effort: 'none' }, undefined],
    ['openai.gpt-oss-120b-1:0', { effort: 'high' }, { reasoning_effort: 'high' }],
    ['us.openai.gpt-5.5', { effort: 'xhigh' }, { reasoning: { effort: 'xhigh' } }],
    ['us.openai.gpt-5.5', { effort: 'none' }, { reasoning: { effort: 'none' } }],
    ['anthropic.claude-sonnet-5', { effort: 'none' }, { thinking: { type: 'disabled' } }],
  ] as const)('%s: %j', (model, reasoning, own) => {
    expect(thought(reasoning, model)).toMatchObject({ own, effort: undefined, dropped: [] })
  })

  it('says effort where the model measures out its thinking', () => {
    expect(thought({ effort: 'high' }, OPUS)).toMatchObject({
      own: { thinking: { type: 'adaptive' } },
      effort: 'high',
      dropped: [],
    })
    expect(thought({ effort: 'xhigh' }, OPUS)).toMatchObject({
      effort: 'high',
      dropped: ['reasoning_effort (sent as high)'],
    })
    expect(thought({ effort: 'minimal' }, OPUS)).toMatchObject({
      effort: 'low',
      dropped: ['reasoning_effort (sent as low)'],
    })
    expect(thought({ budgetTokens: 4000 }, OPUS)).toMatchObject({
      own: { thinking: { type: 'adaptive' } },
      effort: undefined,
      dropped: ['reasoning (the model sets its own thinking budget)'],
    })
  })

  it.each([
    [LLAMA, { effort: 'low' }, 'reasoning_effort (the model takes none)'],
    [UNKNOWN, { effort: 'low' }, 'reasoning_effort (the model takes none)'],
    ['us.deepseek.r1-v1:0', { effort: 'low' }, 'reasoning_effort (the model thinks as it likes)'],
    ['us.deepseek.r1-v1:0', { effort: 'none' }, 'reasoning_effort (the model always thinks)'],
    ['openai.gpt-oss-20b-1:0', { effort: 'none' }, 'reasoning_effort (the model always thinks)'],
    ['openai.gpt-oss-20b-1:0', { effort: 'max' }, 'reasoning_effort (sent as high)'],
    [NOVA, { effort: 'minimal' }, 'reasoning_effort (sent as low)'],
    [NOVA, { budgetTokens: 5000 }, 'reasoning (the thinking budget is sent as the effort medium)'],
    [CLAUDE, { effort: 'enormous' }, 'reasoning_effort (unknown effort)'],
    ['anthropic.claude-opus-5-5', { effort: 'none' }, 'reasoning_effort (the model always thinks)'],
    [
      'anthropic.claude-sonnet-5-5',
      { effort: 'none' },
      'reasoning_effort (the model thinks between tool calls at least)',
    ],
  ] as const)('%s: %j is reported', (model, reasoning, note) => {
    expect(thought(reasoning, model).dropped).toEqual([note])
  })

  it('the thinking budget stays below max_tokens', () => {
    expect(
      thought({ effort: 'high' }, CLAUDE, { sampling: { maxOutputTokens: 2000 } }).own,
    ).toEqual({ thinking: { type: 'enabled', budget_tokens: 1600 } })
    expect(
      thought({ effort: 'high' }, CLAUDE, { sampling: { maxOutputTokens: 1000 } }),
    ).toMatchObject({
      own: undefined,
      dropped: ['reasoning_effort (the output limit leaves no room for thinking)'],
    })
  })

  it('leaves sampling to a model that thinks', () => {
    const sampling = { temperature: 0.5, topK: 3, topP: 0.5 }
    expect(thought({ effort: 'low' }, CLAUDE, { sampling })).toMatchObject({
      config: undefined,
      dropped: ['temperature', 'top_p', 'top_k'].map(
        (name) => `${name} (fixed while the model thinks)`,
      ),
    })
    expect(thought({ effort: 'low' }, CLAUDE, { sampling: { topP: 0.97 } })).toMatchObject({
      config: { topP: 0.97 },
      dropped: [],
    })
    expect(thought({ effort: 'low' }, NOVA, { sampling: { temperature: 0.5 } })).toMatchObject({
      config: { temperature: 0.5 },
      dropped: [],
    })
    expect(
      thought({ effort: 'high' }, NOVA, {
        sampling: { ...sampling, maxOutputTokens: 9, stop: ['x'] },
      }),
    ).toMatchObject({
      own: { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } },
      config: { stopSequences: ['x'] },
      dropped: ['max_tokens', 'temperature', 'top_p', 'top_k'].map(
        (name) => `${name} (not with this reasoning effort)`,
      ),
    })
  })

  it('does not think while a tool is forced', () => {
    const forced: Partial<Conversation> = {
      tools: [{ kind: 'function', name: 'look' }],
      toolChoice: { mode: 'required' },
    }
    expect(thought({ effort: 'low' }, CLAUDE, forced)).toMatchObject({
      own: undefined,
      dropped: ['reasoning_effort (no thinking while a tool is forced)'],
    })
    expect(thought({ effort: 'low' }, OPUS, forced)).toMatchObject({
      own: undefined,
      effort: 'low',
      dropped: ['reasoning_effort (no thinking while a tool is forced)'],
    })
  })

  it('does not begin to think in the middle of a tool loop that another provider began', () => {
    const loop = (...parts: Conversation['messages'][number]['parts']) => [
      says('user', 'a'),
      { role: 'assistant' as const, parts },
      result('x'),
    ]
    const signed = {
      type: 'reasoning' as const,
      text: 'Hm',
      signature: { origin: 'bedrock-converse', value: 's' },
    }
    expect(thought({ effort: 'low' }, CLAUDE, { messages: loop(...calls('x')) }).dropped).toContain(
      'reasoning_effort (the tool calls before were made without signed thinking)',
    )
    expect(
      thought({ effort: 'low' }, CLAUDE, { messages: loop(signed, ...calls('x')) }).own,
    ).toMatchObject({ thinking: { type: 'enabled' } })
  })
})

describe('response_format', () => {
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  }
  const wanted = { type: 'json_schema' as const, name: 'place', schema, description: 'A place.' }
  const asked = (conversation: Partial<Conversation>, model = CLAUDE) => {
    const { body, dropped } = build({ responseFormat: wanted, ...conversation }, { model })
    return { output: body.outputConfig, tools: body.toolConfig, dropped }
  }

  it('holds models to the schema that can be held to it', () => {
    const textFormat = {
      type: 'json_schema',
      structure: {
        jsonSchema: { name: 'place', description: 'A place.', schema: JSON.stringify(schema) },
      },
    }
    for (const model of [
      CLAUDE,
      'us.anthropic.claude-opus-4-6-v1',
      'openai.gpt-oss-120b-1:0',
      'qwen.qwen3-32b-v1:0',
    ]) {
      expect(asked({}, model)).toEqual({ output: { textFormat }, tools: undefined, dropped: [] })
    }
  })

  it('makes the others answer through a tool', () => {
    const answer = {
      toolSpec: {
        name: 'postern_json_answer',
        description: 'A place.',
        inputSchema: { json: schema },
      },
    }
    for (const model of [NOVA, 'us.anthropic.claude-sonnet-4-20250514-v1:0', UNKNOWN])
      expect(asked({}, model)).toEqual({
        output: undefined,
        tools: { tools: [answer], toolChoice: { any: {} } },
        dropped: [],
      })
    const open = {
      ...wanted,
      schema: { properties: { map: { type: 'object' } } },
      description: undefined,
    }
    expect(asked({ responseFormat: open })).toMatchObject({
      tools: {
        tools: [
          {
            toolSpec: {
              description: 'Gives the final answer to the user as place.',
              inputSchema: { json: { ...open.schema, type: 'object' } },
            },
          },
        ],
      },
    })
  })

  it('offers the answer beside other tools', () => {
    expect(asked({ tools: [{ kind: 'function', name: 'look' }] }, NOVA).tools).toMatchObject({
      tools: [{ toolSpec: { name: 'look' } }, { toolSpec: { name: 'postern_json_answer' } }],
      toolChoice: { any: {} },
    })
  })

  it('reports what is left to the prompt', () => {
    expect(asked({ responseFormat: { type: 'json_object' } }).dropped).toEqual([
      'response_format (json_object is left to the prompt)',
    ])
    expect(asked({}, LLAMA)).toMatchObject({
      output: undefined,
      tools: undefined,
      dropped: [expect.stringMatching(/^response_format \(the schema is left to the prompt/)],
    })
    expect(
      asked({ tools: [{ kind: 'function', name: 'look' }], toolChoice: { mode: 'required' } }, NOVA)
        .dropped,
    ).toEqual(['response_format (a tool call is forced)'])
    expect(asked({ responseFormat: { type: 'text' } })).toEqual({
      output: undefined,
      tools: undefined,
      dropped: [],
    })
  })
})
