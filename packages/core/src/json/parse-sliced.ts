import { jsonErrorOffset } from './error-offset.ts'
import {
  type JsonLimits,
  JsonSyntaxError,
  type LargeValue,
  MAX_GAP_BYTES,
  PIECE_BYTES,
  scanJson,
  tooLongGap,
} from './scan.ts'
import type { Turns } from './turns.ts'

/**
 * Reads a large JSON object without holding the event loop: its structure is bounded and scanned
 * first, then it is parsed piece by piece with `JSON.parse`, and between two pieces the loop turns.
 * Gives what `JSON.parse` gives. Throws `invalid_request` for more structure than `limits` allow,
 * and `JsonSyntaxError` for what is no JSON object.
 */
export function parseSliced(
  bytes: Uint8Array,
  limits: JsonLimits,
  turns: Turns,
): Promise<Record<string, unknown>> {
  return turns.run(parsing(bytes, limits))
}

/**
 * The steps of `parseSliced`; the event loop may turn at each `yield`. `pieceBytes` is smaller in
 * tests only.
 */
export function* parsing(
  bytes: Uint8Array,
  limits: JsonLimits,
  pieceBytes: number = PIECE_BYTES,
): Generator<undefined, Record<string, unknown>> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = skipSpace(text, hasByteOrderMark(text) ? 3 : 0)
  if (start > MAX_GAP_BYTES) throw tooLongGap()
  if (text[start] !== OPEN_BRACE) throw new JsonSyntaxError(start)
  const large = yield* scanJson(text.subarray(start), limits, pieceBytes)
  if (large === undefined) return parsePiece(text.subarray(start), start) as Record<string, unknown>
  const value = shifted(large, start)
  const end = skipSpace(text, value.end)
  if (end < text.length) throw new JsonSyntaxError(end)
  return (yield* containerOf({ text, pieceBytes }, value)) as Record<string, unknown>
}

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const LETTER_U = 0x75

function hasByteOrderMark(text: Buffer): boolean {
  return text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf
}

