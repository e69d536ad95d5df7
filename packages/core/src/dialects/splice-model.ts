/** What becomes of a request's text on its way to a provider that speaks the client's own dialect. */
export interface ModelSplice {
  /** The model as the client named it, and as the provider knows it. */
  readonly from: string
  readonly to: string
  /** A member put before all others, which must not be there yet. */
  readonly first?: { readonly name: string; readonly value: string } | undefined
}

/**
 * Replaces the top-level `model` in the JSON text of a request without touching another byte. `undefined` where two
 * parsers could see two different requests (a member twice, a key spelled with escapes) and where `model` is not spelled
 * as expected: such a request is written anew. `bytes` is known to hold a JSON object with a
 * `model` of its own.
 */
export function spliceModel(bytes: Uint8Array, splice: ModelSplice): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = text.indexOf(OPEN_BRACE) + 1
  if (start === 0) return undefined
  const value = valueOfLoneModel(text, start, splice.first?.name) ?? new MemberScan(text, start).valueOfModel(splice.first?.name)
  if (value === undefined) return undefined
  const old = Buffer.from(JSON.stringify(splice.from))
  if (old.compare(text, value, value + old.length) !== 0) return undefined
  const { first } = splice
  if (first === undefined && splice.from === splice.to) return bytes
  const head = first === undefined ? [text.subarray(0, start)] : [text.subarray(0, start), Buffer.from(`${JSON.stringify(first.name)}:${first.value},`)]
  return Buffer.concat([...head, text.subarray(start, value), Buffer.from(JSON.stringify(splice.to)), text.subarray(value + old.length)])
}

const MODEL_KEY = Buffer.from('"model"')
/** Spells a letter of a key, so that its bytes need not be where they seem to be. */
const ESCAPED_LETTER = /\\u00(?:5f|6|7)/i

/**
 * What most requests allow: the key's bytes occur once, so they are the key's. Inside a string its quotes would be
 * escaped.
 */
function valueOfLoneModel(text: Buffer, start: number, forbidden: string | undefined): number | undefined {
  if (forbidden !== undefined && text.includes(JSON.stringify(forbidden))) return undefined
  if (text.includes('\\u00') && ESCAPED_LETTER.test(text.toString('latin1'))) return undefined
  const key = text.indexOf(MODEL_KEY, start)
  if (key === -1 || text.includes(MODEL_KEY, key + MODEL_KEY.length)) return undefined
  return valueAfter(text, key + MODEL_KEY.length)
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
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** Walks a JSON object from member to member: what stands inside of strings and nested values is stepped over. */
class MemberScan {
  readonly #text: Buffer
  #at: number

  constructor(text: Buffer, start: number) {
    this.#text = text
    this.#at = start
  }

  /** Where the value of the one member `model` begins; `undefined` with none, two, a forbidden one, or an escaped key. */
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
    for (let quote = this.#text.indexOf(QUOTE, this.#at + 1); quote !== -1; quote = this.#text.indexOf(QUOTE, quote + 1)) {
      let backslashes = 0
      while (this.#text[quote - 1 - backslashes] === BACKSLASH) backslashes += 1
      if (backslashes % 2 === 0) return quote
    }
    return this.#text.length
  }
}
