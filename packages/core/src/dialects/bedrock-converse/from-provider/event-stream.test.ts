import { crc32 } from 'node:zlib'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SseFrame } from '../../wire/sse.ts'
import { EventStreamSplitter } from './event-stream.ts'
import { encodeEvent, encodeException, encodeFrame } from './frames.fake.ts'

function split(
  bytes: Uint8Array,
  sizes: readonly number[] = [bytes.length],
  limit = 100_000,
): SseFrame[] {
  const splitter = new EventStreamSplitter(limit)
  const frames: SseFrame[] = []
  let turn = 0
  for (let at = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    frames.push(...splitter.push(bytes.subarray(at, at + size)))
    at += size
  }
  return [...frames, ...splitter.rest()]
}

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'upstream_invalid', message: expect.stringMatching(message) })

/** The prelude of a frame with these lengths and a right checksum. */
function prelude(total: number, headers: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(total, 0)
  bytes.writeUInt32BE(headers, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
  return bytes
}

describe('EventStreamSplitter', () => {
  it('gives the type and the payload of each event', () => {
    const bytes = Buffer.concat([
      encodeEvent('messageStart', { role: 'assistant' }),
      encodeEvent('contentBlockDelta', { delta: { text: 'é 漢 😀' } }),
    ])
    expect(split(bytes)).toEqual([
      { event: 'messageStart', data: '{"role":"assistant"}' },
      { event: 'contentBlockDelta', data: '{"delta":{"text":"é 漢 😀"}}' },
    ])
  })

  it('nasty 7: frames split anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 60 })),
          { minLength: 1, maxLength: 8 },
        ),
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 10 }),
        (events, sizes) => {
          const bytes = Buffer.concat(events.map(([type, text]) => encodeEvent(type, { text })))
          expect(split(bytes, sizes)).toEqual(
            events.map(([type, text]) => ({ event: type, data: JSON.stringify({ text }) })),
          )
        },
      ),
      { numRuns: 200 },
    )
  })

  it('nasty 7: CRC check, of every byte', () => {
    const frame = Buffer.from(encodeEvent('contentBlockDelta', { delta: { text: 'a' } }))
    for (let at = 0; at < frame.length; at += 1) {
      const broken = Buffer.from(frame)
      broken[at] = (broken[at] ?? 0) ^ 1
      expect(() => split(Buffer.concat([broken, frame]))).toThrow(invalid(/checksum|binary events/))
    }
  })

  it('reads every type of header', () => {
    const codec = new EventStreamCodec(
      (bytes) => Buffer.from(bytes as Uint8Array).toString(),
      (text) => Buffer.from(text),
    )
    const frame = codec.encode({
      headers: {
        yes: { type: 'boolean', value: true },
        no: { type: 'boolean', value: false },
        byte: { type: 'byte', value: 1 },
        short: { type: 'short', value: 2 },
        integer: { type: 'integer', value: 3 },
        bytes: { type: 'binary', value: new Uint8Array([7, 7, 7]) },
        time: { type: 'timestamp', value: new Date(0) },
        id: { type: 'uuid', value: '12345678-1234-1234-1234-123456789012' },
        ':event-type': { type: 'string', value: 'metadata' },
      },
      body: Buffer.from('{}'),
    })
    expect(split(frame)).toEqual([{ event: 'metadata', data: '{}' }])
  })

  it('marks exceptions, with and without a type', () => {
    const bytes = Buffer.concat([
      encodeException('throttlingException', { message: 'Slow down.' }),
      encodeFrame(
        { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'It broke.' },
        '',
      ),
      encodeFrame({ ':message-type': 'error' }, ''),
    ])
    expect(split(bytes)).toEqual([
      { event: 'exception:throttlingException', data: '{"message":"Slow down."}' },
      { event: 'exception:InternalError', data: '{"message":"It broke."}' },
      { event: 'exception:', data: '{"message":""}' },
    ])
  })

  it('stops at a frame that is too large, before it has come', () => {
    const large = encodeEvent('contentBlockDelta', { delta: { text: 'x'.repeat(1000) } })
    expect(() => split(large.subarray(0, 12), [12], 500)).toThrow(invalid(/more than 500 bytes/))
    expect(() => split(large.subarray(0, 12), [1], 500)).toThrow(invalid(/more than 500 bytes/))
    expect(split(large, [100], large.length)).toHaveLength(1)
  })

  it('refuses what is no event stream', () => {
    for (const text of [
      '{"message":"Internal failure"}',
      '<html><body>Bad gateway</body></html>',
      'data: {"type":"ping"}\n\n',
    ]) {
      expect(() => split(Buffer.from(text))).toThrow(invalid(/not one of binary events/))
    }
  })

  it('refuses lengths that contradict each other', () => {
    for (const bytes of [prelude(16, 1), prelude(15, 0), prelude(0, 0), prelude(20, 2 ** 31)])
      expect(() => split(bytes)).toThrow(invalid(/contradict/))
  })

  it.each([
    ['a name that goes on', [9, 97]],
    ['no type', [1, 97]],
    ['an unknown type', [1, 97, 12]],
    ['no length', [1, 97, 7, 0]],
    ['a value that goes on', [1, 97, 7, 0, 9, 98]],
    ['a number that goes on', [1, 97, 4, 0]],
  ])('refuses headers with %s', (_, headers) => {
    const head = Buffer.concat([prelude(16 + headers.length, headers.length), Buffer.from(headers)])
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(head))
    expect(() => split(Buffer.concat([head, checksum]))).toThrow(invalid(/malformed headers/))
  })

  it('says nothing of half a frame', () => {
    const frame = encodeEvent('messageStop', { stopReason: 'end_turn' })
    for (const length of [0, 5, 12, 40, frame.length - 1])
      expect(split(frame.subarray(0, length))).toEqual([])
  })
})
