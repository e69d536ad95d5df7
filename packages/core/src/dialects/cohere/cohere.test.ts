import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayError } from '../../errors.ts'
import type { Conversation, Message } from '../model/conversation.ts'
import type { CallContext } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { StreamEvent } from '../model/events.ts'
import { cohere } from './index.ts'

function callContext(more: Partial<CallContext> = {}): CallContext {
  return {
    provider: 'acme',
    model: 'command-a-03-2025',
    stream: false,
    quirks: {},
    newId: (prefix) => `${prefix}new`,
    ...more,
  }
}

function build(conversation: Partial<Conversation>, call: Partial<CallContext> = {}) {
  const whole: Conversation = {
    origin: 'openai-chat',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    tools: [],
    sampling: {},
    extensions: {},
    ...conversation,
  }
  const built = cohere.providerSide.buildRequest(whole, callContext(call))
  return { ...built, body: built.body as JsonObject & { messages: JsonObject[] } }
}

const messagesOf = (messages: readonly Message[], call: Partial<CallContext> = {}) =>
  build({ messages }, call).body.messages
const text = (value: string) => ({ type: 'text', text: value }) as const
const weather = { kind: 'function', name: 'weather', parameters: { type: 'object' } } as const
const time = { kind: 'function', name: 'time' } as const

