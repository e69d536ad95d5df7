import { describe, expect, it } from 'vitest'
import { resolveAnswer, type ScriptedAnswer } from '../answer.ts'
import { objectIn } from '../json.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import type { FakeDialect, RenderedEvent } from './dialect.ts'
import { gemini } from './gemini.ts'
import { openaiChat } from './openai-chat.ts'

const everything: ScriptedAnswer = {
  reasoning: { text: ['Think', ' hard'], signature: 'Sig/+==' },
  redacted: 'Opaque==',
  text: ['Hello', ' world'],
  toolCalls: [
    { name: 'get_weather', arguments: ['{"city":', '"Paris"}'] },
    { id: 'own', name: 'now' },
  ],
  usage: { input: 100, output: 30, cached: 60, cacheWrite: 10, reasoning: 12 },
}

function json(dialect: FakeDialect, answer: ScriptedAnswer, body = {}): Record<string, unknown> {
  return dialect.renderAnswer(resolveAnswer(answer), { model: 'm', sequence: 1, created: 7, body })
}

function events(dialect: FakeDialect, answer: ScriptedAnswer, body = {}): RenderedEvent[] {
  return dialect.renderEvents(resolveAnswer(answer), { model: 'm', sequence: 1, created: 7, body })
}

function data(event: RenderedEvent | undefined): Record<string, unknown> {
  return objectIn(JSON.parse(/^data: (.*)$/m.exec(event?.text ?? '')?.[1] ?? 'null'))
}

describe('OpenAI chat', () => {
  it('renders a whole answer', () => {
    expect(json(openaiChat, everything)).toMatchObject({
      object: 'chat.completion',
      created: 7,
      model: 'm',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'Hello world',
            refusal: null,
            reasoning_content: 'Think hard',
            tool_calls: [
              {
                id: 'call_1_0',
                type: 'function',
                function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
              },
              { id: 'own', type: 'function', function: { name: 'now', arguments: '{}' } },
            ],
          },
        },
      ],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 30,
        total_tokens: 130,
        prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
        completion_tokens_details: { reasoning_tokens: 12 },
      },
    })
    expect(json(openaiChat, { toolCalls: [{ name: 'f' }] })).toMatchObject({
      choices: [{ message: { content: null } }],
    })
    expect(json(openaiChat, { refusal: 'No.' })).toMatchObject({
      choices: [{ message: { content: null, refusal: 'No.' }, finish_reason: 'content_filter' }],
    })
    expect(json(openaiChat, { text: '' }, { n: 2 })).toMatchObject({
      choices: [{ index: 0, message: { content: '' } }, { index: 1 }],
    })
  })

  it('streams role, deltas, finish, usage only when asked for, [DONE]', () => {
    const list = events(openaiChat, everything, { stream_options: { include_usage: true } })
    const deltas = list
      .slice(0, -2)
      .map((event) => objectIn((data(event)['choices'] as unknown[])[0])['delta'])
    expect(deltas).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { reasoning_content: 'Think' },
      { reasoning_content: ' hard' },
      { content: 'Hello' },
      { content: ' world' },
      {
        tool_calls: [
          {
            index: 0,
            id: 'call_1_0',
            type: 'function',
            function: { name: 'get_weather', arguments: '' },
          },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '"Paris"}' } }] },
      {
        tool_calls: [
          { index: 1, id: 'own', type: 'function', function: { name: 'now', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {},
    ])
    expect(data(list.at(-2))).toMatchObject({ choices: [], usage: { total_tokens: 130 } })
    expect(data(list[0])).toHaveProperty('usage', null)
    expect(list.at(-1)?.text).toBe('data: [DONE]\n\n')
    const plain = events(openaiChat, everything)
    expect(plain).toHaveLength(list.length - 1)
    expect(plain.some((event) => event.text.includes('"usage"'))).toBe(false)
  })

  it('deals out logprobs, one entry per fragment and the rest with the last', () => {
    const list = events(openaiChat, {
      text: ['a', 'b'],
      logprobs: { content: [1, 2, 3] },
      finish: 'length',
    })
    expect(
      list
        .slice(1, 3)
        .map((event) => objectIn((data(event)['choices'] as unknown[])[0])['logprobs']),
    ).toEqual([
      { content: [1], refusal: null },
      { content: [2, 3], refusal: null },
    ])
    expect(data(list[3])).toMatchObject({ choices: [{ finish_reason: 'length' }] })
  })
})

