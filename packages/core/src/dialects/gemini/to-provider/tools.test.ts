import { describe, expect, it } from 'vitest'
import type { Conversation, Tool, ToolChoice } from '../../model/conversation.ts'
import { buildTools } from './tools.ts'

const weather: Tool = {
  kind: 'function',
  name: 'weather',
  description: 'Reads the sky',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    additionalProperties: false,
    $schema: 'x',
  },
}
const noArguments: Tool = {
  kind: 'function',
  name: 'now',
  parameters: { type: 'object', properties: {} },
}

function built(tools: readonly Tool[], toolChoice?: ToolChoice, dropUnsupported = true) {
  const dropped = new Set<string>()
  const conversation: Conversation = {
    origin: 'openai-chat',
    messages: [],
    tools,
    toolChoice,
    sampling: {},
    extensions: {},
  }
  return {
    ...buildTools(conversation, { call: { provider: 'gemini', dropUnsupported }, dropped }),
    dropped: [...dropped],
  }
}

const declarations = [
  {
    name: 'weather',
    description: 'Reads the sky',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
  { name: 'now' },
]

describe('buildTools', () => {
  it('declares functions, without parameters where they have none', () => {
    expect(built([weather, noArguments])).toEqual({
      tools: [{ functionDeclarations: declarations }],
      dropped: [],
    })
  })

  it.each<[ToolChoice, object]>([
    [{ mode: 'auto' }, { mode: 'AUTO' }],
    [{ mode: 'none' }, { mode: 'NONE' }],
    [{ mode: 'required' }, { mode: 'ANY' }],
    [
      { mode: 'tool', name: 'now' },
      { mode: 'ANY', allowedFunctionNames: ['now'] },
    ],
    [
      { mode: 'allowed', required: true, names: ['now'] },
      { mode: 'ANY', allowedFunctionNames: ['now'] },
    ],
  ])('carries the choice %j', (choice, functionCallingConfig) => {
    expect(built([weather, noArguments], choice)).toEqual({
      tools: [{ functionDeclarations: declarations }],
      toolConfig: { functionCallingConfig },
      dropped: [],
    })
  })

  it('offers only the allowed tools where text is allowed too', () => {
    expect(
      built([weather, noArguments], { mode: 'allowed', required: false, names: ['now'] }),
    ).toEqual({
      tools: [{ functionDeclarations: [{ name: 'now' }] }],
      toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
      dropped: [],
    })
  })

  it('says nothing of tools when there are none', () => {
    expect(built([], { mode: 'none' })).toEqual({ dropped: [] })
  })

  it("carries the provider's own tools; those of others are refused, or reported where the route allows dropping", () => {
    const tools: Tool[] = [
      { kind: 'extension', name: 'google_search', value: { google_search: {}, unknown: 1 } },
      { kind: 'extension', name: 'other', value: { type: 'web_search' } },
      { kind: 'custom', name: 'shell' },
    ]
    expect(built(tools, { mode: 'required' })).toEqual({
      tools: [{ google_search: {} }],
      dropped: ['tools[1] (the tool type web_search)', 'tools[2] (the tool type custom)'],
    })
    expect(() => built(tools, undefined, false)).toThrow(
      'tools[1]: the tool type web_search is not supported by gemini.',
    )
  })

  it('reports strictness, cache hints and lost constraints', () => {
    const tool: Tool = {
      kind: 'function',
      name: 'a',
      strict: true,
      cacheHint: {},
      parameters: { type: 'object', properties: { a: { type: 'number', multipleOf: 2 } } },
    }
    expect(built([tool]).dropped).toEqual([
      'tools.parameters (multipleOf)',
      'tools.strict',
      'cache_control',
    ])
  })
})
