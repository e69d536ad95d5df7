import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import type { Conversation } from '../model/conversation.ts'
import type { CallContext } from '../model/call.ts'
import type { ChatRequest } from '../model/request.ts'
import type { Dialect } from '../model/dialect.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { RenderContext } from '../model/stream.ts'
import type { Answer, StreamEvent } from '../model/events.ts'
import { translate } from './translation.ts'

const call: CallContext = {
  provider: 'acme',
  model: 'physical',
  stream: true,
  quirks: {},
  newId: (prefix) => `${prefix}1`,
}
const render: RenderContext = {
  request: undefined as never,
  requestId: 'req_1',
  model: 'physical',
  created: 1,
  includeUsage: false,
}
const conversation = { marker: 'conversation', messages: [], tools: [] } as unknown as Conversation
const request: ChatRequest = {
  model: 'm',
  stream: true,
  includeUsage: false,
  body: {},
  bytes: undefined,
  conversation: () => conversation,
}

const toolRules = () => ({ names: { max: 64 }, customTools: true })

/** Clients of it get one bracketed word per event. */
const wordy: Dialect = {
  name: 'wordy',
  clientSide: {
    outputBounds: { names: ['max'] },
    parse: () => request,
    holds: () => true,
    renderAnswer: (answer, context): JsonObject => ({
      choices: answer.choices.length,
      for: context.requestId,
    }),
    openRenderer: () => ({
      event: (event) => (event.type === 'usage' ? '' : `[${event.type}]`),
      end: () => '[end]',
      fail: (error) => `[${error.code}]`,
    }),
    renderError: () => ({}),
  },
  providerSide: unusable(),
}

/** A provider whose events are JSON of our own union, and whose answers are `Answer`s. */
const plain: Dialect = {
  name: 'plain',
  providerSide: {
    toolRules,
    buildRequest: (built, context) => ({
      path: '/x',
      body: { built, model: context.model },
      dropped: ['seed'],
    }),
    readAnswer: (body) => body as unknown as Answer,
    openReader: () => ({
      complete: true,
      endGraceMs: undefined,
      read: (frame) =>
        frame.data === 'ping'
          ? []
          : (JSON.parse(frame.data) as StreamEvent[]).map((event) =>
              event.type === 'error'
                ? { type: 'error', error: new GatewayError('provider_error', 'broke') }
                : event,
            ),
    }),
    readError: () => new GatewayError('provider_error', 'x'),
  },
}

function unusable(): Dialect['providerSide'] {
  const never = (): never => {
    throw new Error('not this side')
  }
  return { toolRules, buildRequest: never, readAnswer: never, openReader: never, readError: never }
}

const open = (maxEventBytes = 1000) =>
  translate(wordy, plain, { request, call, render, maxEventBytes }).openStream()
const bytes = (...events: (JsonObject[] | string)[]): Uint8Array =>
  Buffer.from(
    events
      .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      .join(''),
  )
const text = (value: string): JsonObject => ({ type: 'text', choice: 0, text: value })
const usage = (inputTokens: number): JsonObject => ({
  type: 'usage',
  usage: { inputTokens, outputTokens: 1 },
})

describe('between two dialects', () => {
  const translation = translate(wordy, plain, { request, call, render, maxEventBytes: 1000 })

  it('builds the request from the conversation', () => {
    expect(translation.buildRequest()).toEqual({
      path: '/x',
      body: { built: conversation, model: 'physical' },
      dropped: ['seed'],
    })
  })

  it('renders a whole answer and keeps what settlement needs', () => {
    const answer = {
      choices: [
        { parts: [], finish: { reason: 'stop' } },
        { parts: [], finish: { reason: 'length' } },
      ],
      usage: { inputTokens: 1, outputTokens: 2 },
    }
    expect(translation.readAnswer(answer, Buffer.from(''))).toEqual({
      body: '{"choices":2,"for":"req_1"}',
      dropped: [],
      usage: { inputTokens: 1, outputTokens: 2 },
      finishes: [{ reason: 'stop' }, { reason: 'length' }],
    })
  })

  it('refuses an answer without a choice', () => {
    expect(() => translation.readAnswer({ choices: [] }, Buffer.from(''))).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
  })

  it('throws for a dialect without a side for clients', () => {
    expect(() => translate(plain, wordy, { request, call, render, maxEventBytes: 1 })).toThrow(
      TypeError,
    )
  })
})

