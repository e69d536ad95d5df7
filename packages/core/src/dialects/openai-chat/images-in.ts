import type { ImagePart, MediaSource } from '../conversation.ts'
import { listOf, objectOf, textOf } from './json-object.ts'

/** Images a model made, in the `images` field several services add to a message; anything else there is left out. */
export function readImages(images: unknown): ImagePart[] {
  return listOf(images).flatMap((item) => {
    const url = textOf(objectOf(objectOf(item)?.image_url)?.url)
    return url === undefined ? [] : [{ type: 'image' as const, source: sourceOfUrl(url) }]
  })
}

const DATA_PREFIX = /^data:([^;,]+);base64,/

function sourceOfUrl(url: string): MediaSource {
  const prefix = DATA_PREFIX.exec(url.slice(0, 256))
  if (prefix === null) return { kind: 'url', url }
  return { kind: 'data', mediaType: prefix[1] ?? '', data: url.slice(prefix[0].length) }
}
