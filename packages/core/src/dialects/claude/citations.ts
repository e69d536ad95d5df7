import type { JsonObject } from '../model/json-object.ts'

/** Where in the answer's whole text the cited passage stands, in UTF-16 units. */
export interface Passage {
  readonly start: number
  readonly end: number
}

const WEB_ADDRESS = /^https?:\/\//i

/** Whether a source is cited by its web address. */
export function isWebAddress(source: string | undefined): source is string {
  return source !== undefined && WEB_ADDRESS.test(source)
}

/** The OpenAI-shaped annotation of a source with a web address. */
export function urlCitation(
  { url, title = '' }: { readonly url: string; readonly title?: string | undefined },
  { start, end }: Passage,
): JsonObject {
  return {
    type: 'url_citation',
    url_citation: { url, title, start_index: start, end_index: end },
  }
}
