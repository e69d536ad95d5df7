import { ASCII, CONTEXTS, fillTokenCosts, isLetter, TOKEN } from './token-costs.ts'

/*
 * The tables are constants of the module, because the loop over them is a third faster than over
 * properties. They are filled on first use: a process that never estimates does not pay for them.
 */
const ascii = new Uint8Array(CONTEXTS << 14)
const contexts = new Int32Array(ASCII)
const wide = new Uint8Array(0x10000)
const tables = { isFilled: false }

/**
 * UTF-16 code units per pass. They are copied out of the string first: reading them there one by
 * one takes longer than all else.
 */
const UNITS = 4096
const units = new Uint16Array(UNITS)
const bytes = Buffer.from(units.buffer)

/**
 * A text begins as it would after a character beyond ASCII: nothing before it makes its first
 * character cheaper.
 */
const TEXT_START = 0
/**
 * Each text ends a token and begins one, in 64ths of a token: a thousand texts of one letter are a
 * thousand tokens.
 */
const TEXT_COST = 16

/**
 * Estimates the tokens of texts. It reads every character once, so that padding cannot skew the
 * estimate and position makes no difference.
 */
export class TextTally {
  #cost = 0

  add(text: string): void {
    if (!tables.isFilled) {
      fillTokenCosts({ ascii, contexts, wide })
      tables.isFilled = true
    }
    if (text === '') return
    this.#cost += TEXT_COST
    let before = TEXT_START
    for (let at = 0; at < text.length; at += UNITS) {
      const length =
        bytes.write(text.length <= UNITS ? text : text.slice(at, at + UNITS), 'utf16le') >> 1
      this.#cost += costOfUnits(0, length, before) + costOfLongRuns(length)
      before = units[length - 1] as number
    }
  }

  get tokens(): number {
    return Math.ceil(this.#cost / TOKEN)
  }
}

/** Cost of the units of this pass from `from` to before `to`. */
function costOfUnits(from: number, to: number, last: number): number {
  let cost = 0
  let before = last < ASCII ? last : 0
  let row = before << 7
  for (let at = from; at < to; at++) {
    const code = units[at] as number
    if (code < ASCII) {
      cost = (cost + (ascii[row | code] as number)) | 0
      row = (contexts[before] as number) | (code << 7)
      before = code
    } else {
      cost = (cost + (wide[code] as number)) | 0
      row = 0
      before = 0
    }
  }
  return cost
}

/** Longer than any word of prose. */
const LONG_RUN = 40
/**
 * Least cost of a letter in such a run: the tables know how words of a vocabulary are spelt, and
 * one of them repeated without a space (`erecterect`) falls apart into far more tokens than that.
 */
const LETTER_OF_LONG_RUN = 36

/**
 * Cost of long runs of letters without a space, beyond the cost of their characters. Probes every
 * 40th unit.
 */
function costOfLongRuns(length: number): number {
  let cost = 0
  for (let at = LONG_RUN - 1; at < length; at += LONG_RUN) {
    if (!isLetter(units[at] as number)) continue
    let start = at
    while (start > 0 && isLetter(units[start - 1] as number)) start -= 1
    let end = at + 1
    while (end < length && isLetter(units[end] as number)) end += 1
    if (end - start >= LONG_RUN)
      cost += Math.max(0, (end - start) * LETTER_OF_LONG_RUN - costOfUnits(start, end, 0))
    at = end
  }
  return cost
}
