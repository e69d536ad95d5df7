import { GatewayError } from '../errors.ts'

/**
 * How much structure a JSON text may have. Bytes do not bound it: a byte of brackets costs a
 * hundred times one of a string.
 */
export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depth: number
  /** Fields, objects and arrays in all. */
  readonly members: number
  /** Commas in all, which count the values of long arrays. */
  readonly elements: number
}

/**
 * Far more than any model takes: 5,000 messages with parts have 35,000 members, and the largest
 * batch of token ids that providers accept has 300,000 elements.
 */
export const REQUEST_LIMITS: JsonLimits = { depth: 64, members: 100_000, elements: 1_000_000 }
/** Embeddings are long lists of numbers. */
export const ANSWER_LIMITS: JsonLimits = { depth: 64, members: 100_000, elements: 4_000_000 }
/** An event is parsed in one go, between two others. */
export const EVENT_LIMITS: JsonLimits = { depth: 64, members: 50_000, elements: 500_000 }

/** Texts up to this size are parsed at once: the worst of them takes 10 ms. */
export const SMALL_JSON_BYTES = 64 * 1024
/** Values larger than this are put together from their parts. */
export const PIECE_BYTES = 64 * 1024
/** Longest number, word or run of white space in a text that is not small. */
export const MAX_GAP_BYTES = 16 * 1024
/** Bytes looked at between two turns of the event loop. */
const SCAN_BYTES = 64 * 1024

/**
 * Where a text is no JSON, as far as its brackets tell. `at` is its length where it ends too early.
 */
export class JsonSyntaxError extends Error {
  readonly at: number

  constructor(at: number) {
    super('not JSON')
    this.at = at
  }
}

/**
 * A value of more than a piece: an object, an array or a string, from its first byte to the one
 * after its last.
 */
export interface LargeValue {
  readonly start: number
  readonly end: number
  /** The large values directly inside, in order. */
  readonly parts: readonly LargeValue[]
}

const KINDS = new Uint8Array(256)
const QUOTE = 1
const OPEN = 2
const CLOSE = 3
const COMMA = 4
const COLON = 5
KINDS[0x22] = QUOTE
KINDS[0x7b] = KINDS[0x5b] = OPEN
KINDS[0x7d] = KINDS[0x5d] = CLOSE
KINDS[0x2c] = COMMA
KINDS[0x3a] = COLON

/**
 * Looks at every byte once, in steps between which the event loop may turn, and returns the text's
 * one value if it is large. `bytes` begin with that value. Throws `invalid_request` for more
 * structure than `limits` allow, and `JsonSyntaxError` where brackets or quotes do not match. What
 * stands between the brackets is left to the parser.
 */