function refusalOf(ask: () => unknown): GatewayError {
  try {
    ask()
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('Nothing was refused.')
}

describe('a request', () => {
  it('says the same in Cohere’s words', () => {
    const { path, body, dropped } = build({
      messages: [
        { role: 'developer', parts: [text('Be brief.')] },
        {
          role: 'user',
          parts: [
            text('Hi'),
            { type: 'image', source: { kind: 'url', url: 'https://x/a.png' }, detail: 'low' },
          ],
        },
      ],
      tools: [{ ...weather, description: 'd', strict: true }],
      toolChoice: { mode: 'required' },
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 5,
        maxOutputTokens: 9,
        stop: ['x', ''],
        seed: 1,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
      },
    })
    expect(path).toBe('/v2/chat')
    expect(dropped).toEqual([])
    expect(body).toEqual({
      model: 'command-a-03-2025',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hi' },
            { type: 'image_url', image_url: { url: 'https://x/a.png', detail: 'low' } },
          ],
        },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'weather', description: 'd', parameters: { type: 'object' } },
        },
      ],
      strict_tools: true,
      tool_choice: 'REQUIRED',
      max_tokens: 9,
      temperature: 0.5,
      p: 0.9,
      k: 5,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      seed: 1,
      stop_sequences: ['x'],
      stream: false,
    })
  })

  it('moves what lies outside of the ranges to their ends, and says so', () => {
    const { body, dropped } = build({
      sampling: {
        temperature: 2,
        topP: 1,
        topK: 1000,
        frequencyPenalty: -1,
        stop: ['1', '2', '3', '4', '5', '6'],
        logprobs: true,
        topLogprobs: 3,
        logitBias: { 1: 1 },
      },
    })
    expect(body).toMatchObject({
      temperature: 1,
      p: 0.99,
      k: 500,
      frequency_penalty: 0,
      stop_sequences: ['1', '2', '3', '4', '5'],
    })
    expect(dropped).toEqual([
      'stop (all after the first 5)',
      'top_logprobs',
      'logprobs',
      'logit_bias',
      'temperature (lowered to 1)',
      'top_p (lowered to 0.99)',
      'top_k (lowered to 500)',
      'frequency_penalty (raised to 0)',
    ])
  })

  it('reports what has no place there', () => {
    expect(
      build({
        user: 'u',
        metadata: { a: 1 },
        extensions: { store: true },
        parallelToolCalls: false,
        tools: [weather],
      }).dropped,
    ).toEqual(['store', 'user', 'metadata', 'parallel_tool_calls'])
    expect(build({}, { quirks: { dropFields: ['stream'] } }).dropped).toEqual(['stream'])
  })

  it('offers one tool where that one has to be called', () => {
    const forced = build({ tools: [weather, time], toolChoice: { mode: 'tool', name: 'time' } })
    expect(forced.body).toMatchObject({
      tools: [{ function: { name: 'time', parameters: { type: 'object', properties: {} } } }],
      tool_choice: 'REQUIRED',
    })
    expect(forced.dropped).toEqual(['tools (those that may not be called)'])
    expect(
      build({
        tools: [weather, time],
        toolChoice: { mode: 'allowed', required: false, names: ['weather'] },
      }).body,
    ).not.toHaveProperty('tool_choice')
    expect(build({ tools: [weather], toolChoice: { mode: 'none' } }).body.tool_choice).toBe('NONE')
    expect(build({ toolChoice: { mode: 'required' } }).body).not.toHaveProperty('tool_choice')
    expect(build({ tools: [{ ...weather, strict: true }, time] }).dropped).toEqual([
      'strict (of some tools only)',
    ])
  })

  it('asks for JSON, but not beside tools', () => {
    const responseFormat = { type: 'json_schema', name: 'a', schema: { type: 'object' } } as const
    expect(build({ responseFormat }).body.response_format).toEqual({
      type: 'json_object',
      json_schema: { type: 'object' },
    })
    expect(build({ responseFormat: { type: 'json_object' } }).body.response_format).toEqual({
      type: 'json_object',
    })
    expect(build({ responseFormat, tools: [weather] }).dropped).toEqual([
      'response_format (not beside tools)',
    ])
    expect(build({ responseFormat: { type: 'text' } }).body).not.toHaveProperty('response_format')
  })

  it.each([
    ['command-a-reasoning-08-2025', { effort: 'none' }, { type: 'disabled' }, []],
    [
      'command-a-reasoning-08-2025',
      { effort: 'high' },
      { type: 'enabled' },
      ['reasoning_effort (on or off)'],
    ],
    [
      'command-a-reasoning-08-2025',
      { budgetTokens: 500 },
      { type: 'enabled', token_budget: 500 },
      [],
    ],
    [
      'command-a-03-2025',
      { effort: 'high', budgetTokens: 500 },
      undefined,
      ['reasoning_effort', 'reasoning budget in tokens'],
    ],
    ['command-a-03-2025', { effort: 'none' }, undefined, []],
  ])('lets %s think as asked: %j', (model, reasoning, thinking, dropped) => {
    const built = build({ reasoning }, { model })
    expect([built.body.thinking, built.dropped]).toEqual([thinking, dropped])
  })

  it.each([
    [{ tools: [{ kind: 'custom', name: 'c' }] }, 'tools[0]'],
    [{ tools: [{ kind: 'extension', name: 'w', value: { type: 'web_search' } }] }, 'tools[0]'],
    [
      {
        messages: [
          { role: 'user', parts: [text('a'), { type: 'audio', format: 'wav', data: 'x' }] },
        ],
      },
      'messages[0]',
    ],
    [
      {
        messages: [
          { role: 'user', parts: [text('a'), { type: 'image', source: { kind: 'id', id: 'x' } }] },
        ],
      },
      'messages[0]',
    ],
    [
      {
        messages: [
          {
            role: 'tool',
            parts: [
              {
                type: 'tool-result',
                id: 'c',
                content: [text('a'), { type: 'image', source: { kind: 'url', url: 'u' } }],
              },
            ],
          },
        ],
      },
      'messages[0]',
    ],
  ] as const)(
    'refuses what the service cannot take, unless it may be dropped: %j',
    (conversation, param) => {
      expect(refusalOf(() => build(conversation as Partial<Conversation>))).toMatchObject({
        code: 'unsupported_content',
        details: { param },
      })
      expect(
        build(conversation as Partial<Conversation>, { dropUnsupported: true }).dropped,
      ).toEqual([expect.stringContaining(param)])
    },
  )

  it('is refused for more than one choice, and when it says nothing', () => {
    expect(refusalOf(() => build({ sampling: { n: 2 } }))).toMatchObject({
      code: 'unsupported_content',
      details: { param: 'n' },
    })
    expect(
      refusalOf(() => build({ messages: [{ role: 'user', parts: [text('')] }] })),
    ).toMatchObject({ code: 'invalid_request', details: { param: 'messages' } })
  })
})