describe('a translated stream', () => {
  it('renders events as they complete, and keeps usage and finishes', () => {
    const stream = open()
    const chunk = bytes([text('a'), text('b')])
    expect(stream.push(chunk.subarray(0, 9))).toBeUndefined()
    expect(stream.events).toBe(0)
    expect(stream.push(chunk.subarray(9))).toBe('[text][text]')
    expect(
      stream.push(
        bytes([usage(1)], [usage(7), { type: 'finish', choice: 0, finish: { reason: 'stop' } }]),
      ),
    ).toBe('[finish]')
    expect([
      stream.events,
      stream.usage?.inputTokens,
      stream.finishes,
      stream.complete,
      stream.end(),
    ]).toEqual([3, 7, [{ reason: 'stop' }], true, '[end]'])
  })

  it('counts neither pings nor events before the answer, so that a failure there can fail over', () => {
    const stream = open()
    expect(stream.push(bytes('ping'))).toBeUndefined()
    expect(stream.push(Buffer.from(': comment\n\n'))).toBeUndefined()
    expect(stream.events).toBe(0)
    expect(stream.push(bytes([usage(1)]))).toBeUndefined()
    expect(stream.push(bytes([{ type: 'start' }]))).toBe('[start]')
    expect(stream.events).toBe(0)
    stream.push(bytes([text('a')]))
    expect(stream.events).toBe(1)
  })

  it('sends what came before an error, and nothing after it', () => {
    const stream = open()
    expect(stream.push(bytes([text('a'), { type: 'error' }, text('b')], [text('c')]))).toBe(
      '[text]',
    )
    expect([stream.error?.code, stream.events]).toEqual(['provider_error', 1])
    const broken = open()
    expect(broken.push(bytes([{ type: 'error' }]))).toBeUndefined()
    expect([broken.error?.code, broken.events]).toEqual(['provider_error', 0])
  })

  it('takes a last event without its blank line', () => {
    const stream = open()
    expect(stream.push(bytes([text('a')]).subarray(0, -1))).toBeUndefined()
    expect(stream.flush()).toBe('[text]')
    expect(stream.flush()).toBeUndefined()
  })

  it('refuses an event over the limit', () => {
    expect(() => open(10).push(Buffer.from('data: 0123456789'))).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
  })
})

describe('within one dialect', () => {
  const relay: NonNullable<Dialect['relay']> = {
    buildRequest: () => ({ path: '/relayed', body: {}, dropped: [] }),
    readAnswer: (_body, original) => ({ body: original, usage: undefined, finishes: [] }),
    openStream: (_request, options) => ({
      ...openStub(),
      end: () => `${options.call.provider} ${options.maxEventBytes}`,
    }),
  }
  const openStub = () => ({
    push: () => undefined,
    flush: () => undefined,
    events: 0,
    error: undefined,
    complete: false,
    endGraceMs: undefined,
    usage: undefined,
    finishes: [],
    fail: () => '',
  })

  it('relays without reading the conversation', () => {
    const same: Dialect = { ...wordy, relay }
    const translation = translate(same, same, {
      request: { ...request, conversation: unusable().buildRequest as never },
      call,
      render,
      maxEventBytes: 5,
    })
    const original = Buffer.from('{}')
    expect(translation.buildRequest().path).toBe('/relayed')
    expect(translation.readAnswer({}, original).body).toBe(original)
    expect(translation.openStream().end()).toBe('acme 5')
  })

  it('translates where the dialect has no relay, and where the other side is another dialect', () => {
    const both: Dialect = { ...wordy, providerSide: plain.providerSide }
    expect(
      translate(both, both, { request, call, render, maxEventBytes: 5 }).buildRequest().path,
    ).toBe('/x')
    expect(
      translate(
        { ...wordy, relay },
        { ...plain, relay },
        { request, call, render, maxEventBytes: 5 },
      ).buildRequest().path,
    ).toBe('/x')
  })
})