describe('Anthropic Messages', () => {
  it('renders a whole answer in its own accounting', () => {
    expect(json(anthropicMessages, everything)).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Think hard', signature: 'Sig/+==' },
        { type: 'redacted_thinking', data: 'Opaque==' },
        { type: 'text', text: 'Hello world' },
        { type: 'tool_use', id: 'toolu_1_0', name: 'get_weather', input: { city: 'Paris' } },
        { type: 'tool_use', id: 'own', name: 'now', input: {} },
      ],
      stop_reason: 'tool_use',
      usage: {
        input_tokens: 30,
        cache_creation_input_tokens: 10,
        cache_read_input_tokens: 60,
        output_tokens: 30,
        output_tokens_details: { thinking_tokens: 12 },
      },
    })
    expect(json(anthropicMessages, { refusal: 'No.' })).toMatchObject({
      stop_reason: 'refusal',
      stop_details: { explanation: 'No.' },
    })
    expect(
      json(anthropicMessages, { text: 'a', nativeFinish: 'pause_turn', model: 'other' }),
    ).toMatchObject({
      stop_reason: 'pause_turn',
      model: 'other',
    })
  })

  it('streams named events in order', () => {
    const list = events(anthropicMessages, everything)
    expect(
      list.map((event) =>
        [
          /^event: (.*)$/m.exec(event.text)?.[1],
          data(event)['index'],
          objectIn(data(event)['delta'])['type'],
        ]
          .filter((item) => item !== undefined)
          .join(' '),
      ),
    ).toEqual([
      'message_start',
      'content_block_start 0',
      'ping',
      'content_block_delta 0 thinking_delta',
      'content_block_delta 0 thinking_delta',
      'content_block_delta 0 signature_delta',
      'content_block_stop 0',
      'content_block_start 1',
      'content_block_stop 1',
      'content_block_start 2',
      'content_block_delta 2 text_delta',
      'content_block_delta 2 text_delta',
      'content_block_stop 2',
      'content_block_start 3',
      'content_block_delta 3 input_json_delta',
      'content_block_delta 3 input_json_delta',
      'content_block_delta 3 input_json_delta',
      'content_block_stop 3',
      'content_block_start 4',
      'content_block_delta 4 input_json_delta',
      'content_block_stop 4',
      'message_delta',
      'message_stop',
    ])
    expect(data(list[14])).toMatchObject({ delta: { partial_json: '' } })
    expect(data(list[0])).toMatchObject({
      message: { content: [], usage: { input_tokens: 30, output_tokens: 1 } },
    })
    expect(data(list.at(-2))).toMatchObject({
      delta: { stop_reason: 'tool_use' },
      usage: { output_tokens: 30 },
    })
    expect(list.some((event) => /[^ ] +\}\n\n$/.test(event.text))).toBe(true)
    for (const event of list)
      expect(event.text.startsWith(`event: ${String(data(event)['type'])}\ndata: {`)).toBe(true)
  })
})

describe('Gemini', () => {
  it('renders a whole answer in its own accounting', () => {
    expect(json(gemini, everything)).toEqual({
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              { text: 'Think hard', thought: true },
              { text: 'Hello world' },
              {
                functionCall: { name: 'get_weather', args: { city: 'Paris' } },
                thoughtSignature: 'Sig/+==',
              },
              { functionCall: { name: 'now', id: 'own' } },
            ],
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 100,
        candidatesTokenCount: 18,
        totalTokenCount: 130,
        cachedContentTokenCount: 60,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 100 }],
        thoughtsTokenCount: 12,
      },
      modelVersion: 'm',
      responseId: 'response-1',
    })
    expect(json(gemini, { finish: 'content_filter' })).toMatchObject({
      candidates: [{ finishReason: 'SAFETY', index: 0 }],
    })
    expect(json(gemini, { text: 'a', reasoning: { signature: 'S' } })).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'a', thoughtSignature: 'S' }] } }],
    })
  })

  it('streams a chunk per part with CRLF, growing counts on every one, and the finish apart', () => {
    const list = events(gemini, everything)
    expect(list.every((event) => /^data: \{.*\}\r\n\r\n$/.test(event.text))).toBe(true)
    const counts = list.map((event) =>
      Number(objectIn(data(event)['usageMetadata'])['candidatesTokenCount']),
    )
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(counts.at(-1)).toBe(18)
    expect(list.map((event) => event.kind)).toEqual([
      'content',
      'content',
      'content',
      'content',
      'content',
      'content',
      'finish',
    ])
    expect(data(list[4])).toMatchObject({
      candidates: [
        {
          content: {
            parts: [{ functionCall: { args: { city: 'Paris' } }, thoughtSignature: 'Sig/+==' }],
          },
        },
      ],
    })
    expect(data(list[6])).toMatchObject({
      candidates: [{ content: { parts: [{ text: '' }] }, finishReason: 'STOP' }],
    })
    expect(
      data(events(gemini, { text: 'a', reasoning: { signature: 'S' }, finish: 'length' })[1]),
    ).toMatchObject({
      candidates: [
        { content: { parts: [{ text: '', thoughtSignature: 'S' }] }, finishReason: 'MAX_TOKENS' },
      ],
    })
  })
})

describe('errors', () => {
  const facts = { requestId: 'req_1' }
  it.each([
    [openaiChat, 429, { error: { type: 'requests', code: 'rate_limit_exceeded', param: null } }],
    [openaiChat, 502, { error: { type: 'server_error' } }],
    [
      anthropicMessages,
      529,
      {
        type: 'error',
        error: { type: 'overloaded_error', message: 'Overloaded' },
        request_id: 'req_1',
      },
    ],
    [anthropicMessages, 422, { error: { type: 'invalid_request_error' } }],
    [gemini, 503, { error: { code: 503, status: 'UNAVAILABLE' } }],
  ] as const)('$name says $1', (dialect, status, expected) => {
    expect(dialect.renderError({ ...facts, status })).toMatchObject(expected)
  })

  it('carries codes and waits in the places of the dialect', () => {
    expect(
      anthropicMessages.renderError({
        ...facts,
        status: 429,
        code: 'enforced_spend_limit_reached',
      }),
    ).toMatchObject({
      error: { details: { error_code: 'enforced_spend_limit_reached' } },
    })
    expect(gemini.renderError({ ...facts, status: 429, retryAfterMs: 2500 })).toMatchObject({
      error: { details: [{ retryDelay: '2.5s' }] },
    })
    expect(anthropicMessages.renderErrorEvent({ ...facts, status: 529 })).toMatch(
      /^event: error\ndata: .*overloaded_error.*\n\n$/,
    )
    expect(gemini.renderErrorEvent({ ...facts, status: 500 })).toMatch(
      /^data: .*INTERNAL.*\r\n\r\n$/,
    )
  })
})
