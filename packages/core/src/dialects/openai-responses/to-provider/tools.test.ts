import { describe, expect, it } from 'vitest'
import type { Conversation, Tool } from '../../model/conversation.ts'
import { build, callTo, conversationOf, hello } from './conversation.fake.ts'
import { DIALECT } from '../names.ts'

const look: Tool = {
  kind: 'function',
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: { at: { type: 'string' } } },
}
const search: Tool = {
  kind: 'extension',
  name: 'web_search',
  value: { type: 'web_search', search_context_size: 'low' },
}
const server: Tool = {
  kind: 'extension',
  name: 'mcp',
  value: { type: 'mcp', server_label: 'wiki' },
}
const grammar: Tool = {
  kind: 'custom',
  name: 'sql',
  description: 'Queries.',
  value: {
    type: 'custom',
    custom: {
      name: 'sql',
      format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } },
    },
  },
}

const ask = (more: Partial<Conversation>, call = callTo('gpt-5.1')) =>
  build(conversationOf([hello], more), call)

describe('tools', () => {
  it('flattens functions and says that they are not strict', () => {
    expect(ask({ tools: [look] }).body.tools).toEqual([
      {
        type: 'function',
        name: 'look',
        description: 'Looks.',
        parameters: look.parameters,
        strict: false,
      },
    ])
  })

  it.each([
    ['openai-chat', undefined, false],
    ['openai-chat', true, true],
    ['anthropic-messages', false, false],
    [DIALECT, undefined, undefined],
    [DIALECT, true, true],
  ])('strict of a client of %s that said %s', (origin, strict, sent) => {
    const [tool] = ask({ origin, tools: [{ ...look, strict }] }).body.tools as {
      strict?: boolean
    }[]
    expect(tool?.strict).toBe(sent)
  })

  it('a function without parameters has a schema that allows none', () => {
    const [tool] = ask({ tools: [{ kind: 'function', name: 'now' }] }).body.tools as {
      parameters: unknown
    }[]
    expect(tool?.parameters).toEqual({
      type: 'object',
      properties: {},
      required: [],
      additionalProperties: false,
    })
  })

  it('unwraps the grammar of a custom tool of chat completions', () => {
    expect(ask({ tools: [grammar] }).body.tools).toEqual([
      {
        type: 'custom',
        name: 'sql',
        description: 'Queries.',
        format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' },
      },
    ])
  })

  it.each([
    [
      {
        type: 'custom',
        name: 'sql',
        format: { type: 'grammar', syntax: 'regex', definition: 'a' },
      },
      { format: { type: 'grammar', syntax: 'regex', definition: 'a' } },
    ],
    [
      { type: 'custom', custom: { name: 'sql', format: { type: 'text' } } },
      { format: { type: 'text' } },
    ],
    [undefined, {}],
  ])('a custom tool given as %j', (value, more) => {
    expect(ask({ tools: [{ kind: 'custom', name: 'sql', value }] }).body.tools).toEqual([
      { type: 'custom', name: 'sql', ...more },
    ])
  })

  it('nastiest 8: a tool type of another dialect is refused by name, never made a function', () => {
    expect(() => ask({ tools: [look, search] })).toThrow(
      expect.objectContaining({
        code: 'unsupported_content',
        message: expect.stringContaining('web_search'),
        details: expect.objectContaining({ param: 'tools[1]' }),
      }),
    )
    const { body, dropped } = ask(
      { tools: [look, search] },
      callTo('gpt-5.1', { dropUnsupported: true }),
    )
    expect(body.tools).toHaveLength(1)
    expect(dropped).toEqual(['tools[1] (the tool type web_search)'])
  })

  it('nastiest 8: tools of its own dialect go as they came', () => {
    expect(ask({ origin: DIALECT, tools: [search, server] }).body.tools).toEqual([
      search.value,
      server.value,
    ])
  })

  it('reports cache hints', () => {
    expect(ask({ tools: [{ ...look, cacheHint: {} }] }).dropped).toEqual(['cache_control'])
  })
})

describe('tool choice', () => {
  it.each<[Conversation['toolChoice'], unknown]>([
    [{ mode: 'auto' }, 'auto'],
    [{ mode: 'none' }, 'none'],
    [{ mode: 'required' }, 'required'],
    [
      { mode: 'tool', name: 'look' },
      { type: 'function', name: 'look' },
    ],
    [
      { mode: 'tool', name: 'sql' },
      { type: 'custom', name: 'sql' },
    ],
    [{ mode: 'tool', name: 'web_search' }, { type: 'web_search' }],
    [
      { mode: 'tool', name: 'mcp' },
      { type: 'mcp', server_label: 'wiki' },
    ],
    [
      { mode: 'allowed', required: true, names: ['look', 'sql'] },
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [
          { type: 'function', name: 'look' },
          { type: 'custom', name: 'sql' },
        ],
      },
    ],
    [
      { mode: 'allowed', required: false, names: ['look'] },
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'look' }] },
    ],
  ])('%j', (toolChoice, sent) => {
    const { body, dropped } = ask({
      origin: DIALECT,
      tools: [look, grammar, search, server],
      toolChoice,
      parallelToolCalls: false,
    })
    expect(body).toMatchObject({ tool_choice: sent, parallel_tool_calls: false })
    expect(dropped).toEqual([])
  })

  it('nothing is said about tools where there are none', () => {
    const { body, dropped } = ask({ toolChoice: { mode: 'none' }, parallelToolCalls: false })
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['tool_choice']))
    expect(body).not.toHaveProperty('parallel_tool_calls')
    expect(dropped).toEqual([])
    expect(ask({ toolChoice: { mode: 'required' } }).dropped).toEqual(['tool_choice (no tools)'])
  })

  it('does not choose a tool that could not be offered', () => {
    const call = callTo('gpt-5.1', { dropUnsupported: true })
    const one = ask(
      { tools: [look, search], toolChoice: { mode: 'tool', name: 'web_search' } },
      call,
    )
    expect(one.body).not.toHaveProperty('tool_choice')
    expect(one.dropped).toContain('tool_choice (its tool is not offered)')
    const some = ask(
      {
        tools: [look, search],
        toolChoice: { mode: 'allowed', required: false, names: ['web_search'] },
      },
      call,
    )
    expect(some.body.tool_choice).toBe('none')
    expect(some.dropped).toContain('tool_choice (some of its tools are not offered)')
  })
})
