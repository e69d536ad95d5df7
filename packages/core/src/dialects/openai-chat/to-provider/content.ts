import type {
  AudioPart,
  FilePart,
  ImagePart,
  RefusalPart,
  TextPart,
} from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { unsupported } from '../../model/invalid.ts'
import { urlOfSource } from '../../model/media-source.ts'

/** Parts that have a place inside `content`. */
export type ContentPart = TextPart | ImagePart | FilePart | AudioPart | RefusalPart

/** One part of `content`. Throws `unsupported_content` for media this wire cannot point at. */
export function renderPart(part: ContentPart, path: string): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: renderImageUrl(part, path) }
    case 'file':
      return { type: 'file', file: renderFile(part) }
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
  }
}

function renderImageUrl(part: ImagePart, path: string): JsonObject {
  if (part.source.kind === 'id') throw unsupported(path, 'an image given by file id')
  const url = urlOfSource(part.source)
  return part.detail === undefined ? { url } : { url, detail: part.detail }
}

function renderFile(part: FilePart): JsonObject {
  const name = part.name === undefined ? {} : { filename: part.name }
  if (part.source.kind === 'id') return { file_id: part.source.id, ...name }
  return { file_data: urlOfSource(part.source), ...name }
}
