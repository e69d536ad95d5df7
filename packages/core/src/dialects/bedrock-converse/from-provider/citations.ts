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
 * places in documents, which OpenAI has no word for, are named by the kind of place and keep the
 * whole native citation.
 */
export function mapAnnotation(value: unknown, passage: Passage): JsonObject | undefined {
  const citation = asObject(value)
  if (citation === undefined) return undefined
  const location = asObject(citation.location) ?? {}
  const url = [asText(asObject(location.web)?.url), asText(citation.source)].find(
    (address) => address !== undefined && WEB_ADDRESS.test(address),
  )
  if (url === undefined) {
    const type = Object.keys(location)[0] ?? 'citation'
    return { type, [type]: citation }
  }
  const title = asText(citation.title) ?? ''
  return {
    type: 'url_citation',
    url_citation: { url, title, start_index: passage.start, end_index: passage.end },
  }
}
