import ranks from 'gpt-tokenizer/bpeRanks/o200k_base'
import { ASCII, trigramIndex } from '../../packages/core/src/dialects/tokens/token-costs.ts'

/** How often characters stand together, as far as the tokens of the reference tokenizer tell. */
export interface Vocabulary {
  /** Of two letters in lower case: at `first << 7 | second`. */
  readonly pairWeights: Float64Array
  readonly trigramWeights: Float64Array
  /** Of any two ASCII characters, as they are. */
  readonly asciiWeights: Float64Array
  /** Common tokens of five letters or more, in lower case. */
  readonly words: ReadonlySet<string>
}

/** Tokens are numbered by how early they were merged: about by how frequent they are. */
const RANK_OFFSET = 300
const COMMON = 2_000

export function readVocabulary(): Vocabulary {
  const pairWeights = new Float64Array(ASCII * ASCII)
  const trigramWeights = new Float64Array(trigramIndex(0x7a, 0x7a, 0x7a) + 1)
  const asciiWeights = new Float64Array(ASCII * ASCII)
  const words = new Set<string>()
  for (const [rank, token] of ranks.entries()) {
    if (typeof token !== 'string') continue
    const weight = 1 / (rank + RANK_OFFSET)
    for (let at = 1; at < token.length; at++) add(asciiWeights, pairAt(token, at), weight)
    const word = token.trim().toLowerCase()
    if (!/^[a-z]+$/.test(word)) continue
    if (rank < COMMON && word.length >= 5) words.add(word)
    for (let at = 1; at < word.length; at++) add(pairWeights, pairAt(word, at), weight)
    for (let at = 2; at < word.length; at++)
      add(
        trigramWeights,
        trigramIndex(word.charCodeAt(at - 2), word.charCodeAt(at - 1), word.charCodeAt(at)),
        weight,
      )
  }
  return { pairWeights, trigramWeights, asciiWeights, words }
}

function pairAt(text: string, at: number): number | undefined {
  const before = text.charCodeAt(at - 1)
  const code = text.charCodeAt(at)
  return before < ASCII && code < ASCII ? (before << 7) | code : undefined
}

function add(weights: Float64Array, at: number | undefined, weight: number): void {
  if (at !== undefined) weights[at] = (weights[at] as number) + weight
}
