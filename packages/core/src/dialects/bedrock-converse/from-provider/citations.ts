import { isWebAddress, type Passage, urlCitation } from '../../claude/citations.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

/**
 * A citation as an OpenAI-shaped annotation. A source with a web address becomes a `url_citation`;
 * places in documents, which OpenAI has no word for, are named by the kind of place and keep the
 * whole native citation.
 */
export function mapAnnotation(value: unknown, passage: Passage): JsonObject | undefined {
  const citation = asObject(value)
  if (citation === undefined) return undefined
  const location = asObject(citation.location) ?? {}
  const url = [asText(asObject(location.web)?.url), asText(citation.source)].find(isWebAddress)
  if (url !== undefined) return urlCitation({ url, title: asText(citation.title) }, passage)
  const type = Object.keys(location)[0] ?? 'citation'
  return { type, [type]: citation }
}
