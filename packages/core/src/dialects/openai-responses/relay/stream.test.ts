import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import { callTo } from '../to-provider/conversation.fake.ts'
import { ResponsesStreamRelay } from './stream.ts'
import { eventsIn, renderContext } from '../to-client/server.fake.ts'

const open = (maxEventBytes = 1_000_000) =>
  new ResponsesStreamRelay({
    call: callTo('physical', { stream: true }),
    render: renderContext(),
    maxEventBytes,
  })

let numbers = 0
function event(type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: numbers++, ...fields })}\n\n`
}

/** A new stream: its events are numbered from 0. */
function stream() {
  numbers = 0
  return {
    created: event('response.created', {
      response: {
        id: 'resp_1',
        object: 'response',
        status: 'in_progress',
        model: 'gpt-5',
        output: [],
      },
    }),
    running: event('response.in_progress', {
      response: {
        id: 'resp_1',
        object: 'response',
        status: 'in_progress',
        model: 'gpt-5',
        output: [],
      },
    }),
    added: event('response.output_item.added', {
      output_index: 0,
      item: { type: 'message', id: 'msg_1', content: [] },
    }),
    delta: event('response.output_text.delta', {
      output_index: 0,
      content_index: 0,
      item_id: 'msg_1',
      delta: 'H\u00e9 \u{1f600}',
    }),
    completed: event('response.completed', {
      response: {
        id: 'resp_1',
        status: 'completed',
        output: [],
        usage: { input_tokens: 3, output_tokens: 2 },
      },
    }),
    incomplete: event('response.incomplete', {
      response: {
        id: 'resp_1',
        status: 'incomplete',
        output: [],
        incomplete_details: { reason: 'max_output_tokens' },
      },
    }),
    failed: event('response.failed', {
      response: {
        id: 'resp_1',
        status: 'failed',
        error: { code: 'server_error', message: 'broke' },
      },
    }),
    error: `event: error\ndata: {"type":"error","sequence_number":2,"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"You exceeded your quota","param":null}}\n\n`,
  }
}

function push(relay: ResponsesStreamRelay, ...texts: string[]): string {
  return texts.map((text) => Buffer.from(relay.push(Buffer.from(text)) ?? []).toString()).join('')
}

describe('bytes', () => {
  it('of a whole stream pass as they came, usage and finish are seen', () => {
    const { created, running, added, delta, completed } = stream()
    const relay = open()
    expect(push(relay, created, running, added, delta, completed)).toBe(
      created + running + added + delta + completed,
    )
    expect(relay).toMatchObject({
      complete: true,
      error: undefined,
      usage: { inputTokens: 3, outputTokens: 2 },
      finishes: [{ reason: 'stop' }],
    })
    expect(relay.end()).toBe('')
  })

  it('pass also where the network cut them, and where lines end otherwise', () => {
    const { created, running, added, delta, completed } = stream()
    for (const text of [
      created + running + added + delta + completed,
      (created + added + delta + completed).replaceAll('\n', '\r\n'),
    ]) {
      for (const size of [1, 7, 64]) {
        const relay = open()
        const bytes = Buffer.from(text)
        const parts: Uint8Array[] = []
        for (let at = 0; at < bytes.length; at += size)
          parts.push(relay.push(bytes.subarray(at, at + size)) ?? Buffer.alloc(0))
        expect(Buffer.concat(parts).toString().trimEnd()).toBe(text.trimEnd())
        expect(relay.complete).toBe(true)
      }
    }
  })

  it('of fragments are not even read', () => {
    const { created, delta } = stream()
    const relay = open()
    push(relay, created)
    const block = Buffer.from(delta + delta)
    relay.push(Buffer.from(delta))
    expect(relay.push(block)).toBe(block)
    // Not JSON inside, which is not parsed.
    const odd = 'event: response.output_text.delta\ndata: {odd}\n\n'
    expect(push(relay, odd)).toBe(odd)
    expect(relay.error).toBeUndefined()
  })

  it('without event names are read and pass as well', () => {
    const { created, added, delta, completed } = stream()
    const text = (created + added + delta + completed).replaceAll(/^event: .*\n/gm, '')
    const relay = open()
    expect(push(relay, text)).toBe(text)
    expect(relay).toMatchObject({ complete: true, events: 3 })
  })

  it('of an event without its last blank line are completed', () => {
    const { created, completed } = stream()
    const relay = open()
    expect(push(relay, created + completed.trimEnd())).toBe('')
    expect(Buffer.from(relay.flush() ?? []).toString()).toBe(created + completed)
    expect(relay.complete).toBe(true)
  })

  it('after the end are none of the answer: no second end, no [DONE]', () => {
    const { created, completed, delta } = stream()
    const relay = open()
    expect(push(relay, created + completed + delta + 'data: [DONE]\n\n', completed)).toBe(
      created + completed,
    )
    expect(relay.finishes).toHaveLength(1)
  })

  it('[DONE] before the end would make a broken stream look whole', () => {
    const { created, delta } = stream()
    const relay = open()
    expect(push(relay, created, delta, 'data: [DONE]\n\n')).toBe(created + delta)
    expect(relay.complete).toBe(false)
  })

  it('of comments and pings wait for the next event: they are no sign that the answer goes on', () => {
    const { created, added, delta } = stream()
    const relay = open()
    expect(push(relay, ': ping\n\n', created, added)).toBe(`: ping\n\n${created}${added}`)
    const ping = event('keepalive')
    expect(push(relay, ': ping\n\n', ping)).toBe('')
    expect(relay.events).toBe(1)
    expect(push(relay, delta)).toBe(`: ping\n\n${ping}${delta}`)
    expect(relay.events).toBe(2)
  })

  it('of an event without data are left out: no client can parse nothing', () => {
    const { created, added } = stream()
    const relay = open()
    expect(push(relay, created + added, 'event: response.output_text.delta\ndata:\n\n')).toBe(
      created + added,
    )
  })
})