/** Gives up behind the longest gap there may be. */
function skipSpace(text: Buffer, at: number): number {
  const end = Math.min(text.length, at + MAX_GAP_BYTES + 1)
  for (; at < end; at++) {
    const byte = text[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return at
}

function shifted({ start, end, parts }: LargeValue, by: number): LargeValue {
  return by === 0
    ? { start, end, parts }
    : { start: start + by, end: end + by, parts: parts.map((part) => shifted(part, by)) }
}

type Container = Record<string, unknown> | unknown[]

interface Source {
  readonly text: Buffer
  readonly pieceBytes: number
}

/** One large object or array, from runs of small members and, one by one, its large ones. */
function* containerOf(source: Source, value: LargeValue): Generator<undefined, Container> {
  const into = new Members(source, value)
  for (const part of value.parts) {
    const key = yield* into.upTo(part.start)
    into.set(
      key,
      source.text[part.start] === QUOTE
        ? yield* stringOf(source, part)
        : yield* containerOf(source, part),
    )
    into.resumeAt(part.end)
  }
  return yield* into.rest()
}

/** The members of one object or array as they are read. */
class Members {
  readonly #text: Buffer
  readonly #runBytes: number
  readonly #end: number
  readonly #target: Container
  /** Where what has not been parsed begins: behind the opening bracket or a comma. */
  #from: number
  /** A comma has been passed, so a member must follow. */
  #afterComma = false

  constructor({ text, pieceBytes }: Source, value: LargeValue) {
    this.#text = text
    this.#runBytes = pieceBytes / 2
    this.#end = value.end - 1
    this.#target = text[value.start] === OPEN_BRACE ? {} : []
    this.#from = value.start + 1
  }

  /**
   * Parses the members before the one whose value begins at `start`, and returns its key;
   * `undefined` in an array.
   */
  *upTo(start: number): Generator<undefined, string | undefined> {
    const member = yield* this.#parseRuns(start)
    const isObject = !Array.isArray(this.#target)
    const alone = this.#parse(member, start, '0')
    const keys = Object.keys(alone)
    const [key] = keys
    if (keys.length !== 1 || key === undefined) throw new JsonSyntaxError(start)
    return isObject ? key : undefined
  }

  set(key: string | undefined, value: unknown): void {
    const target = this.#target
    if (Array.isArray(target)) target.push(value)
    else setOwn(target, key ?? '', value)
  }

  /** Goes on behind a large value. */
  resumeAt(end: number): void {
    const at = skipSpace(this.#text, end)
    if (at < this.#end && this.#text[at] !== COMMA) throw new JsonSyntaxError(at)
    this.#afterComma = at < this.#end
    this.#from = Math.min(at + 1, this.#end)
  }

  *rest(): Generator<undefined, Container> {
    const from = yield* this.#parseRuns(this.#end)
    this.#take(from, this.#end)
    return this.#target
  }

  /**
   * Parses whole runs of small members while more than a piece is left; returns where the last
   * member before `end` begins.
   */
  *#parseRuns(end: number): Generator<undefined, number> {
    const text = this.#text
    let lastComma = -1
    let depth = 0
    for (let at = this.#from; at < end; at++) {
      const byte = text[at]
      if (byte === QUOTE) at = endOfSmallString(text, at)
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
      else if (byte === COMMA && depth === 0) {
        lastComma = at
        if (at - this.#from < this.#runBytes) continue
        this.#take(this.#from, at)
        this.#pass(at)
        yield
      }
    }
    if (end < this.#end && lastComma >= this.#from) {
      this.#take(this.#from, lastComma)
      this.#pass(lastComma)
    }
    yield
    return this.#from
  }

  #pass(comma: number): void {
    this.#from = comma + 1
    this.#afterComma = true
  }

  /** Adds the members between two commas or brackets. */
  #take(from: number, to: number): void {
    const run = this.#parse(from, to, '')
    const target = this.#target
    let count = 0
    if (Array.isArray(target)) for (const value of run as unknown[]) count = target.push(value)
    else
      for (const key of Object.keys(run))
        count = setOwn(target, key, (run as Record<string, unknown>)[key])
    if (count === 0 && (this.#afterComma || to < this.#end)) throw new JsonSyntaxError(to)
  }

  #parse(from: number, to: number, placeholder: string): Container {
    const [open, close] = Array.isArray(this.#target) ? '[]' : '{}'
    return parsePiece(this.#text.subarray(from, to), from, [
      open ?? '',
      placeholder + (close ?? ''),
    ]) as Container
  }
}

/** An assignment would set the prototype where the key is `__proto__`. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): 1 {
  if (key === '__proto__')
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  else target[key] = value
  return 1
}

/** @param from where the piece begins, for the place of an error */
function parsePiece(
  piece: Buffer,
  from: number,
  [before, after]: readonly [string, string] = ['', ''],
): unknown {
  try {
    return JSON.parse(before + piece.toString('utf8') + after)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const text = before + piece.toString('utf8') + after
    throw new JsonSyntaxError(
      from + Buffer.byteLength(text.slice(before.length, jsonErrorOffset(text))),
    )
  }
}

function endOfSmallString(text: Buffer, at: number): number {
  for (at += 1; at < text.length; at++) {
    if (text[at] === QUOTE) return at
    if (text[at] === BACKSLASH) at += 1
  }
  return at
}

function* stringOf(
  { text, pieceBytes }: Source,
  { start, end }: LargeValue,
): Generator<undefined, string> {
  const pieces: string[] = []
  for (let from = start + 1; from < end - 1;) {
    const to = cutOf(text, from, Math.min(from + pieceBytes, end - 1))
    pieces.push(parsePiece(text.subarray(from, to), from, ['"', '"']) as string)
    from = to
    yield
  }
  return pieces.join('')
}

/** Longest escape: `\u0000`. */
const ESCAPE_BYTES = 6

/**
 * Where a string can be cut, at `to` or shortly before: not inside a character or an escape. `from`
 * is such a place.
 */
function cutOf(text: Buffer, from: number, to: number): number {
  if (text[to] === QUOTE && !isEscaped(text, from, to)) return to
  const near = Math.max(from, to - ESCAPE_BYTES)
  const backslash = text.subarray(near, to).lastIndexOf(BACKSLASH)
  if (backslash !== -1) {
    const last = near + backslash
    const run = runStart(text, from, last)
    if (run > from) return run
    // The piece begins with a run of backslashes: its pairs, or else its one escape.
    const pairs = (last + 1 - from) & ~1
    return from + (pairs > 0 ? pairs : text[from + 1] === LETTER_U ? ESCAPE_BYTES : 2)
  }
  while (to > from + 1 && ((text[to] ?? 0) & 0xc0) === 0x80) to -= 1
  return to
}

function isEscaped(text: Buffer, from: number, at: number): boolean {
  return (at - runStart(text, from, at)) % 2 === 1
}

/** Where the backslashes right before `at` begin. */
function runStart(text: Buffer, from: number, at: number): number {
  while (at > from && text[at - 1] === BACKSLASH) at -= 1
  return at
}
