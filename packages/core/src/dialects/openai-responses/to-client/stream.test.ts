import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { decodeProof } from './own-items.ts'
import {
  argue,
  callTool,
  claude,
  eventsIn,
  finish,
  lastResponse,
  renderContext,
  say,
  sign,
  spend,
  think,
  thought,
  written,
} from './server.fake.ts'
import { ResponsesRenderer } from './stream.ts'

const typesOf = (events: readonly StreamEvent[]) =>
  written(events).map((event) => event.type.replace('response.', ''))
const outputOf = (events: readonly StreamEvent[]) => lastResponse(written(events)).output
const start: StreamEvent = {
  type: 'start',
  id: 'chatcmpl-1',
  model: 'm-2026',
  created: 1_700_000_005,
}

describe('the events of an answer', () => {
  it('of text, one after the other and byte for byte', () => {
    const renderer = new ResponsesRenderer(renderContext())
    expect(renderer.event(start).match(/^event: .*$/gm)).toEqual([
      'event: response.created',
      'event: response.in_progress',
    ])
    expect(renderer.event(say('a"\n\u2028'))).toBe(
      [
        'event: response.output_item.added\ndata: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_postern_1_0","type":"message","status":"in_progress","role":"assistant","content":[]}}',
        'event: response.content_part.added\ndata: {"type":"response.content_part.added","sequence_number":3,"item_id":"msg_postern_1_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}',
        'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_postern_1_0","output_index":0,"content_index":0,"logprobs":[],"delta":"a\\"\\n\u2028"}',
        '',
      ].join('\n\n'),
    )
    expect(renderer.event(say('b'))).toBe(
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_postern_1_0","output_index":0,"content_index":0,"logprobs":[],"delta":"b"}\n\n',
    )
    const ending = eventsIn(renderer.event(finish()) + renderer.event(spend(3, 2)) + renderer.end())
    expect(ending.map(({ type, sequence_number: number }) => [number, type])).toEqual([
      [6, 'response.output_text.done'],
      [7, 'response.content_part.done'],
      [8, 'response.output_item.done'],
      [9, 'response.completed'],
    ])
    expect(ending[0]).toMatchObject({ text: 'a"\n\u2028b' })
    expect(ending[3]?.response).toMatchObject({
      model: 'm-2026',
      created_at: 1_700_000_005,
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    })
  })

  it('of a tool call, with the name in the event that ends its arguments', () => {
    const events = written([
      callTool(0, 'call_1'),
      argue(0, '{"a"'),
      argue(0, ':1}'),
      finish('tool_calls'),
    ])
    expect(events.slice(2, -1)).toEqual([
      {
        type: 'response.output_item.added',
        sequence_number: 2,
        output_index: 0,
        item: {
          id: 'fc_postern_1_0',
          type: 'function_call',
          status: 'in_progress',
          call_id: 'call_1',
          name: 'tool_0',
          arguments: '',
        },
      },
      {
        type: 'response.function_call_arguments.delta',
        sequence_number: 3,
        item_id: 'fc_postern_1_0',
        output_index: 0,
        delta: '{"a"',
      },
      {
        type: 'response.function_call_arguments.delta',
        sequence_number: 4,
        item_id: 'fc_postern_1_0',
        output_index: 0,
        delta: ':1}',
      },
      {
        type: 'response.function_call_arguments.done',
        sequence_number: 5,
        item_id: 'fc_postern_1_0',
        output_index: 0,
        name: 'tool_0',
        arguments: '{"a":1}',
      },
      {
        type: 'response.output_item.done',
        sequence_number: 6,
        output_index: 0,
        item: {
          id: 'fc_postern_1_0',
          type: 'function_call',
          status: 'completed',
          call_id: 'call_1',
          name: 'tool_0',
          arguments: '{"a":1}',
        },
      },
    ])
  })

  it('of a custom tool have names of their own', () => {
    const custom: StreamEvent = {
      type: 'tool-call',
      choice: 0,
      index: 0,
      id: 'c',
      name: 'shell',
      kind: 'custom',
    }
    expect(typesOf([custom, argue(0, 'ls'), finish('tool_calls')]).slice(2, -1)).toEqual([
      'output_item.added',
      'custom_tool_call_input.delta',
      'custom_tool_call_input.done',
      'output_item.done',
    ])
    expect(outputOf([custom, argue(0, 'ls'), finish('tool_calls')])).toEqual([
      {
        id: 'ctc_postern_1_0',
        type: 'custom_tool_call',
        status: 'completed',
        call_id: 'c',
        name: 'shell',
        input: 'ls',
      },
    ])
  })

  it('of thoughts are those of a summary, which ends when something else begins', () => {
    expect(typesOf([think('h'), think('m'), say('a'), finish()]).slice(2)).toEqual([
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ])
  })

  it('of a refusal stand in the message', () => {
    const events = written([
      say('a'),
      { type: 'refusal', choice: 0, text: 'no' },
      { type: 'refusal', choice: 0, text: '!' },
      finish(),
    ])
    expect(events.filter(({ type }) => type.startsWith('response.refusal'))).toMatchObject([
      { type: 'response.refusal.delta', content_index: 1, delta: 'no' },
      { type: 'response.refusal.delta', content_index: 1, delta: '!' },
      { type: 'response.refusal.done', content_index: 1, refusal: 'no!' },
    ])
    expect(lastResponse(events).output[0]?.content).toMatchObject([
      { text: 'a' },
      { type: 'refusal', refusal: 'no!' },
    ])
  })

  it('an answer of nothing begins and ends', () => {
    expect(typesOf([])).toEqual(['created', 'in_progress', 'completed'])
    expect(typesOf([start, say(''), think(''), finish()])).toEqual([
      'created',
      'in_progress',
      'completed',
    ])
  })

  it('other choices than the first are left out', () => {
    expect(typesOf([{ type: 'text', choice: 1, text: 'b' }, finish()])).toEqual([
      'created',
      'in_progress',
      'completed',
    ])
  })
})

