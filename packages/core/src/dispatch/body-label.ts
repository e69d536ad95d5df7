import type { UpstreamCall } from './transport.ts'

/**
 * Kind of a body by its first bytes, not its content type; `undefined` until they are enough.
 */
export type BodyKind = 'json' | 'events' | undefined

export interface BodyLook {
  readonly kind: BodyKind
  /** Where the JSON begins, behind a byte order mark, white space and comments. */
  readonly start: number
}

const LF = 10
const CR = 13
const COLON = 58

/**
 * Looks at the first bytes of an answer: JSON begins with a bracket, events with a field; either
 * may follow comments.
 */
export function lookAtBody(bytes: Uint8Array): BodyLook {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === 0x20 || byte === 0x09 || byte === LF || byte === CR) continue
    if (byte !== COLON)
      return { kind: byte === 0x7b || byte === 0x5b ? 'json' : 'events', start: at }
    while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at += 1
  }
  return { kind: undefined, start: at }
}

/** The text at `start` begins with a field of an event. */
export function isEvents(bytes: Uint8Array, start: number): boolean {
  return /^(?:data|event|id|retry):/.test(
    Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(8, bytes.length - start)).toString(
      'latin1',
    ),
  )
}

/** A call some of whose body has been read already, to be read again. */
export function withHead(call: UpstreamCall, head: Uint8Array): UpstreamCall {
  let held: Uint8Array | undefined = head
  const taken = (): Uint8Array | undefined => {
    const bytes = held
    held = undefined
    return bytes
  }
  return {
    response: call.response,
    read() {
      const bytes = taken()
      return bytes === undefined ? call.read() : Promise.resolve(bytes)
    },
    unread() {
      const bytes = taken()
      const rest = call.unread()
      return bytes === undefined || rest === undefined
        ? (bytes ?? rest)
        : Buffer.concat([bytes, rest])
    },
    nudge: () => call.nudge(),
    async collect(limit) {
      const bytes = taken()
      const rest = await call.collect(limit - (bytes?.length ?? 0))
      return bytes === undefined ? rest : Buffer.concat([bytes, rest])
    },
    abort: (reason) => call.abort(reason),
  }
}
