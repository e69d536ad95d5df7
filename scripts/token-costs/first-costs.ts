import {
  ASCII,
  type FittedCosts,
  isLetter,
  trigramIndex,
} from '../../packages/core/src/dialects/tokens/token-costs.ts'
import type { Vocabulary } from './vocabulary.ts'

/*
 * Costs before they are fitted to the tokenizer, in 64ths of a token: how often letters stand
 * together in the vocabulary, and a few rules for all other ASCII characters.
 */

type Kind = 'lower' | 'upper' | 'digit' | 'space' | 'line' | 'control' | 'mark' | 'wide'

/** Of a character before another one, 0 means any character beyond ASCII. */
function kindOf(code: number): Kind {
  if (code === 0) return 'wide'
  if (isLetter(code)) return code < 0x60 ? 'upper' : 'lower'
  if (code >= 0x30 && code <= 0x39) return 'digit'
  if (code === 0x20) return 'space'
  if (code === LINE || code === RETURN || code === TAB) return 'line'
  return code < 0x20 || code === 0x7f ? 'control' : 'mark'
}

const TAB = 0x09
const LINE = 0x0a
const RETURN = 0x0d

/** Cost of a character of one kind after a character of another kind. */
const AFTER: Readonly<
  Record<Exclude<Kind, 'wide'>, Readonly<Partial<Record<Kind, number>> & { other: number }>>
> = {
  lower: { mark: 40, digit: 60, space: 34, other: 44 },
  upper: { lower: 48, digit: 60, mark: 48, space: 34, other: 44 },
  digit: { digit: 23, space: 84, other: 60 },
  space: { space: 1, wide: 48, digit: 44, mark: 10, line: 44, control: 44, other: 7 },
  line: { mark: 52, other: 58 },
  control: { other: 60 },
  mark: { mark: 42, space: 42, other: 48 },
}

/** Marks that often stand in rows, which are few tokens. */
const ROWS = '#*-=._/+%~:;!'
const SHORT_ROWS = '>)@^?'

/**
 * Cost of a letter by the share of all text that is made of letters more usual than it is there.
 */
const LETTER_COSTS: readonly Step[] = [
  [0.6, 6],
  [0.82, 10],
  [0.93, 20],
  [0.98, 34],
  [1, 40],
]
const SECOND_LETTER_COSTS: readonly Step[] = [
  [0.75, 11],
  [0.92, 20],
  [1, 44],
]
const UPPER_COSTS: readonly Step[] = [
  [0.75, 28],
  [1, 42],
]
const LOWER_AFTER_UPPER = 12
const MOST = 44

type Step = readonly [share: number, cost: number]

export function firstCosts({ trigramWeights, pairWeights }: Vocabulary): FittedCosts {
  const trigrams = byUsualness(trigramWeights, LETTER_COSTS)
  const second = byUsualness(pairWeights, SECOND_LETTER_COSTS)
  const upper = byUsualness(pairWeights, UPPER_COSTS)
  const pairs = new Uint8Array(ASCII * ASCII)
  for (let before = 0; before < ASCII; before++) {
    for (let code = 0; code < ASCII; code++) {
      const lowered = ((before | 0x20) << 7) | code | 0x20
      const isWord = isLetter(before) && isLetter(code) && (code >= 0x60 || before < 0x60)
      const letter =
        code < 0x60
          ? (upper[lowered] as number)
          : (second[lowered] as number) + (before < 0x60 ? LOWER_AFTER_UPPER : 0)
      pairs[(before << 7) | code] = isWord && before !== code ? letter : pairCost(before, code)
    }
  }
  return { pairs, trigrams: trigrams.subarray(0, trigramIndex(0x7a, 0x7a, 0x7a) + 1) }
}

function pairCost(before: number, code: number): number {
  const was = kindOf(before)
  const is = kindOf(code)
  if (is === 'wide') return 60
  if (before === code && is === 'mark')
    return ROWS.includes(String.fromCharCode(code))
      ? 5
      : SHORT_ROWS.includes(String.fromCharCode(code))
        ? 12
        : 34
  // Rows of one letter hardly merge, and of lines only two do.
  if (before === code && isLetter(code)) return 34
  if (before === code && is === 'line') return code === RETURN ? 52 : 5
  if (before === RETURN && code === LINE) return 8
  const costs = AFTER[is]
  return costs[was] ?? costs.other
}

function byUsualness(weights: Float64Array, steps: readonly Step[]): Uint8Array {
  const costs = new Uint8Array(weights.length).fill(MOST)
  const total = weights.reduce((sum, weight) => sum + weight)
  let seen = 0
  for (const at of [...weights.keys()].sort(
    (a, b) => (weights[b] as number) - (weights[a] as number),
  )) {
    if (weights[at] === 0) break
    seen += (weights[at] as number) / total
    costs[at] = steps.find(([share]) => seen <= share)?.[1] ?? MOST
  }
  return costs
}
