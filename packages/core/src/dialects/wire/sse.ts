import { GatewayError } from '../../errors.ts'

/** One server-sent event: the `event` field, if any, and its `data` lines joined by `\n`. */
export interface SseFrame {
  readonly event: string | undefined
  readonly data: string
}

/** Cuts the bytes of a provider's stream into frames, wherever the network cut them. */
export interface FrameSplitter {
  /**
   * The frames that `chunk` completes. Throws `upstream_invalid` when an unfinished one grows too
   * large or is malformed.
   */
  push(chunk: Uint8Array): readonly SseFrame[]
  /** Rest of the input when the stream has ended. */
  rest(): readonly SseFrame[]
}

const LF = 10
const CR = 13

/**
 * Cuts a byte stream into blocks of whole events, wherever the network cut it. Works on bytes, so a
 * character split between two chunks never becomes U+FFFD and untouched events can be forwarded as
 * they came. Every byte is looked at once: an event of any size in one-byte writes costs linear
 * time.
 *
 * Line ends are LF, CRLF or CR, as in the HTML standard, section 9.2.6.
 */
export class SseSplitter {
  readonly #maxEventBytes: number
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** The next byte begins a line, so a line end there ends the event. */
  #atLineStart = true
  #afterCarriageReturn = false
  /** The last byte ended an event: an LF that completes its CRLF still belongs to it. */
  #afterEvent = false

  /** @param maxEventBytes an unfinished event larger than this throws `upstream_invalid` */
  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes
  }

  /** The bytes up to the end of the last whole event, or `undefined` while none has ended. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const end = this.#lastEventEnd(chunk)
    if (end === 0) {
      this.#keep(chunk)
      return undefined
    }
    const whole = end === chunk.length ? chunk : chunk.subarray(0, end)
    const block = this.#pendingBytes === 0 ? whole : this.#joinPending(whole)
    if (end < chunk.length) this.#keep(chunk.subarray(end))
    return block
  }

  /** Rest of the input when the stream has ended: some servers omit the last blank line. */
  rest(): Uint8Array | undefined {
    return this.#pendingBytes === 0 ? undefined : this.#joinPending(new Uint8Array(0))
  }

  #keep(bytes: Uint8Array): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > this.#maxEventBytes) {
      throw new GatewayError(
        'upstream_invalid',
        `The provider sent a stream event of more than ${this.#maxEventBytes} bytes.`,
      )
    }
  }

  #joinPending(last: Uint8Array): Uint8Array {
    const block = Buffer.concat([...this.#pending, last], this.#pendingBytes + last.length)
    this.#pending = []
    this.#pendingBytes = 0
    return block
  }

  #lastEventEnd(chunk: Uint8Array): number {
    const { length } = chunk
    if (length > 1 && chunk[length - 1] === LF && chunk[length - 2] === LF) {
      // The usual case: whole events only. Where the ones before the last end need
      // not be known.
      return this.#endsHere(length)
    }
    if (endsWithCrlfTwice(chunk)) return this.#endsHere(length)
    if (this.#afterCarriageReturn || chunk.includes(CR))
      return this.#lastEventEndWithCarriageReturns(chunk)
    let end = 0
    let lineStart = 0
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, lineStart)) {
      if (lf === lineStart && (lf > 0 || this.#atLineStart)) end = lf + 1
      lineStart = lf + 1
    }
    if (chunk.length > 0) this.#atLineStart = lineStart === chunk.length
    return end
  }

  #endsHere(length: number): number {
    this.#atLineStart = true
    this.#afterCarriageReturn = false
    this.#afterEvent = false
    return length
  }

  #lastEventEndWithCarriageReturns(chunk: Uint8Array): number {
    let end = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte === LF && this.#afterCarriageReturn) {
        this.#afterCarriageReturn = false
        if (this.#afterEvent) end = at + 1
        this.#afterEvent = false
        continue
      }
      this.#afterCarriageReturn = byte === CR
      this.#afterEvent = this.#atLineStart && (byte === CR || byte === LF)
      if (byte !== LF && byte !== CR) {
        this.#atLineStart = false
        continue
      }
      if (this.#afterEvent) end = at + 1
      this.#atLineStart = true
    }
    return end
  }
}

function endsWithCrlfTwice(chunk: Uint8Array): boolean {
  const { length } = chunk
  return (
    length > 3 &&
    chunk[length - 1] === LF &&
    chunk[length - 2] === CR &&
    chunk[length - 3] === LF &&
    chunk[length - 4] === CR
  )
}

const BLANK_LINE = Buffer.from('\n\n')

/** Server-sent events as frames. */
export class SseFrameSplitter implements FrameSplitter {
  readonly #splitter: SseSplitter

  constructor(maxEventBytes: number) {
    this.#splitter = new SseSplitter(maxEventBytes)
  }

  push(chunk: Uint8Array): readonly SseFrame[] {
    const block = this.#splitter.push(chunk)
    return block === undefined ? [] : parseFrames(block)
  }

  /** Some servers omit the last blank line. */
  rest(): readonly SseFrame[] {
    const rest = this.#splitter.rest()
    return rest === undefined ? [] : parseFrames(Buffer.concat([rest, BLANK_LINE]))
  }
}

const decoder = new TextDecoder()

/**
 * A line costs a hundred times what its bytes do: a few megabytes of empty ones would hold the
 * event loop for seconds.
 */
const MAX_LINES = 100_000

function checkLines(block: Uint8Array): void {
  if (block.length <= MAX_LINES) return
  for (const end of [LF, CR]) {
    let lines = 0
    for (let at = block.indexOf(end); at !== -1; at = block.indexOf(end, at + 1)) {
      lines += 1
      if (lines > MAX_LINES)
        throw new GatewayError(
          'upstream_invalid',
          `The provider sent more than ${MAX_LINES} lines of stream events at once.`,
        )
    }
  }
}

/**
 * The events of a block of whole events. Comments, unknown fields and events without data are left
 * out, with one exception: an `error:` line, which some servers send bare, becomes an event named
 * `error`. Throws `upstream_invalid` for a block of more than 100,000 lines.
 */
export function parseFrames(block: Uint8Array): SseFrame[] {
  checkLines(block)
  const text = decoder.decode(block)
  if (text.startsWith('data: ') && text.indexOf('\n') === text.length - 2 && !text.includes('\r')) {
    return [{ event: undefined, data: text.slice(6, -2) }]
  }
  const frames: SseFrame[] = []
  let event: string | undefined
  let data: string | undefined
  for (const line of text.includes('\r') ? text.split(/\r\n|\n|\r/) : text.split('\n')) {
    if (line === '') {
      if (data !== undefined) frames.push({ event, data })
      event = undefined
      data = undefined
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') event = value === '' ? undefined : value
    else if (field === 'error') {
      event = 'error'
      data = value
    }
  }
  if (data !== undefined) frames.push({ event, data })
  return frames
}
