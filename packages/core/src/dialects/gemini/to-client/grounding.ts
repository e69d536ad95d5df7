import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

/**
 * OpenAI-shaped `url_citation`s as `groundingMetadata`; `undefined` without one. OpenAI counts
 * characters, this API counts UTF-8 bytes, so the text of the answer is needed. Other kinds of
 * annotations have no counterpart.
 */
export function renderGrounding(
  annotations: readonly unknown[],
  text: string,
): JsonObject | undefined {
  const chunks = new Map<string, { readonly index: number; readonly chunk: JsonObject }>()
  const supports = new Map<
    string,
    { readonly segment: JsonObject; readonly groundingChunkIndices: number[] }
  >()
  for (const annotation of annotations) {
    const citation = asObject(asObject(annotation)?.['url_citation'])
    const url = asText(citation?.['url'])
    if (citation === undefined || url === undefined) continue
    const known = chunks.get(url) ?? {
      index: chunks.size,
      chunk: { web: { uri: url, title: asText(citation['title']) ?? url } },
    }
    chunks.set(url, known)
    const passage = passageOf(citation, text)
    if (passage === undefined) continue
    const key = `${passage.start}-${passage.end}`
    const support = supports.get(key) ?? {
      segment: segmentOf(passage, text),
      groundingChunkIndices: [],
    }
    supports.set(key, support)
    if (!support.groundingChunkIndices.includes(known.index))
      support.groundingChunkIndices.push(known.index)
  }
  if (chunks.size === 0) return undefined
  return {
    groundingChunks: [...chunks.values()].map(({ chunk }) => chunk),
    ...(supports.size === 0 ? {} : { groundingSupports: [...supports.values()] }),
  }
}

interface Passage {
  readonly start: number
  readonly end: number
}

function passageOf(citation: JsonObject, text: string): Passage | undefined {
  const { start_index: start, end_index: end } = citation
  if (
    typeof start !== 'number' ||
    typeof end !== 'number' ||
    start < 0 ||
    end > text.length ||
    start >= end
  )
    return undefined
  return { start, end }
}

function segmentOf({ start, end }: Passage, text: string): JsonObject {
  const startIndex = Buffer.byteLength(text.slice(0, start))
  const cited = text.slice(start, end)
  return { startIndex, endIndex: startIndex + Buffer.byteLength(cited), text: cited }
}
