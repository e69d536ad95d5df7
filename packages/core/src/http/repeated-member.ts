const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** As many names are compared one by one; beyond, a set is quicker. */
const FEW = 12

/** The names of one object so far. */
class Names {
  #list: string[] = []
  #set: Set<string> | undefined

  /** False when the object has it already. */
  add(name: string): boolean {
    if (this.#set === undefined && this.#list.length < FEW) {
      if (this.#list.includes(name)) return false
      this.#list.push(name)
      return true
    }
    this.#set ??= new Set(this.#list)
    if (this.#set.has(name)) return false
    this.#set.add(name)
    return true
  }
}

/**
 * The name that some object of a JSON text has twice, and of which parsers therefore see different
 * values; `undefined` where there is none. Of the outermost object, two spellings of one name
 * (`max_tokens`, `maxTokens`, `Max_Tokens`) are the same.
 *
 * @param bytes a JSON text that has been parsed without an error
 * @param plain gives all spellings of a name the same one
 */
export function repeatedMember(
  bytes: Uint8Array,
  plain: (name: string) => string,
): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  /** Of each open object its names, of each open array nothing. */
  const open: (Names | undefined)[] = []
  let isKey = false
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === QUOTE) {
      const end = endOfString(text, at)
      const names = open.at(-1)
      if (isKey && names !== undefined) {
        const name = nameIn(text, at + 1, end)
        if (!names.add(open.length === 1 ? plain(name) : name)) return name
      }
      at = end
    } else if (byte === OPEN_BRACE) {
      open.push(new Names())
      isKey = true
    } else if (byte === OPEN_BRACKET) {
      open.push(undefined)
      isKey = false
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) open.pop()
    else if (byte === COMMA) isKey = true
    else if (byte === COLON) isKey = false
  }
  return undefined
}

function nameIn(text: Buffer, start: number, end: number): string {
  const name = text.toString('utf8', start, end)
  return name.includes('\\') ? String(JSON.parse(`"${name}"`)) : name
}

/** The quote that ends the string which begins at this one. */
function endOfString(text: Buffer, start: number): number {
  for (
    let quote = text.indexOf(QUOTE, start + 1);
    quote !== -1;
    quote = text.indexOf(QUOTE, quote + 1)
  ) {
    let backslashes = 0
    while (text[quote - 1 - backslashes] === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return quote
  }
  return text.length
}
