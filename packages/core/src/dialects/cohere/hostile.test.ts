import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import type { Tool, ToolCallPart } from '../model/conversation.ts'
import type { JsonObject } from '../model/json-object.ts'
import { cohere } from './index.ts'
import {
  build,
  callEvents,
  callTo,
  contentOf,
  DONE,
  end,
  partsOf,
  piece,
  replay,
  says,
  sse,
} from './to-provider/wire.fake.ts'

/** Odd inputs of this dialect, as its clients meet them. */
const counted = {
  billed_units: { input_tokens: 12, output_tokens: 7 },
  tokens: { input_tokens: 507, output_tokens: 10 },
  cached_tokens: 448,
}
const start = {
  id: 'c1',
  ...piece('message-start', {
    role: 'assistant',
    content: [],
    tool_plan: '',
    tool_calls: [],
    citations: [],
  }),
}
const half = [
  start,
  piece('content-start', { content: { type: 'text', text: '' } }),
  piece('content-delta', { content: { text: 'Half' } }),
]
const weather: Tool = { kind: 'function', name: 'weather' }

function answer(message: JsonObject, more: JsonObject = {}) {
  return cohere.providerSide.readAnswer(
    { id: 'c1', message: { role: 'assistant', ...message }, finish_reason: 'COMPLETE', ...more },
    callTo(),
  )
}

