import { describe, expect, it } from 'vitest'
import type { Conversation, Tool } from '../../model/conversation.ts'
import type { RequestContext } from './context.ts'
import { findModelRules } from './models.ts'
import { forcesTool, toolFields, type ToolPlan } from './tools.ts'

const look: Tool = {
  kind: 'function',
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: { a: { type: 'string' } } },
}
const find: Tool = { kind: 'function', name: 'find' }
const patch: Tool = { kind: 'custom', name: 'patch', value: {} }
const jsonTool = { name: 'postern_json_answer', input_schema: { type: 'object' } }

function fields(
  conversation: Partial<Conversation>,
  plan: Partial<ToolPlan> = {},
  { model = 'claude-haiku-4-5', dropUnsupported = false } = {},
) {
  const context: RequestContext = {
    provider: 'claude',
    dropUnsupported,
    rules: findModelRules(model),
    dropped: [],
  }
  const whole: Conversation = {
    origin: 'openai-chat',
    messages: [],
    tools: [],
    sampling: {},
    extensions: {},
    ...conversation,
  }
  const built = toolFields(whole, { jsonTool: undefined, namesInHistory: [], ...plan }, context)
  return { ...built, dropped: context.dropped }
}

describe('tools', () => {
  it('are functions with a schema, always of an object', () => {
    expect(fields({ tools: [look, find] })).toEqual({
      tools: [
        { name: 'look', description: 'Looks.', input_schema: look.parameters },
        { name: 'find', input_schema: { type: 'object', properties: {} } },
      ],
      dropped: [],
    })
  })

  it('carry cache hints', () => {
    expect(
      fields({ tools: [{ ...find, cacheHint: { ttl: '5m' } }] }).tools?.[0]?.cache_control,
    ).toEqual({ type: 'ephemeral', ttl: '5m' })
  })

  it('are strict where the decoder can hold the model to the whole schema', () => {
    const strict: Tool = { ...look, strict: true }
    expect(fields({ tools: [strict] })).toMatchObject({
      tools: [{ strict: true, input_schema: { additionalProperties: false } }],
      dropped: [],
    })
    const bounded: Tool = {
      ...find,
      strict: true,
      parameters: { type: 'object', properties: { a: { type: 'number', minimum: 1 } } },
    }
    expect(fields({ tools: [bounded] })).toEqual({
      tools: [{ name: 'find', input_schema: bounded.parameters }],
      dropped: ['tools[0].strict'],
    })
    expect(fields({ tools: [strict] }, {}, { model: 'claude-sonnet-4-20250514' }).dropped).toEqual([
      'tools[0].strict',
    ])
  })

  it('of free text become functions of one string, under a name that tells', () => {
    const { tools, dropped } = fields({ tools: [patch] })
    expect(tools).toEqual([
      {
        name: 'postern_custom_patch',
        input_schema: {
          type: 'object',
          properties: { input: { type: 'string' } },
          required: ['input'],
        },
      },
    ])
    expect(dropped).toEqual([
      'tools[0] (custom tool offered as a function of one string, its format is not enforced)',
    ])
  })

  it('of kinds only another dialect knows are refused, or dropped where the route allows it', () => {
    const tools: Tool[] = [find, { kind: 'extension', name: 'web_search', value: {} }]
    expect(() => fields({ tools })).toThrow(
      'tools[1]: the tool type web_search is not supported by claude.',
    )
    expect(fields({ tools }, {}, { dropUnsupported: true })).toMatchObject({
      tools: [{ name: 'find' }],
      dropped: ['tools[1] (the tool type web_search)'],
    })
  })

  it('[] with a tool_choice sends neither', () => {
    expect(fields({ toolChoice: { mode: 'required' }, parallelToolCalls: false })).toEqual({
      dropped: [],
    })
  })

  it('are defined but not callable when only the history has them', () => {
    expect(fields({}, { namesInHistory: ['look', 'look', 'find'] })).toEqual({
      tools: [
        { name: 'look', input_schema: { type: 'object', properties: {} } },
        { name: 'find', input_schema: { type: 'object', properties: {} } },
      ],
      tool_choice: { type: 'none' },
      dropped: [],
    })
  })
})

describe('tool_choice', () => {
  it.each([
    [{ mode: 'auto' }, { type: 'auto' }],
    [{ mode: 'none' }, { type: 'none' }],
    [{ mode: 'required' }, { type: 'any' }],
    [
      { mode: 'tool', name: 'find' },
      { type: 'tool', name: 'find' },
    ],
    [
      { mode: 'tool', name: 'patch' },
      { type: 'tool', name: 'postern_custom_patch' },
    ],
  ] as const)('%j is %j', (toolChoice, expected) => {
    expect(fields({ tools: [look, find, patch], toolChoice }).tool_choice).toEqual(expected)
  })

  it('of allowed tools offers only those', () => {
    const allowed = fields({
      tools: [look, find],
      toolChoice: { mode: 'allowed', required: true, names: ['find'] },
    })
    expect(allowed).toMatchObject({ tools: [{ name: 'find' }], tool_choice: { type: 'any' } })
    expect(allowed.tools).toHaveLength(1)
    expect(
      fields({
        tools: [look, find],
        toolChoice: { mode: 'allowed', required: false, names: ['find'] },
      }).tool_choice,
    ).toEqual({ type: 'auto' })
  })

  it('carries parallel_tool_calls: false', () => {
    const serial = (conversation: Partial<Conversation>) =>
      fields({ tools: [look], parallelToolCalls: false, ...conversation }).tool_choice
    expect(serial({})).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    expect(serial({ toolChoice: { mode: 'required' } })).toEqual({
      type: 'any',
      disable_parallel_tool_use: true,
    })
    expect(serial({ toolChoice: { mode: 'none' } })).toEqual({ type: 'none' })
    expect(serial({ parallelToolCalls: true })).toBeUndefined()
  })

  it('asks instead of forcing where the model refuses to be forced', () => {
    expect(
      fields({ tools: [look], toolChoice: { mode: 'required' } }, {}, { model: 'claude-opus-5-5' }),
    ).toMatchObject({
      tool_choice: { type: 'auto' },
      dropped: ['tool_choice (the model cannot be made to call a tool)'],
    })
  })
})

describe('a JSON answer by tool', () => {
  it('is forced when there is nothing else to call', () => {
    const { tools, tool_choice } = fields({}, { jsonTool })
    expect(tools).toEqual([jsonTool])
    expect(tool_choice).toEqual({
      type: 'tool',
      name: 'postern_json_answer',
      disable_parallel_tool_use: true,
    })
    expect(
      fields({ tools: [look], toolChoice: { mode: 'none' } }, { jsonTool }).tool_choice,
    ).toEqual(tool_choice)
  })

  it('is one of the tools to choose from otherwise', () => {
    const both = fields({ tools: [look] }, { jsonTool })
    expect(both.tools).toHaveLength(2)
    expect(both.tool_choice).toEqual({ type: 'any' })
  })
})

describe('forcesTool', () => {
  it('knows the choices that leave no other way', () => {
    expect(
      ['any', 'tool', 'auto', 'none'].filter((type) => forcesTool({ tool_choice: { type } })),
    ).toEqual(['any', 'tool'])
    expect(forcesTool({})).toBe(false)
  })
})
