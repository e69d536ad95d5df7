/** Longer numbers and words are taken to go on. */
const LONGEST_SCALAR = 64

const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const OPENERS = new Set([0x7b, 0x5b])
const CLOSERS = new Set([0x7d, 0x5d])
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * Whether a text that arrives in parts is one whole value of JSON so far. Asked after every part it
 * looks at each character once and parses at most once, where parsing all of it again takes a time
 * that grows with the square of its length.
 */
export class WholeJson {
  /** Parts that were not looked at: mostly the question is never asked. */
  #pending: string[] = []
  #depth = 0
  #isInString = false
  #isEscaped = false
  /**
   * `scalar` is a number or a word, whose end is not seen; `beyond` has something behind its end.
   */
  #state: 'nothing' | 'open' | 'scalar' | 'ended' | 'beyond' = 'nothing'
  #isValid: boolean | undefined

  add(part: string): void {
    if (part !== '') this.#pending.push(part)
  }

  /** @param text all parts together */
  isWhole(text: string): boolean {
    for (const part of this.#pending) this.#read(part)
    this.#pending = []
    if (this.#state === 'scalar') return text.length <= LONGEST_SCALAR && isJson(text)
    if (this.#state !== 'ended') return false
    return (this.#isValid ??= isJson(text))
  }

  #read(part: string): void {
    for (let at = 0; at < part.length && this.#state !== 'beyond'; at++)
      this.#step(part.charCodeAt(at))
  }

  #step(code: number): void {
    if (this.#isInString) this.#stepInString(code)
    else if (SPACES.has(code)) return
    else if (this.#state === 'ended') this.#state = 'beyond'
    else if (code === QUOTE) this.#enter('string')
    else if (OPENERS.has(code)) this.#enter('bracket')
    else if (CLOSERS.has(code)) this.#close()
    else if (this.#state === 'nothing') this.#state = 'scalar'
  }

  #enter(what: 'string' | 'bracket'): void {
    if (this.#state === 'scalar') this.#state = 'beyond'
    else this.#state = 'open'
    if (what === 'string') this.#isInString = true
    else this.#depth += 1
  }

  #stepInString(code: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (code === BACKSLASH) this.#isEscaped = true
    else if (code === QUOTE) {
      this.#isInString = false
      if (this.#depth === 0) this.#state = 'ended'
    }
  }

  #close(): void {
    this.#depth -= 1
    this.#state = this.#depth > 0 ? 'open' : this.#depth === 0 ? 'ended' : 'beyond'
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
