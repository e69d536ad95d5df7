/**
 * Methods that read or delete stored objects. They cost nothing unless the path is a paid read.
 */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE'])

/**
 * Reads that make a provider compute: by the last segment of the path, by a custom verb behind a
 * colon, or by a prompt in the query. Providers with such endpoints take a whole request in an
 * address.
 */
const PAID: readonly RegExp[] = [
  /\/(?:generate|generations|generate_stream|infer|predict|invoke|invoke-[\w-]+|converse|converse-stream|complete|completion|chat|ask|prompt|embed|embedding|embeddings|rerank|classify|summarize|translate|tts|speak|speech|synthesize|transcribe|listen|realtime|ocr|search|scrape|crawl|extract|image|images\/generate)(?:\/stream)?\/?(?:\?|$)/i,
  /:(?!(?:countTokens|cancel|get|list|fetch|wait|status)\b)[a-z]\w*\/?(?:\?|$)/i,
  /[?&](?:prompt|text|query|q|input|inputs|messages|question|contents?)=/i,
]

/**
 * Whether a call of a provider's own API costs nothing. @param path with its query, as it is sent
 */
export function isFreeRead(method: string, path: string): boolean {
  return READS.has(method) && !PAID.some((paid) => paid.test(path))
}
