import { EventStreamCodec } from '@smithy/eventstream-codec'
import type { JsonObject } from '../../model/json-object.ts'

const codec = new EventStreamCodec(
  (bytes) =>
    Buffer.from(typeof bytes === 'string' ? bytes : Buffer.from(bytes as Uint8Array)).toString(
      'utf8',
    ),
  (text) => Buffer.from(text),
)

type Headers = Readonly<Record<string, string>>

/** One binary frame as the AWS SDK writes it. */
export function encodeFrame(headers: Headers, payload: string): Uint8Array {
  const typed = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]),
  )
  return codec.encode({ headers: typed, body: Buffer.from(payload) })
}

/** An event of the service. */
export function encodeEvent(type: string, payload: JsonObject): Uint8Array {
  return encodeFrame(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    JSON.stringify(payload),
  )
}

/** An exception frame, sent instead of an event. */
export function encodeException(type: string, payload: JsonObject): Uint8Array {
  return encodeFrame(
    { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    JSON.stringify(payload),
  )
}

/** Headers and payload of a frame as the AWS SDK reads them. */
export function decodeFrame(frame: Uint8Array): {
  readonly headers: Headers
  readonly payload: string
} {
  const { headers, body } = codec.decode(frame)
  return {
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, { value }]) => [name, String(value)]),
    ),
    payload: Buffer.from(body).toString('utf8'),
  }
}
