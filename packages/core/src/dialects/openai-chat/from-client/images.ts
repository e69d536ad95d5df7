import type { ImagePart } from '../../model/conversation.ts'
import { asList, asObject, asText } from '../../wire/json.ts'
import { sourceOfUrl } from '../../model/media-source.ts'

/**
 * Images a model made, in the `images` field several services add to a message; anything else there
 * is left out.
 */
export function readImages(images: unknown): ImagePart[] {
  return asList(images).flatMap((item) => {
    const url = asText(asObject(asObject(item)?.image_url)?.url)
    return url === undefined ? [] : [{ type: 'image' as const, source: sourceOfUrl(url) }]
  })
}
