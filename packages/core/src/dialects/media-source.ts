import type { MediaSource } from './conversation.ts'

const DATA_PREFIX = /^data:([^;,]+);base64,/

/** Media given by a URL; one that holds its data itself is taken apart. */
export function sourceOfUrl(url: string): MediaSource {
  const prefix = DATA_PREFIX.exec(url.slice(0, 256))
  if (prefix === null) return { kind: 'url', url }
  return { kind: 'data', mediaType: prefix[1] ?? '', data: url.slice(prefix[0].length) }
}

/** The same as a URL; a provider's file id has none. */
export function urlOfSource(source: Exclude<MediaSource, { kind: 'id' }>): string {
  return source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`
}
