import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { AnswerChoice } from '../../model/events.ts'
import { readAnswer } from '../from-provider/answer.ts'
import { renderAnswer, renderUsage } from './answer.ts'

const call: CallContext = {
  provider: 'acme',
  model: 'physical',
  stream: false,
  quirks: {},
  newId: (prefix) => `${prefix}new`,
}

const context = { requestId: 'req1', model: 'physical', created: 1700000000, includeUsage: false }
const render = (choice: AnswerChoice) =>
  (renderAnswer({ choices: [choice] }, context).choices as { message: unknown }[])[0]
const messageOf = (parts: AnswerChoice['parts']) =>
  render({ parts, finish: { reason: 'stop' } })?.message

describe('renderAnswer', () => {
  it('fills in what the provider did not say', () => {
    expect(
      renderAnswer(
        { choices: [{ parts: [{ type: 'text', text: 'hi' }], finish: { reason: 'stop' } }] },
        context,
      ),
    ).toEqual({
      id: 'chatcmpl-req1',
      object: 'chat.completion',
      created: 1700000000,
      model: 'physical',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'hi', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    })
  })

  it.each([
    ['nothing', [], { content: '', refusal: null }],
    [
      'calls',
      [
        {
          type: 'tool-call',
          id: 'a',
          name: 'f',
          arguments: '{}',
          kind: 'function',
          signature: { origin: 'gemini', value: 's' },
        },
      ],
      {
        content: null,
        refusal: null,
        tool_calls: [
          {
            id: 'a',
            type: 'function',
            function: { name: 'f', arguments: '{}' },
            extra_content: { google: { thought_signature: 's' } },
          },
        ],
      },
    ],
    [
      'two texts',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      { content: 'ab', refusal: null },
    ],
    ['a refusal', [{ type: 'refusal', text: 'no' }], { content: null, refusal: 'no' }],
    [
      'thinking',
      [
        { type: 'reasoning', text: 'hm', signature: { origin: 'anthropic-messages', value: 's' } },
        { type: 'text', text: 'ok' },
      ],
      {
        content: 'ok',
        refusal: null,
        reasoning_content: 'hm',
        reasoning_details: [
          {
            type: 'reasoning.text',
            text: 'hm',
            signature: 's',
            format: 'anthropic-claude-v1',
            index: 0,
          },
        ],
      },
    ],
    [
      'an image',
      [{ type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AA==' } }],
      {
        content: '',
        refusal: null,
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }],
      },
    ],
    [
      "another dialect's part",
      [{ type: 'extension', dialect: 'gemini', value: { x: 1 } }],
      { content: '', refusal: null },
    ],
  ] as const)('renders %s', (_name, parts, message) => {
    expect(messageOf(parts)).toEqual({ role: 'assistant', ...message })
  })

  it('says why a model refused', () => {
    const finish = {
      reason: 'content_filter',
      native: 'refusal',
      detail: 'against policy',
    } as const
    expect(render({ parts: [], finish })).toMatchObject({
      message: { content: null, refusal: 'against policy' },
      finish_reason: 'content_filter',
      native_finish_reason: 'refusal',
    })
    expect(render({ parts: [], finish: { reason: 'stop', detail: 'END' } })).toMatchObject({
      message: { refusal: null },
    })
  })

  it('counts usage as OpenAI does', () => {
    expect(
      renderUsage({
        inputTokens: 10,
        outputTokens: 5,
        cachedTokens: 4,
        cacheWriteTokens: 2,
        reasoningTokens: 0,
      }),
    ).toEqual({
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 0 },
    })
    expect(renderUsage({ inputTokens: 1, outputTokens: 0 })).toEqual({
      prompt_tokens: 1,
      completion_tokens: 0,
      total_tokens: 1,
    })
  })

  it('gives back what was read', () => {
    const choice: AnswerChoice = {
      parts: [
        { type: 'reasoning', text: 'hm', signature: { origin: 'gemini', value: 's' } },
        { type: 'text', text: 'ok' },
        { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x": 1}', kind: 'function' },
        { type: 'tool-call', id: 'b', name: 'g', arguments: 'free text', kind: 'custom' },
      ],
      finish: { reason: 'tool_calls' },
      logprobs: { content: [] },
      annotations: [{ type: 'url_citation' }],
    }
    const read = readAnswer(
      renderAnswer(
        {
          id: 'x',
          model: 'm',
          created: 5,
          choices: [choice],
          usage: { inputTokens: 3, outputTokens: 4, cachedTokens: 1 },
        },
        context,
      ),
      call,
    )
    expect(read.choices).toEqual([choice])
    expect(read).toMatchObject({
      id: 'x',
      model: 'm',
      created: 5,
      usage: { inputTokens: 3, outputTokens: 4, cachedTokens: 1 },
    })
  })
})
