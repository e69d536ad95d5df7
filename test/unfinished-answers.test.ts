import { createGateway, type Gateway, type RequestRecord } from '@postern/core'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ClientReading, clientApiNames, clientApis } from './harness/client-apis.ts'

const KEY = 'key-of-the-client-0001'

/**
 * How one dialect writes an answer with this text and this word for its end; as events where
 * `isStream`.
 */
interface Wire {
  /** Words that say that the answer broke. */
  readonly broken: readonly string[]
  answer(facts: {
    readonly text: string
    readonly word: string
    readonly isStream: boolean
  }): string
}

const events = (...data: object[]): string =>
  data
    .map(
      (item) =>
        `${'type' in item ? `event: ${String(item.type)}\n` : ''}data: ${JSON.stringify(item)}\n\n`,
    )
    .join('')
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }

const wires: Readonly<Record<string, Wire>> = {
  'openai-chat': {
    broken: ['error', 'malformed_function_call', 'aborted'],
    answer({ text, word, isStream }) {
      const head = { id: 'x', created: 1, model: 'm' }
      if (!isStream)
        return JSON.stringify({
          ...head,
          object: 'chat.completion',
          choices: [
            { index: 0, finish_reason: word, message: { role: 'assistant', content: text } },
          ],
          usage,
        })
      const chunk = (delta: object, finish: string | null) => ({
        ...head,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
      return `${events(chunk({ role: 'assistant', content: text }, null), chunk({}, word), { ...head, object: 'chat.completion.chunk', choices: [], usage })}data: [DONE]\n\n`
    },
  },
  'openai-responses': {
    broken: ['failed', 'cancelled'],
    answer({ text, word, isStream }) {
      const output =
        text === ''
          ? []
          : [
              {
                type: 'message',
                id: 'msg_1',
                role: 'assistant',
                status: 'completed',
                content: [{ type: 'output_text', text, annotations: [] }],
              },
            ]
      const response = {
        id: 'resp_1',
        object: 'response',
        created_at: 1,
        model: 'm',
        status: word,
        output,
        usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
      }
      if (!isStream) return JSON.stringify(response)
      const opened =
        text === ''
          ? []
          : [
              {
                type: 'response.output_item.added',
                output_index: 0,
                item: { ...output[0], content: [] },
              },
              {
                type: 'response.content_part.added',
                output_index: 0,
                content_index: 0,
                item_id: 'msg_1',
                part: { type: 'output_text', text: '', annotations: [] },
              },
              {
                type: 'response.output_text.delta',
                output_index: 0,
                content_index: 0,
                item_id: 'msg_1',
                delta: text,
              },
            ]
      return events(
        { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
        ...opened,
        {
          type: `response.${word === 'failed' || word === 'cancelled' ? 'failed' : 'incomplete'}`,
          response: { ...response, incomplete_details: { reason: word } },
        },
      )
    },
  },
  'anthropic-messages': {
    broken: [],
    answer({ text, word, isStream }) {
      const message = {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'm',
        stop_reason: word,
        stop_sequence: null,
        usage: { input_tokens: 5, output_tokens: 2 },
      }
      if (!isStream)
        return JSON.stringify({ ...message, content: text === '' ? [] : [{ type: 'text', text }] })
      const block =
        text === ''
          ? []
          : [
              { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
              { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
              { type: 'content_block_stop', index: 0 },
            ]
      return events(
        { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
        ...block,
        {
          type: 'message_delta',
          delta: { stop_reason: word, stop_sequence: null },
          usage: { output_tokens: 2 },
        },
        { type: 'message_stop' },
      )
    },
  },
  gemini: {
    broken: [
      'MALFORMED_FUNCTION_CALL',
      'UNEXPECTED_TOOL_CALL',
      'TOO_MANY_TOOL_CALLS',
      'MISSING_THOUGHT_SIGNATURE',
      'MALFORMED_RESPONSE',
      'NO_IMAGE',
      'IMAGE_OTHER',
      'OTHER',
    ],
    answer({ text, word, isStream }) {
      const answer = {
        candidates: [
          {
            index: 0,
            ...(text !== '' && { content: { role: 'model', parts: [{ text }] } }),
            finishReason: word,
            finishMessage: 'why',
          },
        ],
        usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 },
      }
      return isStream ? `data: ${JSON.stringify(answer)}\n\n` : JSON.stringify(answer)
    },
  },
  cohere: {
    broken: ['ERROR', 'TIMEOUT', 'USER_CANCEL'],
    answer({ text, word, isStream }) {
      const tokens = { tokens: { input_tokens: 5, output_tokens: 2 } }
      if (!isStream)
        return JSON.stringify({
          id: 'x',
          finish_reason: word,
          message: { role: 'assistant', content: text === '' ? [] : [{ type: 'text', text }] },
          usage: tokens,
        })
      const block =
        text === ''
          ? []
          : [
              {
                type: 'content-start',
                index: 0,
                delta: { message: { content: { type: 'text', text: '' } } },
              },
              { type: 'content-delta', index: 0, delta: { message: { content: { text } } } },
              { type: 'content-end', index: 0 },
            ]
      return events(
        { type: 'message-start', id: 'x', delta: { message: { role: 'assistant' } } },
        ...block,
        { type: 'message-end', delta: { finish_reason: word, usage: tokens } },
      )
    },
  },
}
const SUCCESS = ['stop', 'tool_calls', 'end_turn', 'completed', 'STOP']

let server: Server
let answer = ''
let isStream = false
let second: FakeProvider
let gateway: Gateway | undefined
let records: RequestRecord[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json')
    response.end(answer)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  second = await startFakeProvider({ dialect: 'openai-chat', validate: false })
})
afterEach(() => gateway?.close({ graceMs: 0 }))
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await second.close()
})

function start(dialect: string): void {
  records = []
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  gateway = createGateway(
    {
      providers: {
        odd: { baseUrl: address, dialect: dialect as 'gemini' },
        second: { baseUrl: second.url },
      },
      routes: { main: ['odd/m', 'second/m'], alone: { targets: ['odd/m'], retries: 0 } },
      keys: { client: KEY },
      log: 'silent',
      onRecord: (record) => void records.push(record),
    },
    { environment: {} },
  )
}

function ask(api: (typeof clientApiNames)[number], model: string): Promise<ClientReading> {
  return clientApis[api](
    { url: 'http://gateway', apiKey: KEY, fetch: (gateway as Gateway).fetch as typeof fetch },
    { model, isStream },
  )
}

describe.each(Object.entries(wires))('an answer of %s', (dialect, wire) => {
  it.each(clientApiNames.flatMap((api) => [false, true].map((stream) => [api, stream] as const)))(
    'with an unknown finish reason is never whole for a client of %s (stream: %s)',
    async (api, stream) => {
      start(dialect)
      isStream = stream
      answer = wire.answer({ text: 'Half of it', word: 'BRAND_NEW_WORD', isStream })
      const reading = await ask(api, 'alone')
      expect(reading.text).toBe('Half of it')
      expect(SUCCESS).not.toContain(reading.finish)
    },
  )

  it.each(
    clientApiNames.flatMap((api) =>
      [false, true].flatMap((stream) => wire.broken.map((word) => [api, stream, word] as const)),
    ),
  )(
    'that broke without content falls over for a client of %s, and is an error without another target (stream: %s, %s)',
    async (api, stream, word) => {
      start(dialect)
      isStream = stream
      answer = wire.answer({ text: '', word, isStream })
      second.reply({ answer: { text: 'The second answers.' } })
      const reading = await ask(api, 'main')
      expect([reading.text, SUCCESS.includes(String(reading.finish))]).toEqual([
        'The second answers.',
        true,
      ])
      expect(records[0]?.attempts.map(({ target }) => target)).toEqual(['odd/m', 'second/m'])
      await expect(ask(api, 'alone')).rejects.toThrow()
    },
  )
})
