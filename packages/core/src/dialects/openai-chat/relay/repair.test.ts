import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { finishReason, repairAnswer, repairContent } from './repair.ts'

const call = (quirks: Quirks = {}): CallContext => ({
  provider: 'acme',
  model: 'physical',
  stream: false,
  quirks,
  newId: (prefix) => `${prefix}new`,
})

describe('repairContent', () => {
  it.each<[JsonObject, JsonObject]>([
    [
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { content: 'ab' },
    ],
    [{ content: ['a', { text: 'b' }, null, 5] }, { content: 'ab' }],
    [{ content: [] }, { content: '' }],
    [
      {
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'a' },
        ],
      },
      { content: 'a', reasoning_content: 'hm' },
    ],
    [
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] },
      { content: null, reasoning_content: 'hm' },
    ],
    [
      { content: [{ type: 'thinking', thinking: 'b' }], reasoning_content: 'a' },
      { content: null, reasoning_content: 'ab' },
    ],
    [
      { content: 'a', reasoning: 'hm' },
      { content: 'a', reasoning: 'hm', reasoning_content: 'hm' },
    ],
  ])('%j becomes %j', (message, expected) => {
    expect(repairContent(message)).toBe(true)
    expect(message).toEqual(expected)
  })

  it.each<JsonObject>([
    { content: 'a' },
    { content: null },
    {},
    { content: 'a', reasoning_content: 'x', reasoning: 'y' },
    { reasoning: '' },
    { content: 'a', unknown: [1] },
  ])('%j stays', (message) => {
    const before = structuredClone(message)
    expect(repairContent(message)).toBe(false)
    expect(message).toEqual(before)
  })
})

describe('finishReason', () => {
  it.each<[unknown, boolean, string | null]>([
    ['stop', false, 'stop'],
    ['stop', true, 'tool_calls'],
    ['length', true, 'length'],
    ['function_call', false, 'tool_calls'],
    ['max_tokens', false, 'length'],
    ['SAFETY', false, 'content_filter'],
    ['eos', false, 'stop'],
    ['eos', true, 'tool_calls'],
    ['', false, null],
    [null, true, null],
    [undefined, true, null],
    ['error', false, null],
  ])('%j with tools %s is %j', (value, calledTools, expected) => {
    expect(finishReason(value, calledTools)).toBe(expected)
  })
})

describe('repairAnswer', () => {
  const good = (): JsonObject => ({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    extra: { kept: true },
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'hi',
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'get', arguments: '{}' }, extra: 1 },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
  })

  it('leaves an answer alone that follows the letter', () => {
    const body = good()
    expect(repairAnswer(body, call())).toBe(false)
    expect(body).toEqual(good())
  })

  it.each<[string, JsonObject, JsonObject]>([
    [
      'no index',
      { message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' },
      { index: 0 },
    ],
    [
      'an empty role',
      { index: 0, message: { role: '', content: 'a' }, finish_reason: 'stop' },
      { message: { role: 'assistant', content: 'a' } },
    ],
    [
      'no content',
      { index: 0, message: { role: 'assistant' }, finish_reason: 'stop' },
      { message: { role: 'assistant', content: null } },
    ],
    [
      'content in parts',
      {
        index: 0,
        message: { role: 'assistant', content: [{ type: 'text', text: 'a' }] },
        finish_reason: 'stop',
      },
      { message: { content: 'a' } },
    ],
    [
      'a word of its own',
      { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'max_tokens' },
      { finish_reason: 'length' },
    ],
    [
      'stop after tool calls',
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        finish_reason: 'stop',
      },
      { finish_reason: 'tool_calls' },
    ],
    [
      'calls without id, type and arguments',
      {
        index: 0,
        message: { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f' } }] },
        finish_reason: 'tool_calls',
      },
      {
        message: {
          tool_calls: [
            { id: 'call_new', type: 'function', function: { name: 'f', arguments: '{}' } },
          ],
        },
      },
    ],
    [
      'arguments as an object',
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: { x: 1 } } }],
        },
        finish_reason: 'tool_calls',
      },
      { message: { tool_calls: [{ function: { arguments: '{"x":1}' } }] } },
    ],
  ])('mends %s and says so', (_what, choice, expected) => {
    const body: JsonObject = { choices: [choice], kept: 1 }
    expect(repairAnswer(body, call())).toBe(true)
    expect(body).toMatchObject({ kept: 1, choices: [expected] })
  })

  it('invents an end only for services that are known to name none', () => {
    const body = (): JsonObject => ({
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: null }],
    })
    const known = body()
    expect(repairAnswer(known, call({ noFinish: true }))).toBe(true)
    expect(known).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
    const unknown = body()
    expect(repairAnswer(unknown, call())).toBe(false)
    expect(unknown).toEqual(body())
  })

  it('survives anything in the place of choices, messages and calls', () => {
    for (const choices of [
      undefined,
      null,
      'x',
      [null, 5, 'x'],
      [{}],
      [{ message: null }],
      [{ message: { tool_calls: [null, 5, {}, { function: null }] } }],
      [{ message: { tool_calls: 'x', content: 5 } }],
    ]) {
      expect(() => repairAnswer({ choices }, call())).not.toThrow()
    }
  })
})
