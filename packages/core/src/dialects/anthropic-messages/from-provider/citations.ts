import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

/** Where in the answer's whole text the cited passage stands, in UTF-16 units. */
export interface Passage {
  readonly start: number
  readonly end: number
}

const WEB_ADDRESS = /^https?:\/\//i

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
  if (url === undefined || !WEB_ADDRESS.test(url)) return { type, [type]: citation }
  const title = asText(citation.title) ?? ''
  return {
    type: 'url_citation',
    url_citation: { url, title, start_index: passage.start, end_index: passage.end },
  }
}
