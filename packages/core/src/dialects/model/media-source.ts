import type { MediaSource } from './conversation.ts'

const DATA_PREFIX = /^data:([^;,]+);base64,/

const FILE_URL = /^(?:https?|gs|s3):\/\//i

/**
 * Whether a provider may receive it: an address on the web, or in the storage of its own cloud.
 */
export function isFileUrl(url: string): boolean {
  return FILE_URL.test(url)
}

/**
 * The storage of a cloud that only this cloud reads: `gs` of `gs://bucket/file`. `undefined` for
 * addresses on the web.
 */
export function storageScheme(url: string): string | undefined {
  const scheme = /^(gs|s3):\/\//i.exec(url)?.[1]
  return scheme?.toLowerCase()
}

/** The source of media given by a URL; a `data:` URL becomes inline data. */
export function sourceOfUrl(url: string): MediaSource {
  const prefix = DATA_PREFIX.exec(url.slice(0, 256))
  if (prefix === null) return { kind: 'url', url }
  return { kind: 'data', mediaType: prefix[1] ?? '', data: url.slice(prefix[0].length) }
}

/** The URL of a source; `undefined` for a provider's file id. */
export function urlOfSource(source: Exclude<MediaSource, { kind: 'id' }>): string {
  return source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`
}