describe('a history', () => {
  it('keeps calls with their results, and what was said before them', () => {
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

  it('of thoughts of other providers drops them', () => {
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

const message = (fields: JsonObject, rest: JsonObject = {}) => ({
  id: 'c1',
  message: { role: 'assistant', ...fields },
  finish_reason: 'COMPLETE',
  ...rest,
})
const read = (body: JsonObject) => cohere.providerSide.readAnswer(body, callContext())

describe('an answer', () => {
  it('is what the model thought, said and called', () => {
    const usage = {
      billed_units: { input_tokens: 5, output_tokens: 7 },
      tokens: { input_tokens: 507, output_tokens: 9 },
      cached_tokens: 400,
    }
    const content = [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'So.' },
    ]
    const call = { id: 'w_1', type: 'function', function: { name: 'weather', arguments: null } }
    expect(
      read(
        message(
          { content, tool_plan: 'I look.', tool_calls: [call] },
          { finish_reason: 'TOOL_CALL', usage },
        ),
      ),
    ).toEqual({
      id: 'c1',
      choices: [
        {
          parts: [
            { type: 'reasoning', text: 'hm' },
            text('So.'),
            text('I look.'),
            { type: 'tool-call', kind: 'function', id: 'w_1', name: 'weather', arguments: '{}' },
          ],
          finish: { reason: 'tool_calls' },
        },
      ],
      // Tokens as they were counted, not the fewer that are billed (wire 4.8).
      usage: { inputTokens: 507, outputTokens: 9, cachedTokens: 400, native: usage },
    })
  })

  it.each([
    ['COMPLETE', { reason: 'stop' }],
    ['STOP_SEQUENCE', { reason: 'stop', native: 'STOP_SEQUENCE' }],
    ['MAX_TOKENS', { reason: 'length' }],
    ['TOOL_CALL', { reason: 'stop', native: 'TOOL_CALL' }],
    ['SOMETHING_NEW', { reason: 'length', native: 'SOMETHING_NEW' }],
  ])('%s without a call ends as %j', (finish_reason, finish) => {
    expect(
      read(message({ content: [{ type: 'text', text: 'a' }] }, { finish_reason })).choices[0]
        ?.finish,
    ).toEqual(finish)
  })

  it.each(['ERROR', 'TIMEOUT', 'ERROR_LIMIT', 'USER_CANCEL'])(
    '%s is an error, never an empty success (wire 4.8)',
    (finish_reason) => {
      expect(
        refusalOf(() => read(message({ content: [] }, { finish_reason, error: 'It broke.' }))),
      ).toMatchObject({
        code: 'provider_error',
        message: `acme gave up on its answer (${finish_reason}): It broke.`,
      })
    },
  )

  it.each([
    {},
    { message: null },
    { message: { content: [] } },
    message({ tool_calls: [{ function: {} }] }),
  ])('that is none is an error: %j', (body) => {
    expect(refusalOf(() => read(body)).code).toBe('upstream_invalid')
  })

  it('with an error in it is that error', () => {
    expect(refusalOf(() => read({ id: 'x', message: 'something broke' }))).toMatchObject({
      code: 'provider_error',
      message: 'acme: something broke',
    })
  })

  it('cites what is somewhere to be read', () => {
    const sources = [
      { type: 'document', document: { url: 'https://x', title: 'X' } },
      { type: 'document', document: { title: 'nowhere' } },
    ]
    expect(
      read(message({ content: [], citations: [{ start: 1, end: 2, text: 'b', sources }] }))
        .choices[0]?.annotations,
    ).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://x', title: 'X', start_index: 1, end_index: 2 },
      },
    ])
  })
})

function stream(...events: (JsonObject | string)[]) {
  const reader = cohere.providerSide.openReader(callContext({ stream: true }))
  const seen: StreamEvent[] = []
  for (const event of events)
    seen.push(
      ...reader.read({
        event: typeof event === 'string' ? undefined : String(event.type),
        data: typeof event === 'string' ? event : JSON.stringify(event),
      }),
    )
  return { seen, complete: reader.complete }
}

const delta = (type: string, fields: JsonObject, rest: JsonObject = {}): JsonObject => ({
  type,
  delta: { message: fields },
  ...rest,
})
const end = (finish_reason: string): JsonObject => ({
  type: 'message-end',
  delta: { finish_reason, usage: { tokens: { input_tokens: 1, output_tokens: 2 } } },
})
const started = (id: string | undefined, given: unknown) =>
  delta('tool-call-start', {
    tool_calls: { id, type: 'function', function: { name: 'weather', arguments: given } },
  })

describe('a stream', () => {
  it('has calls whose deltas are objects, arguments that never come, and usage at its end only (wire 4.8)', () => {
    const { seen, complete } = stream(
      { type: 'message-start', id: 'c1', delta: { message: { role: 'assistant' } } },
      delta('tool-plan-delta', { tool_plan: 'I look.' }),
      started('w_1', ''),
      delta('tool-call-delta', { tool_calls: { function: { arguments: '{"a"' } } }),
      delta('tool-call-delta', { tool_calls: { function: { arguments: ':1}' } } }),
      { type: 'tool-call-end', index: 0 },
      started(undefined, null),
      end('TOOL_CALL'),
      '[DONE]',
    )
    expect(complete).toBe(true)
    expect(seen).toEqual([
      { type: 'start', id: 'c1' },
      { type: 'text', choice: 0, text: 'I look.' },
      { type: 'tool-call', choice: 0, index: 0, id: 'w_1', name: 'weather', kind: 'function' },
      { type: 'tool-arguments', choice: 0, index: 0, text: '{"a"' },
      { type: 'tool-arguments', choice: 0, index: 0, text: ':1}' },
      { type: 'tool-call', choice: 0, index: 1, id: 'call_new', name: 'weather', kind: 'function' },
      { type: 'tool-arguments', choice: 0, index: 1, text: '{}' },
      { type: 'finish', choice: 0, finish: { reason: 'tool_calls' } },
      { type: 'usage', usage: expect.objectContaining({ inputTokens: 1, outputTokens: 2 }) },
    ])
  })

  it('thinks, speaks and cites', () => {
    const source = { document: { url: 'https://x' } }
    expect(
      stream(
        delta('content-start', { content: { type: 'thinking', thinking: '' } }),
        delta('content-delta', { content: { thinking: 'hm' } }),
        delta('content-delta', { content: { text: 'So.' } }),
        delta('citation-start', { citations: { start: 0, end: 2, sources: [source] } }),
        { type: 'citation-end', index: 0 },
        { type: 'something-new' },
      ).seen,
    ).toEqual([
      { type: 'reasoning', choice: 0, text: 'hm' },
      { type: 'text', choice: 0, text: 'So.' },
      {
        type: 'annotations',
        choice: 0,
        value: [expect.objectContaining({ type: 'url_citation' })],
      },
    ])
  })

  it.each<[string, (JsonObject | string)[], string]>([
    ['an end that is an error', [end('ERROR')], 'provider_error'],
    ['an end that says nothing', [{ type: 'message-end', delta: {} }], 'upstream_invalid'],
    ['what is no JSON', ['{'], 'upstream_invalid'],
    ['a call without a name', [delta('tool-call-start', { tool_calls: {} })], 'upstream_invalid'],
    ['an error in its midst', [{ type: 'error', message: 'overloaded' }], 'provider_overloaded'],
    ['an error without a type', ['{"id":"x","message":"too bad"}'], 'provider_error'],
  ])('with %s has failed, and says nothing more', (_, events, code) => {
    const { seen, complete } = stream(
      ...events,
      delta('content-delta', { content: { text: 'more' } }),
      end('COMPLETE'),
    )
    expect(seen).toMatchObject([{ type: 'error', error: { code } }])
    expect(complete).toBe(false)
  })

  it('is not whole before its last event, with or without [DONE] after it', () => {
    expect(stream(delta('content-delta', { content: { text: 'Half' } }), '[DONE]').complete).toBe(
      false,
    )
    expect(stream(end('COMPLETE')).complete).toBe(true)
  })
})

describe('an error', () => {
  const readError = (status: number, body: string) =>
    cohere.providerSide.readError({ status, headers: {}, body, provider: 'acme', model: 'm' })

  it.each([
    [401, '{"id":"x","message":"Incorrect API key provided"}', 'provider_credentials'],
    [
      400,
      '{"error_type":"TOO_MANY_TOKENS","message":"too many tokens: total 300000"}',
      'context_length_exceeded',
    ],
    [400, '{"message":"the request was blocked by our safety policy"}', 'content_filter'],
    [404, '{"id":"x","message":"model not found"}', 'model_not_found'],
    [422, '{"message":"unknown field"}', 'provider_rejected'],
    [429, '{"message":"slow down"}', 'rate_limit_exceeded'],
    [498, '{}', 'content_filter'],
    [500, '<html>no</html>', 'provider_error'],
    [503, '', 'provider_overloaded'],
  ])('%i %s is %s', (status, body, code) => {
    expect(readError(status, body).code).toBe(code)
  })
})