function refusal(ask: () => unknown): GatewayError {
  try {
    ask()
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

describe('null arguments', () => {
  it.each([[null], [undefined], [''], [' '], ['null'], [' null\n'], [[]]])(
    '%j are none, in an answer',
    (given) => {
      const { choices } = answer(
        {
          tool_calls: [
            { id: 'weather_a', type: 'function', function: { name: 'weather', arguments: given } },
          ],
        },
        { finish_reason: 'TOOL_CALL' },
      )
      expect(choices[0]?.parts).toEqual([
        { type: 'tool-call', kind: 'function', id: 'weather_a', name: 'weather', arguments: '{}' },
      ])
    },
  )

  it.each<[unknown, readonly unknown[]]>([
    [null, []],
    [undefined, []],
    ['', []],
    ['', [null]],
    ['null', []],
    ['', ['null']],
    ['', ['nu', 'll']],
    ['n', ['u', 'l', 'l']],
    [' ', ['null', ' ']],
  ])('%j and then %j are none, in a stream', (opening, pieces) => {
    const { events, complete } = replay(
      sse(
        start,
        ...callEvents(0, { id: 'a', function: { name: 'weather', arguments: opening } }, pieces),
        end('TOOL_CALL'),
      ),
    )
    expect(events.filter(({ type }) => type === 'tool-arguments')).toEqual([
      { type: 'tool-arguments', choice: 0, index: 0, text: '{}' },
    ])
    expect(complete).toBe(true)
  })

  it.each([
    [['nu', 'mber'], 'number'],
    [['nul'], 'nul'],
    [['null', ',1'], 'null,1'],
    [[' ', '{"a"', ':null}'], ' {"a":null}'],
  ])('what only begins like them (%j) stays as the model wrote it', (pieces, whole) => {
    const { events } = replay(
      sse(
        start,
        ...callEvents(0, { id: 'a', function: { name: 'weather', arguments: '' } }, pieces),
        end('TOOL_CALL'),
      ),
    )
    expect(partsOf(events)).toMatchObject([{ arguments: whole }])
  })

  it.each([['null'], [' '], ['']])('%j in a history is none either', (text) => {
    const { body, dropped } = build({
      messages: [
        says('user', 'a'),
        {
          role: 'assistant',
          parts: [
            { type: 'tool-call', kind: 'function', id: 'a', name: 'weather', arguments: text },
          ],
        },
      ],
    })
    expect(body.messages[1]).toMatchObject({ tool_calls: [{ function: { arguments: '{}' } }] })
    expect(dropped).toEqual([])
  })

  it.each([['{"a":'], ['[1]'], ['7']])(
    '%j in a history is no object: it is wrapped in one, and that is reported',
    (text) => {
      const { body, dropped } = build({
        messages: [
          says('user', 'a'),
          {
            role: 'assistant',
            parts: [
              { type: 'tool-call', kind: 'function', id: 'a', name: 'weather', arguments: text },
            ],
          },
        ],
      })
      expect(body.messages[1]).toMatchObject({
        tool_calls: [{ function: { arguments: JSON.stringify({ input: text }) } }],
      })
      expect(dropped).toEqual(['tool_calls.function.arguments (not a JSON object, wrapped in one)'])
    },
  )
})

describe('empty tool call', () => {
  it('without a name is an error', () => {
    expect(refusal(() => answer({ tool_calls: [{ id: 'a', type: 'function' }] })).code).toBe(
      'upstream_invalid',
    )
    expect(
      replay(sse(start, piece('tool-call-start', { tool_calls: {} }), end('TOOL_CALL'))),
    ).toMatchObject({
      events: [{ type: 'start' }, { type: 'error', error: { code: 'upstream_invalid' } }],
      complete: false,
    })
  })

  it('has neither arguments nor an end of its own, and the next one begins', () => {
    const events = [0, 1].map((index) =>
      piece(
        'tool-call-start',
        { tool_calls: { id: `w_${index}`, type: 'function', function: { name: 'weather' } } },
        index,
      ),
    )
    expect(partsOf(replay(sse(start, ...events, end('TOOL_CALL'))).events)).toMatchObject([
      { id: 'w_0', arguments: '{}' },
      { id: 'w_1', arguments: '{}' },
    ])
  })

  it('that is announced and never comes does not end the answer with calls', () => {
    expect(
      answer(
        { content: [{ type: 'text', text: 'a' }], tool_calls: [] },
        { finish_reason: 'TOOL_CALL' },
      ).choices[0]?.finish,
    ).toEqual({ reason: 'stop', native: 'TOOL_CALL' })
    expect(replay(sse(...half, end('TOOL_CALL'))).events.at(-1)).toEqual({
      type: 'finish',
      choice: 0,
      finish: { reason: 'stop', native: 'TOOL_CALL' },
    })
  })

  it('comes with a word that speaks of no calls: it did end with them', () => {
    const events = callEvents(0, { id: 'a', function: { name: 'weather', arguments: '{}' } })
    expect(replay(sse(start, ...events, end('COMPLETE'))).events.at(-1)).toMatchObject({
      finish: { reason: 'tool_calls' },
    })
  })
})

it('tool_plan before calls is what the model says, in an answer and in a stream, and goes back where it came from', () => {
  const call = {
    id: 'weather_a',
    type: 'function',
    function: { name: 'weather', arguments: '{"city":"Paris"}' },
  }
  const whole =
    answer({ tool_plan: 'I will look.', tool_calls: [call] }, { finish_reason: 'TOOL_CALL' })
      .choices[0]?.parts ?? []
  const events = [
    start,
    ...['I will ', 'look.'].map((tool_plan) => piece('tool-plan-delta', { tool_plan })),
    ...callEvents(0, { ...call, function: { name: 'weather', arguments: '' } }, [
      '{"city":',
      '"Paris"}',
    ]),
  ]
  expect(whole).toMatchObject([
    { type: 'text', text: 'I will look.' },
    { type: 'tool-call', id: 'weather_a' },
  ])
  expect(partsOf(replay(sse(...events, end('TOOL_CALL'))).events)).toEqual(whole)
  expect(
    build({ messages: [says('user', 'a'), { role: 'assistant', parts: whole }] }).body.messages[1],
  ).toEqual({ role: 'assistant', tool_plan: 'I will look.', tool_calls: [call] })
})

describe('two token counts', () => {
  it.each([
    [
      'those counted, not those billed',
      counted,
      { inputTokens: 507, outputTokens: 10, cachedTokens: 448 },
    ],
    [
      'billed tokens when nothing else is reported',
      { billed_units: counted.billed_units },
      { inputTokens: 12, outputTokens: 7 },
    ],
    ['none when none is reported', { cached_tokens: 3 }, undefined],
  ])('%s', (_, usage, expected) => {
    const seen = answer({ content: [{ type: 'text', text: 'a' }] }, { usage }).usage
    const streamed = replay(sse(...half, end('COMPLETE', { usage }))).events.find(
      (event) => event.type === 'usage',
    )
    expect(streamed?.usage).toEqual(seen)
    if (expected === undefined) expect(seen).toBeUndefined()
    else expect(seen).toMatchObject({ ...expected, native: usage })
  })
})

describe('tool call delta is an object, not an array', () => {
  it('keeps the id and arguments of each of several calls', () => {
    const calls = ['Paris', 'Rome'].map((city, index) =>
      callEvents(index, { id: `weather_${city}`, function: { name: 'weather', arguments: '' } }, [
        '{"city"',
        `:"${city}"}`,
      ]),
    )
    const parts = partsOf(
      replay(sse(start, ...calls.flat(), end('TOOL_CALL'))).events,
    ) as ToolCallPart[]
    expect(parts.map(({ id, arguments: text }) => [id, JSON.parse(text)])).toEqual([
      ['weather_Paris', { city: 'Paris' }],
      ['weather_Rome', { city: 'Rome' }],
    ])
  })

  it('refuses an array of calls instead of losing one silently', () => {
    const event = piece('tool-call-start', {
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather' } }],
    })
    expect(replay(sse(start, event, end('TOOL_CALL')))).toMatchObject({
      events: [{ type: 'start' }, { type: 'error' }],
      complete: false,
    })
  })
})

it('ids like weather_vvav4zzx8d2c are free: they come and go as they are', () => {
  const ids = ['weather_vvav4zzx8d2c', 'a b/c:ü', 'x'.repeat(200)]
  const calls = ids.map((id) => ({
    id,
    type: 'function',
    function: { name: 'weather', arguments: '{}' },
  }))
  const parts =
    answer({ tool_calls: calls }, { finish_reason: 'TOOL_CALL' }).choices[0]?.parts ?? []
  const results = ids.map(
    (id) =>
      ({
        role: 'tool',
        parts: [{ type: 'tool-result', id, content: [{ type: 'text', text: 'sunny' }] }],
      }) as const,
  )
  const { messages } = build({
    messages: [says('user', 'a'), { role: 'assistant', parts }, ...results],
  }).body
  expect(messages[1]?.tool_calls).toEqual(calls)
  expect(messages.slice(2).map((message) => message.tool_call_id)).toEqual(ids)
})

it('usage only at the end: none before it, and none of a stream that never got there', () => {
  expect(replay(sse(...half)).events.some(({ type }) => type === 'usage')).toBe(false)
  expect(
    replay(sse(...half, end('COMPLETE', { usage: counted }))).events.map(({ type }) => type),
  ).toEqual(['start', 'text', 'finish', 'usage'])
})

describe.each(['ERROR', 'TIMEOUT'])(
  'finish %s is an error, never an empty success',
  (finish_reason) => {
    it('in an answer', () => {
      expect(refusal(() => answer({ content: [] }, { finish_reason }))).toMatchObject({
        code: 'provider_error',
        message: `acme gave up on its answer (${finish_reason}).`,
      })
    })

    it('in a stream, and nothing follows it', () => {
      const { events, complete } = replay(
        sse(...half, end(finish_reason, { error: 'It broke.', usage: counted }), end('COMPLETE')) +
          DONE,
      )
      expect(events.map(({ type }) => type)).toEqual(['start', 'text', 'error'])
      expect(events.at(-1)).toMatchObject({
        error: {
          code: 'provider_error',
          message: `acme gave up on its answer (${finish_reason}): It broke.`,
        },
      })
      expect(complete).toBe(false)
    })
  },
)

describe('truncated before message-end', () => {
  it.each([
    ['after its text', sse(...half)],
    ['after the end of its text', sse(...half, { type: 'content-end', index: 0 })],
    ['with a mere [DONE]', sse(...half) + DONE],
    ['within its last event', sse(...half) + 'event: message-end\n'],
  ])('%s: it is not complete, and nothing ends', (_, text) => {
    const { events, complete } = replay(text)
    expect(events.map(({ type }) => type)).toEqual(['start', 'text'])
    expect(complete).toBe(false)
  })

  it('within the data of its last event: that is malformed', () => {
    expect(
      replay(`${sse(...half)}event: message-end\ndata: {"type":"message-end","delta":{"fin`),
    ).toMatchObject({
      events: [{}, {}, { type: 'error', error: { code: 'upstream_invalid' } }],
      complete: false,
    })
  })

  it('with [DONE] missing after it: nothing is', () => {
    expect(replay(sse(...half, end('COMPLETE'))).complete).toBe(true)
  })
})

it('unknown event types, content types and fields are ignored', () => {
  const news = [
    { type: 'debug', prompt: 'x' },
    { type: 'citation-end', index: 0 },
    {
      type: 'content-start',
      index: 1,
      delta: { message: { content: { type: 'hologram', hologram: 'x' } } },
    },
    {
      type: 'content-delta',
      index: 0,
      delta: { message: { content: { text: '' } } },
      logprobs: { token_ids: [1] },
    },
    { type: 'content-delta', index: 0, delta: null },
    {
      type: 'tool-call-delta',
      index: 9,
      delta: { message: { tool_calls: { function: { arguments: '{}' } } } },
    },
  ]
  expect(replay(sse(...half, ...news, end('COMPLETE')))).toEqual(
    replay(sse(...half, end('COMPLETE'))),
  )
  expect(
    answer({
      content: [
        { type: 'hologram', hologram: 'x' },
        { type: 'text', text: 'a' },
      ],
      surprise: 1,
    }).choices[0]?.parts,
  ).toEqual([{ type: 'text', text: 'a' }])
})

it('reads content that is a string instead of a list', () => {
  expect(answer({ content: 'Hello.' }).choices[0]?.parts).toEqual([
    { type: 'text', text: 'Hello.' },
  ])
})

describe('a tool choice without an equivalent', () => {
  it.each<[string, Parameters<typeof build>[0], readonly string[]]>([
    [
      'a call is demanded where there are no tools',
      { toolChoice: { mode: 'required' } },
      ['tool_choice (no tools)'],
    ],
    [
      'the tool demanded is not among them',
      { tools: [weather], toolChoice: { mode: 'tool', name: 'time' } },
      ['tool_choice (its tool is not offered)', 'tools (those that may not be called)'],
    ],
    [
      'one of the tools allowed is not among them',
      {
        tools: [weather],
        toolChoice: { mode: 'allowed', required: false, names: ['weather', 'time'] },
      },
      ['tool_choice (some of its tools are not offered)'],
    ],
    ['nothing is demanded', { toolChoice: { mode: 'auto' } }, []],
    ['nothing may be called', { toolChoice: { mode: 'none' } }, []],
  ])('is reported, never dropped silently: %s', (_, conversation, dropped) => {
    expect(build(conversation).dropped).toEqual(dropped)
  })
})

it('leaves out an empty assistant message, whose text may not be empty', () => {
  const { body, dropped } = build({
    messages: [says('user', 'a'), says('assistant', ''), says('user', 'b')],
  })
  expect(body.messages.map((message) => contentOf(message))).toEqual([
    [{ type: 'text', text: 'a' }],
    [{ type: 'text', text: 'b' }],
  ])
  expect(dropped).toEqual(['messages[1] (empty)'])
})
