import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../model/conversation.ts'
import { build, messagesOf, text } from '../dialect.fake.ts'

describe('a history', () => {
  it('keeps calls with their results, and the text before them', () => {
    const calls = { type: 'tool-call', id: 'any id/1', name: 'weather', kind: 'function' } as const
    expect(
      messagesOf([
        {
          role: 'assistant',
          parts: [
            text('I look.'),
            { ...calls, arguments: '{"a":1}' },
            { ...calls, id: '2', arguments: '' },
          ],
        },
        {
          role: 'tool',
          parts: [{ type: 'tool-result', id: 'any id/1', content: [text('sunny'), text('warm')] }],
        },
        { role: 'user', parts: [{ type: 'tool-result', id: '2', content: [] }, text('and?')] },
      ]),
    ).toEqual([
      {
        role: 'assistant',
        tool_plan: 'I look.',
        tool_calls: [
          { id: 'any id/1', type: 'function', function: { name: 'weather', arguments: '{"a":1}' } },
          { id: '2', type: 'function', function: { name: 'weather', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'any id/1', content: 'sunny\nwarm' },
      { role: 'tool', tool_call_id: '2', content: '(no output)' },
      { role: 'user', content: 'and?' },
    ])
    expect(
      messagesOf([
        { role: 'assistant', parts: [{ ...calls, kind: 'custom', arguments: 'free text' }] },
      ]),
    ).toMatchObject([{ tool_calls: [{ function: { arguments: '{"input":"free text"}' } }] }])
  })

  it('drops reasoning of other providers', () => {
    const messages: Message[] = [
      {
        role: 'assistant',
        parts: [
          {
            type: 'reasoning',
            text: 'hm',
            signature: { origin: 'anthropic-messages', value: 's' },
          },
          text('So.'),
        ],
      },
    ]
    const { body, dropped } = build({ messages }, { model: 'command-a-reasoning-08-2025' })
    expect(body.messages).toEqual([{ role: 'assistant', content: 'So.' }])
    expect(dropped).toEqual(['reasoning signature', 'reasoning'])
    const own: Message[] = [
      { role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }, text('So.')] },
    ]
    expect(messagesOf(own, { model: 'command-a-reasoning-08-2025' })).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'So.' },
        ],
      },
    ])
    expect(messagesOf(own)).toEqual([{ role: 'assistant', content: 'So.' }])
  })

  it('never has an empty message, whatever it is made of', () => {
    const part = fc.oneof(
      fc.record({ type: fc.constant('text' as const), text: fc.string({ maxLength: 3 }) }),
      fc.record({ type: fc.constant('reasoning' as const), text: fc.string({ maxLength: 3 }) }),
      fc.record({
        type: fc.constant('tool-call' as const),
        id: fc.string({ minLength: 1, maxLength: 4 }),
        name: fc.constant('weather'),
        kind: fc.constant('function' as const),
        arguments: fc.constantFrom('', '{}', '{"a":1}', 'no json'),
      }),
      fc.record({
        type: fc.constant('tool-result' as const),
        id: fc.string({ minLength: 1, maxLength: 4 }),
        content: fc.array(
          fc.record({ type: fc.constant('text' as const), text: fc.string({ maxLength: 3 }) }),
          { maxLength: 2 },
        ),
      }),
    )
    const message = fc.record({
      role: fc.constantFrom<Message['role']>('system', 'developer', 'user', 'assistant', 'tool'),
      parts: fc.array(part, { maxLength: 4 }),
    })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
        const built = messagesOf([{ role: 'user', parts: [text('x')] }, ...messages], {
          dropUnsupported: true,
        })
        for (const { role, content, tool_calls: calls, tool_call_id: id } of built) {
          expect(['system', 'user', 'assistant', 'tool']).toContain(role)
          if (role === 'tool') expect(id).toBeTypeOf('string')
          expect(
            (content as string | undefined)?.length ?? (calls as unknown[]).length,
          ).toBeGreaterThan(0)
          for (const call of (calls ?? []) as { function: { arguments: string } }[])
            expect(JSON.parse(call.function.arguments)).toBeTypeOf('object')
        }
      }),
    )
  })
})