describe('the order the model wrote in', () => {
  it('is that of the items: what is said after a call is another message', () => {
    const output = outputOf([
      think('hm'),
      say('a'),
      callTool(0, 'x'),
      argue(0, '{}'),
      say('b'),
      callTool(1, 'y'),
      argue(1, '{}'),
      finish('tool_calls'),
    ])
    expect(output.map(({ type }) => type)).toEqual([
      'reasoning',
      'message',
      'function_call',
      'message',
      'function_call',
    ])
  })

  it('fragments of parallel calls may alternate', () => {
    const output = outputOf([
      callTool(0, 'x'),
      argue(0, '{"a'),
      callTool(1, 'y'),
      argue(1, '{"b'),
      argue(0, '":1}'),
      argue(1, '":2}'),
      finish('tool_calls'),
    ])
    expect(output).toMatchObject([
      { call_id: 'x', arguments: '{"a":1}' },
      { call_id: 'y', arguments: '{"b":2}' },
    ])
  })

  it('a call without arguments has an empty object of them, told in fragments and whole', () => {
    const events = written([callTool(0, 'x'), argue(0, ''), finish('tool_calls')])
    const fragments = events
      .filter(({ type }) => type === 'response.function_call_arguments.delta')
      .map((event) => event.delta)
    expect(fragments).toEqual(['{}'])
    expect(lastResponse(events).output).toMatchObject([{ arguments: '{}' }])
  })

  it('arguments of an unannounced call are dropped', () => {
    expect(outputOf([argue(3, '{}'), finish()])).toEqual([])
  })
})

