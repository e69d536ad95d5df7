import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { readAnswer } from './answer.ts'

function testCall(quirks: Quirks = {}): CallContext {
  let ids = 0
  return {
    provider: 'acme',
    model: 'physical',
    stream: false,
    quirks,
    newId: (prefix) => `${prefix}new${++ids}`,
  }
}

function choiceOf(choice: JsonObject, quirks: Quirks = {}) {
  return readAnswer({ choices: [choice] }, testCall(quirks)).choices[0]
}
const partsOf = (message: JsonObject) => choiceOf({ message, finish_reason: 'stop' })?.parts

describe('readAnswer', () => {
  it('reads a whole answer', () => {
    const answer = readAnswer(
      {
        id: 'x',
        created: 12.5,
        model: 'm',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'hi', refusal: null, annotations: [] },
            logprobs: { content: [] },
            finish_reason: 'stop',
          },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 2 },
      },
      testCall(),
    )
    expect(answer).toMatchObject({
      id: 'x',
      created: 12,
      model: 'm',
      usage: { inputTokens: 1, outputTokens: 2 },
    })
    expect(answer.choices).toEqual([
      {
        parts: [{ type: 'text', text: 'hi' }],
        finish: { reason: 'stop' },
        logprobs: { content: [] },
        annotations: undefined,
      },
    ])
  })

  it('takes empty names and times for absent', () => {
    expect(readAnswer({ id: '', created: 0, model: '', choices: [{}] }, testCall())).toMatchObject({
      id: undefined,
      created: undefined,
      model: undefined,
    })
  })

  it.each([
    ['nothing', { content: null }, []],
    [
      'parts with thinking',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'ok' },
        ],
      },
      [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'ok' },
      ],
    ],
    [
      'reasoning',
      { content: 'ok', reasoning: 'hm' },
      [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'ok' },
      ],
    ],
    ['a refusal', { content: null, refusal: 'no' }, [{ type: 'refusal', text: 'no' }]],
    [
      'images',
      {
        content: '',
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }],
      },
      [{ type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA==' } }],
    ],
    [
      'audio',
      { content: null, audio: { id: 'a' } },
      [{ type: 'extension', dialect: 'openai-chat', value: { audio: { id: 'a' } } }],
    ],
    [
      'an unknown part',
      { content: [{ type: 'reference', ids: [1] }] },
      [{ type: 'extension', dialect: 'openai-chat', value: { type: 'reference', ids: [1] } }],
    ],
  ])('reads a message of %s', (_name, message, parts) => expect(partsOf(message)).toEqual(parts))

  it('reads tool calls without ids, types or arguments', () => {
    const tool_calls = [
      { function: { name: 'f', arguments: '' } },
      { id: '', type: null, function: { name: 'g', arguments: { a: 1 } } },
      { id: 'c', type: 'custom', custom: { name: 'h', input: 'x' } },
      {
        id: 'd',
        type: 'function',
        function: { name: 'i', arguments: '{}' },
        extra_content: { google: { thought_signature: 's' } },
      },
    ]
    expect(choiceOf({ message: { tool_calls }, finish_reason: 'stop' })).toMatchObject({
      parts: [
        { id: 'call_new1', name: 'f', arguments: '{}', kind: 'function' },
        { id: 'call_new2', name: 'g', arguments: '{"a":1}', kind: 'function' },
        { id: 'c', name: 'h', arguments: 'x', kind: 'custom' },
        { id: 'd', name: 'i', arguments: '{}', signature: { origin: 'gemini', value: 's' } },
      ],
      finish: { reason: 'tool_calls' },
    })
  })

  it('reads the old function_call', () => {
    expect(
      choiceOf({
        message: { function_call: { name: 'f', arguments: '{}' } },
        finish_reason: 'function_call',
      }),
    ).toMatchObject({
      parts: [{ type: 'tool-call', id: 'call_new1', name: 'f' }],
      finish: { reason: 'tool_calls', native: 'function_call' },
    })
  })

  it('corrects stop after tool calls, but never another reason nor a service that means it', () => {
    const message = { tool_calls: [{ id: 'a', function: { name: 'f' } }] }
    expect(choiceOf({ message, finish_reason: 'length' })?.finish).toEqual({ reason: 'length' })
    expect(choiceOf({ message, finish_reason: 'stop' }, { exact: true })?.finish).toEqual({
      reason: 'stop',
    })
    expect(choiceOf({ message: { content: 'x' }, finish_reason: null })?.finish).toEqual({
      reason: 'stop',
    })
    expect(
      choiceOf({
        message: { content: 'x' },
        finish_reason: 'stop',
        native_finish_reason: 'end_turn',
      })?.finish,
    ).toEqual({ reason: 'stop', native: 'end_turn' })
  })

  it('throws the error of a 200, and upstream_invalid for what is no answer', () => {
    expect(() => readAnswer({ error: { message: 'slow down', code: 429 } }, testCall())).toThrow(
      expect.objectContaining({ code: 'rate_limit_exceeded' }),
    )
    for (const body of [{}, { choices: [] }, { choices: null }, { choices: ['x'] }]) {
      expect(() => readAnswer(body, testCall())).toThrow(
        expect.objectContaining({ code: 'upstream_invalid' }),
      )
    }
  })
})
