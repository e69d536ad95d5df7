import { describe, expect, it } from 'vitest'
import type { Conversation } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { readAnswer } from './answer.ts'
import { buildRequest } from '../to-provider/request.ts'

const call: CallContext = {
  provider: 'claude',
  model: 'claude-haiku-4-5',
  stream: false,
  quirks: {},
  newId: (prefix) => `${prefix}new`,
}

function read(content: readonly unknown[], rest: JsonObject = {}) {
  const answer = readAnswer(
    { id: 'msg_1', type: 'message', model: 'claude-x', content, stop_reason: 'end_turn', ...rest },
    call,
  )
  return { ...answer, choice: answer.choices[0] }
}

const SIGNATURE = 'Eq+/==\u2028é'

describe('readAnswer', () => {
  it('reads text, id, model and usage', () => {
    const answer = read([{ type: 'text', text: 'Hi' }], {
      usage: { input_tokens: 1, output_tokens: 2 },
    })
    expect(answer).toMatchObject({
      id: 'msg_1',
      model: 'claude-x',
      usage: { inputTokens: 1, outputTokens: 2 },
    })
    expect(answer.choices).toEqual([
      { parts: [{ type: 'text', text: 'Hi' }], finish: { reason: 'stop' } },
    ])
  })

  it('keeps signatures to the byte, also of thinking without text', () => {
    const origin = 'anthropic-messages'
    const content = [
      { type: 'thinking', thinking: '', signature: SIGNATURE },
      { type: 'thinking', thinking: 'Hm.', signature: SIGNATURE },
      { type: 'redacted_thinking', data: SIGNATURE },
      { type: 'thinking', thinking: 'from an imitation' },
    ]
    expect(read(content).choice?.parts).toEqual([
      { type: 'reasoning', text: '', signature: { origin, value: SIGNATURE } },
      { type: 'reasoning', text: 'Hm.', signature: { origin, value: SIGNATURE } },
      { type: 'reasoning', text: '', signature: { origin, value: SIGNATURE }, redacted: true },
      { type: 'reasoning', text: 'from an imitation' },
    ])
  })

  it('reads calls, {} without input', () => {
    const content = [
      { type: 'tool_use', id: 'a', name: 'look', input: { x: 1 } },
      { type: 'tool_use', name: 'find' },
    ]
    const { choice } = read(content, { stop_reason: 'tool_use' })
    expect(choice).toEqual({
      parts: [
        { type: 'tool-call', id: 'a', name: 'look', arguments: '{"x":1}', kind: 'function' },
        { type: 'tool-call', id: 'toolu_new', name: 'find', arguments: '{}', kind: 'function' },
      ],
      finish: { reason: 'tool_calls' },
    })
  })

  it('gives a custom tool its own name and free text back', () => {
    const { choice } = read(
      [{ type: 'tool_use', id: 'a', name: 'postern_custom_patch', input: { input: '*** Begin' } }],
      { stop_reason: 'tool_use' },
    )
    expect(choice?.parts).toEqual([
      { type: 'tool-call', id: 'a', name: 'patch', arguments: '*** Begin', kind: 'custom' },
    ])
  })

  it('turns the JSON answer back into text, once', () => {
    const answer = {
      type: 'tool_use',
      id: 'a',
      name: 'postern_json_answer',
      input: { city: 'Bern' },
    }
    expect(read([answer, answer], { stop_reason: 'tool_use' }).choices).toEqual([
      { parts: [{ type: 'text', text: '{"city":"Bern"}' }], finish: { reason: 'stop' } },
    ])
  })

  it("keeps the provider's own tools apart from calls", () => {
    const block = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } }
    const { choice } = read([block, { type: 'text', text: 'Found.' }])
    expect(choice?.parts).toEqual([
      { type: 'extension', dialect: 'anthropic-messages', value: block },
      { type: 'text', text: 'Found.' },
    ])
    expect(choice?.finish).toEqual({ reason: 'stop' })
  })

  it('points citations at their passage of the whole text', () => {
    const citations = [{ type: 'web_search_result_location', url: 'https://a', title: 'A' }]
    const { choice } = read([
      { type: 'text', text: 'See ' },
      { type: 'text', text: 'this', citations },
    ])
    expect(choice?.annotations).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://a', title: 'A', start_index: 4, end_index: 8 },
      },
    ])
  })

  it('reads unknown blocks and missing fields', () => {
    const answer = read([null, 'x', { type: 'text' }, { type: 'thinking' }], {
      stop_reason: undefined,
      usage: null,
    })
    expect(answer).toMatchObject({
      usage: undefined,
      choices: [{ parts: [], finish: { reason: 'stop' } }],
    })
  })

  it('throws for a malformed answer, and for an error in a 200', () => {
    expect(() => readAnswer({ id: 'x' }, call)).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
    expect(() => readAnswer({ content: 'text' }, call)).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } }
    expect(() => readAnswer(overloaded, call)).toThrow(
      expect.objectContaining({ code: 'provider_overloaded' }),
    )
  })

  it('sends an answer back in the next turn unchanged', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: SIGNATURE },
      { type: 'redacted_thinking', data: SIGNATURE },
      { type: 'text', text: 'Let me look.' },
      { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } },
      { type: 'tool_use', id: 'toolu_a', name: 'look', input: { x: [1, { y: null }] } },
      { type: 'tool_use', id: 'toolu_b', name: 'postern_custom_patch', input: { input: '' } },
    ]
    const conversation: Conversation = {
      origin: 'openai-chat',
      messages: [
        { role: 'user', parts: [{ type: 'text', text: 'a' }] },
        { role: 'assistant', parts: read(content).choice?.parts ?? [] },
      ],
      tools: [],
      sampling: {},
      extensions: {},
    }
    const { body, dropped } = buildRequest(conversation, call)
    expect((body as JsonObject).messages).toMatchObject([{}, { role: 'assistant', content }])
    expect(dropped).toEqual([])
  })
})
