import { PIECE_BYTES } from './scan.ts'
import type { Turns } from './turns.ts'

type Container = Readonly<Record<string, unknown>> | readonly unknown[]

/** From this size on a text is put together in pieces; a smaller one takes two milliseconds. */
const LARGE_LENGTH = 4 * PIECE_BYTES

/**
 * The JSON text of a value that came from JSON, as `JSON.stringify` gives it; a large one comes as
 * bytes, later.
 */
export function jsonText(value: Container, turns: Turns): string | Promise<Uint8Array> {
  return isLonger(value, LARGE_LENGTH) ? turns.run(writing(value)) : JSON.stringify(value)
}

/**
 * The steps of a large text; the event loop may turn at each `yield`. `pieceLength` is smaller in
 * tests only.
 */
export function* writing(
  value: Container,
  pieceLength: number = PIECE_BYTES,
): Generator<undefined, Uint8Array> {
  const text = new Pieces(pieceLength)
  yield* writeInto(text, value)
  yield
  return text.end()
}

/** Written text, encoded piece by piece. */
class Pieces {
  readonly pieceLength: number
  readonly #pieces: Uint8Array[] = []
  #text = ''

  constructor(pieceLength: number) {
    this.pieceLength = pieceLength
  }

  /** Whether a whole piece has come together since the last time it was. */
  add(text: string): boolean {
    this.#text += text
    if (this.#text.length < this.pieceLength) return false
    this.#pieces.push(Buffer.from(this.#text))
    this.#text = ''
    return true
  }

  end(): Uint8Array {
    this.#pieces.push(Buffer.from(this.#text))
    return Buffer.concat(this.#pieces)
  }
}

function* writeInto(text: Pieces, value: unknown): Generator<undefined, void> {
  if (typeof value === 'string') yield* writeString(text, value)
  else if (!isContainer(value) || !isLonger(value, text.pieceLength)) {
    if (text.add(JSON.stringify(value))) yield
  } else if (Array.isArray(value)) yield* writeArray(text, value)
  else yield* writeObject(text, value as Readonly<Record<string, unknown>>)
}

function* writeArray(text: Pieces, values: readonly unknown[]): Generator<undefined, void> {
  let before = '['
  for (const value of values) {
    text.add(before)
    yield* writeInto(text, value ?? null)
    before = ','
  }
  text.add(before === '[' ? '[]' : ']')
}

function* writeObject(
  text: Pieces,
  fields: Readonly<Record<string, unknown>>,
): Generator<undefined, void> {
  let before = '{'
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    if (value === undefined) continue
    text.add(`${before}${JSON.stringify(key)}:`)
    yield* writeInto(text, value)
    before = ','
  }
  text.add(before === '{' ? '{}' : '}')
}

function* writeString(text: Pieces, value: string): Generator<undefined, void> {
  if (value.length <= text.pieceLength) {
    if (text.add(JSON.stringify(value))) yield
    return
  }
  text.add('"')
  for (let from = 0; from < value.length;) {
    let to = Math.min(from + text.pieceLength, value.length)
    // Two halves of one character stay together.
    while (to < value.length && isHighSurrogate(value.charCodeAt(to - 1))) to += 1
    if (text.add(JSON.stringify(value.slice(from, to)).slice(1, -1))) yield
    from = to
  }
  text.add('"')
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

/**
 * Whether the text of `value` has more than about `length` characters; looks no further than that.
 */
function isLonger(value: Container, length: number): boolean {
  return lengthLeft(value, length) < 0
}

/** The rest of `length` after `value`; below 0 when `value` is longer. */
function lengthLeft(value: unknown, length: number): number {
  if (typeof value === 'string') return length - value.length
  if (!isContainer(value)) return length - 1
  let left = length - 1
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && left >= 0; at++) left = lengthLeft(value[at], left) - 1
    return left
  }
  for (const key in value) {
    if (left < 0) break
    left = lengthLeft((value as Readonly<Record<string, unknown>>)[key], left) - key.length
  }
  return left
}
