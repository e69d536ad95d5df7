import {
  dialectNames,
  type DialectName,
  type ScriptedAnswer,
  type ScriptedReply,
} from '@postern/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type Chain,
  type MountedChain,
  startChain,
  startMountedChain,
  targetOf,
} from './harness/chain.ts'
import { seeError, seeStream } from './harness/client-stream.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { streamingClients } from './harness/streaming-clients.ts'
import { turns } from './harness/turns.ts'

const eventStream = { 'content-type': 'text/event-stream' }
const clients = Object.entries(streamingClients)
const named = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const chunk = (choices: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more })}\n\n`
const delta = (fields: object): string => chunk([{ index: 0, delta: fields, finish_reason: null }])
const generated = (candidates: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({ candidates, modelVersion: 'm', responseId: 'r', ...more })}\r\n\r\n`
const begun = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'in_progress',
  model: 'm',
  output: [],
}

/**
 * Events of a provider that has said nothing yet: those of a fake's text answer before its first
 * word, and others seen in the wild.
 */
const openings: Readonly<
  Record<DialectName, { readonly ofFake: number; readonly others: readonly string[] }>
> = {
  'openai-chat': {
    ofFake: 1,
    others: [
      chunk([]),
      chunk([], { prompt_filter_results: [{ prompt_index: 0 }] }),
      chunk([], { usage: { prompt_tokens: 1, completion_tokens: 0, total_tokens: 1 } }),
      chunk([{ index: 0, delta: {}, finish_reason: null }]),
      delta({
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: null,
        function_call: null,
        reasoning_content: null,
      }),
      delta({
        role: 'assistant',
        content: '',
        reasoning_content: '',
        reasoning_details: [],
        annotations: [],
        tool_calls: [],
        function_call: {},
      }),
      delta({ content: [] }),
      delta({ content: [{ type: 'text', text: '' }] }),
      ': OPENROUTER PROCESSING\n\n',
      `${chunk([{ index: 0, delta: {}, finish_reason: 'stop' }])}data: {"error":{"message":"late","type":"server_error","code":"overloaded"}}\n\n`,
    ],
  },
  'openai-responses': {
    ofFake: 4,
    others: [
      named('response.created', { sequence_number: 0, response: begun }),
      named('response.queued', { sequence_number: 0, response: begun }) +
        named('response.in_progress', { sequence_number: 1, response: begun }),
      named('keepalive', { sequence_number: 0 }),
      named('response.output_item.added', {
        sequence_number: 0,
        output_index: 0,
        item: { type: 'reasoning', id: 'rs_1', summary: [] },
      }),
      named('response.output_item.added', {
        sequence_number: 0,
        output_index: 0,
        item: { type: 'message', id: 'm_1', role: 'assistant', status: 'in_progress', content: [] },
      }) +
        named('response.output_text.delta', {
          sequence_number: 1,
          output_index: 0,
          content_index: 0,
          item_id: 'm_1',
          delta: '',
        }),
    ],
  },
  'anthropic-messages': {
    ofFake: 3,
    others: [
      named('ping'),
      named('message_start', {
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      }),
      named('content_block_start', {
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      }),
      named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
        named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: '' } }) +
        named('content_block_stop', { index: 0 }),
      named('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 1 },
      }),
    ],
  },
  gemini: {
    ofFake: 0,
    others: [
      generated([], { usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 } }),
      generated([{ index: 0, content: { role: 'model', parts: [{ text: '' }] } }]),
      generated([{ index: 0, content: { role: 'model' } }]),
      generated([{ index: 0, content: { role: 'model', parts: [{ text: '', thought: true }] } }]),
    ],
  },
  'bedrock-converse': { ofFake: 1, others: [] },
  cohere: {
    ofFake: 2,
    others: [
      named('message-start', {
        id: 'a',
        delta: {
          message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] },
        },
      }),
      named('content-start', {
        index: 0,
        delta: { message: { content: { type: 'text', text: '' } } },
      }) +
        named('content-delta', { index: 0, delta: { message: { content: { text: '' } } } }) +
        named('content-end', { index: 0 }),
      named('tool-plan-delta', { delta: { message: { tool_plan: '' } } }),
    ],
  },
}

it('every dialect is here', () =>
  expect(Object.keys(openings).sort()).toEqual([...dialectNames].sort()))

