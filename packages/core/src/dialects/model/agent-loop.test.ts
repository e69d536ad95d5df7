import { describe, expect, it } from 'vitest'
import { beginningOf, repeatedToolCalls } from './agent-loop.ts'
import type { Conversation, Message, Part } from './conversation.ts'

const said = (role: 'user' | 'assistant' | 'system', text: string): Message => ({
  role,
  parts: [{ type: 'text', text }],
})
const called = (...calls: [name: string, args: string][]): Message => ({
  role: 'assistant',
  parts: calls.map(([name, args], at): Part => ({
    type: 'tool-call',
    id: `c${at}`,
    name,
    arguments: args,
    kind: 'function',
  })),
})
const result: Message = {
  role: 'user',
  parts: [{ type: 'tool-result', callId: 'c0', content: [] } as unknown as Part],
}
const conversation = (...messages: Message[]): Conversation => ({
  origin: 'test',
  messages,
  tools: [],
  sampling: {},
  extensions: {},
})

describe('repeated tool calls', () => {
  it.each<[string, Message[], number]>([
    ['none', [said('user', 'hi')], 0],
    ['one', [said('user', 'hi'), called(['a', '{}']), result], 1],
    [
      'two that are the same but for spaces and order',
      [called(['a', '{"x":1,"y":[2]}']), result, called(['a', '{ "y": [2], "x": 1 }']), result],
      2,
    ],
    ['two that differ', [called(['a', '{"x":1}']), result, called(['a', '{"x":2}']), result], 1],
    ['another tool', [called(['a', '{}']), result, called(['b', '{}']), result], 1],
    [
      'several at once, in any order',
      [called(['a', '{}'], ['b', '{}']), result, called(['b', '{}'], ['a', '{}']), result],
      2,
    ],
    ['arguments that are no JSON', [called(['a', '{"x']), result, called(['a', '{"x']), result], 2],
    [
      'a word in between',
      [
        called(['a', '{}']),
        result,
        said('assistant', 'Hm.'),
        said('user', 'Go on.'),
        called(['a', '{}']),
        result,
      ],
      1,
    ],
    [
      'a word at the end',
      [called(['a', '{}']), result, called(['a', '{}']), result, said('user', 'Stop.')],
      0,
    ],
  ])('%s', (_what, messages, count) => {
    expect(repeatedToolCalls(conversation(...messages))).toBe(count)
  })
})

describe('the beginning of an agent run', () => {
  it('stays the same within a run, and differs for another run', () => {
    const first = [said('system', 'Be brief.'), said('user', 'hi')]
    const beginning = beginningOf(conversation(...first))
    expect(
      beginningOf(conversation(...first, called(['a', '{}']), result, said('user', 'more'))),
    ).toBe(beginning)
    expect(beginningOf(conversation(said('system', 'Be long.'), said('user', 'hi')))).not.toBe(
      beginning,
    )
  })
})
