import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import type { JsonObject } from '../model/json-object.ts'
import { callTo } from './to-provider/conversation.fake.ts'
import { buildRequest } from './to-provider/request.ts'
import { renderError } from './to-client/errors.ts'
import { openaiResponses } from './index.ts'
import { relay } from './relay/relay.ts'
import { ResponsesStreamRelay } from './relay/stream.ts'
import {
  argue,
  callTool,
  claude,
  eventsIn,
  finish,
  lastResponse,
  renderContext,
  requestOf,
  say,
  sign,
  think,
  written,
} from './to-client/server.fake.ts'
import { ResponsesRenderer } from './to-client/stream.ts'

/** The ten nastiest of this dialect, as they meet its server side and its relay. */
const open = () =>
  new ResponsesStreamRelay({
    call: callTo('physical', { stream: true }),
    render: renderContext(),
    maxEventBytes: 1_000_000,
  })
const push = (target: ResponsesStreamRelay, text: string) =>
  Buffer.from(target.push(Buffer.from(text)) ?? []).toString()
const sse = (type: string, fields: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

const created = sse('response.created', {
  sequence_number: 0,
  response: { id: 'resp_1', status: 'in_progress', output: [] },
})
const added = sse('response.output_item.added', {
  sequence_number: 1,
  output_index: 0,
  item: { id: 'msg_1', type: 'message', content: [] },
})
const quota = {
  type: 'insufficient_quota',
  code: 'insufficient_quota',
  message: 'You exceeded your current quota.',
  param: null,
}

describe('1: the error of a stream is typed flat and sent nested, and response.failed follows', () => {
  it.each([
    ['nested', sse('error', { sequence_number: 2, error: quota })],
    ['flat', sse('error', { sequence_number: 2, ...quota, type: 'error' })],
  ])('%s is understood and told once, in both forms', (_form, error) => {
    const target = open()
    const before = push(target, created + added)
    expect(
      push(
        target,
        error +
          sse('response.failed', {
            sequence_number: 3,
            response: { status: 'failed', error: quota },
          }),
      ),
    ).toBe('')
    expect(target.error).toMatchObject({ code: 'insufficient_quota' })
    const told = eventsIn(
      before + target.fail(target.error ?? new GatewayError('internal_error', 'none seen')),
    )
    expect(told.filter(({ type }) => type === 'error')).toMatchObject([
      {
        code: 'insufficient_quota',
        error: { code: 'insufficient_quota', type: 'insufficient_quota' },
      },
    ])
    expect(told.filter(({ type }) => type === 'response.failed')).toHaveLength(1)
  })
})

it('2: HTTP 200, then failed: another target may answer until the answer begins', () => {
  const target = open()
  push(target, created + sse('response.in_progress', { sequence_number: 1, response: {} }))
  push(target, sse('error', { sequence_number: 2, error: quota }))
  expect(target).toMatchObject({ events: 0, error: { code: 'insufficient_quota' } })
})

it('3: sequence_number is contiguous, output_index and content_index are stable', () => {
  const events = written([
    think('a'),
    sign(claude('s')),
    say('b'),
    callTool(0, 'x'),
    callTool(1, 'y'),
    argue(0, '{'),
    argue(1, '{'),
    argue(0, '}'),
    argue(1, '}'),
    say('c'),
    finish('tool_calls'),
  ])
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at))
  const places = new Map<unknown, unknown>()
  for (const event of events.filter((candidate) => candidate.item_id !== undefined)) {
    expect(places.get(event.item_id) ?? event.output_index).toBe(event.output_index)
    places.set(event.item_id, event.output_index)
  }
  expect([...places.values()]).toEqual([0, 1, 2, 3, 4])
})

it('4: the events that end something hold all of it', () => {
  const events = written([
    think('h'),
    think('m'),
    say('a'),
    say('b'),
    { type: 'refusal', choice: 0, text: 'no' },
    callTool(0, 'x'),
    argue(0, '{"a"'),
    argue(0, ':1}'),
    callTool(1, 'y'),
    finish('tool_calls'),
  ])
  const whole = (type: string, field: string) =>
    events.filter((event) => event.type === `response.${type}.done`).map((event) => event[field])
  expect(whole('reasoning_summary_text', 'text')).toEqual(['hm'])
  expect(whole('output_text', 'text')).toEqual(['ab'])
  expect(whole('refusal', 'refusal')).toEqual(['no'])
  expect(whole('function_call_arguments', 'arguments')).toEqual(['{"a":1}', '{}'])
  expect(whole('output_item', 'item')).toEqual(lastResponse(events).output)
})

