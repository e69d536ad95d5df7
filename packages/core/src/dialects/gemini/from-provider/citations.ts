import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asList, asText } from '../../wire/json.ts'

interface Source {
  readonly url: string
  readonly title: string
}

/**
 * `groundingMetadata` as OpenAI's `url_citation` annotations. The provider counts UTF-8 bytes,
 * OpenAI characters, so the text of the answer is needed. A source no passage refers to is cited
 * for the whole answer.
 */
export function readCitations(grounding: unknown, text: string): readonly JsonObject[] {
  if (!isObject(grounding)) return []
  const sources = asList(grounding['groundingChunks']).map(sourceOf)
  const supports = asList(grounding['groundingSupports']).filter(isObject)
  if (supports.length === 0)
    return sources.flatMap((source) =>
      source === undefined ? [] : [citation(source, 0, text.length)],
    )
  const bytes = Buffer.from(text)
  return supports.flatMap((support) => {
    const segment = isObject(support['segment']) ? support['segment'] : {}
    const start = charactersIn(bytes, segment['startIndex'])
    const end = charactersIn(bytes, segment['endIndex'])
    return asList(support['groundingChunkIndices']).flatMap((index) => {
      const source = typeof index === 'number' ? sources[index] : undefined
      return source === undefined ? [] : [citation(source, start, end)]
    })
  })
}

function sourceOf(chunk: unknown): Source | undefined {
  if (!isObject(chunk)) return undefined
  for (const kind of ['web', 'retrievedContext', 'maps']) {
    const found = chunk[kind]
    const url = isObject(found) ? asText(found['uri']) : undefined
    if (isObject(found) && url !== undefined) return { url, title: asText(found['title']) ?? url }
  }
  return undefined
}

function citation(source: Source, start: number, end: number): JsonObject {
  return {
    type: 'url_citation',
    url_citation: { url: source.url, title: source.title, start_index: start, end_index: end },
  }
}

function charactersIn(bytes: Buffer, offset: unknown): number {
  return typeof offset === 'number' && offset > 0 ? bytes.toString('utf8', 0, offset).length : 0
}
