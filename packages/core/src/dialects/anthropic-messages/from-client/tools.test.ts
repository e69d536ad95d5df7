import { describe, expect, it } from 'vitest'
import { conversationOf } from './request.fake.ts'

const schema = { type: 'object', properties: { city: { type: 'string' } } }

describe('tools', () => {
  it('of the client are functions', () => {
    const tools = [
      {
        name: 'look',
        description: 'Looks.',
        input_schema: schema,
        strict: true,
        cache_control: { type: 'ephemeral', ttl: '5m' },
      },
      { type: 'custom', name: 'find', input_schema: { type: 'object' } },
      { type: null, name: 'ask', input_schema: { type: 'object' } },
    ]
    expect(conversationOf({ tools }).tools).toEqual([
      {
        kind: 'function',
        name: 'look',
        description: 'Looks.',
        parameters: schema,
        strict: true,
        cacheHint: { ttl: '5m' },
      },
      { kind: 'function', name: 'find', parameters: { type: 'object' } },
      { kind: 'function', name: 'ask', parameters: { type: 'object' } },
    ])
  })

  it('with a type of their own only the provider understands', () => {
    const search = {
      type: 'web_search_20260318',
      name: 'web_search',
      max_uses: 3,
      cache_control: { type: 'ephemeral' },
    }
    const browser = { type: 'browser_toolset_20260801' }
    expect(conversationOf({ tools: [search, browser] }).tools).toEqual([
      { kind: 'extension', name: 'web_search', value: search, cacheHint: {} },
      { kind: 'extension', name: 'browser_toolset_20260801', value: browser },
    ])
  })

  it('of free text that another gateway has offered as functions are free text again', () => {
    const { tools, toolChoice, messages } = conversationOf({
      tools: [{ name: 'postern_custom_patch', description: 'd', input_schema: schema }],
      tool_choice: { type: 'tool', name: 'postern_custom_patch' },
      messages: [
        {
          role: 'assistant',
          content: [
            {
              type: 'tool_use',
              id: 'i',
              name: 'postern_custom_patch',
              input: { input: '*** Begin' },
            },
          ],
        },
      ],
    })
    expect(tools).toEqual([{ kind: 'custom', name: 'patch', description: 'd' }])
    expect(toolChoice).toEqual({ mode: 'tool', name: 'patch' })
    expect(messages[0]?.parts).toEqual([
      { type: 'tool-call', id: 'i', name: 'patch', arguments: '*** Begin', kind: 'custom' },
    ])
  })

  it('that come and go in the middle of the conversation are those there are at its end', () => {
    const tool = (name: string) => ({ name, input_schema: { type: 'object' } })
    const change = (type: string, value: object) => ({
      role: 'system',
      content: [{ type, tool: value }],
    })
    const { tools, messages } = conversationOf({
      tools: [tool('a'), tool('b'), tool('later')],
      messages: [
        { role: 'user', content: 'hi' },
        change('tool_addition', { type: 'tool_definition', definition: tool('c') }),
        change('tool_removal', { type: 'tool_reference', name: 'a' }),
        change('tool_addition', { type: 'tool_reference', name: 'later' }),
      ],
    })
    expect(tools.map(({ name }) => name)).toEqual(['b', 'later', 'c'])
    expect(messages).toHaveLength(1)
  })

  it('of servers only the provider reaches stay as they are', () => {
    const block = {
      type: 'tool_addition',
      tool: { type: 'mcp_toolset_reference', server_name: 's' },
    }
    expect(
      conversationOf({ messages: [{ role: 'system', content: [block] }] }).messages[0]?.parts,
    ).toEqual([{ type: 'extension', dialect: 'anthropic-messages', value: block }])
  })

  it.each([
    [{ tools: {} }, 'tools'],
    [{ tools: [null] }, 'tools[0]'],
    [{ tools: [{ input_schema: {} }] }, 'tools[0].name'],
    [{ tools: [{ name: 'a' }] }, 'tools[0].input_schema'],
    [{ tools: [{ name: 'a', input_schema: {}, strict: 1 }] }, 'tools[0].strict'],
    [{ tool_choice: 'sometimes' }, 'tool_choice.type'],
    [{ tool_choice: {} }, 'tool_choice.type'],
    [{ tool_choice: { type: 'sometimes' } }, 'tool_choice.type'],
    [{ tool_choice: { type: 'tool' } }, 'tool_choice.name'],
  ])('%j is refused at %s', (body, param) => {
    expect(() => conversationOf(body)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: expect.objectContaining({ param }),
      }),
    )
  })
})

describe('tool_choice', () => {
  it.each([
    [{ type: 'auto' }, { mode: 'auto' }, undefined],
    [{ type: 'any' }, { mode: 'required' }, undefined],
    [{ type: 'none' }, { mode: 'none' }, undefined],
    [{ type: 'tool', name: 'f' }, { mode: 'tool', name: 'f' }, undefined],
    [{ type: 'auto', disable_parallel_tool_use: true }, { mode: 'auto' }, false],
    [{ type: 'any', disable_parallel_tool_use: false }, { mode: 'required' }, undefined],
    [null, undefined, undefined],
  ])('%j', (choice, expected, parallel) => {
    const { toolChoice, parallelToolCalls } = conversationOf({ tool_choice: choice })
    expect([toolChoice, parallelToolCalls]).toEqual([expected, parallel])
  })
})