it('5: reasoning stands right before what it led to, and goes back so', () => {
  const { output } = lastResponse(
    written([
      think('hm'),
      sign(claude('Ep8B')),
      callTool(0, 'x'),
      argue(0, '{}'),
      finish('tool_calls'),
    ]),
  )
  expect(output.map(({ type }) => type)).toEqual(['reasoning', 'function_call'])
  const input = [
    { role: 'user', content: 'Hi' },
    ...output,
    { type: 'function_call_output', call_id: 'x', output: '1' },
  ]
  expect(requestOf({ input }).conversation().messages[1]?.parts).toEqual([
    { type: 'reasoning', text: 'hm', signature: claude('Ep8B') },
    { type: 'tool-call', id: 'x', name: 'tool_0', arguments: '{}', kind: 'function' },
  ])
})

describe('6: encrypted reasoning without a store', () => {
  const encrypted = 'gAAAAABo+/=\\"byte-exact'
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: encrypted }
  const fields = {
    store: false,
    include: ['reasoning.encrypted_content'],
    input: [
      { role: 'user', content: 'Hi' },
      reasoning,
      { role: 'assistant', content: 'a' },
      { role: 'user', content: 'Go on' },
    ],
  }

  it('goes back byte for byte to the dialect it came from, relayed or translated', () => {
    expect(relay.buildRequest(requestOf(fields), callTo('gpt-5')).body).toMatchObject({
      input: fields.input,
      include: fields.include,
      store: false,
    })
    const { body } = buildRequest(requestOf(fields).conversation(), callTo('gpt-5'))
    expect((body as JsonObject).input).toContainEqual(reasoning)
  })

  it('is not made up where the provider gave none', () => {
    const [item] = lastResponse(written([think('hm'), say('a'), finish()])).output
    expect(item).toEqual({
      id: 'rs_postern_1_0',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'hm' }],
    })
  })
})

it('7: previous_response_id and conversation are answered with 400 previous_response_not_found, not ignored', () => {
  for (const field of ['previous_response_id', 'conversation']) {
    const refused = (): unknown => requestOf({ [field]: 'x_1' }).conversation()
    expect(refused).toThrow(expect.objectContaining({ status: 400 }))
    try {
      refused()
    } catch (error) {
      expect(renderError(error as GatewayError)).toMatchObject({
        error: { type: 'invalid_request_error', param: field, code: 'previous_response_not_found' },
      })
    }
  }
})

it('8: tools of this dialect only do not become functions with an empty schema', () => {
  const tools = [
    { type: 'file_search', vector_store_ids: ['v'] },
    { type: 'web_search' },
    { type: 'custom', name: 'apply_patch' },
    { type: 'tool_search' },
  ]
  expect(
    requestOf({ tools })
      .conversation()
      .tools.map(({ kind, value }) => [kind, value]),
  ).toEqual([
    ['extension', tools[0]],
    ['extension', tools[1]],
    ['custom', tools[2]],
    ['extension', tools[3]],
  ])
})

describe('9: all required fields are present, and [DONE] is missing', () => {
  const required =
    'id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools tool_choice truncation parallel_tool_calls text top_p presence_penalty frequency_penalty top_logprobs temperature reasoning usage max_output_tokens max_tool_calls store background metadata safety_identifier prompt_cache_key'.split(
      ' ',
    )

  it('in every state of a stream, in a whole answer, and in a stream that broke', () => {
    const renderer = new ResponsesRenderer(renderContext())
    const text = renderer.event(say('a')) + renderer.event(finish()) + renderer.end()
    expect(text).not.toContain('[DONE]')
    const broken = new ResponsesRenderer(renderContext()).fail(
      new GatewayError('provider_error', 'broke'),
    )
    const states = [...eventsIn(text), ...eventsIn(broken)].flatMap((event) => event.response ?? [])
    expect(states.map(({ status }) => status)).toEqual([
      'in_progress',
      'in_progress',
      'completed',
      'failed',
    ])
    const answer =
      openaiResponses.clientSide?.renderAnswer(
        { choices: [{ parts: [], finish: { reason: 'stop' } }] },
        renderContext(),
      ) ?? {}
    for (const response of [...states, answer])
      expect(Object.keys(response)).toEqual(expect.arrayContaining(required))
  })
})

it('10: thoughts are written as a summary, read as either, and reasoning is counted', () => {
  const events = written([
    think('hm'),
    finish(),
    { type: 'usage', usage: { inputTokens: 1, outputTokens: 9, reasoningTokens: 7 } },
  ])
  expect(events.some(({ type }) => type === 'response.reasoning_summary_text.delta')).toBe(true)
  expect(lastResponse(events).usage).toMatchObject({
    output_tokens: 9,
    output_tokens_details: { reasoning_tokens: 7 },
  })
  for (const [field, type] of [
    ['summary', 'summary_text'],
    ['content', 'reasoning_text'],
  ] as const) {
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'reasoning', id: 'rs_1', summary: [], [field]: [{ type, text: 'hm' }] },
      { role: 'assistant', content: 'a' },
    ]
    expect(requestOf({ input }).conversation().messages[1]?.parts[0]).toEqual({
      type: 'reasoning',
      text: 'hm',
    })
  }
})
