import { describe, expect, it } from 'vitest'
import type { Conversation, Tool } from '../../model/conversation.ts'
import { build, calls, CLAUDE, LLAMA, NOVA, result, says, UNKNOWN } from './build.fake.ts'

const MISTRAL = 'mistral.mistral-large-2402-v1:0'
const look: Tool = {
  kind: 'function',
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: { a: { type: 'string' } } },
}
const go: Tool = { kind: 'function', name: 'go' }
const lookSpec = {
  toolSpec: { name: 'look', description: 'Looks.', inputSchema: { json: look.parameters } },
}
const goSpec = {
  toolSpec: { name: 'go', inputSchema: { json: { properties: {}, type: 'object' } } },
}
const history = [says('user', 'a'), { role: 'assistant' as const, parts: calls('x') }, result('x')]

function tools(conversation: Partial<Conversation>, model = CLAUDE) {
  const { body, dropped } = build({ tools: [look, go], ...conversation }, { model })
  return { config: body.toolConfig, own: body.additionalModelRequestFields, dropped }
}

describe('toolConfig', () => {
  it('is left out when there is nothing to call', () => {
    expect(tools({ tools: [] })).toEqual({ config: undefined, own: undefined, dropped: [] })
  })

  it('offers functions; to choose freely needs no word', () => {
    expect(tools({})).toEqual({
      config: { tools: [lookSpec, goSpec] },
      own: undefined,
      dropped: [],
    })
    expect(tools({ toolChoice: { mode: 'auto' } }).config).toEqual({ tools: [lookSpec, goSpec] })
  })

  it.each([
    [CLAUDE, { mode: 'required' }, { any: {} }],
    [CLAUDE, { mode: 'tool', name: 'go' }, { tool: { name: 'go' } }],
    [CLAUDE, { mode: 'allowed', required: true, names: ['look', 'go'] }, { any: {} }],
    [NOVA, { mode: 'tool', name: 'go' }, { tool: { name: 'go' } }],
    [MISTRAL, { mode: 'required' }, { any: {} }],
    [UNKNOWN, { mode: 'required' }, { any: {} }],
  ] as const)('%s: makes %j %j', (model, toolChoice, expected) => {
    expect(tools({ toolChoice }, model)).toMatchObject({
      config: { tools: [lookSpec, goSpec], toolChoice: expected },
      dropped: [],
    })
  })

  it('offers only the allowed tools', () => {
    expect(
      tools({ toolChoice: { mode: 'allowed', required: false, names: ['go'] } }).config,
    ).toEqual({ tools: [goSpec] })
  })

  it('offers only the one tool where a model can be made to call any, but not this one', () => {
    expect(tools({ toolChoice: { mode: 'tool', name: 'go' } }, MISTRAL)).toMatchObject({
      config: { tools: [goSpec], toolChoice: { any: {} } },
      dropped: [],
    })
  })

  it('reports a choice the model cannot be held to', () => {
    for (const model of [LLAMA, 'anthropic.claude-opus-5-5']) {
      expect(tools({ toolChoice: { mode: 'required' } }, model)).toMatchObject({
        config: { tools: [lookSpec, goSpec] },
        dropped: ['tool_choice (the model cannot be made to call a tool)'],
      })
    }
  })

  it('leaves out tools that must not be called, unless the history calls them', () => {
    expect(tools({ toolChoice: { mode: 'none' } })).toEqual({
      config: undefined,
      own: undefined,
      dropped: [],
    })
    expect(tools({ toolChoice: { mode: 'none' }, messages: history })).toEqual({
      config: { tools: [lookSpec, goSpec] },
      own: undefined,
      dropped: ['tool_choice (the history calls tools, so they are still offered)'],
    })
  })

  it('nasty 8: toolConfig is required whenever the history holds tool blocks', () => {
    const stub = (name: string) => ({
      tools: [{ toolSpec: { name, inputSchema: { json: { type: 'object', properties: {} } } } }],
    })
    const dropped = ['tools (declared, because the history calls them)']
    expect(tools({ tools: [], messages: history })).toEqual({
      config: stub('look'),
      own: undefined,
      dropped,
    })
    expect(tools({ tools: [], messages: [result('x')] })).toEqual({
      config: stub('tool'),
      own: undefined,
      dropped,
    })
  })

  it('keeps a model that can to one call at a time, in its own words', () => {
    const own = (choice: object) => ({
      tool_choice: { ...choice, disable_parallel_tool_use: true },
    })
    expect(tools({ parallelToolCalls: false })).toEqual({
      config: { tools: [lookSpec, goSpec] },
      own: own({ type: 'auto' }),
      dropped: [],
    })
    expect(tools({ parallelToolCalls: false, toolChoice: { mode: 'required' } }).own).toEqual(
      own({ type: 'any' }),
    )
    expect(
      tools({ parallelToolCalls: false, toolChoice: { mode: 'tool', name: 'go' } }).own,
    ).toEqual(own({ type: 'tool', name: 'go' }))
    expect(
      tools({ parallelToolCalls: false, toolChoice: { mode: 'required' } }, NOVA),
    ).toMatchObject({
      config: { toolChoice: { any: {} } },
      own: undefined,
      dropped: ['parallel_tool_calls'],
    })
    expect(tools({ parallelToolCalls: true }).own).toBeUndefined()
  })

  it('is strict where the decoder knows the whole schema', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    const strict = (parameters: object): Tool => ({
      ...go,
      strict: true,
      parameters: parameters as Record<string, unknown>,
    })
    expect(tools({ tools: [strict(closed)] })).toMatchObject({
      config: { tools: [{ toolSpec: { strict: true } }] },
      dropped: [],
    })
    for (const [tool, model] of [
      [strict(closed), NOVA],
      [strict({ ...closed, additionalProperties: true }), CLAUDE],
      [strict({ ...closed, properties: { a: { type: 'array', maxItems: 3 } } }), CLAUDE],
    ] as const) {
      const { config, dropped } = tools({ tools: [tool] }, model)
      expect(JSON.stringify(config)).not.toContain('strict')
      expect(dropped).toEqual(['tools[0].strict'])
    }
  })

  it('offers a custom tool as a function of one string', () => {
    const { config, dropped } = tools({
      tools: [{ kind: 'custom', name: 'patch' }],
      toolChoice: { mode: 'tool', name: 'patch' },
    })
    const json = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
    expect(config).toEqual({
      tools: [{ toolSpec: { name: 'postern_custom_patch', inputSchema: { json } } }],
      toolChoice: { tool: { name: 'postern_custom_patch' } },
    })
    expect(dropped).toEqual([
      'tools[0] (custom tool offered as a function of one string, its format is not enforced)',
    ])
  })

  it('puts a cache point behind a tool, where the model has one there', () => {
    const cached = { ...go, cacheHint: {} }
    expect(tools({ tools: [look, cached] }).config).toEqual({
      tools: [lookSpec, goSpec, { cachePoint: { type: 'default' } }],
    })
    expect(tools({ tools: [cached] }, NOVA)).toMatchObject({
      config: { tools: [goSpec] },
      dropped: ['tools[0].cache_control (the model has none there)'],
    })
  })

  it('refuses the tools of other providers, or reports them', () => {
    const conversation: Partial<Conversation> = {
      tools: [
        look,
        { kind: 'extension', name: 'web_search', value: { type: 'web_search_20250305' } },
      ],
    }
    expect(() => build(conversation)).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        message: 'tools[1]: the tool type web_search_20250305 is not supported by cloud.',
      }),
    )
    const { body, dropped } = build(conversation, { dropUnsupported: true })
    expect(body.toolConfig).toEqual({ tools: [lookSpec] })
    expect(dropped).toEqual(['tools[1] (the tool type web_search_20250305)'])
  })
})
