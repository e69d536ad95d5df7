import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { readAnswer } from './answer.ts'
import { callTo } from '../to-provider/conversation.fake.ts'
import { openaiResponses } from '../index.ts'
import { DIALECT, encodeSignature } from '../names.ts'

const message = (...content: JsonObject[]): JsonObject => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content,
})
const said = (text: string, more: JsonObject = {}): JsonObject => ({
  type: 'output_text',
  text,
  annotations: [],
  logprobs: [],
  ...more,
})
const call = (more: JsonObject = {}): JsonObject => ({
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'look',
  arguments: '{"a":1}',
  ...more,
})

function read(output: unknown, more: JsonObject = {}) {
  return readAnswer(
    {
      id: 'resp_1',
      object: 'response',
      created_at: 1_700_000_000.5,
      model: 'gpt-x',
      status: 'completed',
      output,
      ...more,
    } as JsonObject,
    callTo('m'),
  )
}

const choiceOf = (output: unknown, more: JsonObject = {}) => read(output, more).choices[0]

describe('readAnswer', () => {
  it('reads who answered, what and for how much', () => {
    const usage = {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
      output_tokens: 8,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 18,
    }
    expect(read([message(said('Hello'))], { usage })).toEqual({
      id: 'resp_1',
      model: 'gpt-x',
      created: 1_700_000_000,
      choices: [{ parts: [{ type: 'text', text: 'Hello' }], finish: { reason: 'stop' } }],
      usage: {
        inputTokens: 10,
        outputTokens: 8,
        cachedTokens: 4,
        cacheWriteTokens: 2,
        reasoningTokens: 3,
        native: usage,
      },
    })
  })

  it('reads items in their order', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    const custom = {
      type: 'custom_tool_call',
      id: 'ct_1',
      call_id: 'call_2',
      name: 'sql',
      input: 'SELECT 1',
    }
    const output = [
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
      search,
      message(said('a'), { type: 'refusal', refusal: 'no' }),
      call(),
      custom,
    ]
    expect(choiceOf(output)).toEqual({
      parts: [
        {
          type: 'reasoning',
          text: '',
          signature: {
            origin: DIALECT,
            value: encodeSignature({ id: 'rs_1', encryptedContent: 'gAAA' }),
          },
          redacted: true,
        },
        { type: 'extension', dialect: DIALECT, value: search },
        { type: 'text', text: 'a' },
        { type: 'refusal', text: 'no' },
        { type: 'tool-call', kind: 'function', id: 'call_1', name: 'look', arguments: '{"a":1}' },
        { type: 'tool-call', kind: 'custom', id: 'call_2', name: 'sql', arguments: 'SELECT 1' },
      ],
      finish: { reason: 'tool_calls' },
    })
  })

  it.each([
    [{ summary: [{ text: 'One.' }, { text: 'Two.' }] }, { text: 'One.\n\nTwo.' }],
    [
      {
        summary: [],
        content: [
          { type: 'reasoning_text', text: 'Raw ' },
          { type: 'reasoning_text', text: 'thoughts.' },
        ],
      },
      { text: 'Raw thoughts.' },
    ],
    [{ summary: [{ text: 'Short.' }], content: [{ text: 'Long.' }] }, { text: 'Long.' }],
  ])('nastiest 10: reads reasoning %j', (item, part) => {
    expect(choiceOf([{ type: 'reasoning', id: 'rs_1', ...item }])?.parts).toEqual([
      { type: 'reasoning', ...part },
    ])
  })

  it('nastiest 6: keeps encrypted reasoning byte for byte beside its summary, and makes none up', () => {
    const signed = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ text: 'Hm.' }],
      encrypted_content: 'gAA+/=_-\u00e9',
    }
    expect(choiceOf([signed])?.parts).toEqual([
      {
        type: 'reasoning',
        text: 'Hm.',
        signature: {
          origin: DIALECT,
          value: encodeSignature({ id: 'rs_1', encryptedContent: 'gAA+/=_-\u00e9' }),
        },
      },
    ])
    expect(
      choiceOf([{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: null }])?.parts,
    ).toEqual([])
  })

  it('writes annotations and log probabilities as chat completions do', () => {
    const citation = {
      type: 'url_citation',
      url: 'https://a',
      title: 'A',
      start_index: 0,
      end_index: 2,
    }
    const logprobs = [
      { token: 'a', logprob: -1, top_logprobs: [{ token: 'b', logprob: -2, bytes: [98] }] },
    ]
    const choice = choiceOf([
      message(
        said('abc'),
        said('de', {
          annotations: [citation, { type: 'file_citation', file_id: 'f', filename: 'n', index: 1 }],
          logprobs,
        }),
      ),
    ])
    expect(choice?.annotations).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://a', title: 'A', start_index: 3, end_index: 5 },
      },
      { type: 'file_citation', file_citation: { file_id: 'f', filename: 'n', index: 1 } },
    ])
    expect(choice?.logprobs).toEqual({
      content: [
        {
          token: 'a',
          logprob: -1,
          bytes: null,
          top_logprobs: [{ token: 'b', logprob: -2, bytes: [98] }],
        },
      ],
      refusal: null,
    })
  })

  it.each([
    [{ status: 'completed' }, [message(said('a'))], { reason: 'stop' }],
    [{ status: undefined }, [message(said('a'))], { reason: 'stop' }],
    [{ status: 'completed' }, [message(said('a')), call()], { reason: 'tool_calls' }],
    [
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      [call()],
      { reason: 'length' },
    ],
    [
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
      [],
      { reason: 'content_filter' },
    ],
    [
      { status: 'incomplete', incomplete_details: { reason: 'steered' } },
      [],
      { reason: 'length', native: 'steered' },
    ],
    [{ status: 'incomplete', incomplete_details: null }, [], { reason: 'length' }],
  ])('ends %j', (more, output, finish) => {
    expect(choiceOf(output, more)?.finish).toEqual(finish)
  })

  it.each([
    ['no arguments', call({ arguments: '' }), { id: 'call_1', arguments: '{}' }],
    ['no call_id', call({ call_id: undefined }), { id: 'fc_1' }],
    ['no id at all', call({ call_id: '', id: undefined }), { id: 'call_1' }],
    ['a namespace', call({ namespace: 'crm' }), { name: 'look' }],
  ])('reads a call with %s', (_, item, expected) => {
    expect(choiceOf([item])?.parts[0]).toMatchObject(expected)
  })

  it.each([
    ['no output', { output: undefined }, 'upstream_invalid'],
    [
      'an answer of another dialect',
      { output: undefined, choices: [{ message: { content: 'a' } }] },
      'upstream_invalid',
    ],
    ['an error', { error: { code: 'server_error', message: 'Oops' } }, 'provider_error'],
    [
      'a failure',
      { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down.' } },
      'rate_limit_exceeded',
    ],
    ['one that goes on', { status: 'in_progress' }, 'upstream_invalid'],
    ['one that waits', { status: 'queued' }, 'upstream_invalid'],
  ])('throws for %s', (_, more, code) => {
    expect(() => read([], more)).toThrow(expect.objectContaining({ code }))
  })

  it('leaves out what makes no sense', () => {
    const answer = read(
      [
        null,
        'x',
        message({ type: 'new_part' }, said('')),
        { type: 'message' },
        { type: 'reasoning' },
      ],
      { usage: { input_tokens: -1 }, id: 7, created_at: '1' },
    )
    expect(answer).toEqual({
      id: undefined,
      model: 'gpt-x',
      created: undefined,
      choices: [{ parts: [], finish: { reason: 'stop' } }],
      usage: undefined,
    })
  })

  it('never counts more reasoning than output', () => {
    expect(
      read([], { usage: { output_tokens: 3, output_tokens_details: { reasoning_tokens: 9 } } })
        .usage,
    ).toMatchObject({ inputTokens: 0, outputTokens: 3, reasoningTokens: 3 })
  })
})

