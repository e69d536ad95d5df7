import { createGateway, type Gateway } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type DialectName,
  type FakeProvider,
  startFakeProvider,
} from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientApiNames, clientApis, type ClientReading } from '../harness/client-apis.ts'
import type { ClientApi } from '../harness/shared-cases.ts'

type Json = Record<string, unknown>

const dialects = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'cohere',
  'bedrock-converse',
] as const satisfies readonly DialectName[]
type Dialect = (typeof dialects)[number]

const providers = new Map<DialectName, FakeProvider>()
let gateway: Gateway

/** Many answers here are failures, which must not count against the next. */
const newGateway = (): Gateway =>
  createGateway(
    {
      providers: Object.fromEntries(
        [...providers].map(([dialect, { url }]) => [
          dialect,
          { baseUrl: url, apiKey: 'canary', dialect, alsoSpeaks: [] },
        ]),
      ),
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
      circuitBreaker: 'off',
    } as never,
    { environment: {} },
  )

beforeAll(async () => {
  for (const dialect of dialects)
    providers.set(dialect, await startFakeProvider({ dialect, validate: false }))
  gateway = newGateway()
})
afterAll(async () => {
  await gateway.close({ graceMs: 0 })
  for (const provider of providers.values()) await provider.close()
})

/** A body of JSON, or events: objects, each with the name of its type where it has one. */
interface Reply {
  readonly dialect: Dialect
  readonly body?: unknown
  readonly events?: readonly (Json | string)[]
}

