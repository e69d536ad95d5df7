import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../model/json-object.ts'
import type { Quirks } from '../../../model/quirks.ts'
import { fitHistory } from './fit-history.ts'

function fit(messages: readonly unknown[], quirks: Quirks, more: JsonObject = {}, model = 'm') {
  const dropped: string[] = []
  const before = structuredClone(messages)
  const result = fitHistory(
    { messages, ...more },
    { quirks, model, dropped: { add: (change) => dropped.push(change) } },
  ) as readonly JsonObject[] | undefined
  expect(messages).toEqual(before)
  return { result: result ?? 'as it is', dropped }
}

const calls = (content: unknown, more: JsonObject = {}): JsonObject => ({
  role: 'assistant',
  content,
  tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
  ...more,
})
const result = { role: 'tool', tool_call_id: 'a', content: 'r' }
const text = (value: string): JsonObject => ({ type: 'text', text: value })
const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }
const tools = { tools: [{ type: 'function', function: { name: 'f' } }] }

describe('a history made fit', () => {
  it('stays the same list where nothing has to change', () => {
    const messages = [
      { role: 'system', content: 's' },
      { role: 'user', content: [text('u'), picture] },
      calls(null, { reasoning_content: 'hm' }),
      result,
      'no message',
      null,
      7,
    ]
    expect(fit(messages, {})).toEqual({ result: 'as it is', dropped: [] })
    expect(
      fit(messages.slice(0, 4), {
        oneSystem: true,
        alternates: 'merge',
        reasoningField: 'reasoning_content',
        messageFields: ['tool_calls', 'tool_call_id', 'reasoning_content'],
        stringContent: ['tool'],
        toolIdLength: 9,
      }).result,
    ).toBe('as it is')
  })

  it.each<[string, Quirks, JsonObject, JsonObject | string, string[]]>([
    [
      'reasoning under the other name',
      { reasoningField: 'reasoning' },
      calls(null, { reasoning_content: 'hm' }),
      calls(null, { reasoning: 'hm' }),
      [],
    ],
    [
      'both names as one',
      { reasoningField: 'reasoning' },
      calls(null, { reasoning_content: 'hm', reasoning: 'hm' }),
      calls(null, { reasoning: 'hm' }),
      [],
    ],
    [
      'details as text',
      { reasoningField: 'reasoning_content' },
      calls(null, { reasoning_details: [{ text: 'h' }, { text: 'm' }] }),
      calls(null, { reasoning_content: 'hm' }),
      [],
    ],
    [
      'signed details as text, and says so',
      { reasoningField: 'reasoning_content' },
      calls(null, { reasoning_details: [{ text: 'hm', signature: 's' }] }),
      calls(null, { reasoning_content: 'hm' }),
      ['messages[0].reasoning_details (signatures)'],
    ],
    [
      'text as details',
      { reasoningField: 'reasoning_details' },
      calls(null, { reasoning: 'hm' }),
      calls(null, { reasoning_details: [{ type: 'reasoning.text', text: 'hm', index: 0 }] }),
      [],
    ],
    [
      'details as they are',
      { reasoningField: 'reasoning_details' },
      calls(null, { reasoning_details: [{ id: 1, text: 'hm' }] }),
      'as it is',
      [],
    ],
    [
      'reasoning as thinking parts',
      { reasoningField: 'thinking_parts' },
      calls('so', { reasoning_content: 'hm' }),
      calls([{ type: 'thinking', thinking: [text('hm')] }, text('so')]),
      [],
    ],
    [
      'thinking parts as they are',
      { reasoningField: 'thinking_parts' },
      calls([{ type: 'thinking', thinking: [text('hm')] }, text('so')]),
      'as it is',
      [],
    ],
    [
      'thinking parts as a field',
      { reasoningField: 'reasoning' },
      calls([{ type: 'thinking', thinking: [text('hm')] }, text('so')]),
      calls('so', { reasoning: 'hm' }),
      [],
    ],
    [
      'reasoning as parts with a summary',
      { reasoningField: 'reasoning_parts' },
      calls(null, { reasoning_content: 'hm' }),
      calls([{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] }]),
      [],
    ],
    [
      'an empty field of reasoning as none',
      { reasoningField: 'reasoning' },
      calls(null, { reasoning_content: null }),
      calls(null),
      [],
    ],
    [
      'reasoning not at all',
      { refusesReasoning: true },
      calls('so', { reasoning: 'hm' }),
      calls('so'),
      ['messages[0].reasoning'],
    ],
    [
      'reasoning not at all for other models',
      { reasoningField: 'reasoning', reasoningModels: ['thinker'] },
      calls('so', { reasoning_content: 'hm' }),
      calls('so'),
      ['messages[0].reasoning_content'],
    ],
    [
      'a filler beside calls',
      { reasoningFiller: { on: 'calls', text: ' ' } },
      calls(null),
      calls(null, { reasoning_content: ' ' }),
      [],
    ],
    [
      'a filler for an empty text',
      { reasoningFiller: { on: 'calls', text: ' ' } },
      calls(null, { reasoning_content: '' }),
      calls(null, { reasoning_content: ' ' }),
      [],
    ],
    [
      'no filler where an empty text is enough',
      { reasoningFiller: { on: 'calls', text: '' } },
      calls(null, { reasoning_content: '' }),
      'as it is',
      [],
    ],
    [
      'no filler for other models',
      { reasoningFiller: { on: 'calls', text: ' ', models: ['kimi'] } },
      calls(null),
      'as it is',
      [],
    ],
    [
      'no filler without calls',
      { reasoningFiller: { on: 'calls', text: '' } },
      { role: 'assistant', content: 'so' },
      'as it is',
      [],
    ],
    ['an empty text beside calls', { contentWithCalls: 'empty' }, calls(null), calls(''), []],
    ['a space beside calls', { contentWithCalls: 'space' }, calls(''), calls(' '), []],
    ['a text beside calls as it is', { contentWithCalls: 'space' }, calls('so'), 'as it is', []],
    [
      'texts as one string',
      { stringContent: ['assistant'] },
      calls([text('a'), text('b')]),
      calls('a\nb'),
      [],
    ],
    [
      'texts of other roles as they are',
      { stringContent: ['tool'] },
      calls([text('a')]),
      'as it is',
      [],
    ],
    [
      'a text with nothing but its text',
      { messageFields: ['tool_calls'] },
      calls([{ ...text('a'), cache_control: { type: 'ephemeral' } }]),
      calls([text('a')]),
      ['messages[0].content[0].cache_control'],
    ],
    [
      'calls with nothing but their fields',
      { messageFields: ['tool_calls'] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'a',
            index: 0,
            type: 'function',
            function: { name: 'f', arguments: '{}', parsed_arguments: {} },
          },
        ],
      },
      calls(null),
      [],
    ],
    [
      'empty fields silently',
      { messageFields: ['tool_calls'] },
      calls('so', { refusal: null, annotations: [], audio: null, name: '' }),
      calls('so'),
      [],
    ],
    [
      'calls that are null as none',
      { messageFields: ['tool_calls'] },
      { role: 'assistant', content: 'so', tool_calls: null },
      { role: 'assistant', content: 'so' },
      [],
    ],
    [
      'a refusal as what was said',
      { messageFields: ['tool_calls'] },
      { role: 'assistant', content: null, refusal: 'No.' },
      { role: 'assistant', content: 'No.' },
      [],
    ],
    [
      'a field of one role from no other',
      { messageFields: ['user:name', 'tool_calls'] },
      calls('so', { name: 'x' }),
      calls('so'),
      ['messages[0].name'],
    ],
    [
      'a long id as its digest',
      { toolIdLength: 12 },
      { ...result, tool_call_id: 'x'.repeat(13) },
      { ...result, tool_call_id: expect.stringMatching(/^call_.{7}$/) },
      ['tool_call_id (shortened)'],
    ],
  ])('has %s', (_, quirks, message, expected, dropped) => {
    expect(fit([message], quirks)).toEqual({
      result: typeof expected === 'string' ? expected : [expected],
      dropped,
    })
  })

  it('has a filler in every turn of a request with tools', () => {
    const messages = [
      { role: 'user', content: 'u' },
      { role: 'assistant', content: 'so' },
      { role: 'user', content: 'v' },
    ]
    const quirks: Quirks = { reasoningFiller: { on: 'tools', text: '' } }
    expect(fit(messages, quirks).result).toBe('as it is')
    expect(fit(messages, quirks, tools).result[1]).toEqual({
      role: 'assistant',
      content: 'so',
      reasoning_content: '',
    })
  })

  it('has pictures of results after the last result', () => {
    const shot = (id: string): JsonObject => ({
      role: 'tool',
      tool_call_id: id,
      content: [text('shot'), picture],
    })
    const messages = [
      calls(null),
      shot('a'),
      { ...result, tool_call_id: 'b' },
      { role: 'tool', tool_call_id: 'c', content: [picture] },
      { role: 'user', content: 'and?' },
    ]
    const moved = {
      role: 'user',
      content: [
        text('Part of the result of tool call a:'),
        picture,
        text('Part of the result of tool call c:'),
        picture,
      ],
    }
    expect(fit(messages, {}).result).toEqual([
      calls(null),
      { role: 'tool', tool_call_id: 'a', content: 'shot' },
      messages[2],
      { role: 'tool', tool_call_id: 'c', content: expect.any(String) },
      moved,
      messages[4],
    ])
    expect(fit(messages.slice(0, 2), {}).result).toHaveLength(3)
    expect(fit(messages, { toolMedia: true }).result).toBe('as it is')
  })

  it('has one system message, and no later one among results', () => {
    const messages = [
      { role: 'system', content: 'a' },
      { role: 'developer', content: [text('b')] },
      { role: 'user', content: 'u' },
      calls(null),
      { role: 'system', content: 'c' },
      result,
      { role: 'user', content: 'v' },
    ]
    expect(fit(messages, { oneSystem: true })).toEqual({
      result: [
        { role: 'system', content: 'a\n\nb' },
        messages[2],
        messages[3],
        result,
        { role: 'user', content: 'c' },
        messages[6],
      ],
      dropped: ['messages[4].role (system sent as user)'],
    })
    expect(fit(messages, { oneSystem: ['qwen'], developerRole: true }).result).toBe('as it is')
    expect(fit(messages, { oneSystem: ['qwen'] }, {}, 'Qwen3').result).toHaveLength(6)
    expect(
      fit(
        [
          { role: 'user', content: 'u' },
          { role: 'system', content: 'late' },
        ],
        { oneSystem: true },
      ).result,
    ).toEqual([
      { role: 'user', content: 'u' },
      { role: 'user', content: 'late' },
    ])
  })

  it('has neighbours of one role joined, or a message between a result and the user', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'user', content: [text('b'), picture] },
      { role: 'assistant', content: 'c' },
      { role: 'assistant', content: 'd' },
    ]
    expect(fit(messages, { alternates: 'merge' }).result).toEqual([
      { role: 'user', content: [text('a'), text('b'), picture] },
      { role: 'assistant', content: 'c\n\nd' },
    ])
    const after = [calls(null), result, { role: 'user', content: 'u' }]
    expect(fit(after, { alternates: 'bridge' }).result).toEqual([
      calls(null),
      result,
      { role: 'assistant', content: expect.any(String) },
      { role: 'user', content: 'u' },
    ])
  })
})
