import { endOfString, SMALL_JSON_BYTES } from '../../json/scan.ts'

/**
 * Changes of a request's text on its way to a provider of the client's own dialect.
 */
export interface ModelSplice {
  /** The model as the client named it, and as the provider knows it. */
  readonly from: string
  readonly to: string
  /** A member put before all others, which must not be there yet. */
  readonly first?: { readonly name: string; readonly value: string } | undefined
}

/**
 * Replaces the top-level `model` in the JSON text of a request without touching another byte.
 * `undefined` where two parsers could see two different requests (a member twice, a key spelled
 * with escapes) and where `model` is not spelled as expected: such a request is rewritten.
 * `bytes` is known to hold a JSON object with a `model` of its own.
 */
export function spliceModel(bytes: Uint8Array, splice: ModelSplice): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = text.indexOf(OPEN_BRACE) + 1
  if (start === 0) return undefined
  const value =
    valueOfLoneModel(text, start, splice.first?.name) ??
    new MemberScan(text, start).valueOfModel(splice.first?.name)
  if (value === undefined) return undefined
  const old = Buffer.from(JSON.stringify(splice.from))
  if (old.compare(text, value, value + old.length) !== 0) return undefined
  const { first } = splice
  if (first === undefined && splice.from === splice.to) return bytes
  const head =
    first === undefined
      ? [text.subarray(0, start)]
      : [text.subarray(0, start), Buffer.from(`${JSON.stringify(first.name)}:${first.value},`)]
  return Buffer.concat([
    ...head,
    text.subarray(start, value),
    Buffer.from(JSON.stringify(splice.to)),
    text.subarray(value + old.length),
  ])
}

const MODEL_KEY = Buffer.from('"model"')

/**
 * The usual case: the key's bytes occur once, so they are the key. Inside a string its
 * quotes would be escaped.
 */
function valueOfLoneModel(
  text: Buffer,
  start: number,
  forbidden: string | undefined,
): number | undefined {
  if (
    forbidden !== undefined &&
    find(text, 0, startsWith(Buffer.from(JSON.stringify(forbidden)))) !== -1
  )
    return undefined
  if (find(text, 0, ESCAPED_LETTER) !== -1) return undefined
  const key = find(text, start, MODEL)
  if (key === undefined || key === -1 || find(text, key + MODEL_KEY.length, MODEL) !== -1)
    return undefined
  return valueAfter(text, key + MODEL_KEY.length)
}

interface Pattern {
  /** Offset of its first byte. */
  readonly needle: Buffer
  isAt(text: Buffer, at: number): boolean
}

function startsWith(needle: Buffer): Pattern {
  return {
    needle,
    isAt: (text, at) =>
      text[at + 1] === needle[1] &&
      at + needle.length <= text.length &&
      needle.compare(text, at, at + needle.length) === 0,
  }
}

/**
 * More occurrences of a pattern's first byte than most texts have: beyond that, walking from member
 * to member is cheaper than searching.
 */
const MANY = 1_000

/**
 * Where the pattern is found first at or behind `from`; `-1` where it is not, `undefined` where the
 * search would take long.
 */
function find(text: Buffer, from: number, { needle, isAt }: Pattern): number | undefined {
  // The search for several bytes hides how often it has found the first of them.
  const sought = text.length > SMALL_JSON_BYTES ? (needle[0] ?? 0) : needle
  let at = text.indexOf(sought, from)
  for (let misses = 0; misses < MANY; misses++) {
    if (at === -1 || isAt(text, at)) return at
    at = text.indexOf(sought, at + 1)
  }
  return undefined
}

function valueAfter(text: Buffer, at: number): number | undefined {
  let colons = 0
  for (; at < text.length; at++) {
    const byte = text[at]
    if (byte === COLON) colons += 1
    else if (!isSpace(byte)) break
  }
  return colons === 1 ? at : undefined
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const LETTER_U = 0x75
const ZERO = 0x30

const MODEL = startsWith(MODEL_KEY)

/**
 * Spells a letter of a key, so that its bytes need not be where they seem to be: an underscore, or
 * a letter of either case.
 */
const ESCAPED_LETTER: Pattern = {
  needle: Buffer.from('\\u00'),
  isAt(text, at) {
    if (text[at + 1] !== LETTER_U || text[at + 2] !== ZERO || text[at + 3] !== ZERO) return false
    return /^(?:5f|6|7)/i.test(text.toString('latin1', at + 4, at + 6))
  },
}

/**
 * Walks a JSON object from member to member: what stands inside of strings and nested values is
 * stepped over.
 */
class MemberScan {
  readonly #text: Buffer
  #at: number

  constructor(text: Buffer, start: number) {
    this.#text = text
    this.#at = start
  }

  /**
   * Where the value of the one member `model` begins; `undefined` with none, two, a forbidden one,
   * or an escaped key.
   */
  valueOfModel(forbidden: string | undefined): number | undefined {
    let found: number | undefined
    for (let name = this.#nextName(); name !== undefined; name = this.#nextName()) {
      if (name.includes('\\') || name === forbidden) return undefined
      if (name !== 'model') continue
      if (found !== undefined) return undefined
      found = valueAfter(this.#text, this.#at)
    }
    return found
  }

  /** The next key of the outermost object as it is spelled; the position is then behind it. */
  #nextName(): string | undefined {
    const text = this.#text
    let depth = 0
    // A key follows the opening brace or a comma; what follows a colon is a value.
    let isKey = true
    for (; this.#at < text.length; this.#at++) {
      const byte = text[this.#at]
      if (byte === QUOTE) {
        const end = this.#endOfString()
        const begin = this.#at + 1
        this.#at = end
        if (depth > 0 || !isKey) continue
        this.#at = end + 1
        return text.toString('latin1', begin, end)
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
      else if (depth === 0 && (byte === COMMA || byte === COLON)) isKey = byte === COMMA
    }
    return undefined
  }

  /** The quote that ends the string which begins at the current one. */
  #endOfString(): number {
    return endOfString(this.#text, this.#at + 1, this.#text.length).at
  }
}
