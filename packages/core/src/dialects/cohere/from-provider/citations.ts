import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asObjects, asText } from '../../wire/json.ts'

/**
 * Citations as OpenAI's annotations. Sources without a web address have no place there and are left
 * out.
 */
export function mapAnnotations(citations: unknown): JsonObject[] {
  return asObjects(citations).flatMap((citation) =>
    asObjects(citation.sources).flatMap((source) => mapAnnotation(citation, source)),
  )
}

function mapAnnotation({ start, end }: JsonObject, source: JsonObject): JsonObject[] {
  const document = asObject(source.document) ?? asObject(source.tool_output)
  const url = asText(document?.url)
  if (url === undefined || typeof start !== 'number' || typeof end !== 'number') return []
  return [
    {
      type: 'url_citation',
      url_citation: {
        url,
        title: asText(document?.title) ?? url,
        start_index: start,
        end_index: end,
      },
    },
  ]
}