describe('how an answer ends', () => {
  it.each<[Parameters<typeof finish>[0], JsonObject]>([
    ['stop', { status: 'completed', incomplete_details: null }],
    ['tool_calls', { status: 'completed', incomplete_details: null }],
    ['length', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }],
    ['content_filter', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
  ])('%s', (reason, expected) => {
    const events = written([say('a'), callTool(0, 'x'), argue(0, '{"a'), finish(reason)])
    const response = lastResponse(events)
    expect(response).toMatchObject(expected)
    expect(events.at(-1)?.type).toBe(`response.${String(expected.status)}`)
    // The item that was cut off is the last one.
    expect(response.output.map(({ status }) => status)).toEqual(['completed', expected.status])
  })

  it('what a model that ended by refusing said only there is its refusal', () => {
    const refused: StreamEvent = {
      type: 'finish',
      choice: 0,
      finish: { reason: 'content_filter', native: 'refusal', detail: 'not this' },
    }
    expect(outputOf([refused])).toMatchObject([
      {
        type: 'message',
        status: 'incomplete',
        content: [{ type: 'refusal', refusal: 'not this' }],
      },
    ])
    expect(outputOf([{ type: 'refusal', choice: 0, text: 'no' }, refused])).toMatchObject([
      { content: [{ refusal: 'no' }] },
    ])
  })

  it('what comes after the finish is not lost', () => {
    const output = outputOf([say('a'), finish(), callTool(0, 'x'), finish('length')])
    expect(output).toMatchObject([
      { type: 'message' },
      { type: 'function_call', status: 'completed', arguments: '{}' },
    ])
  })
})

describe('proofs', () => {
  const proofs = (events: readonly StreamEvent[]) =>
    outputOf(events).map((item) =>
      typeof item.encrypted_content === 'string' ? decodeProof(item.encrypted_content) : item.type,
    )

  it('end the reasoning they sign', () => {
    const output = outputOf([
      think('hm'),
      sign(claude('Ep8B')),
      think('more'),
      sign(claude('Ep8C')),
      say('a'),
      finish(),
    ])
    expect(output.slice(0, 2).map(({ summary }) => summary)).toEqual([
      [{ type: 'summary_text', text: 'hm' }],
      [{ type: 'summary_text', text: 'more' }],
    ])
    expect(proofs([think('hm'), sign(claude('Ep8B')), say('a'), finish()])).toEqual([
      { signature: claude('Ep8B') },
      'message',
    ])
  })

  it('without visible thoughts are items of their own', () => {
    const redacted: StreamEvent = {
      type: 'reasoning-signature',
      choice: 0,
      signature: claude('Ep8D'),
      redacted: true,
    }
    expect(outputOf([sign(claude('Ep8B')), finish()])).toMatchObject([{ summary: [] }])
    expect(proofs([think('hm'), redacted, say('a'), finish()])).toEqual([
      'reasoning',
      { signature: claude('Ep8D'), redacted: true },
      'message',
    ])
  })

  it('of a call go with the reasoning before it', () => {
    expect(
      proofs([
        think('hm'),
        callTool(0, 'x', thought('EqQB')),
        callTool(1, 'y'),
        finish('tool_calls'),
      ]),
    ).toEqual([{ signature: thought('EqQB'), callId: 'x' }, 'function_call', 'function_call'])
  })

  it('of a call without reasoning before it have an item of their own before it', () => {
    expect(proofs([say('a'), callTool(0, 'x', thought('EqQB')), finish('tool_calls')])).toEqual([
      'message',
      { signature: thought('EqQB'), callId: 'x' },
      'function_call',
    ])
  })
})

