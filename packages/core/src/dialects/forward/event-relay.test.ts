import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import { openaiChat } from '../openai-chat/index.ts'
import { EventRelay } from './event-relay.ts'

const open = (options: { endsWithDone?: boolean; maxEventBytes?: number } = {}) =>
  new EventRelay({
    api: openaiChat,
    provider: 'acme',
    model: 'm',
    requestId: 'req_1',
    maxEventBytes: options.maxEventBytes ?? 10_000,
    endsWithDone: options.endsWithDone === true,
  })

/** Output for the client from these pieces, the end included when the stream is whole. */
function relayed(relay: EventRelay, pieces: readonly (string | Uint8Array)[]): string {
  let text = ''
  for (const piece of pieces) {
    text += Buffer.from(relay.push(Buffer.from(piece)) ?? '').toString()
    if (relay.error !== undefined) return text
  }
  text += Buffer.from(relay.flush() ?? '').toString()
  return relay.complete ? text + relay.end() : text
}

const data = (value: object | string, event?: string): string =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const text = (part: string, finish: string | null = null) =>
  data({ choices: [{ text: part, index: 0, finish_reason: finish }] })
const usage = data({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } })

const completion = [text('a "error" \\"error\\" b'), text('b', 'stop'), usage, data('[DONE]')].join(
  '',
)

describe('a whole stream', () => {
  it('passes byte for byte, however it is cut', () => {
    const bytes = Buffer.from(completion)
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 10 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const relay = open({ endsWithDone: true })
        expect(
          relayed(
            relay,
            places.slice(1).map((end, at) => bytes.subarray(places[at], end)),
          ),
        ).toBe(completion)
        expect([
          relay.complete,
          relay.events,
          relay.usage?.inputTokens,
          relay.usage?.outputTokens,
          relay.finishes,
        ]).toEqual([true, 4, 3, 4, [{ reason: 'stop' }]])
      }),
      { numRuns: 100 },
    )
  })

  it('leaves out comments, which are no sign of an answer', () => {
    const relay = open()
    expect([relay.push(Buffer.from(': ping\n\n')), relay.events]).toEqual([undefined, 0])
  })

  it('adds `[DONE]` where the service leaves it out', () => {
    expect(relayed(open({ endsWithDone: true }), [text('a', 'length')])).toBe(
      text('a', 'length') + data('[DONE]'),
    )
    expect(
      relayed(open(), [
        data({ type: 'speech.audio.done', usage: { input_tokens: 1, output_tokens: 2 } }),
      ]),
    ).not.toContain('[DONE]')
  })

  it.each([
    'transcript.text.done',
    'speech.audio.done',
    'image_generation.completed',
    'image_edit.completed',
  ])('ends with %s', (type) => {
    const relay = open()
    relayed(relay, [data({ type, usage: { input_tokens: 1, output_tokens: 2 } }, type)])
    expect([relay.complete, relay.usage?.outputTokens]).toEqual([true, 2])
  })

  it('may lack its last blank line', () => {
    const relay = open()
    expect(relayed(relay, [text('a'), 'data: [DONE]'])).toBe(text('a') + data('[DONE]'))
    expect(relay.complete).toBe(true)
  })
})

describe('a broken stream', () => {
  it('is not complete without an end', () => {
    for (const pieces of [
      [text('a')],
      [data({ type: 'transcript.text.delta', delta: 'x' })],
      [data({ type: 'image_generation.partial_image', b64_json: 'x' })],
      [],
    ]) {
      const relay = open({ endsWithDone: true })
      expect(relayed(relay, pieces)).not.toContain('[DONE]')
      expect(relay.complete).toBe(false)
    }
  })

  it.each([
    [
      'in a chunk',
      data({ error: { message: 'busy', type: 'server_error', code: 503 } }),
      'provider_overloaded',
    ],
    ['by its event', data({ message: 'busy' }, 'error'), 'provider_error'],
    ['in a bare line', 'error: {"message":"x"}\n\n', 'provider_error'],
    [
      'of our credentials',
      data({ error: { message: 'Incorrect API key provided: sk-abc', code: 'invalid_api_key' } }),
      'provider_credentials',
    ],
  ])('tells its error %s, and nothing of it is forwarded', (_how, event, code) => {
    for (const pieces of [[text('a'), event], [text('a') + event]]) {
      const relay = open()
      expect(relayed(relay, pieces)).toBe(text('a'))
      expect([relay.error?.code, relay.complete, relay.events]).toEqual([code, false, 1])
    }
  })

  it('ends with an error that official clients raise, and nothing that looks like an end', () => {
    const tail = open({ endsWithDone: true }).fail(new GatewayError('upstream_truncated', 'cut'))
    expect(JSON.parse(tail.slice('data: '.length))).toMatchObject({
      error: { message: 'cut', code: 'upstream_truncated' },
    })
    expect(tail).not.toContain('[DONE]')
  })

  it('fails on an event that is too large', () => {
    expect(() => relayed(open({ maxEventBytes: 10 }), ['data: xxxxxxxxxxxxxxx'])).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
  })
})
