import zlib from 'node:zlib'

const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const STRING_HEADER = 7

export interface EventStreamMessage {
  /** Header names with their colon: `:event-type`. */
  readonly headers: Readonly<Record<string, string>>
  readonly payload: string
}

/** One frame of `application/vnd.amazon.eventstream`, string headers only. */
export function encodeMessage(message: EventStreamMessage): Uint8Array {
  const headers = Buffer.concat(
    Object.entries(message.headers).map(([name, value]) => encodeHeader(name, value)),
  )
  const payload = Buffer.from(message.payload)
  const total = PRELUDE_BYTES + headers.length + payload.length + CHECKSUM_BYTES
  const frame = Buffer.alloc(total)
  frame.writeUInt32BE(total, 0)
  frame.writeUInt32BE(headers.length, 4)
  frame.writeUInt32BE(zlib.crc32(frame.subarray(0, 8)), 8)
  headers.copy(frame, PRELUDE_BYTES)
  payload.copy(frame, PRELUDE_BYTES + headers.length)
  frame.writeUInt32BE(zlib.crc32(frame.subarray(0, total - CHECKSUM_BYTES)), total - CHECKSUM_BYTES)
  return frame
}

function encodeHeader(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)]
  const length = Buffer.alloc(2)
  length.writeUInt16BE(valueBytes.length)
  return Buffer.concat([
    Buffer.from([nameBytes.length]),
    nameBytes,
    Buffer.from([STRING_HEADER]),
    length,
    valueBytes,
  ])
}

/** An event of a service whose payloads are JSON. */
export function encodeEvent(type: string, payload: string): Uint8Array {
  return encodeMessage({
    headers: { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    payload,
  })
}

/** An exception inside a stream that began well. */
export function encodeException(type: string, payload: string): Uint8Array {
  return encodeMessage({
    headers: {
      ':exception-type': type,
      ':content-type': 'application/json',
      ':message-type': 'exception',
    },
    payload,
  })
}

/**
 * The frames of a recorded stream, by the length each begins with; what does not make a whole frame
 * is the last one.
 */
export function splitMessages(body: Uint8Array): Uint8Array[] {
  const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const frames: Uint8Array[] = []
  let at = 0
  while (at + PRELUDE_BYTES <= view.length) {
    const total = view.readUInt32BE(at)
    if (total < PRELUDE_BYTES + CHECKSUM_BYTES || at + total > view.length) break
    frames.push(view.subarray(at, at + total))
    at += total
  }
  if (at < view.length) frames.push(view.subarray(at))
  return frames
}