describe('beside the text', () => {
  const citation = (from: number, to: number): JsonObject => ({
    type: 'url_citation',
    url_citation: { start_index: from, end_index: to, url: 'https://x', title: 't' },
  })

  it('log probabilities come with a fragment that adds no text, and again with the whole', () => {
    const token = {
      token: 'a',
      logprob: -0.1,
      bytes: [97],
      top_logprobs: [{ token: 'b', logprob: -2, bytes: null }],
    }
    const events = written([
      say('a'),
      { type: 'logprobs', choice: 0, value: { content: [token], refusal: null } },
      finish(),
    ])
    const flat = [{ ...token, top_logprobs: [{ token: 'b', logprob: -2, bytes: [] }] }]
    expect(
      events
        .filter((event) => event.logprobs !== undefined)
        .map(({ type, delta, logprobs }) => ({ type, delta, logprobs })),
    ).toEqual([
      { type: 'response.output_text.delta', delta: 'a', logprobs: [] },
      { type: 'response.output_text.delta', delta: '', logprobs: flat },
      { type: 'response.output_text.done', delta: undefined, logprobs: flat },
    ])
    expect(lastResponse(events).output[0]?.content).toMatchObject([{ logprobs: flat }])
  })

  it('annotations are flat, and stand at the text they are about, counted from its beginning', () => {
    const late: StreamEvent = {
      type: 'annotations',
      choice: 0,
      value: [citation(0, 2), citation(3, 5)],
    }
    const events = written([say('abc'), callTool(0, 'x'), say('defg'), late, finish()])
    expect(
      events.filter(({ type }) => type === 'response.output_text.annotation.added'),
    ).toMatchObject([
      {
        output_index: 0,
        content_index: 0,
        annotation_index: 0,
        annotation: { type: 'url_citation', start_index: 0, end_index: 2, url: 'https://x' },
      },
      {
        output_index: 2,
        content_index: 0,
        annotation_index: 0,
        annotation: { type: 'url_citation', start_index: 0, end_index: 2 },
      },
    ])
    expect(lastResponse(events).output[2]?.content).toMatchObject([
      {
        annotations: [
          { type: 'url_citation', start_index: 0, end_index: 2, url: 'https://x', title: 't' },
        ],
      },
    ])
  })

  it('annotations and log probabilities of no text are left out', () => {
    expect(
      outputOf([
        { type: 'annotations', choice: 0, value: [citation(0, 1)] },
        { type: 'logprobs', choice: 0, value: { content: [] } },
        finish(),
      ]),
    ).toEqual([])
  })
})

describe('parts that are items of their own', () => {
  it('images, and what only this dialect understands', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const events = written([
      {
        type: 'part',
        choice: 0,
        part: { type: 'image', source: { kind: 'data', mediaType: 'image/webp', data: 'AAAA' } },
      },
      {
        type: 'part',
        choice: 0,
        part: { type: 'extension', dialect: 'openai-responses', value: search },
      },
      { type: 'part', choice: 0, part: { type: 'extension', dialect: 'gemini', value: {} } },
      finish(),
    ])
    expect(events.slice(2, -1).map(({ type }) => type)).toEqual([
      'response.output_item.added',
      'response.output_item.added',
      'response.output_item.done',
      'response.output_item.done',
    ])
    expect(lastResponse(events).output).toEqual([
      {
        id: 'ig_postern_1_0',
        type: 'image_generation_call',
        status: 'completed',
        output_format: 'webp',
        result: 'AAAA',
      },
      search,
    ])
  })
})

describe('a stream that breaks', () => {
  const broken = (events: readonly StreamEvent[]) => {
    const renderer = new ResponsesRenderer(renderContext())
    const error = new GatewayError(
      'upstream_truncated',
      'acme ended its stream before the answer was complete.',
    )
    return eventsIn(events.map((event) => renderer.event(event)).join('') + renderer.fail(error))
  }

  it('ends with an error and a failed response, numbered on, and nothing that looks like an end', () => {
    const events = broken([start, say('a'), finish()])
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at))
    expect(events.at(-2)).toEqual({
      type: 'error',
      sequence_number: events.length - 2,
      code: 'upstream_truncated',
      message: 'acme ended its stream before the answer was complete.',
      param: null,
      error: {
        code: 'upstream_truncated',
        message: 'acme ended its stream before the answer was complete.',
        param: null,
        type: 'server_error',
      },
    })
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        id: 'resp_postern_1',
        status: 'failed',
        error: { code: 'upstream_truncated' },
        completed_at: null,
      },
    })
    expect(
      events.some(({ type }) => type === 'response.completed' || type === 'response.incomplete'),
    ).toBe(false)
  })

  it('before its first event as well', () => {
    expect(broken([]).map(({ type }) => type)).toEqual(['error', 'response.failed'])
  })
})
