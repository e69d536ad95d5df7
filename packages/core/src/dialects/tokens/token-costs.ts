import { inflateRawSync } from 'node:zlib'
import { CHARACTERS, PAIRS, TRIGRAMS } from './token-cost-data.ts'

/** One token. */
export const TOKEN = 64

/** The ASCII characters. */
export const ASCII = 0x80
const LETTERS = 26

/**
 * Costs of ASCII characters in 64ths of a token, as `scripts/generate-token-costs.ts` fits them.
 */
export interface FittedCosts {
  /**
   * Cost of a character after another one, at `before << 7 | character`; `before` is 0 after any
   * character beyond ASCII.
   */
  readonly pairs: Uint8Array
  /** Cost of the third of three letters, at {@link trigramIndex}. */
  readonly trigrams: Uint8Array
}

/** Costs that the estimator adds up, in 64ths of a token. */
export interface TokenCosts {
  /**
   * Cost of an ASCII character after two others, at `contexts[two] | before << 7 | character`. One
   * look-up per character: 448 kB, of which ordinary text touches a small part.
   */
  readonly ascii: Uint8Array
  /** Where in `ascii` the costs begin for an ASCII character two places before. */
  readonly contexts: Int32Array
  /** Cost of any other UTF-16 code unit. */
  readonly wide: Uint8Array
}

/** Fills empty tables; takes some milliseconds. */
export function fillTokenCosts({ ascii, contexts, wide }: TokenCosts): void {
  fillAscii(ascii, { pairs: inflate(PAIRS), trigrams: inflate(TRIGRAMS) })
  for (let code = 0; code < ASCII; code++) contexts[code] = contextOf(code) << 14
  fillWide(wide, inflate(CHARACTERS))
}

/**
 * Extra cost of a one-letter word over the start of a longer one, charged to the character after
 * it.
 */
const LONE_LETTER = 16
const SPACE = 0x20

/**
 * Cost of `code` after `before` after `two`. The generator and the tables both follow this rule.
 */
export function costAfter(
  { pairs, trigrams }: FittedCosts,
  [two, before]: readonly [two: number, before: number],
  code: number,
): number {
  const pair = pairs[(before << 7) | code] as number
  if (!isLetter(before)) return pair
  if (!isLetter(code) || (isUpper(code) && !isUpper(before)))
    return two === SPACE ? pair + LONE_LETTER : pair
  if (!isLetter(two) || isUpper(before) !== isUpper(code)) return pair
  const trigram = trigrams[trigramIndex(two, before, code)] as number
  return isUpper(code) ? Math.max(pair, trigram) : trigram
}

/** Where a trigram of letters stands in its table; case makes no difference. */
export function trigramIndex(first: number, second: number, third: number): number {
  return (ordinal(first) * LETTERS + ordinal(second)) * LETTERS + ordinal(third)
}

function ordinal(letter: number): number {
  return (letter & 0x1f) - 1
}

export function isLetter(code: number): boolean {
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
}

function isUpper(code: number): boolean {
  return code < 0x60
}

const OTHER_CONTEXT = 0
const SPACE_CONTEXT = LETTERS + 1
export const CONTEXTS = LETTERS + 2

/**
 * Of a character two places before, all that matters is which letter it is, or that it is a space.
 */
function contextOf(code: number): number {
  if (isLetter(code)) return ordinal(code) + 1
  return code === SPACE ? SPACE_CONTEXT : OTHER_CONTEXT
}

function fillAscii(costs: Uint8Array, fitted: FittedCosts): void {
  for (let context = 0; context < CONTEXTS; context++) costs.set(fitted.pairs, context << 14)
  const letters = Array.from({ length: ASCII }, (_, code) => code).filter(isLetter)
  for (const before of letters) {
    for (const two of [SPACE, ...letters]) {
      const start = (contextOf(two) << 14) | (before << 7)
      for (let code = 0; code < ASCII; code++)
        costs[start | code] = costAfter(fitted, [two, before], code)
    }
  }
}

/**
 * A byte of UTF-8 costs a token at most, and a character that is one token alone merges with its
 * neighbours in words.
 */
const OF_TWO_TOKENS = 108
const OF_THREE_TOKENS = 162
/** Half of a character beyond the first plane: four bytes at most, mostly fewer tokens. */
const OF_A_HALF = 112
/** Scripts whose letters merge more or less than those of others. */
const OF_ONE_TOKEN: readonly (readonly [first: number, last: number, cost: number])[] = [
  [0x100, 0x17f, 64],
  [0x400, 0x52f, 44],
  [0x900, 0xd7f, 62],
]
const OF_ONE_TOKEN_ELSEWHERE = 54

function fillWide(costs: Uint8Array, saved: Uint8Array): void {
  costs.fill(OF_A_HALF)
  for (let code = ASCII; code < 0x10000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const at = code - ASCII
    const tokens = (code < 0x800 ? 2 : 3) - (((saved[at >> 2] ?? 0) >> ((at & 3) * 2)) & 3)
    costs[code] = tokens === 1 ? ofOneToken(code) : tokens === 2 ? OF_TWO_TOKENS : OF_THREE_TOKENS
  }
}

function ofOneToken(code: number): number {
  return (
    OF_ONE_TOKEN.find(([first, last]) => code >= first && code <= last)?.[2] ??
    OF_ONE_TOKEN_ELSEWHERE
  )
}

function inflate(base64: string): Uint8Array {
  return inflateRawSync(Buffer.from(base64, 'base64'))
}
