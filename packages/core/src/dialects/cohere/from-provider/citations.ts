import type { JsonObject } from '../../model/dialect.ts'
import { objectOf, objectsOf, textOf } from '../../wire/json.ts'

/**
 * Citations as OpenAI's annotations, for sources that are somewhere to be read; what has no address
 * has no place in them.
 */
export function annotationsOf(citations: unknown): JsonObject[] {
  return objectsOf(citations).flatMap((citation) =>
    objectsOf(citation.sources).flatMap((source) => annotationOf(citation, source)),
  )
}

function annotationOf({ start, end }: JsonObject, source: JsonObject): JsonObject[] {
  const document = objectOf(source.document) ?? objectOf(source.tool_output)
  const url = textOf(document?.url)
  if (url === undefined || typeof start !== 'number' || typeof end !== 'number') return []
  return [
    {
      type: 'url_citation',
      url_citation: {
        url,
        title: textOf(document?.title) ?? url,
        start_index: start,
        end_index: end,
      },
    },
  ]
}