function ask(api: ClientApi, { dialect, body, events }: Reply): Promise<ClientReading> {
  const provider = providers.get(dialect) ?? expect.fail()
  const isStream = events !== undefined
  const text =
    events
      ?.map((event) =>
        typeof event === 'string'
          ? `data: ${event}\n\n`
          : `${typeof event.type === 'string' && dialect !== 'openai-chat' ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
      )
      .join('') ?? JSON.stringify(body)
  provider.reply({
    replay: {
      name: 'odd',
      dialect,
      isStream,
      status: 200,
      headers: { 'content-type': isStream ? 'text/event-stream' : 'application/json' },
      body: Buffer.from(text),
    } as never,
  })
  return clientApis[api](
    { url: 'http://gateway', apiKey: CONFORMANCE_KEY, fetch: gateway.fetch as typeof fetch },
    { model: `${dialect}/m`, isStream },
  )
}

const chunk = (delta: Json, more: Json = {}): Json => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})
const calls = (...list: Json[]): Json => chunk({ tool_calls: list })
const ended = (reason: string): Json => chunk({}, { finish_reason: reason })
const call = (
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  text: string,
): Json => ({
  ...(index !== undefined && { index }),
  ...(id !== undefined && { id, type: 'function' }),
  function: { ...(name !== undefined && { name }), arguments: text },
})
const tools = (...events: Json[]): Reply => ({
  dialect: 'openai-chat',
  events: [chunk({ role: 'assistant', content: null }), ...events, ended('tool_calls'), '[DONE]'],
})
const one = [{ name: 'get_weather', args: { city: 'Oslo' } }]
const two = [...one, { name: 'get_time', args: { zone: 'UTC' } }]

describe.each(clientApiNames)('calls in odd pieces, read through %s', (api) => {
  it.each<[string, Reply, readonly Json[]]>([
    [
      'arguments in a continuation without name, id or index',
      tools(
        calls(call(0, 'a', 'get_weather', '')),
        calls(call(undefined, undefined, undefined, '{"city":')),
        calls(call(undefined, undefined, undefined, '"Oslo"}')),
      ),
      one,
    ],
    [
      'arguments at another index',
      tools(
        calls(call(0, 'a', 'get_weather', '')),
        calls(call(1, undefined, undefined, '{"city":')),
        calls(call(2, undefined, undefined, '"Oslo"}')),
      ),
      one,
    ],
    [
      'one call at several indexes with its id',
      tools(
        calls(call(0, 'a', 'get_weather', '{"ci')),
        calls(call(1, 'a', undefined, 'ty":')),
        calls(call(2, 'a', undefined, '"Oslo"}')),
      ),
      one,
    ],
    [
      'one call at several indexes with its id and its name',
      tools(
        calls(call(0, 'a', 'get_weather', '{"ci')),
        calls(call(1, 'a', 'get_weather', 'ty":')),
        calls(call(2, 'a', 'get_weather', '"Oslo"}')),
      ),
      one,
    ],
    [
      'a name in two parts',
      tools(
        calls(call(0, 'a', 'get_', '')),
        calls(call(0, undefined, 'weather', '')),
        calls(call(0, undefined, undefined, '{"city":"Oslo"}')),
      ),
      one,
    ],
    [
      'a name in three parts with the id in each',
      tools(
        calls(call(0, 'a', 'get', '')),
        calls(call(0, 'a', '_', '')),
        calls(call(0, 'a', 'weather', '{"city":"Oslo"}')),
      ),
      one,
    ],
    [
      'a name that grows',
      tools(
        calls(call(0, 'a', 'get_', '')),
        calls(call(0, 'a', 'get_weather', '')),
        calls(call(0, 'a', undefined, '{"city":"Oslo"}')),
      ),
      one,
    ],
    [
      'a name before its id',
      tools(
        calls(call(0, undefined, 'get_', '')),
        calls(call(0, 'a', 'weather', '')),
        calls(call(0, undefined, undefined, '{"city":"Oslo"}')),
      ),
      one,
    ],
    [
      'a name said again with each piece',
      tools(
        calls(call(0, 'a', 'get_weather', '')),
        calls(call(0, 'a', 'get_weather', '{"city":')),
        calls(call(0, 'a', 'get_weather', '"Oslo"}')),
      ),
      one,
    ],
    [
      'two calls whose names come in parts',
      tools(
        calls(call(0, 'a', 'get_', ''), call(1, 'b', 'get_', '')),
        calls(
          call(0, undefined, 'weather', '{"city":"Oslo"}'),
          call(1, undefined, undefined, '{"zone":"UTC"}'),
        ),
      ),
      [one[0] ?? {}, { name: 'get_', args: { zone: 'UTC' } }],
    ],
    [
      'two whole calls at one index',
      tools(
        calls(call(0, 'a', 'get_weather', '{"city":"Oslo"}')),
        calls(call(0, 'b', 'get_time', '{"zone":"UTC"}')),
      ),
      two,
    ],
    [
      'two whole calls without ids at one index',
      tools(
        calls(call(0, undefined, 'get_weather', '{"city":"Oslo"}')),
        calls(call(0, undefined, 'get_time', '{"zone":"UTC"}')),
      ),
      two,
    ],
    [
      'two calls of one id at two indexes',
      tools(
        calls(
          call(0, 'a', 'get_weather', '{"city":"Oslo"}'),
          call(1, 'a', 'get_time', '{"zone":"UTC"}'),
        ),
      ),
      two,
    ],
  ])('%s', async (_name, reply, expected) => {
    const { tools: read, finish } = await ask(api, reply)
    expect(read.map(({ name, args }) => ({ name, args }))).toEqual(expected)
    expect(new Set(read.map(({ id }) => id)).size).toBe(
      api === 'gemini' ? new Set(read.map(({ id }) => id)).size : expected.length,
    )
    expect(finish).toBe('tool_calls')
  })
})

const response = (output: Json[]): Json => ({
  id: 'r',
  object: 'response',
  created_at: 1,
  model: 'm',
  status: 'completed',
  output,
  usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
})
const said = (...content: Json[]): Json => ({
  id: 'msg',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content,
})
const text = (value: string): Json => ({ type: 'output_text', text: value, annotations: [] })
function responses(events: readonly Json[], item: Json): Reply {
  const all = [
    { type: 'response.created', response: { ...response([]), status: 'in_progress' } },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...said(), status: 'in_progress' },
    },
    ...events,
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: response([item]) },
  ]
  return {
    dialect: 'openai-responses',
    events: all.map((event, at) => ({ ...event, sequence_number: at })),
  }
}
const delta = (index: number | undefined, value: string): Json => ({
  type: 'response.output_text.delta',
  item_id: 'msg',
  output_index: 0,
  ...(index !== undefined && { content_index: index }),
  delta: value,
})
const done = (index: number | undefined, value: string): Json => ({
  type: 'response.output_text.done',
  item_id: 'msg',
  output_index: 0,
  ...(index !== undefined && { content_index: index }),
  text: value,
})

describe.each(clientApiNames.filter((api) => api !== 'responses'))(
  'positions that are counted otherwise, read through %s',
  (api) => {
    it.each<[string, Reply, string]>([
      [
        'from 1',
        responses([delta(1, 'Hel'), delta(1, 'lo'), done(1, 'Hello')], said(text('Hello'))),
        'Hello',
      ],
      [
        'not at all, and from 1 in what is whole',
        responses(
          [delta(undefined, 'Hel'), delta(undefined, 'lo'), done(1, 'Hello')],
          said(text('Hello')),
        ),
        'Hello',
      ],
      [
        'one for each fragment',
        responses(
          [delta(0, 'Hel'), delta(1, 'lo '), delta(2, 'you'), done(0, 'Hello you')],
          said(text('Hello you')),
        ),
        'Hello you',
      ],
      [
        'one for each fragment, and nothing told whole but the item',
        responses([delta(3, 'Hel'), delta(4, 'lo')], said(text('Hello'))),
        'Hello',
      ],
      [
        'from 1, with two texts',
        responses(
          [delta(1, 'One. '), done(1, 'One. '), delta(2, 'Two.'), done(2, 'Two.')],
          said(text('One. '), text('Two.')),
        ),
        'One. Two.',
      ],
      [
        'from 0, with two texts that are the same',
        responses(
          [delta(0, 'Ha'), done(0, 'Ha'), delta(1, 'Ha'), done(1, 'Ha')],
          said(text('Ha'), text('Ha')),
        ),
        'HaHa',
      ],
      [
        'from 0, the second text without fragments',
        responses([delta(0, 'Ha'), done(0, 'Ha')], said(text('Ha'), text('Ha'))),
        'HaHa',
      ],
      [
        'with what was not told in fragments',
        responses([delta(1, 'Hel')], said(text('Hello'))),
        'Hello',
      ],
    ])('%s', async (_name, reply, expected) => {
      expect((await ask(api, reply)).text).toBe(expected)
    })
  },
)

const completion = (more: Json): Json => ({
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  ...more,
})
const FILTERED = {
  choices: [
    {
      index: 0,
      finish_reason: 'content_filter',
      content_filter_results: { hate: { filtered: true } },
    },
  ],
}

describe.each(clientApiNames)('what is left out, read through %s', (api) => {
  it.each<[string, Reply, Partial<ClientReading>]>([
    [
      'id, object and created of JSON',
      { dialect: 'openai-chat', body: completion({}) },
      { text: 'hi', finish: 'stop' },
    ],
    [
      'the same, empty',
      {
        dialect: 'openai-chat',
        body: completion({ id: '', object: '', created: null, model: '' }),
      },
      { text: 'hi', finish: 'stop' },
    ],
    [
      'id, object and created of a stream',
      {
        dialect: 'openai-chat',
        events: [
          { choices: [{ index: 0, delta: { content: 'hi' } }] },
          { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
          '[DONE]',
        ],
      },
      { text: 'hi', finish: 'stop' },
    ],
    [
      'the message of a filtered choice',
      {
        dialect: 'openai-chat',
        body: { id: 'c', object: 'chat.completion', created: 1, model: 'm', ...FILTERED },
      },
      { text: '', finish: 'content_filter' },
    ],
    [
      'the delta of a filtered choice',
      {
        dialect: 'openai-chat',
        events: [
          { ...chunk({ role: 'assistant', content: 'so' }) },
          { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...FILTERED },
          '[DONE]',
        ],
      },
      { text: 'so', finish: 'content_filter' },
    ],
    [
      'the head of a response',
      { dialect: 'openai-responses', body: { output: [said(text('hi'))] } },
      { text: 'hi' },
    ],
    [
      'the head of a message',
      {
        dialect: 'anthropic-messages',
        body: { content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn' },
      },
      { text: 'hi', finish: 'stop' },
    ],
    [
      'all but the candidates',
      {
        dialect: 'gemini',
        body: { candidates: [{ content: { parts: [{ text: 'hi' }] }, finishReason: 'STOP' }] },
      },
      { text: 'hi', finish: 'stop' },
    ],
  ])('%s', async (_name, reply, expected) => {
    const reading = await ask(api, reply)
    expect(reading).toMatchObject(expected)
    if (api !== 'chat') return
    expect(reading.raw).toMatchObject({
      id: expect.stringMatching(/./),
      object: 'chat.completion',
      created: expect.any(Number),
      model: expect.stringMatching(/./),
    })
    if (reply.dialect === 'openai-chat' && (reply.body as Json | undefined)?.created !== 1)
      expect((reading.raw as { created: number }).created).toBeGreaterThan(
        reply.events === undefined ? 1 : 0,
      )
  })
})

const rejections: readonly [string, Json, number][] = [
  [
    'MiniMax',
    {
      id: '',
      choices: null,
      created: 0,
      model: '',
      base_resp: { status_code: 1002, status_msg: 'rate limit exceeded' },
    },
    429,
  ],
  ['a status of its own', { code: 429, msg: 'Too many requests', data: null }, 429],
  [
    'a word of its own',
    { code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded', request_id: 'x' },
    429,
  ],
  ['Baidu', { error_code: 18, error_msg: 'Open api qps request limit reached', id: 'x' }, 429],
  [
    'Tencent',
    {
      Response: {
        Error: { Code: 'RequestLimitExceeded', Message: 'rate limit reached' },
        RequestId: 'x',
      },
    },
    429,
  ],
  ['iFlytek', { header: { code: 11202, message: 'qps limit: busy', sid: 'x', status: 2 } }, 429],
  [
    'a list of errors',
    { errors: [{ message: 'rate limit exceeded', extensions: { code: 'x' } }] },
    429,
  ],
  ['a list of texts', { errors: ['rate limit exceeded'] }, 429],
  [
    'Cloudflare',
    {
      result: null,
      success: false,
      errors: [{ code: 3040, message: 'Capacity temporarily exceeded, try again' }],
      messages: [],
    },
    503,
  ],
  [
    'Apigee',
    {
      fault: {
        faultstring: 'Rate limit quota violation',
        detail: { errorcode: 'policies.ratelimit.QuotaViolation' },
      },
    },
    429,
  ],
  [
    'problem details',
    { type: 'about:blank', title: 'Too Many Requests', status: 429, detail: 'slow down' },
    429,
  ],
  ['no success', { success: false, message: 'model is overloaded' }, 503],
  ['a status word', { status: 'error', message: 'model is overloaded' }, 503],
  ['a Java server', { timestamp: 'x', status: 503, error: 'Service Unavailable', path: '/x' }, 503],
  ['error is a text', { error: 'overloaded, please wait' }, 503],
  ['error is true', { error: true, message: 'rate limit exceeded' }, 429],
  ['a number beside an object error', { error: { message: 'busy', code: 503 } }, 503],
]

describe.each(dialects)('errors of other vendors inside a 200 of %s', (dialect) => {
  it.each(clientApiNames)('are reported as errors, read through %s', async (api) => {
    for (const [name, body, status] of rejections) {
      // The frames of Bedrock's streams are another format, in which none of these could come.
      for (const reply of [
        { dialect, body },
        ...(dialect === 'bedrock-converse' ? [] : [{ dialect, events: [body] }]),
      ]) {
        const failure = await ask(api, reply).then(
          (reading) => expect.fail(JSON.stringify([name, reading])),
          (error: unknown) => error as { status?: number; message: string },
        )
        const told = failure.status ?? Number(/\b[45]\d\d\b/.exec(failure.message)?.[0])
        expect([name, told, failure.message]).toEqual([
          name,
          told === 502 && status === 503 ? 502 : status,
          failure.message,
        ])
      }
    }
  })
})

describe.each(clientApiNames)('what looks like one and is none, read through %s', (api) => {
  it.each<[string, Reply]>([
    [
      'a code that all is well',
      {
        dialect: 'openai-chat',
        body: completion({
          code: 200,
          message: 'success',
          base_resp: { status_code: 0, status_msg: '' },
        }),
      },
    ],
    [
      'an empty list of errors',
      { dialect: 'openai-chat', body: completion({ errors: [], error: null }) },
    ],
    [
      'a report before the answer',
      {
        dialect: 'openai-chat',
        events: [
          { id: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
          { code: 0, message: 'ok' },
          chunk({ role: 'assistant', content: 'hi' }),
          ended('stop'),
          '[DONE]',
        ],
      },
    ],
    [
      'an empty error of Messages',
      {
        dialect: 'anthropic-messages',
        body: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [{ type: 'text', text: 'hi' }],
          stop_reason: 'end_turn',
          error: null,
          code: 0,
          message: 'ok',
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      },
    ],
  ])('%s', async (_name, reply) => {
    expect(await ask(api, reply)).toMatchObject({ text: 'hi', finish: 'stop' })
  })
})

const overlap = {
  chat: {
    prompt_tokens: 100,
    completion_tokens: 5,
    total_tokens: 105,
    prompt_tokens_details: { cached_tokens: 80, cache_write_tokens: 60 },
  },
  responses: {
    input_tokens: 100,
    output_tokens: 5,
    total_tokens: 105,
    input_tokens_details: { cached_tokens: 80, cache_write_tokens: 60 },
  },
}

/** Input, output, read and written of an answer of any API; a client takes the sums for granted. */
function countsOf(api: ClientApi, raw: unknown): { input: number; output: number } {
  const usage = ((raw as { usage?: Json }).usage ?? {}) as Record<string, number>
  if (api === 'gemini') {
    const native =
      (raw as { usageMetadata?: Record<string, number> }[]).findLast(
        (answer) => answer.usageMetadata !== undefined,
      )?.usageMetadata ?? {}
    return { input: native.promptTokenCount ?? 0, output: native.candidatesTokenCount ?? 0 }
  }
  if (api === 'anthropic') {
    expect(usage.input_tokens).toBeGreaterThanOrEqual(0)
    return {
      input:
        (usage.input_tokens ?? 0) +
        (usage.cache_read_input_tokens ?? 0) +
        (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens ?? 0,
    }
  }
  return {
    input: usage.prompt_tokens ?? usage.input_tokens ?? 0,
    output: usage.completion_tokens ?? usage.output_tokens ?? 0,
  }
}

describe.each(clientApiNames)('usage, read through %s', (api) => {
  const withUsage = (...usages: (Json | null)[]): Reply => ({
    dialect: 'openai-chat',
    events: [
      { ...chunk({ role: 'assistant', content: 'hi' }), usage: usages[0] ?? null },
      { ...ended('stop'), usage: usages[1] ?? null },
      ...(usages[2] === undefined
        ? []
        : [
            {
              id: 'c',
              object: 'chat.completion.chunk',
              created: 1,
              model: 'm',
              choices: [],
              usage: usages[2],
            },
          ]),
      '[DONE]',
    ],
  })
  const of = (input: number, output: number): Json => ({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
  })
  it.each<[string, Reply]>([
    [
      'read and written that overlap',
      {
        dialect: 'openai-chat',
        body: completion({
          id: 'c',
          object: 'chat.completion',
          created: 1,
          model: 'm',
          usage: overlap.chat,
        }),
      },
    ],
    [
      'the same in Responses',
      {
        dialect: 'openai-responses',
        body: { ...response([said(text('hi'))]), usage: overlap.responses },
      },
    ],
    ['said with every chunk, growing', withUsage(of(100, 1), of(100, 5), of(100, 5))],
    ['said first and counted as nothing last', withUsage(of(100, 5), of(100, 5), of(0, 0))],
    ['said beside the end alone', withUsage(null, of(100, 5))],
    [
      'said in the choice',
      {
        dialect: 'openai-chat',
        events: [
          chunk({ role: 'assistant', content: 'hi' }),
          chunk({}, { finish_reason: 'stop', usage: of(100, 5) }),
          '[DONE]',
        ],
      },
    ],
  ])('%s', async (_name, reply) => {
    // A client of chat completions gets the usage of a stream when it asks.
    const { raw } = await ask(api, reply)
    if (api === 'chat' && reply.events !== undefined) return
    expect(countsOf(api, raw)).toEqual({ input: 100, output: 5 })
  })

  it('that is absent is no error', async () => {
    expect(
      await ask(api, {
        dialect: 'openai-chat',
        body: completion({ id: 'c', object: 'chat.completion', created: 1, model: 'm' }),
      }),
    ).toMatchObject({ text: 'hi', finish: 'stop' })
    expect(await ask(api, withUsage(null, null))).toMatchObject({ text: 'hi', finish: 'stop' })
  })
})

describe.each(clientApiNames)('annotations, read through %s', (api) => {
  const cited = {
    type: 'url_citation',
    url_citation: { url: 'https://source.example/a', title: 'a', start_index: 0, end_index: 2 },
  }
  const signed = [
    { type: 'reasoning.encrypted', data: 'proof', format: 'anthropic-claude-v1', index: 0 },
  ]
  it.each<[string, Json[]]>([
    ['before the text', [chunk({ annotations: [cited] }), chunk({ content: 'hi' })]],
    [
      'with a signature',
      [
        chunk({ content: 'hi' }),
        chunk({ content: '', annotations: [cited], reasoning_details: signed }),
      ],
    ],
    [
      'with a signature before the text',
      [chunk({ annotations: [cited], reasoning_details: signed }), chunk({ content: 'hi' })],
    ],
    [
      'with the end',
      [chunk({ content: 'hi' }), chunk({ annotations: [cited] }, { finish_reason: 'stop' })],
    ],
    [
      'before a call and its text',
      [
        chunk({ annotations: [cited] }),
        calls(call(0, 'a', 'get_weather', '{}')),
        chunk({ content: 'hi' }),
      ],
    ],
  ])('%s', async (_name, events) => {
    const reading = await ask(api, {
      dialect: 'openai-chat',
      events: [chunk({ role: 'assistant', content: '' }), ...events, ended('stop'), '[DONE]'],
    })
    expect(reading.text).toBe('hi')
    if (api !== 'chat') expect(JSON.stringify(reading.raw)).toContain('https://source.example/a')
  })
})
