import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

/**
 * Whether an event about a content block holds a part of the answer. Empty text, empty thinking and
 * the end of a block are none.
 */
export function hasContent({ content_block, delta }: JsonObject): boolean {
  const block = asObject(content_block)
  if (block !== undefined) return WORDS.has(block.type) ? hasWords(block) : true
  const fragment = asObject(delta)
  return fragment !== undefined && hasWords(fragment)
}

/** Blocks that begin empty. */
const WORDS: ReadonlySet<unknown> = new Set(['text', 'thinking'])

function hasWords({ text, thinking, signature, partial_json }: JsonObject): boolean {
  return [text, thinking, signature, partial_json].some((value) => asText(value) !== undefined)
}
