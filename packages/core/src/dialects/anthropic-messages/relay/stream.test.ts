import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import type { Quirks } from '../../model/quirks.ts'
import { callContext, renderContext } from '../from-client/request.fake.ts'
import { readMessageStream } from '../to-client/message-stream.fake.ts'
import { MessageStreamRelay } from './stream.ts'

const frame = (data: { type: string; [field: string]: unknown }, padding = '') =>
  `event: ${data.type}\ndata: ${JSON.stringify(data).replace(/\}$/, `${padding}}`)}\n\n`
const begin = (
  usage: object = { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 4 },
) => frame({ type: 'message_start', message: { id: 'msg_1', content: [], usage } })
const ping = frame({ type: 'ping' })
const open = frame({
  type: 'content_block_start',
  index: 0,
  content_block: { type: 'text', text: '' },
})
const delta = (text: string) =>
  frame({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, '    ')
const close = frame({ type: 'content_block_stop', index: 0 })
const last = (usage: object = { output_tokens: 9 }, stop_reason = 'end_turn') =>
  frame({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage })
const stop = frame({ type: 'message_stop' })
const overloaded = frame({
  type: 'error',
  error: { type: 'overloaded_error', message: 'Overloaded' },
})
const whole = [begin(), ping, open, delta('Hel'), delta('lo'), close, last(), stop]

function relay(quirks: Quirks = { exact: true }) {
  return new MessageStreamRelay({
    call: callContext({ stream: true, quirks }),
    render: renderContext(),
    maxEventBytes: 1 << 20,
  })
}

function run(chunks: readonly string[], quirks?: Quirks) {
  const stream = relay(quirks)
  const steps = chunks.map((chunk) => stream.push(Buffer.from(chunk)))
  const rest = stream.flush()
  return {
    stream,
    steps,
    output: Buffer.concat([...steps, rest].map((step) => Buffer.from(step ?? ''))).toString(),
  }
}

describe.each<[string, Quirks]>([
  ['of the service itself', { exact: true }],
  ['of one like it', {}],
])('a stream %s', (_whose, quirks) => {
  it('passes byte for byte, and is looked at', () => {
    const { stream, output } = run(whole, quirks)
    expect(output).toBe(whole.join(''))
    expect(stream).toMatchObject({
      complete: true,
      error: undefined,
      finishes: [{ reason: 'stop' }],
      usage: { inputTokens: 15, cachedTokens: 5, outputTokens: 9 },
    })
    expect(stream.end()).toBe('')
  })

  it('passes byte for byte, wherever it is cut and with any line ends', () => {
    const text = [
      begin(),
      open,
      delta('Grüße \u4e16 \u{1f44b}'),
      ': a comment\n\n',
      close,
      last(),
      stop,
    ].join('')
    for (const variant of [text, text.replaceAll('\n', '\r\n')]) {
      const bytes = Buffer.from(variant)
      for (const size of [1, 7, 97]) {
        const stream = relay(quirks)
        const output: Buffer[] = []
        for (let at = 0; at < bytes.length; at += size)
          output.push(Buffer.from(stream.push(bytes.subarray(at, at + size)) ?? ''))
        expect(Buffer.concat(output).toString()).toBe(variant)
        expect(stream.complete).toBe(true)
      }
    }
  })

  it('nastiest 1: an overloaded provider has not answered, whatever it sent before it said so', () => {
    for (const before of [[], [begin()], [begin(), ping, ': comment\n\n']]) {
      const { stream, output } = run([...before, overloaded], quirks)
      expect([stream.events, output, stream.error?.code]).toEqual([0, '', 'provider_overloaded'])
    }
    expect(run([begin() + overloaded], quirks).stream).toMatchObject({
      events: 0,
      error: { code: 'provider_overloaded' },
    })
  })

  it('begins to count with its content, which brings along what was held back', () => {
    const { stream, steps } = run([begin(), ping, open + delta('a')], quirks)
    expect(steps.slice(0, 2)).toEqual([undefined, undefined])
    expect(Buffer.from(steps[2] ?? '').toString()).toBe(begin() + ping + open + delta('a'))
    expect(stream.events).toBeGreaterThan(0)
  })

  it('pings pass, and do not count', () => {
    const stream = relay(quirks)
    stream.push(Buffer.from(begin() + open))
    const { events } = stream
    expect(Buffer.from(stream.push(Buffer.from(ping)) ?? '').toString()).toBe(ping)
    expect(Buffer.from(stream.push(Buffer.from(': alive\n\n')) ?? '').toString()).toBe(
      ': alive\n\n',
    )
    expect(stream.events).toBe(events)
  })

  it('nastiest 2: usage is cumulative, the last word counts, and nothing is added', () => {
    const { stream } = run(
      [
        begin({ input_tokens: 10, cache_read_input_tokens: 200, output_tokens: 4 }),
        open,
        close,
        last({
          input_tokens: 25,
          cache_read_input_tokens: null,
          output_tokens: 9,
          output_tokens_details: { thinking_tokens: 3 },
        }),
        stop,
      ],
      quirks,
    )
    expect(stream.usage).toMatchObject({
      inputTokens: 225,
      cachedTokens: 200,
      outputTokens: 9,
      reasoningTokens: 3,
    })
  })

  it('ends at an error after content, and forwards nothing of the error', () => {
    const { stream, output } = run([begin(), open + delta('Half an') + overloaded], quirks)
    expect(output).toContain('Half an')
    expect(output).not.toContain('error')
    expect(stream).toMatchObject({ complete: false, error: { code: 'provider_overloaded' } })
    const { types, error } = readMessageStream(
      output + stream.fail(stream.error ?? new GatewayError('provider_error', '')),
    )
    expect(types.at(-1)).toBe('error')
    expect(error).toMatchObject({ error: { type: 'overloaded_error' }, request_id: 'req_1' })
  })

  it('cut anywhere, it is not complete', () => {
    const text = whole.join('')
    for (let at = 0; at < text.length - '\n\n'.length - 1; at += 7) {
      const { stream, output } = run([text.slice(0, at)], quirks)
      expect(stream.complete).toBe(false)
      expect(output).not.toContain('message_stop')
    }
  })

  it('is whole without its last blank line', () => {
    const { stream, output } = run([whole.join('').slice(0, -2)], quirks)
    expect(stream.complete).toBe(true)
    expect(output).toBe(whole.join(''))
  })

  it('that stops without a reason is not whole', () => {
    expect(run([begin(), open, close, stop], quirks).stream.complete).toBe(false)
  })

  it('nastiest 10: begins once, even when it was spliced', () => {
    const { stream, output } = run(
      [
        begin(),
        begin({ input_tokens: 3 }),
        open + begin({ input_tokens: 7 }) + delta('a'),
        close,
        last(),
        stop,
      ],
      quirks,
    )
    expect(readMessageStream(output).types.filter((type) => type === 'message_start')).toHaveLength(
      1,
    )
    expect(stream.usage).toMatchObject({ inputTokens: 12 })
  })

  it('says nothing after its end', () => {
    const { output } = run(
      [...whole.slice(0, -1), stop + delta('late'), overloaded, 'data: [DONE]\n\n'],
      quirks,
    )
    expect(output).toBe(whole.join(''))
  })

  it('unknown events and blocks pass', () => {
    const strange =
      frame({ type: 'message_note', note: 'new' }) +
      frame({ type: 'content_block_start', index: 1, content_block: { type: 'hologram' } })
    expect(run([begin(), open, close, strange, last(), stop], quirks).output).toContain(strange)
  })

  it('of refusals and of tools is known to be one', () => {
    expect(
      run([begin(), open, close, last({ output_tokens: 1 }, 'refusal'), stop], quirks).stream
        .finishes,
    ).toEqual([{ reason: 'content_filter', native: 'refusal' }])
    expect(
      run(
        [
          begin(),
          open,
          close,
          last({ output_tokens: 1 }, 'tool_use'),
          last({ output_tokens: 2 }),
          stop,
        ],
        quirks,
      ).stream.finishes,
    ).toEqual([{ reason: 'tool_calls' }])
  })
})

it('nastiest 4: events without a name get theirs', () => {
  const nameless = whole.map((text) => text.replace(/^event: .*\n/, ''))
  const { stream, output } = run([...nameless, 'data: [DONE]\n\n'], {})
  expect(readMessageStream(output.replace(ping, '')).message.content).toEqual([
    { type: 'text', text: 'Hello' },
  ])
  expect(stream.complete).toBe(true)
})

it('text that speaks of errors is text', () => {
  const speaking = delta('event: error\n\n"type":"error","type":"message_stop"')
  const { stream, output } = run([begin(), open, speaking, close, last(), stop])
  expect(output).toContain(speaking)
  expect(stream).toMatchObject({ complete: true, error: undefined })
})

it.each([
  ['bare text in an error event', 'event: error\ndata: overloaded\n\n', 'provider_error'],
  [
    'an error without a name',
    'data: {"error":{"type":"rate_limit_error","message":"slow down"}}\n\n',
    'rate_limit_exceeded',
  ],
  [
    'an error in another event',
    'event: message_delta\ndata: {"type":"error","error":{"type":"api_error","message":"x"}}\n\n',
    'provider_error',
  ],
  ['no JSON', 'event: content_block_delta\ndata: {"type":\n\n', 'upstream_invalid'],
])('%s is an error of the provider', (_what, bytes, code) => {
  expect(run([begin(), bytes], {}).stream.error?.code).toBe(code)
  expect(run([begin(), bytes]).stream.error?.code).toBe(code)
})

it('an event larger than allowed is refused', () => {
  const stream = new MessageStreamRelay({
    call: callContext(),
    render: renderContext(),
    maxEventBytes: 64,
  })
  expect(() => stream.push(Buffer.from(`data: ${'x'.repeat(100)}`))).toThrow(
    expect.objectContaining({ code: 'upstream_invalid' }),
  )
})

it('a provider that only says it is alive is not held without end', () => {
  const stream = new MessageStreamRelay({
    call: callContext(),
    render: renderContext(),
    maxEventBytes: 1000,
  })
  expect(() => {
    for (let at = 0; at < 100; at++) stream.push(Buffer.from(ping))
  }).toThrow(expect.objectContaining({ code: 'upstream_invalid' }))
})
