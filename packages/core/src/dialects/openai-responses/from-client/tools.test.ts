import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { conversationIn } from '../to-client/server.fake.ts'

const parameters = { type: 'object', properties: {} }
const tools = (...list: JsonObject[]) => conversationIn({ tools: list }).tools
const choice = (value: unknown) => conversationIn({ tool_choice: value }).toolChoice

describe('tools', () => {
  it('functions are flat', () => {
    expect(
      tools({ type: 'function', name: 'f', description: 'd', parameters, strict: false }),
    ).toEqual([{ kind: 'function', name: 'f', description: 'd', parameters, strict: false }])
    expect(tools({ type: 'function', name: 'f', parameters: null })).toEqual([
      { kind: 'function', name: 'f' },
    ])
  })

  it('custom tools keep their grammar', () => {
    const value = {
      type: 'custom',
      name: 'c',
      description: 'd',
      format: { type: 'grammar', syntax: 'lark', definition: 'x' },
    }
    expect(tools(value)).toEqual([{ kind: 'custom', name: 'c', description: 'd', value }])
  })

  it.each<[string, JsonObject]>([
    ['web_search', { type: 'web_search' }],
    ['docs', { type: 'mcp', server_label: 'docs', server_url: 'https://x' }],
    ['tool_search', { type: 'tool_search', execution: 'client' }],
  ])('%s stays a tool of this dialect', (name, value) => {
    expect(tools(value)).toEqual([{ kind: 'extension', name, value }])
  })

  it.each<[string, JsonObject]>([
    ['tools[0].type', {}],
    ['tools[0].name', { type: 'function' }],
    ['tools[0].parameters', { type: 'function', name: 'f', parameters: 'x' }],
  ])('%s of %j is refused by its name', (param, tool) => {
    expect(() => tools(tool)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ param }) }),
    )
  })
})

describe('tool choice', () => {
  it.each<[unknown, unknown]>([
    [undefined, undefined],
    [null, undefined],
    ['auto', { mode: 'auto' }],
    ['none', { mode: 'none' }],
    ['required', { mode: 'required' }],
    [
      { type: 'function', name: 'f' },
      { mode: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', name: 'c' },
      { mode: 'tool', name: 'c' },
    ],
    [{ type: 'web_search' }, { mode: 'tool', name: 'web_search' }],
    [
      { type: 'mcp', server_label: 'docs', name: 'search' },
      { mode: 'tool', name: 'docs' },
    ],
    [
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [
          { type: 'function', name: 'f' },
          { type: 'mcp', server_label: 'docs' },
          { type: 'image_generation' },
        ],
      },
      { mode: 'allowed', required: true, names: ['f', 'docs', 'image_generation'] },
    ],
  ])('%j', (value, expected) => {
    expect(choice(value)).toEqual(expected)
  })

  it.each<[string, unknown]>([
    ['tool_choice', 'sometimes'],
    ['tool_choice.type', {}],
    ['tool_choice.name', { type: 'function' }],
    ['tool_choice.mode', { type: 'allowed_tools', mode: 'none', tools: [] }],
  ])('%s is refused by its name: %j', (param, value) => {
    expect(() => choice(value)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ param }) }),
    )
  })
})
