import { GatewayError } from '../../../errors.ts'
import { isTextType, mediaTypeOfFile, plainMediaType } from '../../claude/media-type.ts'
import type { AudioPart, FilePart, ImagePart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { cacheControl } from './cache-control.ts'
import type { RequestContext } from './context.ts'

const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

/**
 * The block of an image or a file; throws `unsupported_content` for what the provider cannot read.
 */
export function mediaBlock(
  part: ImagePart | FilePart,
  path: string,
  context: RequestContext,
): JsonObject {
  const block =
    part.type === 'image' ? imageBlock(part, path, context) : fileBlock(part, path, context)
  const cache = cacheControl(part.cacheHint, path, context)
  if (cache !== undefined) block.cache_control = cache
  return block
}

function imageBlock(part: ImagePart, path: string, context: RequestContext): JsonObject {
  if (part.detail !== undefined && part.detail !== 'auto')
    context.dropped.push(`${path}.image_url.detail`)
  const { source } = part
  switch (source.kind) {
    case 'url':
      return { type: 'image', source: { type: 'url', url: source.url } }
    case 'data':
      return base64Image(source, path, context)
    case 'id':
      throw foreignFile(path, context)
  }
}

function base64Image(
  source: { mediaType: string; data: string },
  path: string,
  context: RequestContext,
): JsonObject {
  const mediaType = plainMediaType(source.mediaType)
  // Not a registered type, but what many clients call a JPEG.
  const known = mediaType === 'image/jpg' ? 'image/jpeg' : mediaType
  if (!IMAGE_TYPES.has(known))
    throw unsupported(path, `images of type ${mediaType || 'unknown'}`, context)
  return { type: 'image', source: { type: 'base64', media_type: known, data: source.data } }
}

function fileBlock(part: FilePart, path: string, context: RequestContext): JsonObject {
  const { source } = part
  const title = part.name === undefined ? {} : { title: part.name }
  if (source.kind === 'id') throw foreignFile(path, context)
  if (source.kind === 'url')
    return { type: 'document', source: { type: 'url', url: source.url }, ...title }
  const mediaType = mediaTypeOfFile(
    { mediaType: source.mediaType, name: part.name },
    TYPES_BY_ENDING,
  )
  if (mediaType.startsWith('image/')) return base64Image(source, path, context)
  if (mediaType === 'application/pdf') {
    return {
      type: 'document',
      source: { type: 'base64', media_type: mediaType, data: source.data },
      ...title,
    }
  }
  if (isTextType(mediaType)) {
    const text = Buffer.from(source.data, 'base64').toString('utf8')
    if (text.trim() === '') throw unsupported(path, 'empty files', context)
    return {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: text },
      ...title,
    }
  }
  throw unsupported(path, `files of type ${mediaType || 'unknown'}`, context)
}

/** Throws `unsupported_content`: no model of this dialect takes audio. */
export function refuseAudio(part: AudioPart, path: string, context: RequestContext): never {
  throw unsupported(path, `audio (${part.format})`, context)
}

function foreignFile(path: string, context: RequestContext): GatewayError {
  return unsupported(
    path,
    'files by the id another provider gave them; send the content itself',
    context,
  )
}

export function unsupported(path: string, what: string, context: RequestContext): GatewayError {
  return new GatewayError(
    'unsupported_content',
    `${context.provider} does not take ${what} (${path}).`,
    {
      param: path,
      provider: context.provider,
    },
  )
}

const TYPES_BY_ENDING: ReadonlyMap<string, string> = new Map([
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['json', 'application/json'],
])
