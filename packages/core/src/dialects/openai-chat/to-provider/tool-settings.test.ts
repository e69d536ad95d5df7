import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { toolSettings } from './tool-settings.ts'

const tool = (name: string, more: JsonObject = {}): JsonObject => ({
  type: 'function',
  function: { name, parameters: { type: 'object' }, ...more },
})
const named = { type: 'function', function: { name: 'f' } }
const off: Quirks = { forcedTools: { thinkingOff: { thinking: { type: 'disabled' } } } }

describe('tools as a service takes them', () => {
  it.each<[string, JsonObject, Quirks, JsonObject, string[]]>([
    [
      'stay where the service has no rule',
      { tools: [tool('f')], tool_choice: 'required' },
      {},
      {},
      [],
    ],
    [
      'stay where there are none',
      { tool_choice: 'required' },
      { forcedTools: 'never', toolSchema: 'complete' },
      {},
      [],
    ],
    [
      'get parameters',
      { tools: [{ type: 'function', function: { name: 'f' } }, tool('g')] },
      { toolSchema: 'complete' },
      {
        tools: [
          {
            type: 'function',
            function: { name: 'f', parameters: { type: 'object', properties: {} } },
          },
          tool('g'),
        ],
      },
      [],
    ],
    [
      'are strict all or not at all',
      { tools: [tool('f', { strict: true }), tool('g')] },
      { toolSchema: 'same-strict' },
      { tools: [tool('f', { strict: false }), tool('g')] },
      ['tools.strict (of some tools only)'],
    ],
    [
      'stay strict where all are',
      { tools: [tool('f', { strict: true })] },
      { toolSchema: 'same-strict' },
      {},
      [],
    ],
    [
      'are never forced',
      { tools: [tool('f')], tool_choice: 'required' },
      { forcedTools: 'never' },
      { tool_choice: 'auto' },
      ['tool_choice (sent as auto)'],
    ],
    [
      'are never forced by name',
      { tools: [tool('f')], tool_choice: named },
      { forcedTools: 'never' },
      { tool_choice: 'auto' },
      ['tool_choice (sent as auto)'],
    ],
    [
      'may be chosen freely',
      { tools: [tool('f')], tool_choice: 'auto' },
      { forcedTools: 'never' },
      {},
      [],
    ],
    [
      'are offered alone where no name can be demanded',
      { tools: [tool('f'), tool('g')], tool_choice: named },
      { forcedTools: 'not-named' },
      { tool_choice: 'required', tools: [tool('f')] },
      [],
    ],
    [
      'are forced without thinking',
      { tools: [tool('f')], tool_choice: named, reasoning_effort: 'high' },
      off,
      { thinking: { type: 'disabled' }, reasoning_effort: undefined },
      ['reasoning (off while a tool is forced)'],
    ],
    [
      'are forced as they are where thinking is off',
      { tools: [tool('f')], tool_choice: 'required', thinking: { type: 'disabled' } },
      off,
      {},
      [],
    ],
  ])('%s', (_, body, quirks, changes, dropped) => {
    const told: string[] = []
    expect(toolSettings(body, quirks, { add: (change) => told.push(change) })).toEqual(changes)
    expect(told).toEqual(dropped)
  })
})
