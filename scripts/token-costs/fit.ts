import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import {
  ASCII,
  costAfter,
  type FittedCosts,
  isLetter,
  TOKEN,
  trigramIndex,
} from '../../packages/core/src/dialects/tokens/token-costs.ts'
import type { Vocabulary } from './vocabulary.ts'

/**
 * Repeated text costs no less than this share of what the tokenizer counts: padding is made of it.
 */
const FLOOR = 0.76
const LENGTH = 60
/** No place costs more than a token and a bit; the rest is charged to the others of the cycle. */
const MOST_OF_A_TRIGRAM = 60
const MOST_OF_A_PAIR = 72
const SAMPLES = 80_000

/**
 * Raises costs until short texts repeated over and over are not undercounted, the rarest places
 * first.
 */
export function fit(costs: FittedCosts, vocabulary: Vocabulary): void {
  for (const cycle of letterCycles(vocabulary)) raiseTrigrams(costs, vocabulary, cycle)
  for (let round = 0; round < 3; round++) {
    for (let a = 0; a < ASCII; a++) for (let b = 0; b <= a; b++) raiseBoth(costs, [a, b])
  }
  for (const cycle of sampledCycles()) raiseRarest(costs, vocabulary, cycle)
}

const LOWER_CASE = Array.from({ length: 26 }, (_, at) => 0x61 + at)

/**
 * All cycles of one to four letters (those of four from their first letter in the alphabet on), and
 * all words of the vocabulary.
 */
function* letterCycles({ words }: Vocabulary): Iterable<readonly number[]> {
  for (const a of LOWER_CASE) {
    yield [a]
    const others = LOWER_CASE.filter((letter) => letter >= a)
    for (const b of others) {
      yield [a, b]
      for (const c of others) yield [a, b, c]
    }
  }
  for (const a of LOWER_CASE) {
    const others = LOWER_CASE.filter((letter) => letter >= a)
    for (const b of others) for (const c of others) for (const d of others) yield [a, b, c, d]
  }
  for (const word of words) yield Array.from(word, (letter) => letter.charCodeAt(0))
}

/** Cycles of three to five printable characters, the same ones in every run. */
function* sampledCycles(): Iterable<readonly number[]> {
  let seed = 99
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return Math.floor((seed / 0x80000000) * below)
  }
  for (let at = 0; at < SAMPLES; at++)
    yield Array.from({ length: 3 + (at % 3) }, () => 0x20 + next(95))
}

/** By how much one turn of the cycle costs too little. */
function missing(costs: FittedCosts, cycle: readonly number[]): number {
  const turns = Math.ceil(LENGTH / cycle.length)
  const text = String.fromCharCode(...cycle).repeat(turns)
  let cost = 0
  for (let at = 0; at < text.length; at++)
    cost += costAfter(
      costs,
      [text.charCodeAt(at - 2) || 0, text.charCodeAt(at - 1) || 0x20],
      text.charCodeAt(at),
    )
  return Math.ceil((countTokens(text) * TOKEN * FLOOR - cost) / turns)
}

function raiseTrigrams(
  costs: FittedCosts,
  { trigramWeights }: Vocabulary,
  cycle: readonly number[],
): void {
  const places = cycle.map((code, at) =>
    trigramIndex(code, turned(cycle, at + 1), turned(cycle, at + 2)),
  )
  raise(costs.trigrams, byWeight(places, trigramWeights), {
    by: missing(costs, cycle),
    to: MOST_OF_A_TRIGRAM,
  })
}

function raiseRarest(
  costs: FittedCosts,
  { asciiWeights }: Vocabulary,
  cycle: readonly number[],
): void {
  const by = missing(costs, cycle)
  if (by <= 0) return
  const pairs = cycle.map((code, at) => [code, turned(cycle, at + 1)] as const)
  // Where words begin and end, and within them, is most of all text.
  const marked = pairs.filter((pair) => !pair.includes(0x20) && !pair.every(isLetter))
  raise(
    costs.pairs,
    byWeight(
      marked.map(([before, code]) => (before << 7) | code),
      asciiWeights,
    ),
    { by, to: MOST_OF_A_PAIR },
  )
}

/**
 * Two characters in turn: both costs are raised alike. Those of lower-case letters are trigrams,
 * fitted before.
 */
function raiseBoth(costs: FittedCosts, cycle: readonly [number, number]): void {
  if (cycle.every((code) => code >= 0x60 && isLetter(code))) return
  const by = Math.ceil(missing(costs, cycle) / 2)
  if (by <= 0) return
  const [a, b] = cycle
  for (const place of [(a << 7) | b, (b << 7) | a])
    costs.pairs[place] = Math.min(0xff, (costs.pairs[place] as number) + by)
}

function turned(cycle: readonly number[], at: number): number {
  return cycle[at % cycle.length] as number
}

function byWeight(places: readonly number[], weights: Float64Array): readonly number[] {
  return [...new Set(places)].sort((a, b) => (weights[a] as number) - (weights[b] as number))
}

function raise(
  costs: Uint8Array,
  places: readonly number[],
  { by, to }: { readonly by: number; readonly to: number },
): void {
  let left = by
  for (const place of places) {
    const added = Math.min(left, Math.max(0, to - (costs[place] as number)))
    if (added <= 0) continue
    costs[place] = (costs[place] as number) + added
    left -= added
  }
}
