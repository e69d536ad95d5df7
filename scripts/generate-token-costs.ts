import { writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { firstCosts } from './token-costs/first-costs.ts'
import { fit } from './token-costs/fit.ts'
import { readVocabulary } from './token-costs/vocabulary.ts'

/**
 * Writes `packages/core/src/dialects/tokens/token-cost-data.ts`: the tables of the estimator, fitted to
 * o200k_base.
 */
const vocabulary = readVocabulary()
const costs = firstCosts(vocabulary)
fit(costs, vocabulary)

const source = `/*
 * Tables of the token estimator, deflated, in base64. Written by \`scripts/generate-token-costs.ts\`, which fits them to
 * o200k_base; \`token-costs.ts\` reads them.
 */

/** Tokens fewer than bytes of UTF-8 of each character from U+0080 to U+FFFF alone, in two bits. */
export const CHARACTERS =
${packed(savedByCharacter())}

/** Cost of an ASCII character after another one. */
export const PAIRS =
${packed(costs.pairs)}

/** Cost of the third of three letters. */
export const TRIGRAMS =
${packed(costs.trigrams)}
`
writeFileSync(
  new URL('../packages/core/src/dialects/tokens/token-cost-data.ts', import.meta.url),
  source,
)

function savedByCharacter(): Uint8Array {
  const first = 0x80
  const saved = new Uint8Array((0x10000 - first) / 4)
  for (let code = first; code < 0x10000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const at = code - first
    const bytes = code < 0x800 ? 2 : 3
    saved[at >> 2] =
      (saved[at >> 2] ?? 0) |
      ((bytes - Math.min(bytes, countTokens(String.fromCharCode(code)))) << ((at & 3) * 2))
  }
  return saved
}

function packed(bytes: Uint8Array): string {
  const lines =
    deflateRawSync(bytes, { level: 9 })
      .toString('base64')
      .match(/.{1,92}/g) ?? []
  return lines.map((line) => `  '${line}'`).join(' +\n')
}
