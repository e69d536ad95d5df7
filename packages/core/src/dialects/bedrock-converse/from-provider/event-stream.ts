import zlib from 'node:zlib'
import { GatewayError } from '../../../errors.ts'
import type { FrameSplitter, SseFrame } from '../../wire/sse.ts'

/** Content type of a stream of binary frames. */
export const EVENT_STREAM = 'application/vnd.amazon.eventstream'

/**
 * Before the type of an exception in `SseFrame.event`, which tells it from an event of the same
 * name.
 */
export const EXCEPTION = 'exception:'

/** Total length, length of the headers, checksum of both. */
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const TEXT_HEADER = 7

/** Bytes of a header's value by its type; those of variable length say it in two bytes. */
const VALUE_BYTES: readonly (number | 'variable')[] = [
  0,
  0,
  1,
  2,
  4,
  8,
  'variable',
  'variable',
  8,
  16,
]

/**
 * Cuts binary frames of `application/vnd.amazon.eventstream`, wherever the network cut them: a
 * frame's event is its `:event-type`, its data the payload. What the service reports instead of an
 * event becomes a frame whose event is `exception:` and its type. Each byte is copied at most once;
 * both checksums are checked.
 */
export class EventStreamSplitter implements FrameSplitter {
  readonly #maxEventBytes: number
  /** The frame that is not whole yet: room for its prelude, then for all of it. */
  #partial = Buffer.alloc(PRELUDE_BYTES)
  #filled = 0
  /** Headers of the previous frame and their values: most frames of a stream have the same ones. */
  #known: { readonly bytes: Buffer; readonly headers: Headers } | undefined

  /** @param maxEventBytes a larger frame throws `upstream_invalid` */
  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes
  }

  push(chunk: Uint8Array): readonly SseFrame[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const frames: SseFrame[] = []
    let at = 0
    while (at < bytes.length) {
      if (this.#filled > 0 || bytes.length - at < PRELUDE_BYTES) {
        at += this.#fill(bytes.subarray(at), frames)
        continue
      }
      const total = this.#totalBytes(bytes.subarray(at, at + PRELUDE_BYTES))
      if (bytes.length - at < total) {
        at += this.#fill(bytes.subarray(at), frames)
        continue
      }
      frames.push(this.#frame(bytes.subarray(at, at + total)))
      at += total
    }
    return frames
  }

  /** Drops half a frame: the events tell whether the answer is complete. */
  rest(): readonly SseFrame[] {
    return []
  }

  /** Appends the bytes that the incomplete frame needs next; returns their number. */
  #fill(bytes: Buffer, frames: SseFrame[]): number {
    const taken = bytes.copy(this.#partial, this.#filled)
    this.#filled += taken
    if (this.#filled < this.#partial.length) return taken
    if (this.#filled === PRELUDE_BYTES) {
      const whole = Buffer.allocUnsafe(this.#totalBytes(this.#partial))
      this.#partial.copy(whole)
      this.#partial = whole
      return taken
    }
    frames.push(this.#frame(this.#partial))
    this.#partial = Buffer.alloc(PRELUDE_BYTES)
    this.#filled = 0
    return taken
  }

  #totalBytes(prelude: Buffer): number {
    // Checked first: without it the lengths cannot be trusted.
    if (zlib.crc32(prelude.subarray(0, 8)) !== prelude.readUInt32BE(8))
      throw invalid('sent a stream that is not one of binary events')
    const total = prelude.readUInt32BE(0)
    if (prelude.readUInt32BE(4) > total - PRELUDE_BYTES - CHECKSUM_BYTES)
      throw invalid('sent a stream event whose lengths contradict each other')
    if (total > this.#maxEventBytes)
      throw invalid(`sent a stream event of more than ${this.#maxEventBytes} bytes`)
    return total
  }

  #frame(bytes: Buffer): SseFrame {
    const end = bytes.length - CHECKSUM_BYTES
    if (zlib.crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end))
      throw invalid('sent a stream event with a wrong checksum')
    const payloadAt = PRELUDE_BYTES + bytes.readUInt32BE(4)
    const headers = this.#headers(bytes.subarray(PRELUDE_BYTES, payloadAt))
    return frameOf(headers, bytes.toString('utf8', payloadAt, end))
  }

  #headers(bytes: Buffer): Headers {
    if (this.#known?.bytes.equals(bytes) !== true)
      this.#known = { bytes: Buffer.from(bytes), headers: readHeaders(bytes) }
    return this.#known.headers
  }
}

/** Header values that are text, by name with its colon. */
type Headers = ReadonlyMap<string, string>

function readHeaders(bytes: Buffer): Headers {
  const headers = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + bytes.readUInt8(at)
    if (nameEnd >= bytes.length) throw invalid('sent a stream event with malformed headers')
    const type = bytes.readUInt8(nameEnd)
    const fixed = VALUE_BYTES[type]
    if (fixed === undefined || (fixed === 'variable' && nameEnd + 3 > bytes.length))
      throw invalid('sent a stream event with malformed headers')
    const valueAt = nameEnd + (fixed === 'variable' ? 3 : 1)
    const valueEnd = valueAt + (fixed === 'variable' ? bytes.readUInt16BE(nameEnd + 1) : fixed)
    if (valueEnd > bytes.length) throw invalid('sent a stream event with malformed headers')
    if (type === TEXT_HEADER)
      headers.set(
        bytes.toString('utf8', at + 1, nameEnd),
        bytes.toString('utf8', valueAt, valueEnd),
      )
    at = valueEnd
  }
  return headers
}

function frameOf(headers: Headers, payload: string): SseFrame {
  switch (headers.get(':message-type')) {
    case 'exception':
      return { event: EXCEPTION + (headers.get(':exception-type') ?? ''), data: payload }
    case 'error':
      // An error without a type: all of it is in the headers.
      return {
        event: EXCEPTION + (headers.get(':error-code') ?? ''),
        data: JSON.stringify({ message: headers.get(':error-message') ?? '' }),
      }
    default:
      return { event: headers.get(':event-type'), data: payload }
  }
}

/** `what` reads after "The provider". */
function invalid(what: string): GatewayError {
  return new GatewayError('upstream_invalid', `The provider ${what}.`)
}