describe.each(dialectNames)('a stream of %s before its first content', (dialect) => {
  const { ofFake, others } = openings[dialect]
  let chain: MountedChain
  beforeAll(async () => {
    chain = await startMountedChain('Express', { dialects: [dialect, dialect] })
    chain.provider('second').reply({ answer: { text: ['Served ', 'by second'] } })
  })
  afterEach(() => chain.reset())
  afterAll(() => chain.close())

  const answer: ScriptedAnswer = { text: ['One ', 'two ', 'three'] }
  const before: readonly (readonly [string, ScriptedReply])[] = [
    ...Array.from({ length: ofFake + 1 }, (_, events) => events).flatMap((events) => [
      [`that fails after ${events} events`, { answer, errorEventAfter: events }] as const,
      [
        `that is cut after ${events} events`,
        { answer, cutAfterEvents: events, cutBy: 'rst' },
      ] as const,
    ]),
    ...others.map(
      (opening) =>
        [
          `that ends after ${opening}`,
          { raw: { headers: eventStream, body: [opening, opening] } },
        ] as const,
    ),
  ]

  it.each(before)('%s is answered by the next target, as one stream', async (_what, reply) => {
    chain.provider('first').reply(reply)
    expect(await Promise.all(clients.map(([, read]) => read(chain.url)))).toEqual(
      clients.map(() => 'Served by second'),
    )
    expect(chain.calls()).toEqual([clients.length, clients.length])
    for (const record of chain.records)
      expect(record).toMatchObject({
        code: 'ok',
        target: targetOf('second'),
        attempts: [{ target: targetOf('first') }, { code: 'ok' }],
      })
    const seen = seeStream(await (await chain.ask({ stream: true })).text())
    expect(seen).toMatchObject({
      text: 'Served by second',
      finishes: ['stop'],
      roles: 1,
      error: undefined,
      done: true,
    })
    expect(seen.ids.size).toBe(1)
  })

  it('holds back what it opens with, and delivers it in order', async () => {
    chain.provider('first').reply({ answer, pauseBetweenEventsMs: 1 })
    expect(await Promise.all(clients.map(([, read]) => read(chain.url)))).toEqual(
      clients.map(() => 'One two three'),
    )
    expect(chain.calls()).toEqual([clients.length, 0])
  })

  it('that is whole and empty is the answer', async () => {
    chain.provider('first').reply({ answer: { text: [], usage: { input: 3, output: 1 } } })
    expect(await Promise.all(clients.map(([, read]) => read(chain.url)))).toEqual(
      clients.map(() => ''),
    )
    expect(chain.calls()).toEqual([clients.length, 0])
    for (const record of chain.records)
      expect(record).toMatchObject({
        code: 'ok',
        target: targetOf('first'),
        usage: { input: 3, output: 1 },
      })
  })

  const kinds: readonly (readonly [string, ScriptedAnswer])[] = [
    ['a word', { text: ['One ', 'two'] }],
    [
      'a tool call',
      {
        text: [],
        toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Rome"}' }],
      },
    ],
    ...(dialect === 'bedrock-converse'
      ? []
      : [['reasoning', { text: ['One'], reasoning: { text: ['Let me ', 'think'] } }] as const]),
    ...(dialect === 'openai-chat' || dialect === 'openai-responses'
      ? [['a refusal', { text: [], refusal: 'I cannot help.' }] as const]
      : []),
  ]

  it.each(kinds)('goes on to no other target after %s', async (_what, given) => {
    let committedAfter: number | undefined
    for (let events = 0; events < 40 && committedAfter === undefined; events++) {
      chain.reset()
      chain.provider('first').reply({ answer: given, errorEventAfter: events })
      const body = await (await chain.ask({ stream: true })).text()
      if (chain.calls()[1] === 1) continue
      committedAfter = events
      expect(seeStream(body)).toMatchObject({
        done: false,
        finishes: [],
        error: { code: expect.any(String) },
      })
    }
    expect(committedAfter).toBeGreaterThan(0)
  })
})

describe('a stream that opens and says nothing', () => {
  let chain: Chain
  let clock: FakeClock
  afterEach(async () => {
    await chain.close()
    expect(clock.pending).toBe(0)
  })
  const opened: ScriptedReply = { answer: { text: ['late'] }, hangAfterEvents: 1 }

  it('falls over at its first-token timeout', async () => {
    clock = new FakeClock()
    chain = await startChain({ injected: { clock } })
    chain.provider('first').reply(opened)
    const asked = chain.ask({ stream: true })
    await chain.provider('first').journal.waitForRequest()
    await turns()
    for (let second = 0; second < 60; second++) {
      clock.advance(1_000)
      await turns()
    }
    expect(seeStream(await (await asked).text())).toMatchObject({ done: true, error: undefined })
    expect(chain.records).toMatchObject([
      { target: targetOf('second'), attempts: [{ code: 'first_token_timeout' }, { code: 'ok' }] },
    ])
  })

  it('is handed over for its heartbeats where nothing else could answer, and still has to begin in time', async () => {
    clock = new FakeClock()
    chain = await startChain({ dialects: ['openai-chat'], injected: { clock } })
    chain.provider('first').reply(opened)
    const asked = chain.ask({ stream: true })
    await chain.provider('first').journal.waitForRequest()
    await clock.armed(15_000)
    clock.advance(15_000)
    const response = await asked
    expect(response.status).toBe(200)
    const body = response.text()
    for (let second = 0; second < 45; second++) {
      await turns()
      clock.advance(1_000)
    }
    const text = await body
    expect(text.split('\n').filter((line) => line.startsWith(':')).length).toBeGreaterThan(0)
    expect(seeStream(text)).toMatchObject({
      done: false,
      error: { code: 'first_token_timeout', message: expect.stringContaining('within 60000 ms') },
    })
  })

  it('is an error of its own where it never ends what it opened', async () => {
    clock = new FakeClock()
    chain = await startChain({
      dialects: ['openai-chat'],
      injected: { clock },
      route: { retries: 0 },
      gateway: { eventLimit: '2KiB' },
    })
    chain.provider('first').reply({
      raw: {
        headers: eventStream,
        body: {
          *[Symbol.iterator]() {
            for (;;) yield delta({ role: 'assistant', content: '' })
          },
        },
      },
    })
    const response = await chain.ask({ stream: true })
    expect([response.status, (await seeError(response)).code]).toEqual([502, 'upstream_invalid'])
  })
})
