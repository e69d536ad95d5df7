import { isTextType, mediaTypeOfFile } from '../../claude/media-type.ts'
import type { AudioPart, FilePart, ImagePart, MediaSource } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { documentName } from './document-name.ts'
import type { RequestContext } from './context.ts'

const IMAGE_FORMATS: ReadonlyMap<string, string> = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpeg'],
  // Not a registered type, but what many clients call a JPEG.
  ['image/jpg', 'jpeg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
])

const VIDEO_FORMATS: ReadonlyMap<string, string> = new Map([
  ['video/mp4', 'mp4'],
  ['video/quicktime', 'mov'],
  ['video/x-matroska', 'mkv'],
  ['video/webm', 'webm'],
  ['video/x-flv', 'flv'],
  ['video/mpeg', 'mpeg'],
  ['video/x-ms-wmv', 'wmv'],
  ['video/3gpp', 'three_gp'],
])

const DOCUMENT_FORMATS: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['text/csv', 'csv'],
  ['application/msword', 'doc'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.ms-excel', 'xls'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['text/html', 'html'],
  ['text/markdown', 'md'],
  ['text/plain', 'txt'],
])

const TYPES_BY_ENDING: ReadonlyMap<string, string> = new Map(
  [...IMAGE_FORMATS, ...VIDEO_FORMATS, ...DOCUMENT_FORMATS]
    .map(([type, format]): [string, string] => [format, type])
    .concat([
      ['jpg', 'image/jpeg'],
      ['json', 'application/json'],
      ['xml', 'application/xml'],
    ]),
)

const AUDIO_FORMATS: ReadonlySet<string> = new Set(
  'aac flac m4a mka mkv mp3 mp4 mpeg mpga ogg opus pcm wav webm x-aac'.split(' '),
)

/**
 * The block of an image or a file. Throws `unsupported_content` for what the service cannot read,
 * or reports it where the route allows that.
 */
export function mediaBlock(
  part: ImagePart | FilePart,
  path: string,
  context: RequestContext,
): JsonObject | undefined {
  if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto')
    context.dropped.push(`${path}.image_url.detail`)
  const name = part.type === 'file' ? part.name : undefined
  const source = wireSource(part.source)
  if (source === undefined)
    return refused(
      path,
      part.source.kind === 'id'
        ? 'a file id of another provider'
        : `${part.type === 'image' ? 'an image' : 'a file'} by its web address`,
      context,
    )
  const mediaType = typeOf(part.source, name)
  const image = IMAGE_FORMATS.get(mediaType)
  if (image !== undefined) return { image: { format: image, source } }
  if (part.type === 'image')
    return refused(path, `an image of type ${mediaType || 'unknown'}`, context)
  const video = VIDEO_FORMATS.get(mediaType)
  if (video !== undefined) return { video: { format: video, source } }
  const format = DOCUMENT_FORMATS.get(mediaType) ?? (isTextType(mediaType) ? 'txt' : undefined)
  if (format === undefined)
    return refused(path, `a file of type ${mediaType || 'unknown'}`, context)
  return { document: { format, name: documentName(name, context.documentNames), source } }
}

/** The block of a sound, for the few models that hear. */
export function audioBlock(
  part: AudioPart,
  path: string,
  context: RequestContext,
): JsonObject | undefined {
  const format = part.format.toLowerCase()
  if (!context.rules.hears || !AUDIO_FORMATS.has(format))
    return refused(path, `audio (${part.format})`, context)
  return { audio: { format, source: { bytes: part.data } } }
}

/** The service fetches from its own store, from nowhere else. */
function wireSource(source: MediaSource): JsonObject | undefined {
  if (source.kind === 'data') return { bytes: source.data }
  return source.kind === 'url' && source.url.startsWith('s3://')
    ? { s3Location: { uri: source.url } }
    : undefined
}

function refused(path: string, what: string, context: RequestContext): undefined {
  context.dropped.push(refuseOrDrop(context, path, what))
}

function typeOf(source: MediaSource, name: string | undefined): string {
  return mediaTypeOfFile(
    {
      mediaType: source.kind === 'data' ? source.mediaType : undefined,
      name: name ?? (source.kind === 'url' ? source.url : undefined),
    },
    TYPES_BY_ENDING,
  )
}
