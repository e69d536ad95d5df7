import type { JsonObject } from '../../model/json-object.ts'
import { asList, asObject, asText } from '../../wire/json.ts'

export interface Source {
  readonly url: string
  readonly title: string
}

/**
 * The sources that some services list beside the choices instead of in the message: `citations` as
 * addresses, and `search_results` with their titles. The text refers to them as `[1]`, `[2]`, ...
 */
export function sourcesBeside(body: JsonObject): readonly Source[] {
  const results = asList(body.search_results).flatMap((item) => {
    const url = asText(asObject(item)?.url)
    return url === undefined ? [] : [{ url, title: asText(asObject(item)?.title) ?? url }]
  })
  const titles = new Map(results.map(({ url, title }) => [url, title]))
  const cited = asList(body.citations).flatMap(
    (item) => asText(item) ?? asText(asObject(item)?.url) ?? [],
  )
  return cited.length === 0 ? results : cited.map((url) => ({ url, title: titles.get(url) ?? url }))
}

/**
 * As `annotations` of a message with this text: at the first mark of each source, or at the end of
 * the text.
 */
export function mapAnnotations(sources: readonly Source[], text: string): JsonObject[] {
  return sources.map(({ url, title }, at) => {
    const mark = `[${at + 1}]`
    const found = text.indexOf(mark)
    const [start, end] = found === -1 ? [text.length, text.length] : [found, found + mark.length]
    return {
      type: 'url_citation',
      url_citation: { url, title, start_index: start, end_index: end },
    }
  })
}