export function* scanJson(
  bytes: Uint8Array,
  limits: JsonLimits,
  pieceBytes: number = PIECE_BYTES,
): Generator<undefined, LargeValue | undefined> {
  const { length } = bytes
  const starts = new Float64Array(limits.depth + 1)
  const parts: (LargeValue[] | undefined)[] = []
  let depth = 0
  let members = 0
  let elements = 0
  let gapStart = 0
  let stringBytes = 0
  /** A string or bracket has ended, and neither a comma nor a colon has followed. */
  let isValueDone = false
  let pauseAt = SCAN_BYTES
  for (let at = 0; at < length; at++) {
    if (at >= pauseAt) {
      pauseAt = at + SCAN_BYTES
      yield
    }
    at = nextMark(bytes, at, gapStart + MAX_GAP_BYTES + 2)
    if (at > gapStart + MAX_GAP_BYTES + 1) throw tooLongGap()
    if (at >= length) break
    const kind = KINDS[bytes[at] ?? 0]
    gapStart = at
    if ((isValueDone || (depth === 0 && at > 0)) && (kind === QUOTE || kind === OPEN))
      throw new JsonSyntaxError(at)
    isValueDone = kind === QUOTE || kind === CLOSE
    if (kind === QUOTE) {
      let end = endOfString(bytes, at + 1, at + 1 + SCAN_BYTES)
      for (; end.isOpen; end = endOfString(bytes, end.at, end.at + SCAN_BYTES)) {
        if (end.at >= length) throw new JsonSyntaxError(length)
        yield
      }
      const start = at
      gapStart = at = end.at
      stringBytes = at + 1 - start
      if (stringBytes > pieceBytes) (parts[depth] ??= []).push({ start, end: at + 1, parts: [] })
    } else if (kind === OPEN) {
      depth += 1
      if (depth > limits.depth) throw tooDeep(limits)
      members += 1
      starts[depth] = at
      parts[depth] = undefined
    } else if (kind === CLOSE) {
      const start = starts[depth] ?? 0
      // The codes of a pair of brackets differ by two.
      if (depth === 0 || bytes[at] !== (bytes[start] ?? 0) + 2) throw new JsonSyntaxError(at)
      depth -= 1
      if (at + 1 - start > pieceBytes)
        (parts[depth] ??= []).push({ start, end: at + 1, parts: parts[depth + 1] ?? [] })
    } else if (kind === COLON) {
      members += 1
      if (stringBytes > MAX_GAP_BYTES) throw tooLongName()
      // The string was a name, no value.
      if (stringBytes > pieceBytes) parts[depth]?.pop()
    } else elements += 1
    if (kind !== QUOTE) stringBytes = 0
    if (members > limits.members || elements > limits.elements) throw tooMany(members, limits)
  }
  if (depth > 0) throw new JsonSyntaxError(length)
  return parts[0]?.[0]
}

/**
 * Where the next bracket, quote, comma or colon stands, at `end` or the end of the text at the
 * latest. Outside the generator, where a loop over bytes takes three times as long.
 */
function nextMark(bytes: Uint8Array, from: number, end: number): number {
  const last = Math.min(end, bytes.length)
  let at = from
  while (at < last && KINDS[bytes[at] ?? 0] === 0) at += 1
  return at
}

function tooDeep(limits: JsonLimits): GatewayError {
  return refusal(`nests objects and arrays more than ${limits.depth} deep`)
}

function tooLongName(): GatewayError {
  return refusal(`has a field name of more than ${MAX_GAP_BYTES} characters`)
}

function tooMany(members: number, limits: JsonLimits): GatewayError {
  return refusal(
    `has more than ${members > limits.members ? `${limits.members} fields, objects and arrays` : `${limits.elements} values`}`,
  )
}

export function tooLongGap(): GatewayError {
  return refusal(
    `has a number, a word or a run of white space of more than ${MAX_GAP_BYTES} characters`,
  )
}

/** @param what the text does: `has more than ...` */
export function refusal(what: string): GatewayError {
  return new GatewayError('invalid_request', `The JSON ${what}. Send less in one request.`)
}

/**
 * Bytes looked at one by one after an escaped quote: where one is there are often more, and a
 * search for each is slow.
 */
const STEP_BYTES = 256
const BACKSLASH = 0x5c

/**
 * The quote that ends the string whose content goes on at `from`, or, with `isOpen`, as far as it
 * was looked for.
 */
export function endOfString(
  bytes: Uint8Array,
  from: number,
  until: number,
): { readonly at: number; readonly isOpen: boolean } {
  let at = from
  while (at < until) {
    const quote = bytes.indexOf(0x22, at)
    if (quote === -1) return { at: bytes.length, isOpen: true }
    let backslashes = 0
    while (quote - backslashes > at && bytes[quote - backslashes - 1] === BACKSLASH)
      backslashes += 1
    if (backslashes % 2 === 0) return { at: quote, isOpen: false }
    at = quote + 1
    const stepEnd = Math.min(at + STEP_BYTES, bytes.length)
    for (; at < stepEnd; at++) {
      if (bytes[at] === 0x22) return { at, isOpen: false }
      if (bytes[at] === BACKSLASH) at += 1
    }
  }
  return { at, isOpen: true }
}
