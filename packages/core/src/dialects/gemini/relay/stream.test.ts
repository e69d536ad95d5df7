import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { callContext, hello, renderContext, streamRequest } from '../from-client/request.fake.ts'
import { GenerateStreamRelay } from './stream.ts'

function open(form: 'events' | 'array' = 'events', body: JsonObject = hello): GenerateStreamRelay {
  const request = streamRequest(form, body)
  return new GenerateStreamRelay(request, {
    call: callContext(),
    render: renderContext(request),
    maxEventBytes: 10_000,
  })
}

const event = (chunk: unknown, end = '\r\n\r\n') => `data: ${JSON.stringify(chunk)}${end}`
const candidate = (parts: unknown[], more: object = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, ...more, index: 0 }],
})
const usage = (prompt: number, candidates: number) => ({
  usageMetadata: { promptTokenCount: prompt, candidatesTokenCount: candidates },
})
const text = (value: string) => candidate([{ text: value }])
const stop = candidate([{ text: '' }], { finishReason: 'STOP' })
const push = (relay: GenerateStreamRelay, chunk: string) =>
  Buffer.from(relay.push(Buffer.from(chunk)) ?? '').toString()
const failure = new GatewayError('upstream_truncated', 'acme ended its stream early.')

describe('a stream for a client that reads events', () => {
  it('is forwarded as it came, CRLF included', () => {
    const relay = open()
    const blocks = [
      event({ ...text('a'), ...usage(1, 1) }),
      event({ ...text('b'), ...usage(1, 2) }, '\n\n'),
      event({ ...stop, ...usage(1, 3) }),
    ]
    for (const block of blocks) {
      const bytes = Buffer.from(block)
      expect(relay.push(bytes)).toBe(bytes)
    }
    expect(relay).toMatchObject({
      events: 3,
      complete: true,
      error: undefined,
      finishes: [{ reason: 'stop' }],
    })
    expect(relay.end()).toBe('')
  })

  it('nasty 6: of its growing usage the last one counts, once', () => {
    const relay = open()
    push(relay, event({ ...text('a'), ...usage(5, 1) }))
    push(relay, event({ ...text('b'), ...usage(5, 2) }) + event(text('c')))
    expect(relay.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 })
    push(relay, event({ ...text('d'), ...usage(5, 4) }))
    push(
      relay,
      event({
        ...stop,
        usageMetadata: {
          promptTokenCount: 5,
          candidatesTokenCount: 6,
          thoughtsTokenCount: 2,
          cachedContentTokenCount: 3,
        },
      }),
    )
    expect(relay.usage).toMatchObject({
      inputTokens: 5,
      outputTokens: 8,
      cachedTokens: 3,
      reasoningTokens: 2,
    })
  })

  it('nasty 1: nasty 2: a call seen anywhere in the turn makes it a turn of calls', () => {
    const relay = open()
    push(relay, event(candidate([{ functionCall: { name: 'f' } }])))
    push(relay, event(text('so')))
    push(relay, event(stop))
    expect(relay.finishes).toEqual([{ reason: 'tool_calls' }])
  })

  it('nasty 7: keep-alives are no events, and not for the client', () => {
    const relay = open()
    expect(push(relay, ': ping\r\n\r\n')).toBe('')
    expect(push(relay, 'data:\r\n\r\n')).toBe('')
    expect(relay.events).toBe(0)
    expect(relay.complete).toBe(false)
  })

  it('nasty 7: a CRLF cut in two arrives whole', () => {
    const relay = open()
    const whole = event(text('a'))
    expect(push(relay, whole.slice(0, -1)) + push(relay, '\n')).toBe(whole)
    expect(relay.events).toBe(1)
  })

  it('nasty 8: a refused prompt is a whole answer without candidates', () => {
    const relay = open()
    const chunk = event({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...usage(4, 0) })
    expect(push(relay, chunk)).toBe(chunk)
    expect(relay).toMatchObject({
      complete: true,
      finishes: [{ reason: 'content_filter', native: 'PROHIBITED_CONTENT' }],
      usage: { inputTokens: 4 },
    })
  })

  it("nasty 9: streamed arguments are the client's own to put together", () => {
    const relay = open()
    const chunks = [
      candidate([{ functionCall: { name: 'f', willContinue: true } }]),
      candidate([
        {
          functionCall: { partialArgs: [{ jsonPath: '$.a', numberValue: 1 }], willContinue: true },
        },
      ]),
      stop,
    ].map((chunk) => event(chunk))
    for (const chunk of chunks) expect(push(relay, chunk)).toBe(chunk)
    expect(relay).toMatchObject({ complete: true, finishes: [{ reason: 'tool_calls' }] })
  })

  it("ends where an imitation of the API says OpenAI's word, which clients cannot parse", () => {
    const relay = open()
    expect(push(relay, `${event(text('a'))}data: [DONE]\n\n`)).toBe(event(text('a'), '\n\n'))
  })

  it('is whole without its last blank line', () => {
    const relay = open()
    const last = event(stop, '')
    expect(push(relay, event(text('a')) + last)).toBe(event(text('a')))
    expect(Buffer.from(relay.flush() ?? '').toString()).toBe(`${last}\n\n`)
    expect(relay.complete).toBe(true)
    expect(open().flush()).toBeUndefined()
  })

  it('waits for every candidate it has seen', () => {
    const relay = open('events', { ...hello, generationConfig: { candidateCount: 2 } })
    const other = { candidates: [{ content: { parts: [{ text: 'b' }] }, index: 1 }] }
    for (const chunk of [text('a'), other, stop]) push(relay, event(chunk))
    expect(relay.complete).toBe(false)
    push(relay, event({ candidates: [{ finishReason: 'MAX_TOKENS', index: 1 }] }))
    expect(relay).toMatchObject({
      complete: true,
      finishes: [{ reason: 'stop' }, { reason: 'length' }],
    })
  })
})