describe('the OpenAI-compatible endpoint of Bedrock (wire 4.5, nastiest 10)', () => {
  const item = (id: string, name: string) => ({
    type: 'function_call',
    id,
    call_id: `call_${id}`,
    name,
    arguments: '{}',
    status: 'completed',
  })

  it('has fractions of a second, which no client expects', () => {
    const answer = openaiResponses.providerSide.readAnswer(
      {
        id: 'resp_1',
        object: 'response',
        created_at: 1761234567.89,
        model: 'm',
        status: 'completed',
        output: [item('a', 'weather')],
      },
      callTo('m'),
    )
    expect(Number.isInteger(answer.created)).toBe(true)
  })

  it('streams parallel calls whose names belong together by item, not by order', () => {
    const reader = openaiResponses.providerSide.openReader(callTo('m', { stream: true }))
    const send = (type: string, fields: object) =>
      reader.read({ event: type, data: JSON.stringify({ type, ...fields }) })
    const events = [
      ...send('response.created', {
        response: { id: 'resp_1', model: 'm', created_at: 1761234567.89 },
      }),
      ...send('response.output_item.added', {
        output_index: 0,
        item: { ...item('a', 'weather'), arguments: '' },
      }),
      ...send('response.output_item.added', {
        output_index: 1,
        item: { ...item('b', 'time'), arguments: '' },
      }),
      ...send('response.function_call_arguments.delta', {
        output_index: 1,
        item_id: 'b',
        delta: '{"zone":"UTC"}',
      }),
      ...send('response.function_call_arguments.delta', {
        output_index: 0,
        item_id: 'a',
        delta: '{"city":"Paris"}',
      }),
    ]
    const calls = events.filter((event) => event.type === 'tool-call')
    const serializeArguments = (index: number) =>
      events
        .filter((event) => event.type === 'tool-arguments' && event.index === index)
        .map((event) => (event as { text: string }).text)
        .join('')
    expect(calls.map(({ index, name }) => [name, serializeArguments(index)])).toEqual([
      ['weather', '{"city":"Paris"}'],
      ['time', '{"zone":"UTC"}'],
    ])
    const started = events.find((event) => event.type === 'start')
    expect(Number.isInteger(started?.created ?? 0)).toBe(true)
  })
})