describe('the commit point', () => {
  it('comes with the answer, not with the news that one is being made', () => {
    const { created, running, added } = stream()
    const relay = open()
    expect(push(relay, created)).toBe('')
    expect(push(relay, running, event('keepalive'))).toBe('')
    expect(relay.events).toBe(0)
    expect(push(relay, added)).toContain(created + running)
    expect(relay.events).toBe(1)
  })

  it('has not come when the quota turns out to be used up: nothing was forwarded', () => {
    const { created, running, error, failed } = stream()
    const relay = open()
    expect(push(relay, created + running, error + failed)).toBe('')
    expect(relay.error).toMatchObject({ code: 'insufficient_quota' })
    expect(relay).toMatchObject({ events: 0, complete: false })
  })

  it('has not come for a provider that only says it is there, without end', () => {
    const { created } = stream()
    const relay = open(1000)
    expect(() => {
      for (let at = 0; at < 100; at++) push(relay, created)
    }).toThrow(expect.objectContaining({ code: 'upstream_invalid' }))
  })
})

describe('a stream that breaks', () => {
  const error = new GatewayError('upstream_truncated', 'acme ended its stream.')

  it('forwards what came before the error in the same bytes, and nothing of it', () => {
    const { created, added, delta, failed } = stream()
    const relay = open()
    expect(push(relay, created + added + delta + failed + delta)).toBe(created + added + delta)
    expect(relay.error).toMatchObject({ code: 'provider_error' })
    expect(push(relay, delta)).toBe('')
  })

  it('ends with an error and a failed response of the same id, numbered on', () => {
    const { created, running, added, delta } = stream()
    const relay = open()
    push(relay, created + running, added, delta)
    expect(eventsIn(relay.fail(error))).toMatchObject([
      {
        type: 'error',
        sequence_number: 4,
        code: 'upstream_truncated',
        message: 'acme ended its stream.',
        param: null,
      },
      {
        type: 'response.failed',
        sequence_number: 5,
        response: {
          id: 'resp_1',
          status: 'failed',
          model: 'gpt-5',
          error: { code: 'upstream_truncated' },
        },
      },
    ])
  })

  it('of a provider that says neither numbers nor what it makes: with our own', () => {
    const relay = open()
    push(
      relay,
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}\n\n',
    )
    expect(eventsIn(relay.fail(error))).toMatchObject([
      { type: 'error', sequence_number: 0 },
      {
        type: 'response.failed',
        sequence_number: 1,
        response: { id: 'resp_postern_1', model: 'physical', tools: [] },
      },
    ])
  })

  it('in the middle of an event: half of one never reaches the client', () => {
    const { created, added, delta } = stream()
    const relay = open()
    expect(push(relay, created + added, delta.slice(0, -8))).toBe(created + added)
    expect(relay.flush()).toBeUndefined()
    expect(relay).toMatchObject({ complete: false, error: { code: 'upstream_invalid' } })
  })
})

it.each([
  ['incomplete', 'length'],
  ['completed', 'stop'],
] as const)('response.%s is an end', (end, reason) => {
  const events = stream()
  const relay = open()
  push(relay, events.created, events.added, events[end])
  expect(relay).toMatchObject({ complete: true, finishes: [{ reason }] })
})
