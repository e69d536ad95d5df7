import { isWebAddress, type Passage, urlCitation } from '../../claude/citations.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

/**
 * A citation as an OpenAI-shaped annotation. A source with a web address becomes a `url_citation`;
 * places in documents, which OpenAI has no word for, keep their own type with the native citation
 * under that name.
 */
export function mapAnnotation(value: unknown, passage: Passage): JsonObject | undefined {
  const citation = asObject(value)
  const type = asText(citation?.type)
  if (citation === undefined || type === undefined) return undefined
  const url = asText(citation.url) ?? asText(citation.source)
  return isWebAddress(url)
    ? urlCitation({ url, title: asText(citation.title) }, passage)
    : { type, [type]: citation }
}