describe('B2: a stream that fails', () => {
  const overloaded = {
    error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' },
  }

  it.each([
    ['an error in a 200', event(overloaded), 'provider_overloaded'],
    [
      'a named error event',
      `event: error\ndata: ${JSON.stringify(overloaded)}\n\n`,
      'provider_overloaded',
    ],
    ['a bare error line', 'error: {"status":"INTERNAL","message":"x"}\n\n', 'provider_error'],
    ['text', 'data: oops\n\n', 'upstream_invalid'],
    ['an array', 'data: []\n\n', 'upstream_invalid'],
  ])('with %s forwards nothing of it', (_, bad, code) => {
    const relay = open()
    expect(push(relay, event(text('a')) + bad + event(stop))).toBe(event(text('a'), '\n\n'))
    expect(relay.error).toMatchObject({ code })
    expect(relay.complete).toBe(false)
    const first = open()
    expect(push(first, bad)).toBe('')
    expect(first).toMatchObject({ events: 0, error: { code } })
  })

  it('by ending early is not complete, and says so to the client', () => {
    const relay = open()
    push(relay, event(text('a')))
    expect(relay.complete).toBe(false)
    expect(relay.fail(failure)).toMatch(
      /^data: \{"error":\{"code":502,"message":"acme ended its stream early\.","status":"UNAVAILABLE",.*\}\n\n$/,
    )
  })

  it('by an event without end is stopped', () => {
    expect(() => open().push(Buffer.from(`data: {"candidates":"${'x'.repeat(10_001)}`))).toThrow(
      'more than 10000 bytes',
    )
  })
})

describe('a stream for a client that reads an array', () => {
  it('is one, an element at a time', () => {
    const relay = open('array')
    const chunks = [text('a'), text('b'), stop]
    const body = chunks.map((chunk) => push(relay, event(chunk))).join('') + relay.end()
    expect(body).toBe(`[${chunks.map((chunk) => JSON.stringify(chunk)).join(',\n')}]`)
    expect(relay).toMatchObject({ complete: true, events: 3 })
  })

  it('is one when it breaks, with the error as its last element', () => {
    for (const chunks of [[], [text('a')]]) {
      const relay = open('array')
      const body = chunks.map((chunk) => push(relay, event(chunk))).join('') + relay.fail(failure)
      expect(JSON.parse(body)).toMatchObject([...chunks, { error: { code: 502 } }])
    }
  })

  it('is one when the provider writes its JSON over several lines', () => {
    const relay = open('array')
    const pretty = JSON.stringify(stop, null, 2).replaceAll('\n', '\ndata: ')
    expect(JSON.parse(push(relay, `data: ${pretty}\n\n`) + relay.end())).toEqual([stop])
    expect(JSON.parse(open('array').end())).toEqual([])
  })
})

describe('what is watched for', () => {
  it('is not mistaken for what a text or an argument says', () => {
    const relay = open()
    const chunk = event(text('"finishReason": "STOP", "error": {"code":500}, "functionCall": {}'))
    expect(push(relay, chunk)).toBe(chunk)
    const called = event(
      candidate([
        { functionCall: { name: 'f', args: { error: { code: 500 }, finishReason: 'STOP' } } },
      ]),
    )
    expect(push(relay, called)).toBe(called)
    expect(relay).toMatchObject({ complete: false, error: undefined, finishes: [] })
  })
})
