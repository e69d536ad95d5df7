import type { ImagePart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asText } from '../../wire/json.ts'

/** An image a model made; `undefined` when its data is not in the answer. */
export function imagePart(image: JsonObject): ImagePart | undefined {
  const data = asText(asObject(image.source)?.bytes)
  if (data === undefined) return undefined
  return {
    type: 'image',
    source: { kind: 'data', mediaType: `image/${asText(image.format) ?? 'png'}`, data },
  }
}

/**
 * Pieces of base64, each of whole bytes and so perhaps padded, as one. A single one stays as it is.
 */
export function joinBase64(pieces: readonly string[]): string {
  if (pieces.length === 1) return pieces[0] ?? ''
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64')
}
