import { describe, expect, it } from 'vitest'
import { conversationOf } from './request.fake.ts'

describe('thinking and effort', () => {
  it.each([
    [{}, undefined],
    [{ thinking: null }, undefined],
    [{ thinking: { type: 'adaptive' } }, { effort: 'high' }],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }, { effort: 'low' }],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { budgetTokens: 2048 }],
    [
      { thinking: { type: 'enabled', budget_tokens: 2048 }, output_config: { effort: 'max' } },
      { budgetTokens: 2048, effort: 'max' },
    ],
    [{ thinking: { type: 'disabled' } }, { effort: 'none' }],
    [{ thinking: { type: 'between_tools' } }, { effort: 'none' }],
    [{ output_config: { effort: 'xhigh' } }, { effort: 'xhigh' }],
    [{ output_config: { effort: null } }, undefined],
  ])('%j is %j', (body, expected) => {
    expect(conversationOf(body).reasoning).toEqual(expected)
  })

  it('an effort without thinking is kept under its own name', () => {
    expect(
      conversationOf({ thinking: { type: 'disabled' }, output_config: { effort: 'low' } })
        .extensions,
    ).toEqual({ 'output_config.effort': 'low' })
  })

  it('a system message in the conversation sets the effort from there on', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'system', output_config: { effort: 'low' } },
      { role: 'user', content: 'b' },
      { role: 'system', content: 'now quick', clear_at: 'never', output_config: { effort: 'max' } },
    ]
    const {
      reasoning,
      messages: read,
      extensions,
    } = conversationOf({ messages, output_config: { effort: 'high' } })
    expect(reasoning).toEqual({ effort: 'max' })
    expect(read.map(({ role }) => role)).toEqual(['user', 'user', 'system'])
    expect(extensions).toEqual({ 'messages.clear_at': 'never' })
  })

  it.each([
    [{ thinking: { type: 'sometimes' } }, 'thinking.type'],
    [{ thinking: {} }, 'thinking.type'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    [{ thinking: 'yes' }, 'thinking'],
    [{ output_config: { effort: 3 } }, 'output_config.effort'],
    [{ output_config: { format: { type: 'xml' } } }, 'output_config.format.type'],
    [{ output_config: { format: { type: 'json_schema' } } }, 'output_config.format.schema'],
    [{ stop_sequences: 'END' }, 'stop_sequences'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ metadata: 'me' }, 'metadata'],
  ])('%j is refused at %s', (body, param) => {
    expect(() => conversationOf(body)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: expect.objectContaining({ param }),
      }),
    )
  })
})

it('a schema of the answer is always enforced', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }
  const { responseFormat, extensions } = conversationOf({
    output_config: { format: { type: 'json_schema', schema }, style: 'x' },
  })
  expect(responseFormat).toEqual({ type: 'json_schema', name: 'output', schema, strict: true })
  expect(extensions).toEqual({ 'output_config.style': 'x' })
})
